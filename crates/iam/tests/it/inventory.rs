//! Every user and role of a real account × some hundred actions: a real mix of AWS's and a customer's policies.

use std::collections::BTreeMap;

use iam::permitted_actions::ActionIndex;
use iam::policy_document::PolicyDocument;
use iam::policy_evaluation::{Policies, RequestContext};
use iam::service_reference::ServiceReference;
use serde_json::{Value, json};

use crate::policy_case::outcome_of;
use crate::reference;

const TEST: &str = "every principal of the shared inventory, against iam-simulate";

#[test]
fn every_principal_of_a_real_account_comes_to_the_same() {
    let Some(details) = reference::shared("data/iam/account-authorization-details.json", TEST) else { return };
    let documents = documents(&details);
    let principals = principals(&details);
    let reference_data = ServiceReference::embedded();
    let index = ActionIndex::new(&reference_data);
    let requests = requests(&documents, &reference_data, &index);
    let parsed: BTreeMap<&str, PolicyDocument> =
        documents.iter().map(|(name, value)| (name.as_str(), PolicyDocument::parse(value).unwrap())).collect();

    let mut cases = Vec::new();
    let mut ours = Vec::new();
    for (arn, names) in &principals {
        let policies =
            Policies { identity: names.iter().map(|name| &parsed[name.as_str()]).collect(), ..Policies::default() };
        let mut context = RequestContext::complete();
        context.set("aws:PrincipalArn", [arn.as_str()]);
        for (action, resource) in &requests {
            ours.push(outcome_of(&policies, arn, action, resource, &context));
            cases.push(json!({"principal": arn, "action": action, "resource": resource,
                "context": {"aws:PrincipalArn": arn}, "identity": names, "levels": []}));
        }
    }
    let Some(theirs) = reference::simulated(&json!(documents), &cases, TEST) else { return };
    let mut counts = BTreeMap::new();
    ours.iter().for_each(|outcome| *counts.entry(*outcome).or_insert(0) += 1);
    println!("{} principals, {} documents, {} actions: {counts:?}", principals.len(), documents.len(), requests.len());
    let differences: Vec<String> = ours
        .iter()
        .zip(&theirs)
        .zip(&cases)
        // It refuses one made-up ARN that fits no type of its action.
        .filter(|((ours, theirs), _)| ours != theirs && !theirs.contains("no.resource.types"))
        .map(|((ours, theirs), case)| format!("here {ours}, there {theirs}: {case}"))
        .collect();
    let undecided = theirs.iter().filter(|theirs| theirs.contains("no.resource.types")).count();
    assert!(undecided * 100 < ours.len(), "{undecided} requests were not compared");
    let shown = differences.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} differences, as\n{shown}", differences.len());
    assert!(principals.len() > 100 && requests.len() > 250 && counts.len() == 3, "too little was compared");
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

/// The lists of entities, and where each keeps its inline policies.
const ENTITIES: [(&str, &str); 3] = [
    ("UserDetailList", "UserPolicyList"),
    ("RoleDetailList", "RolePolicyList"),
    ("GroupDetailList", "GroupPolicyList"),
];

/// Managed policies by ARN, inline ones by the entity's ARN and their own name.
fn documents(details: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for policy in list(details, "Policies") {
        let version = list(policy, "PolicyVersionList").find(|version| version["IsDefaultVersion"] == true).unwrap();
        found.insert(text(policy, "Arn").to_owned(), version["Document"].clone());
    }
    for (entities, inline) in ENTITIES {
        for entity in list(details, entities) {
            for policy in list(entity, inline) {
                found.insert(inline_name(entity, policy), policy["PolicyDocument"].clone());
            }
        }
    }
    found
}

fn inline_name(entity: &Value, policy: &Value) -> String {
    format!("{} {}", text(entity, "Arn"), text(policy, "PolicyName"))
}

fn names_of(entity: &Value, inline: &str) -> Vec<String> {
    let managed = list(entity, "AttachedManagedPolicies").map(|policy| text(policy, "PolicyArn").to_owned());
    managed.chain(list(entity, inline).map(|policy| inline_name(entity, policy))).collect()
}

/// Users and roles with the names of all their policies, those of a user's groups among them.
fn principals(details: &Value) -> Vec<(String, Vec<String>)> {
    let groups: BTreeMap<&str, Vec<String>> = list(details, "GroupDetailList")
        .map(|group| (text(group, "GroupName"), names_of(group, "GroupPolicyList")))
        .collect();
    let mut found = Vec::new();
    for (entities, inline) in &ENTITIES[..2] {
        for entity in list(details, entities) {
            let mut names = names_of(entity, inline);
            for group in list(entity, "GroupList") {
                names.extend(groups.get(group.as_str().unwrap()).into_iter().flatten().cloned());
            }
            found.push((text(entity, "Arn").to_owned(), names));
        }
    }
    found
}

/// Each action that a statement of the inventory names in full, once with a resource that the statement names, and
/// actions from all over the reference.
fn requests(
    documents: &BTreeMap<String, Value>,
    reference: &ServiceReference,
    index: &ActionIndex,
) -> Vec<(String, String)> {
    let mut found = BTreeMap::new();
    for id in (0..index.len()).step_by(199).filter_map(|at| index.nth(at)) {
        let (namespace, name) = index.action(id);
        found.insert(format!("{namespace}:{name}"), resource_for(namespace, name, reference));
    }
    for document in documents.values() {
        for statement in PolicyDocument::parse(document).unwrap().statements {
            for pattern in statement.actions.patterns.iter().step_by(40) {
                let Some((namespace, name)) = pattern.text().split_once(':') else { continue };
                if let Some(id) = index.find(namespace, name) {
                    let (namespace, name) = index.action(id);
                    found.insert(format!("{namespace}:{name}"), resource_for(namespace, name, reference));
                }
            }
        }
    }
    found.into_iter().collect()
}

fn resource_for(namespace: &str, name: &str, reference: &ServiceReference) -> String {
    let action = reference.find_action(namespace, name).unwrap();
    let Some((resource_type, _)) = action.resource_types().next() else { return "*".to_owned() };
    let format = reference.arn_format(namespace, resource_type).unwrap();
    let mut arn = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        let (placeholder, after) = after.split_once('}').unwrap();
        arn.push_str(before);
        arn.push_str(match placeholder {
            "Partition" => "aws",
            "Region" => "us-east-1",
            "Account" => "200611803367",
            _ => "sample",
        });
        rest = after;
    }
    // A format that itself has a wildcard stands for a resource all the same.
    (arn + rest).replace('*', "sample")
}

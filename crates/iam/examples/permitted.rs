//! How long policies take: read, spread over all actions, and asked one request at a time. Takes the output of
//! `aws iam get-account-authorization-details`:
//! `cargo run --release -p iam --example permitted -- ../shared/data/iam/account-authorization-details.json`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and ends where something is wrong")]

use std::hint::black_box;
use std::time::Instant;

use iam::permitted_actions::{ActionIndex, Grant, PermittedActions};
use iam::policy_document::PolicyDocument;
use iam::policy_evaluation::{Policies, Request, RequestContext, RequestedResource, evaluate};
use iam::service_reference::ServiceReference;
use serde_json::{Value, json};

const REPEATS: u32 = 20;
const PRINCIPAL: &str = "arn:aws:iam::111111111111:user/Alice";

fn main() {
    let path = std::env::args().nth(1).expect("the path of account authorization details");
    let details: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let reference = ServiceReference::embedded();
    let (index, taken) = timed(|| ActionIndex::new(&reference));
    println!("{taken:>8} µs  index of {} actions", index.len());
    let actions: Vec<String> = (0..index.len())
        .filter_map(|at| index.nth(at))
        .map(|id| index.action(id))
        .map(|(namespace, name)| format!("{namespace}:{name}"))
        .collect();

    let mut policies = policies(&details);
    policies[1..].sort_by_key(|(_, document)| std::cmp::Reverse(document.to_string().len()));
    policies.truncate(6);
    println!("characters      read  permitted  a request   actions  policy");
    let mut grants = Vec::new();
    for (name, value) in &policies {
        let (document, read) = timed(|| PolicyDocument::parse(value).unwrap());
        let (grant, granted) = timed(|| Grant::of(&document, &index));
        let context = RequestContext::of_principal(PRINCIPAL);
        let set = Policies { identity: vec![&document], ..Policies::default() };
        let ((), asked) = timed(|| {
            for action in &actions {
                let resources = [RequestedResource::None];
                let request = Request { principal: PRINCIPAL, action, resources: &resources, context: &context };
                black_box(evaluate(&set, &request));
            }
        });
        let each = asked * 1000 / actions.len() as u128;
        let (characters, count) = (value.to_string().len(), grant.alone().len());
        println!("{characters:>10} {read:>6} µs  {granted:>6} µs  {each:>6} ns  {count:>8}  {name}");
        grants.push(grant);
    }
    let (permitted, taken) = timed(|| PermittedActions::of(&grants, &index));
    println!("{taken:>8} µs  all of them together: {} actions", permitted.actions.len());
    let (services, taken) = timed(|| permitted.services(&index).len());
    println!("{taken:>8} µs  their services: {services}");
}

/// Names and documents: everything allowed, and the managed policies of the account.
fn policies(details: &Value) -> Vec<(String, Value)> {
    let admin = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let mut found = vec![("everything".to_owned(), admin)];
    for policy in details["Policies"].as_array().unwrap() {
        let versions = policy["PolicyVersionList"].as_array().unwrap();
        let version = versions.iter().find(|version| version["IsDefaultVersion"] == true).unwrap();
        found.push((policy["PolicyName"].as_str().unwrap().to_owned(), version["Document"].clone()));
    }
    found
}

/// What it gives, and the microseconds of the fastest run.
fn timed<T>(mut run: impl FnMut() -> T) -> (T, u128) {
    let mut best = u128::MAX;
    let mut last = None;
    for _ in 0..REPEATS {
        let begin = Instant::now();
        last = Some(run());
        best = best.min(begin.elapsed().as_micros());
    }
    (last.expect("it ran"), best)
}

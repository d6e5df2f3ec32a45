//! Gathers files into one snapshot: entities of the same key are joined over files and pages, each kind and scope that a file
//! lists becomes a part that replaces the earlier one whole, and a file that cannot be taken says why without harm to the others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::content::{self, Fault};
use super::operation::{self, Said, UNKNOWN_ORGANIZATION};
use super::{Entity, EntityKind, Extent};

/// Files on their way to a snapshot.
#[derive(Debug, Default)]
pub struct Import {
    entities: BTreeMap<(Extent, String), Entity>,
    listed: BTreeSet<Extent>,
    /// What was listed by pages that are not the last one, and what by a last one.
    cut: BTreeSet<(Extent, String)>,
    ended: BTreeSet<(Extent, String)>,
    warnings: Vec<String>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// The operations whose output it holds, each once.
    pub operations: Vec<String>,
    pub entities: usize,
}

/// All entities of one kind in one scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub extent: Extent,
    /// By key.
    pub entities: Vec<Entity>,
}

impl Import {
    /// Takes a file; `account` says of which account answers are that do not tell. A file is taken whole or not at all.
    pub fn add(&mut self, bytes: &[u8], account: Option<&str>) -> Result<FileSummary, Fault> {
        let mut operations: Vec<String> = Vec::new();
        let mut all_said = Vec::new();
        for call in content::read(bytes)? {
            let operation = call.operation.clone();
            if !operations.contains(&operation) {
                operations.push(operation.clone());
            }
            all_said.push((operation, operation::read(call, account)?));
        }
        let mut entities = 0;
        for (operation, said) in all_said {
            entities += said.entities.len();
            self.take(&operation, said);
        }
        Ok(FileSummary { operations, entities })
    }

    fn take(&mut self, operation: &str, said: Said) {
        for extent in said.lists {
            let ends = if said.is_cut { &mut self.cut } else { &mut self.ended };
            ends.insert((extent.clone(), operation.to_owned()));
            self.listed.insert(extent);
        }
        for entity in said.entities {
            let key = (entity.extent.clone(), entity.key.clone());
            match self.entities.get_mut(&key) {
                None => {
                    self.entities.insert(key, entity);
                }
                Some(known) => {
                    if !entity.name.is_empty() {
                        known.name = entity.name;
                    }
                    if let Some(field) = join(&mut known.document, entity.document) {
                        let Extent { kind, scope } = &key.0;
                        self.warnings.push(format!(
                            "{kind} {} of {scope}: two files differ in {field}; the later counts",
                            key.1
                        ));
                    }
                }
            }
        }
    }

    /// The parts, and what a person should know of them.
    ///
    /// # Errors
    /// Where only the first pages of a listing were given: what is missing would count as deleted.
    pub fn finish(mut self) -> Result<(Vec<Part>, Vec<String>), Fault> {
        if let Some((extent, operation)) = self.cut.difference(&self.ended).next() {
            let Extent { kind, scope } = extent;
            return Err(Fault::new(format!(
                "{operation} of {scope} is cut off: pages with further {kind} entities are missing"
            ))
            .try_this("the command without --max-items and --no-paginate"));
        }
        self.name_organization();
        let mut parts: BTreeMap<Extent, Vec<Entity>> = BTreeMap::new();
        for extent in &self.listed {
            parts.entry(extent.clone()).or_default();
        }
        for ((extent, key), mut entity) in self.entities {
            if entity.name.is_empty() {
                entity.name = key;
            }
            parts.entry(extent).or_default().push(entity);
        }
        let parts = parts.into_iter().map(|(extent, entities)| Part { extent, entities }).collect();
        Ok((parts, self.warnings))
    }

    /// AWS's own service control policy and targets' lists name no organization: they are of the only one there is.
    fn name_organization(&mut self) {
        let of_organization = [EntityKind::Account, EntityKind::OrganizationalUnit, EntityKind::ServiceControlPolicy];
        let known: BTreeSet<String> = self
            .listed
            .iter()
            .filter(|extent| of_organization.contains(&extent.kind) && extent.scope != UNKNOWN_ORGANIZATION)
            .map(|extent| extent.scope.clone())
            .collect();
        let [only] = known.iter().collect::<Vec<_>>()[..] else { return };
        let named = |extent: &Extent| Extent {
            scope: if extent.scope == UNKNOWN_ORGANIZATION { only.clone() } else { extent.scope.clone() },
            ..extent.clone()
        };
        self.listed = self.listed.iter().map(named).collect();
        for ((extent, key), mut entity) in std::mem::take(&mut self.entities) {
            entity.extent = named(&extent);
            match self.entities.entry((entity.extent.clone(), key)) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(entity);
                }
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    if known.get().name.is_empty() {
                        known.get_mut().name = entity.name;
                    }
                    join(&mut known.get_mut().document, entity.document);
                }
            }
        }
    }
}

/// Joins fields into what is known; returns the first field that both have, with another value. Lists of targets add up.
fn join(known: &mut Map<String, Value>, further: Map<String, Value>) -> Option<String> {
    let mut differs = None;
    for (name, value) in further {
        match known.get_mut(&name) {
            Some(Value::Array(list)) if name == "Targets" => {
                for item in value.as_array().into_iter().flatten() {
                    if !list.contains(item) {
                        list.push(item.clone());
                    }
                }
            }
            Some(old) if *old != value => {
                *old = value;
                differs = differs.or(Some(name));
            }
            Some(_) => {}
            None => {
                known.insert(name, value);
            }
        }
    }
    differs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn import(files: &[Value], account: Option<&str>) -> Result<(Vec<Part>, Vec<String>), Fault> {
        let mut import = Import::default();
        for file in files {
            import.add(file.to_string().as_bytes(), account)?;
        }
        import.finish()
    }

    fn names(parts: &[Part]) -> Vec<String> {
        let name = |part: &Part| {
            let Extent { kind, scope } = &part.extent;
            let names: Vec<&str> = part.entities.iter().map(|entity| entity.name.as_str()).collect();
            format!("{kind} {scope}: {}", names.join(" "))
        };
        parts.iter().map(name).collect()
    }

    fn user(account: &str, name: &str) -> Value {
        json!({"Arn": format!("arn:aws:iam::{account}:user/{name}"), "UserName": name, "UserId": "AIDA"})
    }

    fn details(users: &[Value], is_cut: bool) -> Value {
        json!({"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": is_cut})
    }

    const ACCOUNT: &str = "111111111111";

    #[test]
    fn pages_in_any_order_are_one_part() {
        let (first, last) = (details(&[user(ACCOUNT, "b")], true), details(&[user(ACCOUNT, "a")], false));
        for pages in [[first.clone(), last.clone()], [last, first]] {
            let (parts, warnings) = import(&pages, None).unwrap();
            let expected =
                ["user 111111111111: a b", "group 111111111111: ", "role 111111111111: ", "policy 111111111111: "];
            assert_eq!(names(&parts), expected);
            assert!(warnings.is_empty(), "{warnings:?}");
        }
    }

    #[test]
    fn a_listing_that_is_cut_off_is_refused() {
        let fault = import(&[details(&[user(ACCOUNT, "a")], true)], None).unwrap_err();
        assert!(fault.what.contains("is cut off") && fault.try_this.unwrap().contains("--max-items"));
    }

    #[test]
    fn what_does_not_say_its_account_needs_to_be_told() {
        let keys = json!({"AccessKeyMetadata": [{"AccessKeyId": "AKIAEXAMPLE", "UserName": "a", "Status": "Active"}]});
        assert!(import(std::slice::from_ref(&keys), None).unwrap_err().what.contains("does not say of which account"));
        let (parts, _) = import(&[keys], Some(ACCOUNT)).unwrap();
        assert_eq!(names(&parts), ["access-key 111111111111: a"]);
        let fault = import(&[details(&[user("222222222222", "a")], false)], Some(ACCOUNT)).unwrap_err();
        assert_eq!(fault.what, "it is of account 222222222222, not of 111111111111");
    }

    #[test]
    fn policy_documents_are_json_however_they_came() {
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%7D";
        let role = json!({
            "Arn": "arn:aws-cn:iam::111111111111:role/r", "RoleName": "r",
            "AssumeRolePolicyDocument": encoded,
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": "{\"Version\":\"2012-10-17\"}"},
                               {"PolicyName": "broken", "PolicyDocument": "{\"Version"}],
        });
        let (parts, _) = import(&[json!({"RoleDetailList": [role]})], None).unwrap();
        let role = &parts.iter().find(|part| part.extent.kind == EntityKind::Role).unwrap().entities[0];
        let version = json!({"Version": "2012-10-17"});
        assert_eq!(role.document["AssumeRolePolicyDocument"], version);
        assert_eq!(role.inline_policies().collect::<Vec<_>>(), [("p", &version), ("broken", &json!("{\"Version"))]);
    }

    #[test]
    fn a_permission_set_is_joined_from_several_answers() {
        let (instance, set) = ("arn:aws:sso:::instance/ssoins-1", "arn:aws:sso:::permissionSet/ssoins-1/ps-1");
        let call = |operation: &str, output: Value| json!({"operation": operation, "input": {"InstanceArn": instance, "PermissionSetArn": set}, "output": output});
        let calls = json!({"account": ACCOUNT, "calls": [
            call("ListPermissionSets", json!({"PermissionSets": [set]})),
            call("GetInlinePolicyForPermissionSet", json!({"InlinePolicy": "{\"Version\":\"2012-10-17\"}"})),
            call("ListManagedPoliciesInPermissionSet", json!({"AttachedManagedPolicies": [{"Name": "p", "Arn": "arn:p"}]})),
            call("DescribePermissionSet", json!({"PermissionSet": {"Name": "Ops", "PermissionSetArn": set}})),
            call("ListAccountAssignments", json!({"AccountAssignments": []})),
        ]});
        let (parts, _) = import(&[calls], None).unwrap();
        assert_eq!(
            names(&parts),
            [format!("permission-set {instance}: Ops"), format!("account-assignment {instance}: ")]
        );
        let ops = &parts[0].entities[0];
        assert_eq!(ops.document["InlinePolicy"], json!({"Version": "2012-10-17"}));
        assert_eq!(ops.attached_policies().next().unwrap().arn, "arn:p");
    }

    #[test]
    fn what_names_no_organization_is_of_the_only_one() {
        let account = json!({"Id": ACCOUNT, "Arn": "arn:aws:organizations::111111111111:account/o-1/111111111111", "Name": "core"});
        let full = json!({"PolicySummary": {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess",
            "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"}, "Content": "{\"Statement\":[]}"});
        let targets = json!({"calls": [{"operation": "ListTargetsForPolicy", "input": {"PolicyId": "p-FullAWSAccess"},
            "output": {"Targets": [{"TargetId": "r-1"}]}}]});
        let (parts, _) = import(&[json!({"Accounts": [account]}), json!({"Policy": full}), targets], None).unwrap();
        assert_eq!(names(&parts), ["account o-1: core", "service-control-policy o-1: FullAWSAccess"]);
        let policy = &parts[1].entities[0].document;
        assert_eq!((&policy["Targets"], &policy["Content"]), (&json!(["r-1"]), &json!({"Statement": []})));
    }

    #[test]
    fn a_file_of_several_accounts_is_parted_by_account() {
        let policy = json!({"Arn": "arn:aws:iam::aws:policy/p", "PolicyName": "p", "PolicyVersionList": []});
        let file = json!({"UserDetailList": [user(ACCOUNT, "a"), user("222222222222", "a")], "Policies": [policy]});
        let (parts, _) = import(&[file], None).unwrap();
        let users: Vec<_> = names(&parts).into_iter().filter(|part| !part.ends_with(": ")).collect();
        let expected =
            ["user 111111111111: a", "user 222222222222: a", "policy 111111111111: p", "policy 222222222222: p"];
        assert_eq!(users, expected);
    }
}

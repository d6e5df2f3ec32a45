//! What IAM, Identity Center and Organizations would answer about the sample organisation at its *now*: one document for each
//! account, in the form that `tadoru inventory collect` saves. Everybody of the cast is there, and some who never act: a role
//! and a user that nothing uses, a person who never signs in.

mod identity_center;
mod organization;
mod policy;

use serde_json::{Value, json};

use crate::Organization;
use crate::account::{ACCOUNTS, Account, HOME_REGION, MANAGEMENT, PRODUCTION};
use crate::calendar::{DAY, event_time_text};
use crate::caller::{self, Caller, IdentityType};
use crate::random::{Random, UPPER, name_seed};

/// The inventory of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct InventoryFile {
    /// `inventory.<account>.json`.
    pub name: String,
    pub document: Value,
}

/// Which user or role has which managed policies attached, and in which groups it is.
struct Holder {
    name: String,
    path: &'static str,
    id: String,
    policies: Vec<Value>,
    /// Name and document of an inline policy.
    inline: Option<(&'static str, Value)>,
    groups: Vec<&'static str>,
    /// Days before the sample's *now*.
    age_days: i64,
}

impl Organization {
    /// The inventory at the sample's *now*, with `further_roles` roles in the production account that share its policies: what
    /// a large account is measured with.
    pub fn inventory(&self, further_roles: usize) -> Vec<InventoryFile> {
        let file = |account: usize| {
            let mut calls = self.account_calls(account, if account == PRODUCTION { further_roles } else { 0 });
            if account == MANAGEMENT {
                calls.extend(organization::calls());
                calls.extend(identity_center::calls());
                calls.extend(self.trail_calls());
            }
            let id = ACCOUNTS[account].id;
            let document = json!({
                "collected_at": self.time(0),
                "account": id,
                "region": HOME_REGION,
                "calls": calls,
            });
            InventoryFile { name: format!("inventory.{id}.json"), document }
        };
        (0..ACCOUNTS.len()).map(file).collect()
    }

    /// So many days before *now*, as AWS writes it.
    fn time(&self, days_before: i64) -> String {
        event_time_text(self.settings.end_us.div_euclid(1_000_000) - days_before * DAY)
    }

    fn account_calls(&self, account: usize, further_roles: usize) -> Vec<Value> {
        let id = ACCOUNTS[account].id;
        let of_account = || caller::all().iter().filter(move |caller| caller.account == account);
        let users: Vec<Holder> = of_account()
            .filter(|caller| caller.identity == IdentityType::User)
            .map(user)
            .chain((account == PRODUCTION).then(former_employee))
            .collect();
        let mut roles: Vec<Holder> = Vec::new();
        for caller in of_account().filter(|caller| caller.identity == IdentityType::Role) {
            // Several people share a permission set's role.
            if !roles.iter().any(|role| role.name == caller.name) {
                roles.push(role(caller));
            }
        }
        roles.extend((account == PRODUCTION).then(legacy_importer));
        roles.extend((0..further_roles).map(|index| further_role(index, id)));
        let details = json!({
            "UserDetailList": users.iter().map(|user| self.user_detail(id, user)).collect::<Vec<_>>(),
            "GroupDetailList": policy::groups(id).iter().map(|group| self.group_detail(id, group)).collect::<Vec<_>>(),
            "RoleDetailList": roles.iter().map(|role| self.role_detail(id, role)).collect::<Vec<_>>(),
            "Policies": policy::managed(id).iter().map(|policy| self.policy_detail(policy)).collect::<Vec<_>>(),
        });
        let keys: Vec<Value> = users.iter().flat_map(|user| self.access_keys(&ACCOUNTS[account], user)).collect();
        vec![
            call("iam", "GetAccountAuthorizationDetails", json!({}), details),
            call("iam", "ListAccessKeys", json!({}), json!({"AccessKeyMetadata": keys})),
            call("iam", "GetCredentialReport", json!({}), json!({"Content": self.credential_report(id, &users)})),
            call(
                "iam",
                "ListAccountAliases",
                json!({}),
                json!({"AccountAliases": [format!("sample-{}", ACCOUNTS[account].name)]}),
            ),
        ]
    }

    fn user_detail(&self, account: &str, user: &Holder) -> Value {
        json!({
            "Path": user.path,
            "UserName": user.name,
            "UserId": user.id,
            "Arn": format!("arn:aws:iam::{account}:user{}{}", user.path, user.name),
            "CreateDate": self.time(user.age_days),
            "UserPolicyList": inline(user),
            "GroupList": user.groups,
            "AttachedManagedPolicies": user.policies,
            "Tags": [],
        })
    }

    fn group_detail(&self, account: &str, group: &(&str, Vec<Value>)) -> Value {
        json!({
            "Path": "/",
            "GroupName": group.0,
            "GroupId": unique_id("AGPA", &format!("{account}/{}", group.0)),
            "Arn": format!("arn:aws:iam::{account}:group/{}", group.0),
            "CreateDate": self.time(900),
            "GroupPolicyList": [],
            "AttachedManagedPolicies": group.1,
        })
    }

    fn role_detail(&self, account: &str, role: &Holder) -> Value {
        json!({
            "Path": role.path,
            "RoleName": role.name,
            "RoleId": role.id,
            "Arn": format!("arn:aws:iam::{account}:role{}{}", role.path, role.name),
            "CreateDate": self.time(role.age_days),
            "AssumeRolePolicyDocument": policy::trust(account, role.path),
            "InstanceProfileList": [],
            "RolePolicyList": inline(role),
            "AttachedManagedPolicies": role.policies,
            "Tags": [],
            "RoleLastUsed": {},
        })
    }

    fn policy_detail(&self, policy: &policy::Managed) -> Value {
        let versions = policy.versions.iter().enumerate().map(|(index, document)| {
            json!({
                "Document": document,
                "VersionId": format!("v{}", index + 1),
                "IsDefaultVersion": index + 1 == policy.versions.len(),
                "CreateDate": self.time(400 - index as i64),
            })
        });
        json!({
            "PolicyName": policy.name,
            "PolicyId": unique_id("ANPA", &policy.arn),
            "Arn": policy.arn,
            "Path": path_of(&policy.arn),
            "DefaultVersionId": format!("v{}", policy.versions.len()),
            "IsAttachable": true,
            "CreateDate": self.time(400),
            "UpdateDate": self.time(400),
            "PolicyVersionList": versions.rev().collect::<Vec<_>>(),
        })
    }

    fn access_keys(&self, account: &Account, user: &Holder) -> Option<Value> {
        let key = access_key_of(account.id, &user.name)?;
        let status = if user.name == "deploy-bot" { "Inactive" } else { "Active" };
        let created = self.time(user.age_days.min(380));
        Some(json!({"UserName": user.name, "AccessKeyId": key, "Status": status, "CreateDate": created}))
    }

    fn credential_report(&self, account: &str, users: &[Holder]) -> String {
        let mut report = String::from(
            "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,\
             mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
             access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
             access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
             cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n",
        );
        let rest = "N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n";
        report.push_str(&format!(
            "<root_account>,arn:aws:iam::{account}:root,{},not_supported,no_information,not_supported,not_supported,true,false,N/A,{rest}",
            self.time(1_200)
        ));
        for user in users {
            let created = self.time(user.age_days);
            let password = match user.path {
                "/" => format!("true,no_information,{created},N/A,true"),
                _ => "false,N/A,N/A,N/A,false".to_owned(),
            };
            let key = match access_key_of(account, &user.name) {
                Some(_) => format!("{},{}", user.name != "deploy-bot", self.time(user.age_days.min(380))),
                None => "false,N/A".to_owned(),
            };
            let arn = format!("arn:aws:iam::{account}:user{}{}", user.path, user.name);
            report.push_str(&format!("{},{arn},{created},{password},{key},{rest}", user.name));
        }
        report
    }

    fn trail_calls(&self) -> Vec<Value> {
        let arn = format!("arn:aws:cloudtrail:{HOME_REGION}:{}:trail/organization", ACCOUNTS[MANAGEMENT].id);
        let trail = json!({
            "Name": "organization",
            "S3BucketName": "sample-trail",
            "IncludeGlobalServiceEvents": true,
            "IsMultiRegionTrail": true,
            "HomeRegion": HOME_REGION,
            "TrailARN": arn,
            "LogFileValidationEnabled": false,
            "HasCustomEventSelectors": true,
            "HasInsightSelectors": false,
            "IsOrganizationTrail": true,
        });
        let selectors = json!({
            "TrailARN": arn,
            "EventSelectors": [{
                "ReadWriteType": "All",
                "IncludeManagementEvents": true,
                "DataResources": [
                    {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]},
                    {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]},
                ],
                "ExcludeManagementEventSources": [],
            }],
        });
        vec![
            call("cloudtrail", "DescribeTrails", json!({}), json!({"trailList": [trail]})),
            call("cloudtrail", "GetTrailStatus", json!({"Name": arn}), json!({"IsLogging": true})),
            call("cloudtrail", "GetEventSelectors", json!({"TrailName": arn}), selectors),
        ]
    }
}

/// One call as `tadoru inventory collect` keeps it.
fn call(service: &str, operation: &str, input: Value, output: Value) -> Value {
    json!({"service": service, "operation": operation, "input": input, "output": output})
}

/// An id of IAM: a prefix and 17 signs, fixed for a name.
fn unique_id(prefix: &str, name: &str) -> String {
    let mut id = String::from(prefix);
    Random::new(&[name_seed(name), 3]).text(&mut id, UPPER, 17);
    id
}

fn inline(holder: &Holder) -> Vec<Value> {
    holder.inline.iter().map(|(name, document)| json!({"PolicyName": name, "PolicyDocument": document})).collect()
}

fn access_key_of(account: &str, user: &str) -> Option<String> {
    let known = caller::all().iter().find(|caller| {
        caller.identity == IdentityType::User && caller.name == user && ACCOUNTS[caller.account].id == account
    });
    match known {
        Some(caller) => Some(caller.access_key_id()),
        None if user == FORMER_EMPLOYEE => Some("AKIAFORMEREMPLOYEE00".to_owned()),
        None => None,
    }
}

const FORMER_EMPLOYEE: &str = "yuki.former";

fn user(caller: &Caller) -> Holder {
    let account = ACCOUNTS[caller.account].id;
    let (groups, policies) = match caller.name {
        "Alice" => (vec!["Administrators"], Vec::new()),
        "Bob" => (vec!["Operators"], Vec::new()),
        _ if caller.path == "/" => (vec!["Developers"], Vec::new()),
        _ => (Vec::new(), vec![policy::attached(account, "MachineAccess")]),
    };
    Holder {
        name: caller.name.to_owned(),
        path: caller.path,
        id: caller.unique_id(),
        policies,
        inline: None,
        groups,
        age_days: 700,
    }
}

/// Left the company; the user, a password and a key are still there.
fn former_employee() -> Holder {
    Holder {
        name: FORMER_EMPLOYEE.to_owned(),
        path: "/",
        id: unique_id("AIDA", FORMER_EMPLOYEE),
        policies: Vec::new(),
        inline: None,
        groups: vec!["Developers"],
        age_days: 820,
    }
}

fn role(caller: &Caller) -> Holder {
    let account = ACCOUNTS[caller.account].id;
    let (policies, inline) = policy::of_role(account, caller);
    Holder {
        name: caller.name.to_owned(),
        path: caller.path,
        id: caller.unique_id(),
        policies,
        inline,
        groups: Vec::new(),
        age_days: if caller.name.starts_with("AWSReservedSSO_") { 500 } else { 640 },
    }
}

/// Made for a migration that is long over.
fn legacy_importer() -> Holder {
    let statement = json!({"Effect": "Allow", "Action": ["s3:*", "dms:*", "rds:*"], "Resource": "*"});
    Holder {
        name: "LegacyImporter".to_owned(),
        path: "/migration/",
        id: unique_id("AROA", "LegacyImporter"),
        policies: Vec::new(),
        inline: Some(("Import", json!({"Version": "2012-10-17", "Statement": [statement]}))),
        groups: Vec::new(),
        age_days: 960,
    }
}

fn further_role(index: usize, account: &str) -> Holder {
    let name = format!("Workload{index:05}");
    let policy = ["OperatorAccess", "MachineAccess", "DeveloperAccess"][index % 3];
    let statement = json!({"Effect": "Allow", "Action": ["sqs:SendMessage", "kms:Decrypt"], "Resource": "*"});
    Holder {
        id: unique_id("AROA", &name),
        name,
        path: "/workloads/",
        policies: vec![policy::attached(account, policy)],
        inline: Some(("own", json!({"Version": "2012-10-17", "Statement": [statement]}))),
        groups: Vec::new(),
        age_days: 300,
    }
}
/// The path in a policy's ARN: `/` or `/jobs/`.
fn path_of(arn: &str) -> &str {
    let rest = arn.split_once(":policy").map_or("/", |(_, rest)| rest);
    &rest[..=rest.rfind('/').expect("an ARN has a slash before the name")]
}

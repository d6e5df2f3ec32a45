//! Identity Center of the sample organisation: its people, one group, four permission sets and who has which in which account.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::call;
use crate::account::{ACCOUNTS, IDENTITY_STORE_ID};
use crate::caller::{self, ADMINISTRATOR, CONTRACTOR, DEVELOPER, READ_ONLY, identity_center_user_id};

const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-7595a1b2c3d4e5f6";
/// Has access and never signs in.
const NEVER_SEEN: &str = "ryo.tanaka";
const GROUP_ID: &str = "9567a1b2c3-0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6";

/// The permission sets: the role that is made of each, the name, its number.
const SETS: [(&str, &str, &str); 4] = [
    (ADMINISTRATOR, "AdministratorAccess", "ps-1111aaaa2222bbbb"),
    (DEVELOPER, "DeveloperAccess", "ps-3333cccc4444dddd"),
    (READ_ONLY, "ReadOnlyAccess", "ps-5555eeee6666ffff"),
    (CONTRACTOR, "ContractorReadOnly", "ps-7777abab8888cdcd"),
];

fn arn(id: &str) -> String {
    format!("arn:aws:sso:::permissionSet/ssoins-7595a1b2c3d4e5f6/{id}")
}

pub(super) fn calls() -> Vec<Value> {
    let instance = || json!({"InstanceArn": INSTANCE});
    let store = || json!({"IdentityStoreId": IDENTITY_STORE_ID});
    let instances = json!([{"InstanceArn": INSTANCE, "IdentityStoreId": IDENTITY_STORE_ID,
        "OwnerAccountId": ACCOUNTS[0].id, "Status": "ACTIVE"}]);
    let sets: Vec<String> = SETS.iter().map(|(_, _, id)| arn(id)).collect();
    let group = json!({"GroupId": GROUP_ID, "DisplayName": "Contractors", "IdentityStoreId": IDENTITY_STORE_ID});
    let membership = json!({"IdentityStoreId": IDENTITY_STORE_ID, "MembershipId": "9567a1b2c3-1a2b3c4d-5e6f-7a8b-9c0d-e1f2a3b4c5d6",
        "GroupId": GROUP_ID, "MemberId": {"UserId": identity_center_user_id("kenji.mori")}});
    let mut calls = vec![
        call("sso-admin", "ListInstances", json!({}), json!({"Instances": instances})),
        call("sso-admin", "ListPermissionSets", instance(), json!({"PermissionSets": sets})),
        call("identitystore", "ListUsers", store(), json!({"Users": users()})),
        call("identitystore", "ListGroups", store(), json!({"Groups": [group]})),
        call(
            "identitystore",
            "ListGroupMemberships",
            json!({"IdentityStoreId": IDENTITY_STORE_ID, "GroupId": GROUP_ID}),
            json!({"GroupMemberships": [membership]}),
        ),
        call("sso-admin", "ListAccountAssignments", instance(), json!({"AccountAssignments": assignments()})),
    ];
    calls.extend(SETS.map(|(_, name, id)| {
        let set = json!({"Name": name, "PermissionSetArn": arn(id), "SessionDuration": "PT8H"});
        call(
            "sso-admin",
            "DescribePermissionSet",
            json!({"InstanceArn": INSTANCE, "PermissionSetArn": arn(id)}),
            json!({"PermissionSet": set}),
        )
    }));
    calls
}

fn people() -> BTreeSet<&'static str> {
    caller::all()
        .iter()
        .filter(|caller| caller.name.starts_with("AWSReservedSSO_"))
        .map(|caller| caller.session)
        .collect()
}

fn users() -> Vec<Value> {
    let user = |name: &str| {
        let (given, family) = name.split_once('.').unwrap_or((name, ""));
        let upper = |text: &str| text[..1].to_uppercase() + &text[1..];
        json!({
            "UserName": name,
            "UserId": identity_center_user_id(name),
            "Name": {"GivenName": upper(given), "FamilyName": upper(family)},
            "DisplayName": format!("{} {}", upper(given), upper(family)),
            "Emails": [{"Value": format!("{name}@tadoru-sample.example"), "Type": "work", "Primary": true}],
            "IdentityStoreId": IDENTITY_STORE_ID,
        })
    };
    people().into_iter().chain([NEVER_SEEN]).map(user).collect()
}

fn assignments() -> Vec<Value> {
    let assignment = |account: usize, set: &str, kind: &str, id: &str| json!({"AccountId": ACCOUNTS[account].id, "PermissionSetArn": arn(set), "PrincipalType": kind, "PrincipalId": id});
    let mut found = Vec::new();
    for caller in caller::all() {
        let Some((role, _, set)) = SETS.iter().find(|(role, _, _)| *role == caller.name) else { continue };
        // The contractor has it by the group.
        let entry = match *role {
            CONTRACTOR => assignment(caller.account, set, "GROUP", GROUP_ID),
            _ => assignment(caller.account, set, "USER", &identity_center_user_id(caller.session)),
        };
        if !found.contains(&entry) {
            found.push(entry);
        }
    }
    found.push(assignment(1, SETS[2].2, "USER", &identity_center_user_id(NEVER_SEEN)));
    found
}

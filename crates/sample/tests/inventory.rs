//! The inventory says what the stories say: everybody of the cast who acts as a user or role is in it.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it assumes")]

use std::collections::BTreeSet;

use sample::{Organization, Settings};
use serde_json::Value;

fn details(organization: &Organization, further_roles: usize, list: &str, member: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in organization.inventory(further_roles) {
        let details = &file.document["calls"][0]["output"][list];
        found.extend(details.as_array().unwrap().iter().map(|entity| entity[member].as_str().unwrap().to_owned()));
    }
    found
}

#[test]
fn every_user_and_role_that_acts_is_in_it() {
    let organization = Organization::new(Settings { events: 20_000, ..Settings::default() });
    let mut arns = details(&organization, 0, "UserDetailList", "Arn");
    arns.extend(details(&organization, 0, "RoleDetailList", "Arn"));
    let truth = organization.truth();
    let acting = truth.principals.keys().filter(|arn| arn.contains(":user/") || arn.contains(":role/"));
    let missing: Vec<_> = acting.filter(|arn| !arns.contains(*arn)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(arns.contains("arn:aws:iam::222222222222:role/migration/LegacyImporter"));
}

#[test]
fn attached_policies_exist_and_further_roles_share_them() {
    let organization = Organization::new(Settings { events: 20_000, ..Settings::default() });
    let policies = details(&organization, 300, "Policies", "Arn");
    assert_eq!(
        details(&organization, 300, "RoleDetailList", "Arn").len(),
        details(&organization, 0, "RoleDetailList", "Arn").len() + 300
    );
    for file in organization.inventory(300) {
        for list in ["UserDetailList", "GroupDetailList", "RoleDetailList"] {
            for entity in file.document["calls"][0]["output"][list].as_array().unwrap() {
                for attached in entity["AttachedManagedPolicies"].as_array().into_iter().flatten() {
                    assert!(policies.contains(attached["PolicyArn"].as_str().unwrap()), "{attached}");
                }
            }
        }
    }
    let report_builder = organization.inventory(0).into_iter().flat_map(|file| {
        let roles = file.document["calls"][0]["output"]["RoleDetailList"].as_array().unwrap().clone();
        roles.into_iter().find(|role| role["RoleName"] == "ReportBuilder")
    });
    let document = &report_builder.last().unwrap()["RolePolicyList"][0]["PolicyDocument"];
    let granted = truth_of(&organization, "least_privilege")["granted_actions"].as_u64().unwrap();
    assert_eq!(document["Statement"][0]["Action"].as_array().unwrap().len() as u64, granted);
}

fn truth_of(organization: &Organization, story: &str) -> Value {
    let truth = serde_json::to_value(organization.truth()).unwrap();
    let stories = truth["stories"].as_array().unwrap();
    stories.iter().find(|told| told["id"] == story).unwrap()["expected"].clone()
}

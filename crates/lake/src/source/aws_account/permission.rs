//! The permissions that collecting an inventory uses, as the IAM policy that grants them. Made from the list of operations,
//! so that what can be called and what is granted are the same; a test compares it with the calls that are made.

use serde_json::{Value, json};

use crate::source::aws_api::operation;
use crate::source::s3_bucket::permission::Permission;

/// The policy of whoever collects: every action reads, and none can be narrowed to less than the account or the
/// organisation that is read. `role_arns` are the roles to assume, if any; those statements are the caller's, the first one the roles'.
pub fn policy(role_arns: &[String]) -> Value {
    let mut actions: Vec<String> =
        operation::ALL.iter().filter(|operation| operation.needs_permission()).map(|o| o.action()).collect();
    actions.sort_unstable();
    let mut statements = vec![json!({ "Effect": "Allow", "Action": actions, "Resource": "*" })];
    statements.extend(role_arns.iter().map(|arn| Permission::AssumeRole { role_arn: arn.clone() }.statement("aws")));
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_reads() {
        let policy = policy(&["arn:aws:iam::111122223333:role/reader".to_owned()]);
        let actions = policy["Statement"][0]["Action"].as_array().unwrap();
        assert!(actions.iter().all(|action| {
            let name = action.as_str().unwrap().split(':').nth(1).unwrap();
            // Generating a report changes nothing but the report.
            ["Get", "List", "Describe", "Generate"].iter().any(|verb| name.starts_with(verb))
        }));
        assert_eq!(actions.len(), operation::ALL.len() - 1, "whose credentials these are needs no permission");
        assert_eq!(policy["Statement"][1]["Action"], "sts:AssumeRole");
    }
}

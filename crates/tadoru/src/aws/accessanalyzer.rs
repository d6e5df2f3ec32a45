//! IAM Access Analyzer's policy generation: the actions that a user or role used, as the trails of its account saw them. What a
//! trail sees is told by `cloud_trail_details`, whether the role that is to read it may do so by `access_role`; the activity is
//! frozen in `policy_generation` when the job begins.

mod access_role;
mod cancel_policy_generation;
mod cloud_trail_details;
mod get_generated_policy;
mod list_policy_generations;
mod policy_generation;
mod start_policy_generation;

use aws_wire::error::AwsError;
use iam::arn::Arn;

use super::{OperationError, Run};

pub const OPERATIONS: &[(&str, Run)] = &[
    ("CancelPolicyGeneration", cancel_policy_generation::run),
    ("GetGeneratedPolicy", get_generated_policy::run),
    ("ListPolicyGenerations", list_policy_generations::run),
    ("StartPolicyGeneration", start_policy_generation::run),
];

/// As long as a path and name may be in the ARNs that the model takes.
const MOST_NAME_CHARACTERS: usize = 576;

/// An input that AWS takes for none, though the model lets it pass.
fn invalid(text: impl Into<String>) -> OperationError {
    AwsError::new("ValidationException", text).because("other").into()
}

/// A member that is not of the form that the model has for it.
fn not_of_form(value: &str, member: &str, form: &str) -> OperationError {
    let text = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: {form}"
    );
    AwsError::new("ValidationException", text).because("fieldValidationFailed").into()
}

fn no_such_job(id: &str) -> OperationError {
    invalid(format!("There is no policy generation with the job id {id}."))
}

/// The ARN of a user or role.
fn principal_arn<'a>(text: &'a str, member: &str) -> Result<Arn<'a>, OperationError> {
    let found = entity_arn(text, &["user/", "role/"]);
    found.ok_or_else(|| not_of_form(text, member, "arn:[^:]*:iam::[^:]*:(role|user)/.{1,576}"))
}

/// An ARN of IAM's that begins in one of these ways, and has something behind it.
fn entity_arn<'a>(text: &'a str, kinds: &[&str]) -> Option<Arn<'a>> {
    let arn = Arn::parse(text).filter(|arn| arn.service == "iam" && arn.region.is_empty())?;
    let name = kinds.iter().find_map(|kind| arn.resource.strip_prefix(kind))?;
    (1..=MOST_NAME_CHARACTERS).contains(&name.chars().count()).then_some(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_roles_alone_are_principals() {
        let check = |text: &str, expected: bool| {
            assert_eq!(principal_arn(text, "principalArn").is_ok(), expected, "{text}");
        };
        check("arn:aws:iam::111111111111:user/people/Alice", true);
        check("arn:aws-cn:iam::111111111111:role/Deploy", true);
        check("arn:aws:iam::111111111111:role/", false);
        check(&format!("arn:aws:iam::111111111111:role/{}", "a".repeat(577)), false);
        check("arn:aws:iam::111111111111:root", false);
        check("arn:aws:iam::111111111111:group/Builders", false);
        check("arn:aws:sts::111111111111:assumed-role/Deploy/i-0a", false);
        check("Alice", false);
    }
}

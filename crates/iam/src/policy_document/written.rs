//! What IAM asks of a document that somebody writes into it, beyond what any policy must be: that of an identity has resources
//! and no principal, a role's trust has principals, actions of STS and no resource, and names of statements stand once
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).

use std::collections::BTreeSet;

use serde_json::Value;

use super::syntax::{self, PolicyError};
use super::{PolicyDocument, Principal, Statement, json_text};
use crate::arn::Arn;

/// Reads the text of a managed policy, or of one inside of a user, group or role.
pub fn identity_document(text: &str) -> Result<Value, PolicyError> {
    let (value, document) = read(text)?;
    document.check_identity_policy()?;
    for (place, statement) in places(&document) {
        check_sid(&place, statement)?;
        for resource in statement.resources.iter().flat_map(|resources| &resources.patterns) {
            check_resource(&place, resource.text())?;
        }
    }
    Ok(value)
}

/// Reads the text of a role's trust policy.
pub fn trust_document(text: &str) -> Result<Value, PolicyError> {
    let (value, document) = read(text)?;
    for (place, statement) in places(&document) {
        if statement.resources.is_some() {
            return syntax::error(&place, "a trust policy has no Resource: it is the role's own");
        }
        match &statement.principals {
            None => return syntax::error(&place, "the element Principal is missing"),
            Some(principals) if principals.negated => {
                return syntax::error(&place, "a trust policy has no NotPrincipal");
            }
            Some(principals) => {
                principals.patterns.iter().try_for_each(|principal| check_principal(&place, principal))?;
            }
        }
        let foreign = statement.actions.patterns.iter().find(|action| action.one_service() != Some("sts"));
        if let Some(action) = foreign {
            return syntax::error(&place, format!("'{}' is no action of STS", action.text()));
        }
    }
    Ok(value)
}

fn read(text: &str) -> Result<(Value, PolicyDocument), PolicyError> {
    let value = match json_text::read(text) {
        Ok(value) => value,
        Err(error) => return syntax::error("", format!("it is no JSON: {error}")),
    };
    let document = PolicyDocument::parse(&value)?;
    let mut seen = BTreeSet::new();
    let sids = document.statements.iter().filter_map(|statement| statement.sid.as_deref());
    if let Some(sid) = sids.filter(|sid| !sid.is_empty()).find(|sid| !seen.insert(*sid)) {
        return syntax::error("Statement", format!("the Sid '{sid}' stands there twice"));
    }
    Ok((value, document))
}

fn places(document: &PolicyDocument) -> impl Iterator<Item = (String, &Statement)> {
    let statements = document.statements.iter().enumerate();
    statements.map(|(index, statement)| (format!("Statement[{index}]"), statement))
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>
fn check_sid(place: &str, statement: &Statement) -> Result<(), PolicyError> {
    match statement.sid.as_deref().filter(|sid| !sid.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        Some(sid) => syntax::error(&format!("{place}.Sid"), format!("'{sid}' has more than letters and digits")),
        None => Ok(()),
    }
}

/// `*`, or an ARN with all six parts whose service is written out.
fn check_resource(place: &str, text: &str) -> Result<(), PolicyError> {
    let mut parts = text.splitn(6, ':');
    let (arn, service, last) = (parts.next(), parts.nth(1), parts.nth(2));
    let has_service = service.is_some_and(|service| !service.is_empty() && !service.contains(['*', '?']));
    let is_arn = arn == Some("arn") && has_service && last.is_some_and(|resource| !resource.is_empty());
    if text == "*" || is_arn {
        return Ok(());
    }
    syntax::error(&format!("{place}.Resource"), format!("'{text}' is neither '*' nor an ARN"))
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn check_principal(place: &str, principal: &Principal) -> Result<(), PolicyError> {
    let name = principal.name.as_str();
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_unique_id =
        || name.len() >= 16 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_domain = || name.contains('.') && !name.contains(|sign: char| sign.is_whitespace() || "*:/".contains(sign));
    let arn = || Arn::parse(name).filter(|arn| matches!(arn.service, "iam" | "sts") && is_account(arn.account));
    let is_sound = match principal.kind.as_str() {
        "*" => true,
        "AWS" => name == "*" || is_account(name) || is_unique_id() || arn().is_some(),
        "Service" => is_domain(),
        "Federated" => is_domain() || arn().is_some(),
        _ => false,
    };
    if is_sound {
        return Ok(());
    }
    syntax::error(&format!("{place}.Principal"), format!("'{name}' cannot be trusted as {}", principal.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: fn(&str) -> Result<Value, PolicyError>, statements: &str, expected: Result<(), &str>) {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#);
        let found = read(&text).map(drop).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn an_identity_policy_names_resources_and_nobody() {
        let check = |statements: &str, expected: Result<(), &str>| check(identity_document, statements, expected);
        check(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#, Ok(()));
        check(
            r#"[{"Sid": "A1", "Effect": "Deny", "NotAction": ["s3:*"], "NotResource": ["arn:aws:s3:::b/*"]}]"#,
            Ok(()),
        );
        check(
            r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}"#,
            Err("Statement[0]: the policy of an identity has no Principal"),
        );
        check(
            r#"{"Effect": "Allow", "Action": "s3:*"}"#,
            Err("Statement[0]: neither Resource nor NotResource is there"),
        );
        let resource = |text: &str| format!(r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "{text}"}}"#);
        for text in ["arn:aws:s3:::a:b", "arn:aws:iam::${aws:PrincipalAccount}:user/x", "arn:*:s3:::a"] {
            check(&resource(text), Ok(()));
        }
        for text in ["", "s3", "arn:aws:s3", "arn:aws:*:::a", "arn:*", "arn:aws:s3:::", "bucket/*"] {
            let refused = format!("Statement[0].Resource: '{text}' is neither '*' nor an ARN");
            check(&resource(text), Err(&refused));
        }
        check(
            r#"{"Sid": "a b", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#,
            Err("Statement[0].Sid: 'a b' has more than letters and digits"),
        );
        let one = r#"{"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#;
        check(&format!("[{one}, {one}]"), Err("Statement: the Sid 'A' stands there twice"));
    }

    #[test]
    fn a_trust_policy_names_principals_and_no_resource() {
        let check = |statements: &str, expected: Result<(), &str>| check(trust_document, statements, expected);
        let trusted = |principal: &str| {
            format!(r#"[{{"Sid": "", "Effect": "Allow", "Principal": {principal}, "Action": "sts:AssumeRole"}}]"#)
        };
        for principal in [
            r#"{"Service": "access-analyzer.amazonaws.com"}"#,
            r#"{"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}"#,
            r#""*""#,
            r#"{"AWS": "111111111111"}"#,
            r#"{"AWS": ["arn:aws:iam::111111111111:root", "AIDACKCEVSQ6C2EXAMPLE"]}"#,
            r#"{"Federated": "arn:aws:iam::111111111111:saml-provider/Okta"}"#,
            r#"{"Federated": "cognito-identity.amazonaws.com"}"#,
        ] {
            check(&trusted(principal), Ok(()));
        }
        check(&trusted(r#"{"AWS": "Alice"}"#), Err("Statement[0].Principal: 'Alice' cannot be trusted as AWS"));
        check(&trusted(r#"{"Service": "ec2"}"#), Err("Statement[0].Principal: 'ec2' cannot be trusted as Service"));
        check(&trusted(r#"{"User": "a.b"}"#), Err("Statement[0].Principal: 'a.b' cannot be trusted as User"));
        check(
            r#"{"Effect": "Allow", "Action": "sts:AssumeRole"}"#,
            Err("Statement[0]: the element Principal is missing"),
        );
        check(
            r#"{"Effect": "Allow", "NotPrincipal": {"AWS": "*"}, "Action": "sts:AssumeRole"}"#,
            Err("Statement[0]: a trust policy has no NotPrincipal"),
        );
        check(
            r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}"#,
            Err("Statement[0]: 's3:GetObject' is no action of STS"),
        );
        check(
            r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}"#,
            Err("Statement[0]: a trust policy has no Resource: it is the role's own"),
        );
    }

    #[test]
    fn old_documents_are_taken_and_texts_that_are_none_refused() {
        let old = r#"{"Version": "2008-10-17", "Statement": [{"Sid": "", "Effect": "Allow",
            "Principal": {"Service": "access-analyzer.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
        assert!(trust_document(old).is_ok());
        for text in ["", "[]", "null", "{}", "{\"Version\": \"2012-10-17\"", "{\"Statement\": []}"] {
            assert!(identity_document(text).is_err() && trust_document(text).is_err(), "{text}");
        }
    }
}

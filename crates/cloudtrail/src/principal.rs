//! The one name a record is keyed on: whose permissions were used. An ARN where IAM has one (a role session counts
//! for its role, with the role's path), else `Type:id`. Two people never share a name because their user names match.
//! `record` fills the fields; `iam` knows what a principal may do.

use std::borrow::Cow;

use crate::user_identity::UserIdentity;

/// Who made the call, as the lake keys it.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal<'a> {
    /// ARN, or `Type:id`; never empty.
    pub principal: Cow<'a, str>,
    /// userIdentity's type; `AWSService` where only invokedBy is known, else `Unknown`.
    pub principal_type: Cow<'a, str>,
    /// Name of the role session or federated session, or of a foreign account's session.
    pub session_name: Option<Cow<'a, str>>,
}

/// Names the principal of a userIdentity.
///
/// An AssumedRole without sessionIssuer gets the role ARN rebuilt from the session's ARN, which has no path: such a
/// role counts apart from its true self until an inventory joins the two.
pub fn of<'a>(identity: &UserIdentity<'a>) -> Principal<'a> {
    let principal_type = match (said(&identity.identity_type), said(&identity.invoked_by)) {
        (Some(identity_type), _) => identity_type.clone(),
        (None, Some(_)) => Cow::Borrowed("AWSService"),
        (None, None) => Cow::Borrowed("Unknown"),
    };
    let mut session_name = None;
    let principal = match &*principal_type {
        "AssumedRole" => {
            session_name = role_session(identity);
            issuer_arn(identity).or_else(|| role_arn_of_session(identity))
        }
        "FederatedUser" => {
            session_name = session_of_id(identity);
            issuer_arn(identity).or_else(|| said(&identity.arn).cloned())
        }
        "Root" => said(&identity.arn).cloned().or_else(|| {
            let account = said(&identity.account_id)?;
            Some(Cow::Owned(format!("arn:aws:iam::{account}:root")))
        }),
        "AWSService" => said(&identity.invoked_by).map(|service| Cow::Owned(format!("AWSService:{service}"))),
        "AWSAccount" => {
            session_name = session_of_id(identity);
            Some(Cow::Owned(foreign_account(identity)))
        }
        "IdentityCenterUser" => identity_center_user(identity).map(Cow::Owned),
        _ => said(&identity.arn).cloned(),
    };
    let principal = principal.unwrap_or_else(|| Cow::Owned(format!("{principal_type}:{}", any_id(identity))));
    Principal { principal, principal_type, session_name }
}

/// A field that says something: AWS writes `"arn": ""` for none.
fn said<'f, 'a>(field: &'f Option<Cow<'a, str>>) -> Option<&'f Cow<'a, str>> {
    field.as_ref().filter(|text| !text.is_empty())
}

fn issuer_arn<'a>(identity: &UserIdentity<'a>) -> Option<Cow<'a, str>> {
    said(&identity.session_context.as_ref()?.issuer_arn).cloned()
}

/// `arn:aws:sts::111122223333:assumed-role/Name/session` → `arn:aws:iam::111122223333:role/Name`.
fn role_arn_of_session<'a>(identity: &UserIdentity<'a>) -> Option<Cow<'a, str>> {
    let arn = said(&identity.arn)?;
    let (head, tail) = arn.split_once(":assumed-role/")?;
    let mut parts = head.split(':');
    let (_, partition, _, _, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = tail.split('/').next()?;
    Some(Cow::Owned(format!("arn:{partition}:iam::{account}:role/{name}")))
}

/// `…:assumed-role/Name/session` → `session`; else what stands behind the principal id's colon.
fn role_session<'a>(identity: &UserIdentity<'a>) -> Option<Cow<'a, str>> {
    let of_arn = said(&identity.arn).and_then(|arn| {
        let name = arn.find(":assumed-role/")? + ":assumed-role/".len();
        from(arn, name + arn[name..].find('/')? + 1)
    });
    of_arn.or_else(|| session_of_id(identity))
}

fn session_of_id<'a>(identity: &UserIdentity<'a>) -> Option<Cow<'a, str>> {
    let id = said(&identity.principal_id)?;
    from(id, id.find(':')? + 1)
}

/// The text from a place on, borrowed where the text is; `None` if nothing stands there.
fn from<'a>(text: &Cow<'a, str>, start: usize) -> Option<Cow<'a, str>> {
    let rest = match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..]),
        Cow::Owned(text) => Cow::Owned(text[start..].to_owned()),
    };
    Some(rest).filter(|rest| !rest.is_empty())
}

/// `AWSAccount:<account>/<unique id>`: which of the foreign account's users or roles it was is what an auditor asks
/// next, and the unique id is all that CloudTrail gives. Session names are left out, they change with each call.
fn foreign_account(identity: &UserIdentity<'_>) -> String {
    let account = identity.account_id.as_deref().unwrap_or("");
    let id = identity.principal_id.as_deref().unwrap_or("");
    let anonymous =
        |text: &str| text.eq_ignore_ascii_case("anonymous") || text.eq_ignore_ascii_case("ANONYMOUS_PRINCIPAL");
    if anonymous(account) || (account.is_empty() && (id.is_empty() || anonymous(id))) {
        return "AWSAccount:anonymous".to_owned();
    }
    let unique_id = id.split(':').next().unwrap_or("");
    match (account, unique_id) {
        (account, "") => format!("AWSAccount:{account}"),
        ("", id) => format!("AWSAccount:{id}"),
        (account, id) if account == id => format!("AWSAccount:{account}"),
        (account, id) => format!("AWSAccount:{account}/{id}"),
    }
}

/// `IdentityCenterUser:<identity store>/<user id>`; the older shape has a user name only.
fn identity_center_user(identity: &UserIdentity<'_>) -> Option<String> {
    let Some(user) = said(&identity.on_behalf_of_user_id) else {
        let user = said(&identity.user_name)?;
        return Some(format!("IdentityCenterUser:{user}"));
    };
    let store = said(&identity.on_behalf_of_identity_store_arn).and_then(|arn| arn.rsplit('/').next());
    Some(match store {
        Some(store) => format!("IdentityCenterUser:{store}/{user}"),
        None => format!("IdentityCenterUser:{user}"),
    })
}

/// What is left to tell one nameless identity from another. An IAM user without ARN (a failed sign-in) and an unknown
/// user are told apart by account and name, others by their principal id.
fn any_id(identity: &UserIdentity<'_>) -> String {
    match (said(&identity.account_id), said(&identity.user_name), said(&identity.principal_id)) {
        (Some(account), Some(user), _) => format!("{account}/{user}"),
        (_, _, Some(id)) => id.to_string(),
        (_, Some(user), None) => user.to_string(),
        (Some(account), None, None) => account.to_string(),
        (None, None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_identity;

    #[test]
    fn each_type_has_one_name() {
        fn check(identity: &str, expected: (&str, &str, Option<&str>)) {
            let (read, _) = user_identity::read(identity);
            let named = of(&read);
            assert_eq!(
                (&*named.principal, &*named.principal_type, named.session_name.as_deref()),
                expected,
                "{identity}"
            );
        }
        check(
            r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/people/alice","userName":"alice"}"#,
            ("arn:aws:iam::1:user/people/alice", "IAMUser", None),
        );
        check(
            r#"{"type":"AssumedRole","principalId":"AROA:i-1","arn":"arn:aws:sts::1:assumed-role/R/i-1","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/service/R"}}}"#,
            ("arn:aws:iam::1:role/service/R", "AssumedRole", Some("i-1")),
        );
        check(
            r#"{"type":"AssumedRole","principalId":"AROA:run","arn":"arn:aws-cn:sts::1:assumed-role/R/run","accountId":"1"}"#,
            ("arn:aws-cn:iam::1:role/R", "AssumedRole", Some("run")),
        );
        check(
            r#"{"type":"AssumedRole","principalId":"AROA:run"}"#,
            ("AssumedRole:AROA:run", "AssumedRole", Some("run")),
        );
        check(
            r#"{"type":"FederatedUser","principalId":"1:kiosk","arn":"arn:aws:sts::1:federated-user/kiosk","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:user/pavel"}}}"#,
            ("arn:aws:iam::1:user/pavel", "FederatedUser", Some("kiosk")),
        );
        check(r#"{"type":"Root","accountId":"1","arn":"arn:aws:iam::1:root"}"#, ("arn:aws:iam::1:root", "Root", None));
        check(r#"{"type":"Root","accountId":"1"}"#, ("arn:aws:iam::1:root", "Root", None));
        check(r#"{"type":"Role","arn":"arn:aws:iam::1:role/R"}"#, ("arn:aws:iam::1:role/R", "Role", None));
        check(
            r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#,
            ("AWSService:ec2.amazonaws.com", "AWSService", None),
        );
        check(r#"{"accountId":"1","invokedBy":"AWS Internal"}"#, ("AWSService:AWS Internal", "AWSService", None));
        check(
            r#"{"type":"AWSAccount","principalId":"","accountId":"anonymous"}"#,
            ("AWSAccount:anonymous", "AWSAccount", None),
        );
        check(
            r#"{"type":"AWSAccount","principalId":"AROA:night","accountId":"2"}"#,
            ("AWSAccount:2/AROA", "AWSAccount", Some("night")),
        );
        check(r#"{"type":"AWSAccount","accountId":"2"}"#, ("AWSAccount:2", "AWSAccount", None));
        check(
            r#"{"type":"IdentityCenterUser","accountId":"1","onBehalfOf":{"userId":"u-1","identityStoreArn":"arn:aws:identitystore::1:identitystore/d-1"}}"#,
            ("IdentityCenterUser:d-1/u-1", "IdentityCenterUser", None),
        );
        check(
            r#"{"type":"IdentityCenterUser","accountId":"1","userName":"hana"}"#,
            ("IdentityCenterUser:hana", "IdentityCenterUser", None),
        );
        check(
            r#"{"type":"Unknown","principalId":"1","arn":"","accountId":"1","userName":"yuki"}"#,
            ("Unknown:1/yuki", "Unknown", None),
        );
        check(
            r#"{"type":"SAMLUser","principalId":"Zm9v:jo@example","userName":"jo@example"}"#,
            ("SAMLUser:Zm9v:jo@example", "SAMLUser", None),
        );
        check(
            r#"{"type":"IAMUser","accountId":"1","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
            ("IAMUser:1/HIDDEN_DUE_TO_SECURITY_REASONS", "IAMUser", None),
        );
        check("{}", ("Unknown:", "Unknown", None));
        check(r#"{"type":"NewKind","principalId":"x"}"#, ("NewKind:x", "NewKind", None));
    }
}

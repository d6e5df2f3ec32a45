//! userIdentity: who CloudTrail says made the call, field by field, in all its types.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
//! `principal` turns it into the one name the lake keys on.

use std::borrow::Cow;

use crate::json::text::{compact, has_escape, unescape};
use crate::json::walk::members;

type Text<'a> = Option<Cow<'a, str>>;

/// The userIdentity of one record. JSON null is `None`; the empty text that AWS writes for some absent fields stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserIdentity<'a> {
    /// `type`: Root, IAMUser, AssumedRole, Role, FederatedUser, SAMLUser, WebIdentityUser, AWSAccount, AWSService,
    /// IdentityCenterUser, Directory, Unknown, or whatever AWS adds.
    pub identity_type: Text<'a>,
    pub principal_id: Text<'a>,
    pub arn: Text<'a>,
    pub account_id: Text<'a>,
    /// The service that made the call, for a service's own calls and for forwarded access sessions.
    pub invoked_by: Text<'a>,
    pub access_key_id: Text<'a>,
    pub user_name: Text<'a>,
    pub identity_provider: Text<'a>,
    pub credential_id: Text<'a>,
    /// `onBehalfOf.userId`: the user's id in the identity store.
    pub on_behalf_of_user_id: Text<'a>,
    pub on_behalf_of_identity_store_arn: Text<'a>,
    pub session_context: Option<SessionContext<'a>>,
}

/// The session that temporary credentials belong to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionContext<'a> {
    /// `true` or `false`, as text.
    pub mfa_authenticated: Text<'a>,
    /// When the credentials were issued, as written.
    pub creation_date: Text<'a>,
    pub issuer_type: Text<'a>,
    pub issuer_principal_id: Text<'a>,
    pub issuer_arn: Text<'a>,
    pub issuer_account_id: Text<'a>,
    pub issuer_user_name: Text<'a>,
    /// `1.0` or `2.0`: how the instance fetched its role's credentials.
    pub ec2_role_delivery: Text<'a>,
    pub web_id_federated_provider: Text<'a>,
    /// Compact JSON text.
    pub web_id_attributes: Text<'a>,
    pub source_identity: Text<'a>,
}

/// What was wrong inside a userIdentity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdentityFault {
    /// A key stands twice: readers would disagree about who it was.
    pub duplicate_key: bool,
    /// A field is not text.
    pub odd_type: bool,
}

/// Reads the text of a userIdentity object that has passed the scan.
pub(crate) fn read(text: &str) -> (UserIdentity<'_>, IdentityFault) {
    let fault = IdentityFault { duplicate_key: false, odd_type: false };
    let mut walk = Walk { fault, escaped: has_escape(text) };
    let identity = walk.identity(text);
    (identity, walk.fault)
}

struct Walk {
    fault: IdentityFault,
    escaped: bool,
}

impl Walk {
    fn identity<'a>(&mut self, text: &'a str) -> UserIdentity<'a> {
        let mut identity = UserIdentity::default();
        self.object(text, |walk, key, value| {
            let place = match key {
                "type" => &mut identity.identity_type,
                "principalId" => &mut identity.principal_id,
                "arn" => &mut identity.arn,
                "accountId" => &mut identity.account_id,
                "invokedBy" => &mut identity.invoked_by,
                "accessKeyId" => &mut identity.access_key_id,
                "userName" => &mut identity.user_name,
                "identityProvider" => &mut identity.identity_provider,
                "credentialId" => &mut identity.credential_id,
                "onBehalfOf" => {
                    return walk.object(value, |walk, key, value| {
                        let place = match key {
                            "userId" => &mut identity.on_behalf_of_user_id,
                            "identityStoreArn" => &mut identity.on_behalf_of_identity_store_arn,
                            _ => return,
                        };
                        *place = walk.text(value);
                    });
                }
                "sessionContext" => {
                    let context = walk.session_context(value);
                    identity.session_context = context;
                    return;
                }
                _ => return,
            };
            *place = walk.text(value);
        });
        identity
    }

    fn session_context<'a>(&mut self, text: &'a str) -> Option<SessionContext<'a>> {
        if text == "null" {
            return None;
        }
        let mut context = SessionContext::default();
        self.object(text, |walk, key, value| match key {
            "attributes" => walk.object(value, |walk, key, value| match key {
                "mfaAuthenticated" => context.mfa_authenticated = walk.text_or_bool(value),
                "creationDate" => context.creation_date = walk.text(value),
                _ => {}
            }),
            "sessionIssuer" => walk.object(value, |walk, key, value| {
                let place = match key {
                    "type" => &mut context.issuer_type,
                    "principalId" => &mut context.issuer_principal_id,
                    "arn" => &mut context.issuer_arn,
                    "accountId" => &mut context.issuer_account_id,
                    "userName" => &mut context.issuer_user_name,
                    _ => return,
                };
                *place = walk.text(value);
            }),
            "webIdFederationData" => walk.object(value, |walk, key, value| match key {
                "federatedProvider" => context.web_id_federated_provider = walk.text(value),
                "attributes" => context.web_id_attributes = (value != "null").then(|| compact(value)),
                _ => {}
            }),
            "ec2RoleDelivery" => context.ec2_role_delivery = walk.text_or_bool(value),
            "sourceIdentity" => context.source_identity = walk.text(value),
            _ => {}
        });
        Some(context)
    }

    fn object<'a>(&mut self, text: &'a str, mut member: impl FnMut(&mut Self, &str, &'a str)) {
        if !text.starts_with('{') {
            self.fault.odd_type |= text != "null";
            return;
        }
        let mut keys: [&str; 16] = [""; 16];
        let mut owned_keys: Vec<String> = Vec::new();
        let mut count = 0;
        for (key, value) in members(text) {
            let repeated = keys[..count].contains(&&*key) || owned_keys.iter().any(|seen| *seen == key);
            self.fault.duplicate_key |= repeated;
            member(self, &key, value);
            match key {
                Cow::Borrowed(key) if count < keys.len() => {
                    keys[count] = key;
                    count += 1;
                }
                key => owned_keys.push(key.into_owned()),
            }
        }
    }

    #[inline]
    fn text<'a>(&mut self, value: &'a str) -> Text<'a> {
        match value.as_bytes().first() {
            Some(b'"') if !self.escaped => Some(Cow::Borrowed(&value[1..value.len() - 1])),
            Some(b'"') => Some(unescape(&value[1..value.len() - 1])),
            Some(b'n') | None => None,
            Some(b'{' | b'[') => {
                self.fault.odd_type = true;
                None
            }
            Some(_) => {
                self.fault.odd_type = true;
                Some(Cow::Borrowed(value))
            }
        }
    }

    /// For fields that AWS writes as text and other tools as JSON booleans or numbers.
    fn text_or_bool<'a>(&mut self, value: &'a str) -> Text<'a> {
        match value.as_bytes().first() {
            Some(b't' | b'f' | b'0'..=b'9') => Some(Cow::Borrowed(value)),
            _ => self.text(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_session_is_read() {
        let text = r#"{"type":"AssumedRole","principalId":"AROA:run","arn":"arn:aws:sts::1:assumed-role/R/run",
            "accountId":"1","accessKeyId":"","invokedBy":"x.amazonaws.com","credentialId":"c",
            "onBehalfOf":{"userId":"u","identityStoreArn":"arn:aws:identitystore::1:identitystore/d-1"},
            "sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA","arn":"arn:aws:iam::1:role/p/R",
            "accountId":"1","userName":"R"},"webIdFederationData":{"federatedProvider":"p","attributes":{ "a" : 1 }},
            "attributes":{"creationDate":"2026-01-02T00:00:00Z","mfaAuthenticated":false},
            "ec2RoleDelivery":"2.0","sourceIdentity":"al\u0069ce"}}"#;
        let (identity, fault) = read(text);
        assert_eq!(fault, IdentityFault { duplicate_key: false, odd_type: false });
        assert_eq!(identity.access_key_id.as_deref(), Some(""));
        assert_eq!(identity.on_behalf_of_user_id.as_deref(), Some("u"));
        let context = identity.session_context.unwrap();
        assert_eq!(context.issuer_arn.as_deref(), Some("arn:aws:iam::1:role/p/R"));
        assert_eq!(context.mfa_authenticated.as_deref(), Some("false"));
        assert_eq!(context.web_id_attributes.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(context.source_identity.as_deref(), Some("alice"));
    }

    #[test]
    fn a_key_that_stands_twice_is_noticed_at_every_level() {
        fn check(text: &str, expected: bool) {
            assert_eq!(read(text).1.duplicate_key, expected, "{text}");
        }
        check(r#"{"arn":"a","userName":"b"}"#, false);
        check(r#"{"arn":"a","arn":"b"}"#, true);
        check(r#"{"arn":"a","\u0061rn":"b"}"#, true);
        check(r#"{"x":"a","x":"b"}"#, true);
        check(r#"{"sessionContext":{"sessionIssuer":{"arn":"a","arn":"b"}}}"#, true);
        check(r#"{"arn":"a","sessionContext":{"sessionIssuer":{"arn":"b"}}}"#, false);
    }
}

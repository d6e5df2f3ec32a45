//! The condition keys that a record tells, and the columns they are read from. A column is read only if a policy asks for
//! its key; what a record does not tell stays unknown
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>).

use core::net::IpAddr;
use std::collections::BTreeSet;

use iam::policy_evaluation::RequestContext;
use lake::timestamp::duckdb_timestamp;
use lake::value::Value;

/// Name in the statement, column, and the keys (in lower case) that it tells.
const COLUMNS: [(&str, &str, &[&str]); 9] = [
    ("ip", "sourceipaddress", &["aws:sourceip"]),
    ("agent", "useragent", &["aws:useragent"]),
    ("mfa", "useridentity.sessioncontext.attributes.mfaauthenticated", &["aws:multifactorauthpresent"]),
    ("tls", "tlsdetails.tlsversion", &["aws:securetransport"]),
    ("vpce", "vpcendpointid", &["aws:sourcevpce"]),
    ("invoked_by", "useridentity.invokedby", &["aws:viaawsservice"]),
    ("user_id", "useridentity.principalid", &["aws:userid"]),
    ("kind", "useridentity.type", &["aws:multifactorauthpresent"]),
    ("at", "eventtimestamp", &["aws:currenttime", "aws:epochtime"]),
];

/// What stands in the statement for each column, given the keys that policies ask for.
pub(super) fn columns(keys: &BTreeSet<String>) -> Vec<(&'static str, &'static str)> {
    let column = |(name, column, tells): (&'static str, &'static str, &[&str])| {
        (name, if tells.iter().any(|key| keys.contains(*key)) { column } else { "NULL" })
    };
    COLUMNS.into_iter().map(column).collect()
}

/// What a record tells of condition keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    ip: Option<String>,
    agent: Option<String>,
    mfa: Option<String>,
    tls: Option<String>,
    vpce: Option<String>,
    invoked_by: Option<String>,
    user_id: Option<String>,
    kind: Option<String>,
    at_us: Option<i64>,
}

impl Recorded {
    /// Reads the columns in the order of the statement.
    pub(super) fn read(next: &mut dyn FnMut() -> Value) -> Self {
        let mut text = || super::text(next());
        let (ip, agent, mfa, tls) = (text(), text(), text(), text());
        let (vpce, invoked_by, user_id, kind) = (text(), text(), text(), text());
        let at_us = match next() {
            Value::Timestamp(us) => Some(us),
            _ => None,
        };
        Self { ip, agent, mfa, tls, vpce, invoked_by, user_id, kind, at_us }
    }

    /// The context of the calls, of which these columns were read. Keys whose column was not read are asked for by nobody.
    pub fn context(&self, principal: &str, region: &str) -> RequestContext {
        let mut context = RequestContext::of_principal(principal);
        if !region.is_empty() {
            context.set("aws:RequestedRegion", [region]);
        }
        // A call that a service made for the principal has the service's name for an address.
        if let Some(ip) = self.ip.as_deref().filter(|ip| ip.parse::<IpAddr>().is_ok()) {
            context.set("aws:SourceIp", [ip]);
        }
        if let Some(agent) = &self.agent {
            context.set("aws:UserAgent", [agent.as_str()]);
        }
        match (self.mfa.as_deref(), self.kind.as_deref()) {
            (Some(mfa), _) => context.set("aws:MultiFactorAuthPresent", [mfa]),
            // Long-term keys: the request has no such key at all.
            (None, Some("IAMUser")) => context.set_absent("aws:MultiFactorAuthPresent"),
            (None, _) => {}
        }
        if self.tls.is_some() {
            context.set("aws:SecureTransport", ["true"]);
        }
        match &self.vpce {
            Some(vpce) => context.set("aws:SourceVpce", [vpce.as_str()]),
            None => context.set_absent("aws:SourceVpce"),
        }
        context.set("aws:ViaAWSService", [if self.invoked_by.is_some() { "true" } else { "false" }]);
        if let Some(user_id) = &self.user_id {
            context.set("aws:userid", [user_id.as_str()]);
        }
        if let Some(us) = self.at_us {
            context.set("aws:CurrentTime", [format!("{}Z", duckdb_timestamp(us).replace(' ', "T"))]);
            context.set("aws:EpochTime", [(us.div_euclid(1_000_000)).to_string()]);
        }
        context
    }
}

#[cfg(test)]
mod tests {
    use iam::policy_evaluation::Presence;

    use super::*;

    #[test]
    fn a_record_tells_keys_and_leaves_others_open() {
        let check = |recorded: Recorded, key: &str, expected: Option<&str>| {
            let context = recorded.context("arn:aws:iam::1:user/Alice", "eu-west-1");
            match (context.get(key), expected) {
                (Presence::Values([value]), Some(expected)) => assert_eq!(value, expected, "{key}"),
                (Presence::Unknown, None) => {}
                (Presence::Absent, Some("absent")) => {}
                (found, _) => panic!("{key}: {found:?}"),
            }
        };
        let text = |text: &str| Some(text.to_owned());
        check(Recorded { ip: text("203.0.113.9"), ..Recorded::default() }, "aws:sourceip", Some("203.0.113.9"));
        check(Recorded { ip: text("athena.amazonaws.com"), ..Recorded::default() }, "aws:sourceip", None);
        check(Recorded { kind: text("IAMUser"), ..Recorded::default() }, "aws:multifactorauthpresent", Some("absent"));
        check(Recorded { mfa: text("true"), ..Recorded::default() }, "aws:multifactorauthpresent", Some("true"));
        check(Recorded { kind: text("AssumedRole"), ..Recorded::default() }, "aws:multifactorauthpresent", None);
        check(Recorded::default(), "aws:securetransport", None);
        check(Recorded::default(), "aws:viaawsservice", Some("false"));
        check(Recorded::default(), "aws:requestedregion", Some("eu-west-1"));
        check(Recorded { at_us: Some(0), ..Recorded::default() }, "aws:currenttime", Some("1970-01-01T00:00:00Z"));
        check(Recorded { at_us: Some(1_500_000), ..Recorded::default() }, "aws:epochtime", Some("1"));
        check(Recorded::default(), "aws:principalorgid", None);
    }

    #[test]
    fn only_columns_of_keys_that_are_asked_for_are_read() {
        let keys = BTreeSet::from(["aws:sourceip".to_owned(), "s3:prefix".to_owned()]);
        let read: Vec<_> = columns(&keys).into_iter().filter(|(_, column)| *column != "NULL").collect();
        assert_eq!(read, [("ip", "sourceipaddress")]);
    }
}

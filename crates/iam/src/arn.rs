//! Amazon Resource Names: cut into their six parts and read as far as IAM and STS principals go (user, role, assumed
//! role, federated user, root), in every partition. Whether such a principal exists is the inventory's matter; which
//! principal an event belongs to is told by the `cloudtrail` crate.

use std::fmt;

/// An ARN in parts; `Display` gives back the text it was parsed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-iso`, …
    pub partition: &'a str,
    /// The service, as in `iam`.
    pub service: &'a str,
    /// The region; empty for global services.
    pub region: &'a str,
    /// The 12-digit account id; empty where the service leaves it out, `aws` for AWS's managed policies.
    pub account: &'a str,
    /// Everything after the fifth colon, as in `role/service-role/Deploy`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Parses `arn:partition:service:region:account:resource`. None unless it has all six parts, the partition begins with
    /// `aws`, and service and resource are not empty.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let partition = parts.next()?;
        let arn = Self {
            partition,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let sound = (partition == "aws" || partition.starts_with("aws-")) && !arn.service.is_empty();
        (sound && !arn.resource.is_empty()).then_some(arn)
    }

    /// The name of the role: of an IAM role (`role/path/Name`) and of a session of one (`assumed-role/Name/session`).
    pub fn role_name(&self) -> Option<&'a str> {
        match (self.service, self.kind()) {
            ("iam", ("role", rest)) => last_part(rest),
            ("sts", ("assumed-role", rest)) => rest.split('/').next().filter(|name| !name.is_empty()),
            _ => None,
        }
    }

    /// The name of the session of an assumed role, or of a federated user.
    pub fn session_name(&self) -> Option<&'a str> {
        match (self.service, self.kind()) {
            ("sts", ("assumed-role", rest)) => rest.split_once('/').map(|(_, session)| session),
            ("sts", ("federated-user", name)) => Some(name).filter(|name| !name.is_empty()),
            _ => None,
        }
    }

    /// The name of an IAM user, without its path.
    pub fn user_name(&self) -> Option<&'a str> {
        match (self.service, self.kind()) {
            ("iam", ("user", rest)) => last_part(rest),
            _ => None,
        }
    }

    /// The path of an IAM entity, with both slashes: `/` or `/service-role/`.
    pub fn path(&self) -> Option<&'a str> {
        let (kind, rest) = self.kind();
        if self.service != "iam" || !matches!(kind, "user" | "role" | "group" | "policy" | "instance-profile") {
            return None;
        }
        let start = kind.len();
        rest.rfind('/').map_or(Some("/"), |slash| self.resource.get(start..=start + 1 + slash))
    }

    /// The permission set of a role that Identity Center made: `AWSReservedSSO_<PermissionSet>_<16 hex>`.
    pub fn permission_set(&self) -> Option<&'a str> {
        let rest = self.role_name()?.strip_prefix("AWSReservedSSO_")?;
        let (name, suffix) = rest.rsplit_once('_')?;
        (suffix.len() == 16 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(name)
    }

    /// Is it the root user of an account?
    pub fn is_root(&self) -> bool {
        self.service == "iam" && self.resource == "root"
    }

    /// Is it something that can sign requests: user, role, root, assumed role, federated user?
    pub fn is_principal(&self) -> bool {
        self.is_root() || self.user_name().is_some() || self.role_name().is_some() || self.session_name().is_some()
    }

    fn kind(&self) -> (&'a str, &'a str) {
        self.resource.split_once('/').unwrap_or((self.resource, ""))
    }
}

fn last_part(rest: &str) -> Option<&str> {
    rest.rsplit('/').next().filter(|name| !name.is_empty())
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(formatter, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_of_principals() {
        type Expected<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>, bool);
        let check = |text: &str, expected: Expected| {
            let arn = Arn::parse(text).unwrap();
            let found = (arn.user_name(), arn.role_name(), arn.session_name(), arn.path(), arn.is_principal());
            assert_eq!(found, expected, "{text}");
            assert_eq!(arn.to_string(), text);
        };
        check("arn:aws:iam::111111111111:user/Alice", (Some("Alice"), None, None, Some("/"), true));
        check("arn:aws-cn:iam::111111111111:user/people/jp/Bob", (Some("Bob"), None, None, Some("/people/jp/"), true));
        check("arn:aws:iam::111111111111:role/ops/Deploy", (None, Some("Deploy"), None, Some("/ops/"), true));
        check("arn:aws:sts::111111111111:assumed-role/Deploy/i-0a", (None, Some("Deploy"), Some("i-0a"), None, true));
        check("arn:aws-us-gov:sts::111111111111:federated-user/Al", (None, None, Some("Al"), None, true));
        check("arn:aws:iam::111111111111:root", (None, None, None, None, true));
        check("arn:aws:iam::aws:policy/ReadOnlyAccess", (None, None, None, Some("/"), false));
        check("arn:aws:logs:eu-west-1:111111111111:log-group:/a:*", (None, None, None, None, false));
        check("arn:aws:s3:::user/Alice", (None, None, None, None, false));
    }

    #[test]
    fn identity_center_role_tells_its_permission_set() {
        let check = |name: &str, expected: Option<&str>| {
            let text = format!("arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1/{name}");
            assert_eq!(Arn::parse(&text).unwrap().permission_set(), expected, "{name}");
        };
        check("AWSReservedSSO_Power_User_0123456789abcdef", Some("Power_User"));
        check("AWSReservedSSO_Admin", None);
        check("Admin", None);
    }

    proptest::proptest! {
        #[test]
        fn every_arn_prints_as_it_was_written(text in "(arn:aws(-cn)?:(iam|sts|s3)?:[a-z]?:[0-9]?:)?(role|user|assumed-role|policy)?[/:a-z日]{0,8}") {
            if let Some(arn) = Arn::parse(&text) {
                proptest::prop_assert_eq!(arn.to_string(), text.as_str());
                let _ = (arn.role_name(), arn.user_name(), arn.session_name(), arn.path(), arn.permission_set());
            }
        }
    }

    #[test]
    fn what_is_no_arn_is_refused() {
        for text in
            ["", "arn", "arn:aws:iam::1", "arn:awful:iam::1:x", "arn:aws:::1:x", "arn:aws:s3:::", "ARN:aws:s3:::x"]
        {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}

//! The services that are asked, and how each wants to be asked: protocol, names, endpoint. The facts are those of botocore's
//! models and of its list of endpoints.

/// A service of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    Sts,
    Iam,
    Organizations,
    SsoAdmin,
    IdentityStore,
    CloudTrail,
}

/// How a request is written and an answer read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// A form with this version of the API, answered in XML.
    Query { version: &'static str },
    /// JSON 1.1; the operation stands in a header, behind this prefix.
    Json { target_prefix: &'static str },
}

/// Where requests go, and the region they are signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub url: String,
    pub signing_region: String,
}

impl Service {
    /// The name that `aws` and its SDKs know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Organizations => "organizations",
            Self::SsoAdmin => "sso-admin",
            Self::IdentityStore => "identitystore",
            Self::CloudTrail => "cloudtrail",
        }
    }

    /// The prefix of its IAM actions, which is its name in signatures too.
    pub fn action_prefix(self) -> &'static str {
        match self {
            Self::SsoAdmin => "sso",
            other => other.name(),
        }
    }

    /// The SDK's identifier, from which the names of settings are made.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Sts => "STS",
            Self::Iam => "IAM",
            Self::Organizations => "Organizations",
            Self::SsoAdmin => "SSO Admin",
            Self::IdentityStore => "identitystore",
            Self::CloudTrail => "CloudTrail",
        }
    }

    pub(super) fn protocol(self) -> Protocol {
        match self {
            Self::Sts => Protocol::Query { version: "2011-06-15" },
            Self::Iam => Protocol::Query { version: "2010-05-08" },
            Self::Organizations => Protocol::Json { target_prefix: "AWSOrganizationsV20161128" },
            Self::SsoAdmin => Protocol::Json { target_prefix: "SWBExternalService" },
            Self::IdentityStore => Protocol::Json { target_prefix: "AWSIdentityStore" },
            Self::CloudTrail => {
                Protocol::Json { target_prefix: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101" }
            }
        }
    }

    /// Whether it is one for all regions of a partition.
    pub fn is_global(self) -> bool {
        matches!(self, Self::Iam | Self::Organizations)
    }

    /// AWS's own endpoint; `None` in a partition that is not known here.
    pub(super) fn endpoint(self, region: &str) -> Option<Endpoint> {
        let of = |host: &str, signing_region: &str| {
            Some(Endpoint { url: format!("https://{host}"), signing_region: signing_region.to_owned() })
        };
        let partition = partition(region)?;
        match (self, partition) {
            (Self::Iam, "aws") => of("iam.amazonaws.com", "us-east-1"),
            (Self::Iam, "aws-cn") => of("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (Self::Iam, _) => of("iam.us-gov.amazonaws.com", "us-gov-west-1"),
            (Self::Organizations, "aws") => of("organizations.us-east-1.amazonaws.com", "us-east-1"),
            (Self::Organizations, "aws-cn") => of("organizations.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
            (Self::Organizations, _) => of("organizations.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            (regional, _) => {
                let suffix = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
                of(&format!("{}.{region}.{suffix}", regional.action_prefix()), region)
            }
        }
    }
}

/// The partition that a region lies in; `None` where its endpoints are not known here (the isolated ones, the sovereign one).
fn partition(region: &str) -> Option<&'static str> {
    let is_other = ["us-iso", "eu-iso", "eusc-"].iter().any(|prefix| region.starts_with(prefix));
    match region.split('-').next() {
        _ if is_other => None,
        Some("cn") => Some("aws-cn"),
        _ if region.starts_with("us-gov-") => Some("aws-us-gov"),
        _ => Some("aws"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_those_of_the_partition() {
        let check = |service: Service, region: &str, expected: Option<(&str, &str)>| {
            let expected = expected
                .map(|(host, signed)| Endpoint { url: format!("https://{host}"), signing_region: signed.to_owned() });
            assert_eq!(service.endpoint(region), expected, "{service:?} {region}");
        };
        check(Service::Iam, "eu-west-1", Some(("iam.amazonaws.com", "us-east-1")));
        check(Service::Iam, "cn-northwest-1", Some(("iam.cn-north-1.amazonaws.com.cn", "cn-north-1")));
        check(Service::Iam, "us-gov-east-1", Some(("iam.us-gov.amazonaws.com", "us-gov-west-1")));
        check(Service::Organizations, "eu-west-1", Some(("organizations.us-east-1.amazonaws.com", "us-east-1")));
        check(Service::SsoAdmin, "eu-west-1", Some(("sso.eu-west-1.amazonaws.com", "eu-west-1")));
        check(Service::Sts, "cn-north-1", Some(("sts.cn-north-1.amazonaws.com.cn", "cn-north-1")));
        check(Service::CloudTrail, "us-gov-west-1", Some(("cloudtrail.us-gov-west-1.amazonaws.com", "us-gov-west-1")));
        check(Service::Sts, "us-iso-east-1", None);
        check(Service::Iam, "eusc-de-east-1", None);
    }
}

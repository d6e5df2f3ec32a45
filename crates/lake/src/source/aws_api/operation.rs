//! Every operation that is ever called: what cannot be named here cannot be called. All of them read. The IAM action of each
//! is its service's prefix and its name.

use super::aws_service::Service;

/// An operation of AWS's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation {
    pub service: Service,
    pub name: &'static str,
    pub(super) paging: Paging,
    /// What it is called once for, such as `user`.
    pub per: &'static str,
}

/// How an operation hands out long answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Paging {
    /// All at once.
    None,
    /// `Marker` and `IsTruncated`, up to `MaxItems` at once.
    Marker { most: u32 },
    /// `NextToken`, with `MaxResults` where the default is less than what may be asked for.
    NextToken { most: Option<u32> },
}

const fn iam(name: &'static str, paging: Paging, per: &'static str) -> Operation {
    Operation { service: Service::Iam, name, paging, per }
}

const fn organizations(name: &'static str, paging: Paging, per: &'static str) -> Operation {
    Operation { service: Service::Organizations, name, paging, per }
}

const fn sso_admin(name: &'static str, paging: Paging, per: &'static str) -> Operation {
    Operation { service: Service::SsoAdmin, name, paging, per }
}

const fn identity_store(name: &'static str, per: &'static str) -> Operation {
    Operation { service: Service::IdentityStore, name, paging: HUNDRED, per }
}

const fn cloudtrail(name: &'static str, per: &'static str) -> Operation {
    Operation { service: Service::CloudTrail, name, paging: Paging::None, per }
}

/// Up to a thousand a page; the default is a hundred.
const THOUSAND: Paging = Paging::Marker { most: 1000 };
/// Up to a hundred a page.
const HUNDRED: Paging = Paging::NextToken { most: Some(100) };
/// As many as the service likes.
const TOKEN: Paging = Paging::NextToken { most: None };

/// Whose credentials these are. Nobody needs a permission for it.
pub const GET_CALLER_IDENTITY: Operation =
    Operation { service: Service::Sts, name: "GetCallerIdentity", paging: Paging::None, per: "account" };

pub const GET_ACCOUNT_AUTHORIZATION_DETAILS: Operation = iam("GetAccountAuthorizationDetails", THOUSAND, "account");
pub const LIST_ACCOUNT_ALIASES: Operation = iam("ListAccountAliases", THOUSAND, "account");
pub const GENERATE_CREDENTIAL_REPORT: Operation = iam("GenerateCredentialReport", Paging::None, "account");
pub const GET_CREDENTIAL_REPORT: Operation = iam("GetCredentialReport", Paging::None, "account");
pub const LIST_ACCESS_KEYS: Operation = iam("ListAccessKeys", THOUSAND, "user");

pub const DESCRIBE_ORGANIZATION: Operation = organizations("DescribeOrganization", Paging::None, "account");
pub const LIST_ROOTS: Operation = organizations("ListRoots", TOKEN, "organization");
pub const LIST_ORGANIZATIONAL_UNITS_FOR_PARENT: Operation =
    organizations("ListOrganizationalUnitsForParent", TOKEN, "root and unit");
pub const LIST_ACCOUNTS_FOR_PARENT: Operation = organizations("ListAccountsForParent", TOKEN, "root and unit");
pub const LIST_POLICIES: Operation = organizations("ListPolicies", TOKEN, "organization");
pub const DESCRIBE_POLICY: Operation = organizations("DescribePolicy", Paging::None, "service control policy");
pub const LIST_TARGETS_FOR_POLICY: Operation = organizations("ListTargetsForPolicy", TOKEN, "service control policy");

pub const LIST_INSTANCES: Operation = sso_admin("ListInstances", HUNDRED, "region");
pub const LIST_PERMISSION_SETS: Operation = sso_admin("ListPermissionSets", HUNDRED, "instance");
pub const DESCRIBE_PERMISSION_SET: Operation = sso_admin("DescribePermissionSet", Paging::None, "permission set");
pub const GET_INLINE_POLICY_FOR_PERMISSION_SET: Operation =
    sso_admin("GetInlinePolicyForPermissionSet", Paging::None, "permission set");
pub const LIST_MANAGED_POLICIES_IN_PERMISSION_SET: Operation =
    sso_admin("ListManagedPoliciesInPermissionSet", HUNDRED, "permission set");
pub const LIST_CUSTOMER_MANAGED_POLICY_REFERENCES_IN_PERMISSION_SET: Operation =
    sso_admin("ListCustomerManagedPolicyReferencesInPermissionSet", HUNDRED, "permission set");
pub const GET_PERMISSIONS_BOUNDARY_FOR_PERMISSION_SET: Operation =
    sso_admin("GetPermissionsBoundaryForPermissionSet", Paging::None, "permission set");
pub const LIST_ACCOUNTS_FOR_PROVISIONED_PERMISSION_SET: Operation =
    sso_admin("ListAccountsForProvisionedPermissionSet", HUNDRED, "permission set");
pub const LIST_ACCOUNT_ASSIGNMENTS: Operation =
    sso_admin("ListAccountAssignments", HUNDRED, "permission set and account");

pub const LIST_USERS: Operation = identity_store("ListUsers", "identity store");
pub const LIST_GROUPS: Operation = identity_store("ListGroups", "identity store");
pub const LIST_GROUP_MEMBERSHIPS: Operation = identity_store("ListGroupMemberships", "group");

pub const DESCRIBE_TRAILS: Operation = cloudtrail("DescribeTrails", "region");
pub const GET_TRAIL_STATUS: Operation = cloudtrail("GetTrailStatus", "trail");
pub const GET_EVENT_SELECTORS: Operation = cloudtrail("GetEventSelectors", "trail");

/// All of them, in the order of the calls.
pub const ALL: [Operation; 28] = [
    GET_CALLER_IDENTITY,
    GET_ACCOUNT_AUTHORIZATION_DETAILS,
    LIST_ACCOUNT_ALIASES,
    GENERATE_CREDENTIAL_REPORT,
    GET_CREDENTIAL_REPORT,
    LIST_ACCESS_KEYS,
    DESCRIBE_ORGANIZATION,
    LIST_ROOTS,
    LIST_ORGANIZATIONAL_UNITS_FOR_PARENT,
    LIST_ACCOUNTS_FOR_PARENT,
    LIST_POLICIES,
    DESCRIBE_POLICY,
    LIST_TARGETS_FOR_POLICY,
    DESCRIBE_TRAILS,
    GET_TRAIL_STATUS,
    GET_EVENT_SELECTORS,
    LIST_INSTANCES,
    LIST_PERMISSION_SETS,
    DESCRIBE_PERMISSION_SET,
    GET_INLINE_POLICY_FOR_PERMISSION_SET,
    LIST_MANAGED_POLICIES_IN_PERMISSION_SET,
    LIST_CUSTOMER_MANAGED_POLICY_REFERENCES_IN_PERMISSION_SET,
    GET_PERMISSIONS_BOUNDARY_FOR_PERMISSION_SET,
    LIST_ACCOUNTS_FOR_PROVISIONED_PERMISSION_SET,
    LIST_ACCOUNT_ASSIGNMENTS,
    LIST_USERS,
    LIST_GROUPS,
    LIST_GROUP_MEMBERSHIPS,
];

impl Operation {
    /// The IAM action that permits it, such as `sso:ListInstances`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.action_prefix(), self.name)
    }

    /// Whether the caller must be permitted to do it; anybody may ask who he is.
    pub fn needs_permission(&self) -> bool {
        *self != GET_CALLER_IDENTITY
    }
}

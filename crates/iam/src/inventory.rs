//! The inventory: what IAM, Identity Center and Organizations say exists, as entities with AWS's own fields. Files that `aws`
//! printed are read into entities (`content`, `operation`), gathered into parts (`import`), and compared (`inventory_diff`).
//! Where snapshots are kept is the lake's matter; what an entity may do is told by `policy_evaluation`.

pub mod content;
pub mod credential_report;
pub mod entity;
pub mod import;
mod operation;

use std::fmt;

use serde_json::{Map, Value};

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    User,
    Group,
    Role,
    /// A managed policy, AWS's or the customer's, with its versions.
    Policy,
    AccessKey,
    /// A row of the credential report.
    CredentialReport,
    AccountAlias,
    /// An account of the organization.
    Account,
    /// An organizational unit, or the root.
    OrganizationalUnit,
    ServiceControlPolicy,
    /// An instance of Identity Center.
    Instance,
    PermissionSet,
    /// A permission set given to a user or group in an account.
    AccountAssignment,
    /// A user of an identity store.
    IdentityUser,
    IdentityGroup,
    GroupMembership,
    Trail,
}

impl EntityKind {
    /// All, in the order in which answers list them.
    pub const ALL: [Self; 17] = [
        Self::User,
        Self::Group,
        Self::Role,
        Self::Policy,
        Self::AccessKey,
        Self::CredentialReport,
        Self::AccountAlias,
        Self::Account,
        Self::OrganizationalUnit,
        Self::ServiceControlPolicy,
        Self::Instance,
        Self::PermissionSet,
        Self::AccountAssignment,
        Self::IdentityUser,
        Self::IdentityGroup,
        Self::GroupMembership,
        Self::Trail,
    ];

    /// The name that answers print and flags take.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::Policy => "policy",
            Self::AccessKey => "access-key",
            Self::CredentialReport => "credential-report",
            Self::AccountAlias => "account-alias",
            Self::Account => "account",
            Self::OrganizationalUnit => "organizational-unit",
            Self::ServiceControlPolicy => "service-control-policy",
            Self::Instance => "instance",
            Self::PermissionSet => "permission-set",
            Self::AccountAssignment => "account-assignment",
            Self::IdentityUser => "identity-user",
            Self::IdentityGroup => "identity-group",
            Self::GroupMembership => "group-membership",
            Self::Trail => "trail",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where the entities of a kind are complete: all users of an account, all permission sets of an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    pub kind: EntityKind,
    /// The account's id, of trails with the home region behind a slash; for what belongs to no account the organization's id,
    /// the instance's ARN or the identity store's id.
    pub scope: String,
}

/// One thing of the inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    pub extent: Extent,
    /// What tells it apart within its kind: the ARN where it has one, else AWS's id.
    pub key: String,
    /// The name that people know it by.
    pub name: String,
    /// AWS's fields, in AWS's spelling; policy documents as JSON.
    pub document: Map<String, Value>,
}

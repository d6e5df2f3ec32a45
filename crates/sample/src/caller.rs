//! Who signs a call: a principal together with where it works from. One principal may have several callers
//! (two people in one permission-set role); one person may be several callers (a user, a role session).
//! The cast itself stands in `caller/cast.rs`; `record` writes the userIdentity.

mod cast;

use crate::account::{ACCOUNTS, IDENTITY_STORE_ID};
use crate::random::{Random, UPPER, name_seed};

pub(crate) use cast::{ADMINISTRATOR, BROWSER, CONTRACTOR, DEVELOPER, READ_ONLY, SIGN_INS, all, find};

/// The userIdentity types that the sample has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentityType {
    User,
    Role,
    Root,
    Service,
    /// Identity Center as recorded until 2025: type Unknown and a userName.
    UnknownUser,
    /// Identity Center as recorded today: no name, the user id in onBehalfOf.
    IdentityCenterUser,
    /// A caller from elsewhere, known by an id alone; the name is that id, or `anonymous`.
    OtherAccount,
}

#[derive(Debug)]
pub(crate) struct Caller {
    pub identity: IdentityType,
    /// Index into `ACCOUNTS`.
    pub account: usize,
    /// User name, role name, service host name or Identity Center user name.
    pub name: &'static str,
    pub path: &'static str,
    /// Template of the role session name.
    pub session: &'static str,
    pub ip: &'static str,
    pub agent: &'static str,
    /// Operations of a machine with their weights; empty for people, who call everything.
    pub calls: &'static [(&'static str, u32)],
    /// Share among the robots of its account; 0 for everybody else.
    pub robot_weight: u32,
    /// Taken by the background; the rest acts only in stories and the daily routine.
    pub background: bool,
    pub mfa: bool,
}

impl Caller {
    /// The ARN of the user or role, the service, or the id: what a lake calls the principal.
    pub fn principal(&self) -> String {
        let account = ACCOUNTS[self.account].id;
        match self.identity {
            IdentityType::User => format!("arn:aws:iam::{account}:user{}{}", self.path, self.name),
            IdentityType::Role => format!("arn:aws:iam::{account}:role{}{}", self.path, self.name),
            IdentityType::Root => format!("arn:aws:iam::{account}:root"),
            IdentityType::Service => format!("AWSService:{}", self.name),
            IdentityType::OtherAccount => format!("AWSAccount:{}", self.name),
            IdentityType::UnknownUser => format!("Unknown:{account}/{}", self.name),
            IdentityType::IdentityCenterUser => {
                format!("IdentityCenterUser:{IDENTITY_STORE_ID}/{}", identity_center_user_id(self.name))
            }
        }
    }

    /// `AIDA…` or `AROA…`, 21 characters, fixed for a user or role.
    pub fn unique_id(&self) -> String {
        let prefix = if self.identity == IdentityType::User { "AIDA" } else { "AROA" };
        let mut id = String::from(prefix);
        Random::new(&[name_seed(&self.principal())]).text(&mut id, UPPER, 17);
        id
    }

    /// The long-term key of an IAM user. `EXAMPLE` at the end marks it as nobody's.
    pub fn access_key_id(&self) -> String {
        let mut key = String::from("AKIA");
        Random::new(&[name_seed(&self.principal()), 1]).text(&mut key, UPPER, 9);
        key.push_str("EXAMPLE");
        key
    }
}

/// The immutable id of an Identity Center user.
pub(crate) fn identity_center_user_id(user_name: &str) -> String {
    let mut random = Random::new(&[name_seed(user_name), 2]);
    let mut id = String::new();
    random.hex(&mut id, 10);
    id.push('-');
    random.uuid(&mut id);
    id
}

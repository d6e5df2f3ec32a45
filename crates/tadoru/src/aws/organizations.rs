//! Organizations: the caller's organization and its accounts, as the inventory knows them.

mod describe_organization;
mod list_accounts;
pub mod organization;

use super::Run;

pub const OPERATIONS: &[(&str, Run)] =
    &[("DescribeOrganization", describe_organization::run), ("ListAccounts", list_accounts::run)];

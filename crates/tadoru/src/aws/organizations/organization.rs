//! The organization that an account is a member of, by the accounts that the inventory lists.

use aws_wire::error::AwsError;
use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use questions::inventory::Inventory;

use crate::aws::{OperationError, Request};

/// An organization.
pub struct Organization {
    /// `o-…`, or what the import named it by where its files did not tell.
    pub id: String,
    /// The id of its management account.
    pub management: String,
    /// By id.
    pub accounts: Vec<Entity>,
}

impl Organization {
    /// An account's; `None` where the inventory knows of none.
    pub fn find(inventory: &Inventory<'_>, account: &str) -> Result<Option<Self>, OperationError> {
        for part in inventory.parts(EntityKind::Account) {
            let Some(own) = inventory.find(EntityKind::Account, &part.extent.scope, account)? else {
                continue;
            };
            let mut accounts = inventory.entities_in(EntityKind::Account, &part.extent.scope)?;
            accounts.sort_by(|a, b| a.key.cmp(&b.key));
            // The ARN of each account names the management account.
            let management = own.text("Arn").and_then(Arn::parse).map(|arn| arn.account.to_owned()).unwrap_or_default();
            return Ok(Some(Self { id: part.extent.scope.clone(), management, accounts }));
        }
        Ok(None)
    }

    /// The caller's.
    ///
    /// # Errors
    /// AWS's own where there is none.
    pub fn of_caller(request: &Request<'_>, inventory: &Inventory<'_>) -> Result<Self, OperationError> {
        let text = "Your account is not a member of an organization.";
        let none = || AwsError::new("AWSOrganizationsNotInUseException", text).into();
        Self::find(inventory, &request.caller.account)?.ok_or_else(none)
    }
}

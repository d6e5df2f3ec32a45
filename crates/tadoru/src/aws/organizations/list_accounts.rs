//! `organizations:ListAccounts`: the accounts of the organization, asked by its management account.

use aws_wire::error::AwsError;
use serde_json::{Map, Value};

use super::organization::Organization;
use crate::aws::{OperationError, Request};

/// The largest page, and the usual one.
const USUAL_PAGE: usize = 20;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let organization = Organization::of_caller(request, &inventory)?;
    if request.caller.account != organization.management {
        let text = "You don't have permissions to access this resource.";
        return Err(AwsError::new("AccessDeniedException", text).into());
    }
    let accounts = organization.accounts.into_iter().map(|account| Value::Object(account.document)).collect();
    let page = request.page(accounts, USUAL_PAGE, &[]).map_err(|error| match error {
        OperationError::Aws(_) => AwsError::new("InvalidInputException", "The NextToken is not valid.").into(),
        other => other,
    })?;
    Ok(page.answer_with_token("Accounts"))
}

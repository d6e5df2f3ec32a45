//! `identitystore:GetUserId`: the id of the user with a user name, an e-mail address or an external id.

use iam::inventory::{Entity, EntityKind};
use serde_json::{Map, Value, json};

use super::{entities, not_found};
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let asked = request.input.get("AlternateIdentifier").cloned().unwrap_or_default();
    let (unique, external) = (&asked["UniqueAttribute"], &asked["ExternalId"]);
    let path = unique["AttributePath"].as_str().unwrap_or_default().to_lowercase();
    let value = &unique["AttributeValue"];
    let is_in = |list: &Value, fits: &dyn Fn(&Value) -> bool| list.as_array().into_iter().flatten().any(fits);
    let fits = |user: &Entity| {
        let member = |name: &str| user.document.get(name).cloned().unwrap_or_default();
        match path.as_str() {
            "username" => member("UserName") == *value,
            "emails.value" => is_in(&member("Emails"), &|email| email["Value"] == *value),
            _ => is_in(&member("ExternalIds"), &|id| {
                external.is_object() && id["Issuer"] == external["Issuer"] && id["Id"] == external["Id"]
            }),
        }
    };
    let user = entities(request, EntityKind::IdentityUser)?.into_iter().find(fits).ok_or_else(|| not_found("USER"))?;
    Ok(answer(json!({"UserId": user.key, "IdentityStoreId": request.required("IdentityStoreId")})))
}

//! Writes to the inventory: into the overlay that lies over what was imported, never to AWS. What is there is read, and what becomes
//! of it decided, while nobody else can write; so no write is lost. An entity that is again as it was imported leaves the overlay.

use aws_wire::error::AwsError;
use iam::inventory::{Entity, EntityKind, Extent};
use lake::catalog::{OverlayChange, OverlayEntry};
use questions::inventory::Inventory;
use serde_json::{Map, Value};

use super::named;
use crate::aws::{OperationError, Request};
use crate::clock::Now;

/// Roles below it belong to a service of AWS.
pub const SERVICE_ROLES: &str = "/aws-service-role/";

/// What becomes of an entity.
pub enum Change {
    /// It is so from now on.
    Write(Entity),
    Delete(Entity),
}

/// Makes one change; `decide` says which, and what is answered.
pub fn make<T>(
    request: &Request<'_>,
    decide: impl FnOnce(&Inventory<'_>) -> Result<(T, Change), OperationError>,
) -> Result<T, OperationError> {
    request.catalog().change_inventory_overlay(|| {
        let snapshot = request.snapshot()?;
        let inventory = request.inventory(&snapshot)?;
        let (answer, change) = decide(&inventory)?;
        let (entity, document) = match change {
            Change::Write(mut entity) => {
                let document = std::mem::take(&mut entity.document);
                (entity, Some(document))
            }
            Change::Delete(entity) => (entity, None),
        };
        let Entity { extent, key, name, .. } = entity;
        let imported = inventory.imported(extent.kind, &extent.scope, &key)?;
        let written_by = request.caller.arn.clone();
        let entry = OverlayEntry { extent, key, name, document, written_at_us: Now::clock().us, written_by };
        let change = match entry.agrees_with(imported.as_ref()) {
            true => OverlayChange::Lift(entry.extent, entry.key),
            false => OverlayChange::Lay(entry),
        };
        Ok((answer, vec![change]))
    })
}

/// Changes the user or role of that name.
pub fn change(
    request: &Request<'_>,
    kind: EntityKind,
    name: &str,
    change: impl FnOnce(&Inventory<'_>, &mut Entity) -> Result<(), OperationError>,
) -> Result<Map<String, Value>, OperationError> {
    make(request, |inventory| {
        let mut entity = named(request, inventory, kind, name)?;
        refuse_service_role(&entity)?;
        change(inventory, &mut entity)?;
        Ok((Map::new(), Change::Write(entity)))
    })
}

/// AWS lets nobody but the service change its role.
pub fn refuse_service_role(entity: &Entity) -> Result<(), OperationError> {
    let is_services = entity.text("Path").is_some_and(|path| path.starts_with(SERVICE_ROLES));
    if entity.extent.kind == EntityKind::Role && is_services {
        let text = format!("The role {} belongs to a service of AWS, which alone changes it.", entity.name);
        return Err(AwsError::new("UnmodifiableEntity", text).into());
    }
    Ok(())
}

/// An entity that was not there before, in the caller's account.
pub fn new_entity(request: &Request<'_>, kind: EntityKind, key: String, name: &str, document: Value) -> Entity {
    let extent = Extent { kind, scope: request.caller.account.clone() };
    Entity { extent, key, name: name.to_owned(), document: crate::aws::answer(document) }
}

/// The list of an entity's member, which is made where there is none.
pub fn list<'e>(entity: &'e mut Entity, member: &str) -> &'e mut Vec<Value> {
    let list = entity.document.entry(member).or_insert_with(|| Value::Array(Vec::new()));
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    list.as_array_mut().expect("it was just made one")
}

/// The time of a write, to the second: the clock's, since what is written is written today, whatever `--as-of` says.
pub fn time() -> String {
    Now::clock().to_rfc3339()
}

/// The ARN of an entity in the caller's account, as `user/path/Name`.
pub fn arn(request: &Request<'_>, kind: EntityKind, path: &str, name: &str) -> String {
    let partition = iam::arn::Arn::parse(&request.caller.arn).map_or("aws", |arn| arn.partition);
    format!("arn:{partition}:iam::{}:{kind}{path}{name}", request.caller.account)
}

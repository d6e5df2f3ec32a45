//! Entries are written, read and settled.

use serde_json::json;

use super::*;

fn extent() -> Extent {
    Extent { kind: EntityKind::Role, scope: "111111111111".to_owned() }
}

fn entry(name: &str, document: Option<Value>) -> OverlayEntry {
    let document = document.map(|document| document.as_object().unwrap().clone());
    let (key, name) = (format!("arn:aws:iam::111111111111:role/{name}"), name.to_owned());
    OverlayEntry { extent: extent(), key, name, document, written_at_us: 5, written_by: "alice".to_owned() }
}

fn entity(name: &str, document: Value) -> Entity {
    entry(name, Some(document)).entity().unwrap()
}

fn write(catalog: &mut Catalog, changes: Vec<OverlayChange>) {
    catalog.change_inventory_overlay::<(), CatalogError>(|| Ok(((), changes))).unwrap();
}

#[test]
fn an_entry_stands_until_it_is_lifted_or_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open_or_create(folder.path()).unwrap();
    let (deploy, gone) = (entry("Deploy", Some(json!({"Path": "/"}))), entry("Gone", None));
    write(&mut catalog, vec![OverlayChange::Lay(deploy.clone()), OverlayChange::Lay(gone.clone())]);
    assert_eq!(Catalog::open(folder.path()).unwrap().inventory_overlay().unwrap(), [deploy.clone(), gone.clone()]);
    let refused = catalog.change_inventory_overlay::<(), CatalogError>(|| Err(CatalogError::NoLake("x".into())));
    assert!(refused.is_err());
    let again = entry("Deploy", Some(json!({"Path": "/ops/"})));
    write(&mut catalog, vec![OverlayChange::Lay(again.clone()), OverlayChange::Lift(extent(), gone.key)]);
    assert_eq!(catalog.inventory_overlay().unwrap(), [again]);
    assert_eq!(catalog.clear_inventory_overlay(Some("222222222222")).unwrap(), 0);
    assert_eq!(catalog.clear_inventory_overlay(Some("111111111111")).unwrap(), 1);
    assert_eq!(catalog.inventory_overlay().unwrap(), []);
}

#[test]
fn a_lake_made_before_has_an_overlay_too() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open_or_create(folder.path()).unwrap();
    catalog.connection.execute_batch("DROP TABLE inventory_overlay").unwrap();
    assert_eq!(Catalog::open(folder.path()).unwrap().inventory_overlay().unwrap(), []);
    let mut catalog = Catalog::open_to_write(folder.path()).unwrap();
    let deploy = entry("Deploy", Some(json!({})));
    write(&mut catalog, vec![OverlayChange::Lay(deploy.clone())]);
    assert_eq!(Catalog::open(folder.path()).unwrap().inventory_overlay().unwrap(), [deploy]);
}

#[test]
fn empty_lists_are_no_difference() {
    let check = |written: Option<Value>, imported: Option<Value>, expected: bool| {
        let imported = imported.map(|document| entity("Deploy", document));
        assert_eq!(entry("Deploy", written).agrees_with(imported.as_ref()), expected);
    };
    check(None, None, true);
    check(Some(json!({"Tags": []})), Some(json!({})), true);
    check(Some(json!({"Tags": ["a"]})), Some(json!({})), false);
    check(Some(json!({})), None, false);
    check(None, Some(json!({})), false);
}

#[test]
fn an_import_settles_what_the_account_has_by_now() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open_or_create(folder.path()).unwrap();
    let import = |catalog: &mut Catalog, entities: Vec<Entity>, taken_at_us| {
        let parts = [Part { extent: extent(), entities }];
        catalog.import_inventory(&parts, &[], taken_at_us, taken_at_us).unwrap();
    };
    let names = |catalog: &Catalog| -> Vec<String> {
        catalog.inventory_overlay().unwrap().into_iter().map(|entry| entry.name).collect()
    };
    let old = |name: &str| entity(name, json!({"Path": "/"}));
    import(&mut catalog, vec![old("Changed"), old("Deleted"), old("Kept")], 10);
    write(
        &mut catalog,
        vec![
            OverlayChange::Lay(entry("Changed", Some(json!({"Path": "/", "Description": "x"})))),
            OverlayChange::Lay(entry("Created", Some(json!({"RoleId": "ours"})))),
            OverlayChange::Lay(entry("Deleted", None)),
            OverlayChange::Lay(entry("Kept", Some(json!({"Path": "/", "Description": "x"})))),
            OverlayChange::Lay(entry("Virtual", Some(json!({})))),
        ],
    );
    let changed = || entity("Changed", json!({"Path": "/", "Description": "x"}));
    import(&mut catalog, vec![changed(), old("Created"), old("Kept")], 5);
    assert_eq!(names(&catalog).len(), 5, "an older snapshot settles nothing");
    import(&mut catalog, vec![changed(), entity("Created", json!({"RoleId": "AWS's"})), old("Kept")], 20);
    assert_eq!(names(&catalog), ["Kept", "Virtual"]);
}

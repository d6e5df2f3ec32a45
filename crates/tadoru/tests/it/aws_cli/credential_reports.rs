//! Credential reports of the endpoint: one that is made of users, keys and logs tells of keys what an imported one does.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lake::catalog::Catalog;
use sample::Organization;
use serde_json::Value;

use super::refusals::{post, send};
use super::running_server::RunningServer;
use crate::test_lake::{TestLake, sample, text, write_sample};

const ACCOUNT: &str = "222222222222";

/// The sample with its inventory but for the credential reports in it.
fn lake_without_reports() -> TestLake {
    let (organization, lake) = (sample(), TestLake::new());
    let logs = lake.beside("logs");
    write_sample(&organization, 0..organization.days(), &logs);
    lake.ingest(&[&logs]);
    let catalog = Catalog::open(&lake.folder()).unwrap();
    catalog.set_setting("as_of", &organization.as_of_us().to_string()).unwrap();
    import(&lake, &organization, |call| call["operation"] != "GetCredentialReport");
    lake
}

/// Imports those calls of the sample's inventory.
fn import(lake: &TestLake, organization: &Organization, is_wanted: impl Fn(&Value) -> bool) {
    let inventory = lake.beside("inventory");
    std::fs::create_dir_all(&inventory).unwrap();
    for mut file in organization.inventory(0) {
        file.document["calls"].as_array_mut().unwrap().retain(&is_wanted);
        std::fs::write(inventory.join(file.name), file.document.to_string()).unwrap();
    }
    let output = lake.command(&["inventory", "import"]).arg(inventory).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// The rows of the account's report by user, each with its columns by name.
fn report(lake: &TestLake) -> BTreeMap<String, BTreeMap<String, String>> {
    let server = RunningServer::start(lake, &["--anonymous", "--as", &format!("arn:aws:iam::{ACCOUNT}:root")]);
    let ask = |operation: &str| {
        let form = format!("Action={operation}CredentialReport&Version=2010-05-08");
        send(&server, &post("127.0.0.1", "", &form))
    };
    assert!(ask("Generate").contains("<State>STARTED</State>"));
    let answer = ask("Get");
    let content = answer.split_once("<Content>").and_then(|(_, rest)| rest.split_once("</Content>"));
    let csv = text(&STANDARD.decode(content.unwrap_or_else(|| panic!("{answer}")).0).unwrap());
    let mut lines = csv.lines().map(|line| line.split(',').map(|cell| cell.replace("+00:00", "Z")).collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    assert_eq!(columns.len(), 22);
    let rows: Vec<BTreeMap<String, String>> = lines.map(|row| columns.iter().cloned().zip(row).collect()).collect();
    assert_eq!(rows[0]["user"], "<root_account>");
    rows.into_iter().map(|row| (row["user"].clone(), row)).collect()
}

#[test]
fn a_report_is_made_where_none_was_imported() {
    let made_lake = lake_without_reports();
    let imported_lake = made_lake.copy();
    import(&imported_lake, &sample(), |_| true);
    let (imported, made) = (report(&imported_lake), report(&made_lake));
    let users = |rows: &BTreeMap<String, BTreeMap<String, String>>| rows.keys().cloned().collect::<Vec<_>>();
    assert_eq!(users(&made), users(&imported));
    let mut used = 0;
    for (user, row) in &made {
        assert_eq!(row["arn"], imported[user]["arn"]);
        // Whether there is a password at all, only an imported report tells.
        let password_used = match imported[user]["password_last_used"].as_str() {
            "N/A" => "no_information",
            used => used,
        };
        assert_eq!(row["password_last_used"], password_used, "{user}");
        if user == "<root_account>" {
            assert_eq!(
                (row["password_enabled"].as_str(), row["mfa_active"].as_str()),
                ("not_supported", "no_information")
            );
            continue;
        }
        for (column, cell) in row.iter().filter(|(column, _)| column.starts_with("access_key_")) {
            assert_eq!(*cell, imported[user][column], "{user} {column}");
        }
        used += usize::from(row["access_key_1_last_used_date"] != "N/A");
    }
    assert!(used >= 2, "{made:?}");
    let of_alice =
        format!("SELECT max(eventtime) AS last FROM events WHERE accesskeyid = '{}'", key_of(&made_lake, "Alice"));
    assert_eq!(made["Alice"]["access_key_1_last_used_date"], made_lake.value(&of_alice).as_str().unwrap());
}

fn key_of(lake: &TestLake, user: &str) -> String {
    let of_user =
        format!("SELECT DISTINCT accesskeyid AS id FROM events WHERE username = '{user}' AND accesskeyid LIKE 'AKIA%'");
    lake.value(&of_user).as_str().unwrap().to_owned()
}

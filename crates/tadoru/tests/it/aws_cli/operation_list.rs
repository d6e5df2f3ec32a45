//! `docs/aws_operations.md`, made from the files of the operations and the models; with `TADORU_TEST_UPDATE=1` it is rewritten.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use aws_wire::model::Model;

use crate::reference::{is_update, workspace};

#[test]
fn the_list_of_operations_is_true() {
    let path = workspace().join("docs/aws_operations.md");
    let expected = list(&workspace().join("crates/tadoru/src/aws"));
    if is_update() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/aws_operations.md is not up to date: TADORU_TEST_UPDATE=1 rewrites it");
}

fn list(folder: &Path) -> String {
    let mut text = String::from(
        "# AWS operations\n\nWhat `tadoru serve` answers. Made from the code by a test; do not edit. Where an answer is not AWS's: \
         [differences_from_aws.md](differences_from_aws.md).\n",
    );
    for service in Model::embedded().services() {
        let answered = sentences(&folder.join(service.name.replace('-', "_")));
        let planned: Vec<&str> =
            service.operations.keys().map(String::as_str).filter(|name| !answered.contains_key(*name)).collect();
        write!(text, "\n## {}\n\n", service.name).unwrap();
        if !answered.is_empty() {
            text.push_str("| operation | |\n|---|---|\n");
        }
        for (name, sentence) in &answered {
            assert!(service.operations.contains_key(name), "{name} is not in the model");
            writeln!(text, "| {name} | {sentence} |").unwrap();
        }
        if !planned.is_empty() {
            let space = if answered.is_empty() { "" } else { "\n" };
            writeln!(text, "{space}Not yet: {}.", planned.join(", ")).unwrap();
        }
    }
    text
}

/// Operations with the sentence that their file opens with.
fn sentences(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let head: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//! ")).collect();
        let head = head.join(" ");
        if let Some((name, rest)) = head.strip_prefix('`').and_then(|rest| rest.split_once("`: ")) {
            let (_, name) = name.split_once(':').unwrap();
            found.insert(name.to_owned(), rest.to_owned());
        }
    }
    found
}

//! Each operation of the AWS-compatible endpoint has a case that types its command with the real `aws`, and each case an operation:
//! `crates/tadoru/src/aws/<service>/<operation>.rs` beside `tests/aws_cli/<service>/<operation>/<situation>.case`.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::tree::Tree;

const OPERATIONS: &str = "crates/tadoru/src/aws/";
const CASES: &str = "tests/aws_cli/";

/// One error for each operation without a case and each case without an operation.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let operations: BTreeSet<&str> = tree.paths().filter_map(|path| operation(tree, path)).collect();
    let cases: Vec<(&str, Option<&str>)> =
        tree.paths().filter(|path| path.ends_with(".case")).map(|path| (path, tested(path))).collect();
    let untested = operations.iter().filter(|name| !cases.iter().any(|(_, tested)| tested.as_ref() == Some(name)));
    let mut found: Vec<Finding> = untested
        .map(|name| {
            let why = "what no client was seen to understand may not be AWS's answer";
            let try_this = format!("add {CASES}{name}/<situation>.case");
            Finding::error(&format!("{OPERATIONS}{name}.rs"), 1, format!("{name} has no case"), why, &try_this)
        })
        .collect();
    let lost = cases.iter().filter(|(_, tested)| tested.is_none_or(|name| !operations.contains(name)));
    found.extend(lost.map(|(path, _)| {
        let why = "a case belongs to the operation that its folder names";
        let try_this = format!("move it to {CASES}<service>/<operation>/<situation>.case");
        Finding::error(path, 1, "no operation has this case".to_owned(), why, &try_this)
    }));
    found
}

/// `iam/list_users` of a file that runs an operation.
fn operation<'t>(tree: &'t Tree, path: &'t str) -> Option<&'t str> {
    let name = path.strip_prefix(OPERATIONS)?.strip_suffix(".rs")?;
    let runs = tree.text(path).is_some_and(|text| text.contains("pub fn run(request"));
    (runs && name.matches('/').count() == 1).then_some(name)
}

/// `iam/list_users` of a case.
fn tested(path: &str) -> Option<&str> {
    let (name, _) = path.strip_prefix(CASES)?.rsplit_once('/')?;
    (name.matches('/').count() == 1).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_and_its_case_need_each_other() {
        let check = |files: &[(&str, &str)], expected: &[&str]| {
            let found = check(&Tree::of(files));
            let paths: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
            assert_eq!(paths, expected);
        };
        let operation = ("crates/tadoru/src/aws/iam/list_users.rs", "pub fn run(request: &Request<'_>) {}");
        let part = ("crates/tadoru/src/aws/iam/access_report.rs", "pub struct AccessReport;");
        let case = ("tests/aws_cli/iam/list_users/all.case", "-- All.");
        check(&[operation, part, case], &[]);
        check(&[operation, part], &["crates/tadoru/src/aws/iam/list_users.rs"]);
        check(&[part, case], &["tests/aws_cli/iam/list_users/all.case"]);
        check(&[operation, case, ("tests/aws_cli/all.case", "")], &["tests/aws_cli/all.case"]);
    }
}

//! One question, one name, all its parts: `x.rs` and `x.sql` in `questions`, the command `cli/x.rs`, and at least one
//! situation in `tests/questions/x/`. A test that lies where no question looks for it would pass by never running.

use super::finding::Finding;
use super::tree::Tree;

const QUESTIONS: &str = "crates/questions/src/";
const COMMANDS: &str = "crates/tadoru/src/cli/";
const SITUATIONS: &str = "tests/questions/";

/// One error for each part that is missing and each test that is forgotten.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = missing_parts(tree);
    found.extend(tree.paths().filter(|path| path.starts_with(SITUATIONS)).filter_map(|path| forgotten(tree, path)));
    found
}

fn missing_parts(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in tree.paths() {
        let Some(question) = path.strip_prefix(QUESTIONS).and_then(|name| name.strip_suffix(".sql")) else { continue };
        let text = tree.text(path).expect("the path comes from the tree");
        if !text.starts_with("--") {
            let what = format!("{question}.sql does not open with its question");
            let why = "people copy the SQL from --explain: it says what it asks, its parameters and its cost";
            found.push(Finding::error(path, 1, what, why, "begin with `-- <the question in one sentence>`"));
        }
        // A part of a question's SQL (`x/edge_days.sql`) belongs to the question `x`.
        let question = question.split('/').next().expect("split yields at least one part");
        let situations = format!("{SITUATIONS}{question}/");
        let has_situation = tree.paths().any(|path| path.starts_with(&situations) && path.ends_with(".slt"));
        for (part, exists) in [
            (format!("{QUESTIONS}{question}.rs"), tree.text(&format!("{QUESTIONS}{question}.rs")).is_some()),
            (format!("{COMMANDS}{question}.rs"), tree.text(&format!("{COMMANDS}{question}.rs")).is_some()),
            (format!("{situations}<situation>.slt"), has_situation),
        ] {
            if !exists {
                let why = "a question has one name, and that name is its file, its SQL, its command and its test";
                let what = format!("the question {question} has no {part}");
                found.push(Finding::error(path, 1, what, why, &format!("add {part} (docs/adding_a_question.md)")));
            }
        }
    }
    found
}

fn forgotten(tree: &Tree, path: &str) -> Option<Finding> {
    let within = path.strip_prefix(SITUATIONS)?;
    let (question, file) = within.split_once('/').unwrap_or(("", within));
    let is_question = [QUESTIONS, COMMANDS].iter().any(|folder| tree.text(&format!("{folder}{question}.rs")).is_some());
    let what = if !is_question {
        format!("no question is called '{question}'")
    } else if file.ends_with(".slt") {
        if !file.contains('/') {
            return None;
        }
        "a situation lies directly in its question's folder".to_owned()
    } else {
        let folder = format!("{SITUATIONS}{question}/");
        let is_loaded = tree
            .paths()
            .filter(|path| path.starts_with(&folder) && path.ends_with(".slt"))
            .any(|path| tree.text(path).is_some_and(|text| text.contains(file)));
        if is_loaded {
            return None;
        }
        "no situation loads this file".to_owned()
    };
    let why = "a test that nothing runs passes for ever";
    Some(Finding::error(path, 1, what, why, "move it to tests/questions/<question>/<situation>.slt, or delete it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[(&str, &str)] = &[
        ("crates/questions/src/activity.rs", "//!"),
        ("crates/questions/src/activity.sql", "-- What did one principal do?"),
        ("crates/tadoru/src/cli/activity.rs", "//!"),
        ("tests/questions/activity/one_role.slt", "load one_role.json"),
        ("tests/questions/activity/one_role.json", "{}"),
    ];

    fn check(left_out: &str, added: &[(&str, &str)], expected: &[&str]) {
        let files: Vec<(&str, &str)> =
            WHOLE.iter().chain(added).filter(|(path, _)| *path != left_out).copied().collect();
        let found: Vec<String> = super::check(&Tree::of(&files)).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, expected, "without {left_out}");
    }

    #[test]
    fn a_missing_part_is_named() {
        check("", &[], &[]);
        check(
            "crates/questions/src/activity.rs",
            &[],
            &["the question activity has no crates/questions/src/activity.rs"],
        );
        check(
            "tests/questions/activity/one_role.slt",
            &[],
            &["the question activity has no tests/questions/activity/<situation>.slt", "no situation loads this file"],
        );
        check("", &[("crates/questions/src/window.rs", "//!")], &[]);
    }

    #[test]
    fn a_forgotten_test_fails() {
        check("", &[("tests/questions/activty/x.slt", "")], &["no question is called 'activty'"]);
        check("", &[("tests/questions/x.slt", "")], &["no question is called ''"]);
        check(
            "",
            &[("tests/questions/activity/deep/x.slt", "")],
            &["a situation lies directly in its question's folder"],
        );
        check("", &[("tests/questions/activity/x.stl", "")], &["no situation loads this file"]);
    }
}

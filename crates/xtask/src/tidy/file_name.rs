//! Names of files and folders: nouns of the domain. A file called `utils` or `manager` says nothing about what it
//! holds, and collects what nobody could place.

use super::finding::Finding;
use super::tree::Tree;

const BANNED_WHOLE: &[&str] = &["base", "core", "shared", "types", "handler", "handlers", "service", "services", "mod"];
const BANNED_PART: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "miscellaneous"];

/// One error for each file whose name, or whose folder's name, is no noun of the domain.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.paths()
        .filter(|path| ["crates/", "tests/", "benches/", "dashboard/src/"].iter().any(|root| path.starts_with(root)))
        .filter(|path| *path != COMMAND)
        .filter_map(|path| {
            let word = path.split('/').find_map(banned_word)?;
            Some(Finding::error(
                path,
                1,
                format!("'{word}' is no name for a file"),
                "whoever knows the feature must find its file by the feature's own noun",
                "name it after what it holds; split it if that takes two names",
            ))
        })
        .collect()
}

/// The command `tadoru services`, whose file bears its name.
const COMMAND: &str = "crates/tadoru/src/cli/services.rs";

fn banned_word(part: &str) -> Option<&str> {
    let stem = part.split('.').next().unwrap_or(part);
    let whole = BANNED_WHOLE.contains(&stem).then_some(stem);
    whole.or_else(|| stem.split(['_', '-']).find(|word| BANNED_PART.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_of_the_domain_pass_and_drawers_do_not() {
        let check = |path: &str, expected: Option<&str>| {
            let found = super::check(&Tree::of(&[(path, "")]));
            let expected: Vec<String> =
                expected.map(|word| format!("'{word}' is no name for a file")).into_iter().collect();
            assert_eq!(found.into_iter().map(|finding| finding.what).collect::<Vec<_>>(), expected, "{path}");
        };
        check("crates/iam/src/service_reference.rs", None);
        check("crates/tadoru/src/aws/iam/list_users.rs", None);
        check("crates/tadoru/src/cli/services.rs", None);
        check("crates/iam/src/services.rs", Some("services"));
        check("crates/iam/src/service.rs", Some("service"));
        check("crates/lake/src/file_utils.rs", Some("utils"));
        check("crates/lake/src/common/path.rs", Some("common"));
        check("crates/lake/src/ingest/mod.rs", Some("mod"));
        check("docs/common.md", None);
    }
}

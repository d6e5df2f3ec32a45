//! Forgotten Rust files: a file that no `mod` names compiles nowhere, and a test in it never runs.

use super::finding::Finding;
use super::rust_source::words;
use super::tree::{Tree, parents};

/// One error for each Rust file in a crate that no other file declares as a module.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources()
        .filter(|(path, _)| path.starts_with("crates/"))
        .filter(|(path, _)| {
            let parents = parents(path);
            !parents.is_empty() && !parents.iter().any(|(parent, module)| declares(tree, parent, module))
        })
        .map(|(path, _)| {
            Finding::error(
                path,
                1,
                "no file declares this module".to_owned(),
                "what is not declared is not compiled, and its tests never run",
                "add `mod …;` to its parent, or delete the file",
            )
        })
        .collect()
}

fn declares(tree: &Tree, parent: &str, module: &str) -> bool {
    let Some(source) = tree.source(parent) else { return false };
    let words: Vec<&str> = words(&source.code).map(|(_, word)| word).collect();
    let declared = words.windows(2).any(|pair| pair[0] == "mod" && (pair[1] == module));
    declared || source.literals.iter().any(|(_, text)| text.ends_with(&format!("{module}.rs")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nobody_declares_is_forgotten() {
        let tree = Tree::of(&[
            ("crates/lake/src/lib.rs", "mod ingest;"),
            ("crates/lake/src/ingest.rs", "mod batch;"),
            ("crates/lake/src/ingest/batch.rs", ""),
            ("crates/lake/src/ingest/queue.rs", ""),
            ("crates/tadoru/tests/it/main.rs", "mod demo;"),
            ("crates/tadoru/tests/it/demo.rs", ""),
            ("crates/tadoru/tests/it/kill.rs", ""),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["crates/lake/src/ingest/queue.rs", "crates/tadoru/tests/it/kill.rs"]);
    }
}

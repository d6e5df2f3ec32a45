//! The rules of this project that neither the compiler nor clippy knows: names, the arrows between crates, and that
//! every question has all its parts, every AWS operation its case. Each rule is a function from the tree of files to
//! findings; this file only runs them. The whole check is also a test, so that `cargo xtask test` cannot be green over an
//! untidy tree.

mod aws_operation;
mod crate_arrow;
mod document;
mod file_name;
mod finding;
mod module_file;
mod question_part;
mod rust_source;
mod single_implementation;
mod source_line;
mod tree;

use std::path::Path;

use anyhow::Result;

pub use crate_arrow::is_light;
use finding::{Finding, Severity};
use tree::Tree;

/// Prints what is untidy under `root`, errors last. True if there was no error; warnings do not count.
pub fn run(root: &Path) -> Result<bool> {
    let mut findings = check(&Tree::read(root)?);
    findings.sort_by_key(|finding| finding.severity == Severity::Error);
    for finding in &findings {
        println!("{finding}");
    }
    let errors = count(&findings, Severity::Error);
    println!("tidy: {errors} errors, {} warnings", count(&findings, Severity::Warning));
    Ok(errors == 0)
}

fn check(tree: &Tree) -> Vec<Finding> {
    [
        file_name::check(tree),
        crate_arrow::check(tree),
        module_file::check(tree),
        source_line::check(tree),
        single_implementation::check(tree),
        question_part::check(tree),
        aws_operation::check(tree),
        document::check(tree),
    ]
    .concat()
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_tree_is_tidy() {
        let tree = Tree::read(&crate::workspace_root()).unwrap();
        let errors: Vec<String> =
            check(&tree).iter().filter(|finding| finding.severity == Severity::Error).map(Finding::to_string).collect();
        assert!(errors.is_empty(), "\n{}", errors.join("\n"));
    }
}

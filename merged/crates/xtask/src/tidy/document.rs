//! The documents people rely on: decisions have their three parts, the architecture stays short enough to be read, and
//! the Japanese README says as much as the English one.

use super::finding::Finding;
use super::tree::Tree;

const ARCHITECTURE_LINES: usize = 200;

/// One error for each document that lacks a part.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found: Vec<Finding> = tree
        .paths()
        .filter_map(|path| Some((path, path.strip_prefix("docs/decisions/")?)))
        .filter(|(_, name)| *name != "README.md")
        .flat_map(|(path, name)| decision(path, name, tree.text(path).unwrap_or_default()))
        .collect();
    found.extend(architecture(tree));
    found.extend(translation(tree));
    found
}

fn decision(path: &str, name: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let why = "a decision is read years later by somebody who was not there";
    let stem = name.strip_suffix(".md").unwrap_or_default();
    let (number, title) = stem.split_once('-').unwrap_or_default();
    if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) || title.is_empty() {
        let what = format!("'{name}' is not NNNN-title.md");
        found.push(Finding::error(path, 1, what, why, "number it after the last decision"));
    }
    for part in ["Context", "Decision", "Consequence"] {
        let has_part =
            text.lines().any(|line| line.starts_with('#') && line.trim_start_matches(['#', ' ']).starts_with(part));
        if !has_part {
            let what = format!("the decision has no '{part}'");
            found.push(Finding::error(path, 1, what, why, &format!("add a section `## {part}`")));
        }
    }
    found
}

fn architecture(tree: &Tree) -> Option<Finding> {
    let path = "ARCHITECTURE.md";
    let lines = tree.text(path)?.lines().count();
    let why = "it is read in one sitting before the first change";
    (lines > ARCHITECTURE_LINES).then(|| {
        let what = format!("{lines} lines, more than {ARCHITECTURE_LINES}");
        Finding::error(path, ARCHITECTURE_LINES + 1, what, why, "move detail to docs/ or to the file it is about")
    })
}

fn translation(tree: &Tree) -> Option<Finding> {
    let path = "README.ja.md";
    let (english, japanese) = (tree.text("README.md")?, tree.text(path)?);
    (outline(english) != outline(japanese)).then(|| {
        let (sections, blocks) = outline(english);
        let (sections_ja, blocks_ja) = outline(japanese);
        let what = format!("{sections_ja} sections and {blocks_ja} code blocks; README.md has {sections} and {blocks}");
        let why = "readers of either language get the whole of it";
        Finding::error(path, 1, what, why, "change both in one commit")
    })
}

/// How many sections and how many code blocks.
fn outline(text: &str) -> (usize, usize) {
    let mut sections = 0;
    let mut fences = 0;
    for line in text.lines() {
        if line.starts_with("```") {
            fences += 1;
        } else if fences % 2 == 0 && line.starts_with("## ") {
            sections += 1;
        }
    }
    (sections, fences / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let found = super::check(&Tree::of(&[("README.md", "## One\n```sh\n## no section\n```\n"), (path, text)]));
        let found: Vec<String> = found.into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_decision_has_a_number_and_three_parts() {
        check("docs/decisions/0001-a-lake.md", "# A lake\n## Context\n## Decision\n## Consequences\n", &[]);
        check("docs/decisions/0001-a-lake.md", "## Context\n## Decision\n", &["the decision has no 'Consequence'"]);
        check(
            "docs/decisions/lake.md",
            "## Context\n## Decision\n## Consequence\n",
            &["'lake.md' is not NNNN-title.md"],
        );
        check("docs/decisions/README.md", "", &[]);
    }

    #[test]
    fn both_readmes_say_as_much() {
        check("README.ja.md", "## 一\n```sh\n```\n", &[]);
        check("README.ja.md", "## 一\n", &["1 sections and 0 code blocks; README.md has 1 and 1"]);
    }

    #[test]
    fn the_architecture_is_short() {
        check("ARCHITECTURE.md", &"x\n".repeat(201), &["201 lines, more than 200"]);
    }
}

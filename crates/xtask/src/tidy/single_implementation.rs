//! Traits with one implementation: an indirection that nobody needs yet, and one more name to look up.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::rust_source::{line_of, words};
use super::tree::Tree;

/// One error for each trait of the product with fewer than two implementations, tests counted.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut implementations: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, source) in tree.sources() {
        for name in implemented(&source.code) {
            *implementations.entry(name).or_default() += 1;
        }
    }
    tree.sources()
        .filter(|(path, _)| path.starts_with("crates/"))
        .flat_map(|(path, source)| declared(&source.product_code).into_iter().map(move |found| (path, found)))
        .filter(|(_, (_, name))| implementations.get(name).copied().unwrap_or_default() < 2)
        .map(|(path, (line, name))| {
            let why = "an interface with one side is an indirection without a choice";
            Finding::error(path, line, format!("trait {name} has a single implementation"), why, "use the type itself")
        })
        .collect()
}

fn declared(code: &str) -> Vec<(usize, &str)> {
    let found: Vec<(usize, &str)> = words(code).collect();
    found.windows(2).filter(|pair| pair[0].1 == "trait").map(|pair| (line_of(code, pair[0].0), pair[1].1)).collect()
}

/// The last word before ` for ` in each `impl … for …`, generics left out.
fn implemented(code: &str) -> Vec<&str> {
    words(code)
        .filter(|(start, word)| *word == "impl" && starts_an_item(&code[..*start]))
        .filter_map(|(start, _)| {
            let header = code[start..].split('{').next()?;
            let before = &header[..header.find(" for ")?];
            let mut depth = 0usize;
            let mut name = None;
            let mut previous = ' ';
            for (offset, character) in before.char_indices() {
                match character {
                    '<' => depth += 1,
                    '>' if previous != '-' => depth = depth.saturating_sub(1),
                    _ if depth == 0
                        && character.is_alphanumeric()
                        && !previous.is_alphanumeric()
                        && previous != '_' =>
                    {
                        name = words(&before[offset..]).next().map(|(_, word)| word);
                    }
                    _ => {}
                }
                previous = character;
            }
            name
        })
        .collect()
}

/// Not `-> impl Trait` and not an argument's `impl Trait`.
fn starts_an_item(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty() || before.ends_with(['}', ';', ']', '{']) || before.ends_with("unsafe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trait_needs_two_sides() {
        let check = |text: &str, expected: &[&str]| {
            let found = super::check(&Tree::of(&[("crates/lake/src/source.rs", text)]));
            let found: Vec<String> = found.into_iter().map(|finding| finding.what).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("trait Source {}\nimpl Source for Folder {}", &["trait Source has a single implementation"]);
        check("trait Source {}\nimpl Source for Folder {}\nimpl<T: Into<U>> crate::Source<T> for Bucket<T> {}", &[]);
        check(
            "trait Source {}\nimpl std::fmt::Display for Folder {}\nimpl A {\n fn f() -> impl Source {}\n}",
            &["trait Source has a single implementation"],
        );
    }
}

//! The project's files as the rules see them: path from the root with `/`, and text. Build output, version control
//! and other people's code are left out. Rules never touch the disk, so a test can hand them a made-up tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::rust_source::RustSource;

const LEFT_OUT: &[&str] = &["target", ".git", "node_modules", "dist", "__pycache__"];
const TEXT_SUFFIXES: &[&str] = &["rs", "toml", "sql", "slt", "case", "md", "py"];

/// Every file of the project by path; the text is empty where no rule reads it. Rust files come parsed as well.
pub struct Tree {
    texts: BTreeMap<String, String>,
    sources: BTreeMap<String, RustSource>,
}

impl Tree {
    /// Reads the tree under `root`.
    pub fn read(root: &Path) -> Result<Tree> {
        let mut texts = BTreeMap::new();
        collect(root, "", &mut texts)?;
        Ok(Tree::new(texts))
    }

    fn new(texts: BTreeMap<String, String>) -> Tree {
        let sources: BTreeMap<String, RustSource> = texts
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| (path.clone(), RustSource::parse(text)))
            .collect();
        Tree { texts, sources }
    }

    /// A tree out of (path, text), for tests of rules.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Tree {
        Tree::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// All paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The text of the file at `path`, if it exists.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// All Rust files.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &RustSource)> {
        self.sources.iter().map(|(path, source)| (path.as_str(), source))
    }

    /// The Rust file at `path`, if it exists.
    pub fn source(&self, path: &str) -> Option<&RustSource> {
        self.sources.get(path)
    }

    /// Whether the file is no part of the product: it lies under `tests/`, `benches/` or `examples/`, or its parent
    /// declares it for tests.
    pub fn is_test_file(&self, path: &str) -> bool {
        path.split('/').any(|part| matches!(part, "tests" | "benches" | "examples"))
            || parents(path).iter().any(|(parent, module)| {
                self.source(parent).is_some_and(|source| source.test_modules.contains(module))
                    || (self.source(parent).is_some() && self.is_test_file(parent))
            })
    }
}

/// The files that may declare the module at `path`, each with the name they must use; empty for a crate's root.
pub fn parents(path: &str) -> Vec<(String, String)> {
    let Some((folder, file)) = path.rsplit_once('/') else { return Vec::new() };
    let module = file.trim_end_matches(".rs").to_owned();
    let is_root = matches!(file, "lib.rs" | "main.rs" | "build.rs") || folder.ends_with("/src/bin");
    let is_target = folder.ends_with("/tests") || folder.ends_with("/benches") || folder.ends_with("/examples");
    if is_root || is_target {
        return Vec::new();
    }
    [format!("{folder}.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs")]
        .map(|parent| (parent, module.clone()))
        .to_vec()
}

/// The crate a path belongs to: `lake` for `crates/lake/src/ingest.rs`.
pub fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

fn collect(folder: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), texts)?;
            }
            continue;
        }
        let is_text = name.rsplit_once('.').is_some_and(|(_, suffix)| TEXT_SUFFIXES.contains(&suffix));
        let text = if is_text {
            fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path} as UTF-8"))?
        } else {
            String::new()
        };
        texts.insert(path, text);
    }
    Ok(())
}

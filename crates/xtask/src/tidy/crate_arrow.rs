//! Which crate may name which: the arrows of ARCHITECTURE.md, read from the manifests. Only a crate's boundary keeps
//! cycles and the engine out, so a dependency that should not be there is found in the manifest, not in a review.

use super::finding::Finding;
use super::tree::{Tree, crate_of};

/// Crates without IO, clock or environment, and the crates of ours that each may name.
const LIGHT: &[(&str, &[&str])] =
    &[("cloudtrail", &[]), ("iam", &["cloudtrail"]), ("aws-wire", &[]), ("query-syntax", &[]), ("sample", &[])];
const OURS: &[&str] =
    &["cloudtrail", "iam", "aws-wire", "query-syntax", "sample", "lake", "questions", "tadoru", "xtask"];
const ENGINE: &[&str] = &["datafusion", "arrow", "parquet", "object_store", "object-store"];
const RUNTIME_OR_IO: &[&str] = &[
    "tokio",
    "async-trait",
    "async-stream",
    "futures",
    "futures-util",
    "smol",
    "async-std",
    "rusqlite",
    "reqwest",
    "hyper",
    "axum",
    "ureq",
    "lettre",
    "tempfile",
    "memmap2",
    "walkdir",
];
const FACE: &[&str] =
    &["clap", "http", "hyper", "axum", "reqwest", "tower", "quick-xml", "comfy-table", "indicatif", "anstream"];

/// Whether the crate is one of the light ones.
pub fn is_light(name: &str) -> bool {
    LIGHT.iter().any(|(light, _)| *light == name)
}

/// Whether a dependency or a path's first segment is the engine, any of its crates.
pub fn is_engine(name: &str) -> bool {
    ENGINE.iter().any(|engine| {
        name == *engine
            || name.strip_prefix(engine).is_some_and(|rest| rest.starts_with(['-', '_']) && !rest.starts_with("_file"))
    })
}

/// One error for each dependency that points the wrong way.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.paths()
        .filter(|path| path.starts_with("crates/") && path.ends_with("/Cargo.toml"))
        .flat_map(|path| {
            let owner = crate_of(path).expect("the path was filtered by crates/");
            dependencies(tree.text(path).expect("the path comes from the tree"))
                .into_iter()
                .filter_map(move |dependency| objection(owner, &dependency).map(|why| (dependency, why)))
                .map(move |(Dependency { line, name, .. }, why)| {
                    Finding::error(
                        path,
                        line,
                        format!("{owner} names {name}"),
                        why,
                        "move the code to the crate that may",
                    )
                })
        })
        .collect()
}

struct Dependency {
    line: usize,
    name: String,
    /// Needed by tests alone.
    is_dev: bool,
}

fn objection(owner: &str, Dependency { name, is_dev, .. }: &Dependency) -> Option<&'static str> {
    let name = name.as_str();
    if is_engine(name) && owner != "lake" {
        return Some("the engine stands in crates/lake/Cargo.toml alone, so that a new DataFusion touches one crate");
    }
    if let Some((_, allowed)) = LIGHT.iter().find(|(light, _)| *light == owner) {
        if OURS.contains(&name) && !allowed.contains(&name) {
            return Some("among the light crates only iam may name another, cloudtrail");
        }
        if RUNTIME_OR_IO.contains(&name) && !is_dev {
            return Some("light crates do no IO and no async");
        }
    }
    let downstream: &[&str] = match owner {
        "lake" => &["questions", "tadoru"],
        "questions" => &["tadoru"],
        _ => &[],
    };
    if downstream.contains(&name) {
        return Some("the arrows run lake → questions → tadoru");
    }
    if owner == "questions" && FACE.contains(&name) {
        return Some("questions know neither HTTP nor XML nor flags; a face converts");
    }
    if owner == "xtask" && matches!(name, "lake" | "questions" | "tadoru") {
        return Some("xtask stays free of the engine, so that a chore starts in seconds");
    }
    None
}

/// The names under every `[…dependencies]` table of a manifest, renamed ones under their real name.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut table = String::new();
    for (index, text) in manifest.lines().enumerate() {
        let text = text.trim();
        let line = index + 1;
        if let Some(header) = text.strip_prefix('[') {
            table = header.trim_end_matches(']').to_owned();
            if let Some((kind, name)) = table.rsplit_once('.')
                && kind.ends_with("dependencies")
            {
                found.push(Dependency { line, name: name.to_owned(), is_dev: kind.ends_with("dev-dependencies") });
            }
            continue;
        }
        if !table.ends_with("dependencies") || text.is_empty() || text.starts_with('#') {
            continue;
        }
        let key = text.split(['=', '.', ' ']).next().unwrap_or_default();
        let renamed = text.split_once("package = \"").and_then(|(_, rest)| rest.split('"').next());
        let name = renamed.unwrap_or(key).to_owned();
        found.push(Dependency { line, name, is_dev: table.ends_with("dev-dependencies") });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_against_the_arrows_is_found_with_its_line() {
        let check = |owner: &str, manifest: &str, expected: &[&str]| {
            let path = format!("crates/{owner}/Cargo.toml");
            let found = super::check(&Tree::of(&[(path.as_str(), manifest)]));
            let found: Vec<String> =
                found.into_iter().map(|finding| format!("{}: {}", finding.line, finding.what)).collect();
            assert_eq!(found, expected, "{owner}: {manifest}");
        };
        check("lake", "[dependencies]\narrow.workspace = true\ndatafusion-common = \"55\"", &[]);
        check("questions", "[dependencies]\narrow.workspace = true", &["2: questions names arrow"]);
        check("tadoru", "[dev-dependencies]\nparquet = \"59\"", &["2: tadoru names parquet"]);
        check("tadoru", "[dependencies]\npq = { package = \"parquet\" }", &["2: tadoru names parquet"]);
        check("cloudtrail", "[dependencies.tokio]\nversion = \"1\"", &["1: cloudtrail names tokio"]);
        check("cloudtrail", "[dev-dependencies]\ntempfile.workspace = true", &[]);
        check("cloudtrail", "[dependencies]\niam.workspace = true", &["2: cloudtrail names iam"]);
        check("iam", "[dependencies]\ncloudtrail.workspace = true\nserde = \"1\"", &[]);
        check("questions", "[dependencies]\nclap = \"4\"\nlake.workspace = true", &["2: questions names clap"]);
        check("xtask", "[package]\nname = \"tokio\"\n[dependencies]\nlake.workspace = true", &["4: xtask names lake"]);
    }
}

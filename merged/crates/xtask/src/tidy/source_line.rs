//! What may not stand in a Rust file, given where the file lies: IO in a light crate, the engine outside the lake, SQL
//! in a face, a test that never runs. And what must: the file's opening words. Lengths are warnings only.

use super::crate_arrow::{is_engine, is_light};
use super::finding::Finding;
use super::rust_source::{RustSource, line_of, words};
use super::tree::{Tree, crate_of};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

const IO: &[&str] = &["fs", "net", "env", "process", "io::stdin", "io::stdout", "io::stderr"];
const CLOCK: &[&str] = &["SystemTime", "Instant", "Timestamp::now", "Zoned::now"];
const FACES: &[&str] = &["crates/tadoru/src/cli", "crates/tadoru/src/aws", "crates/tadoru/src/web"];

/// The findings of every Rust file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources()
        .filter(|(path, _)| path.starts_with("crates/"))
        .flat_map(|(path, source)| {
            let mut found = opening(path, source);
            found.extend(unfinished(path, source));
            found.extend(engine_path(path, source));
            if !tree.is_test_file(path) {
                found.extend(light_crate(path, source));
                found.extend(sql_in_face(path, source));
                found.extend(lengths(path, source));
            }
            found
        })
        .collect()
}

fn opening(path: &str, source: &RustSource) -> Vec<Finding> {
    if source.first_line.starts_with("//!") {
        return Vec::new();
    }
    vec![Finding::error(
        path,
        1,
        "the file does not begin with //!".to_owned(),
        "a stranger reads the first lines to learn what the file is and where the record goes next",
        "open it with 2–8 lines of //!",
    )]
}

fn unfinished(path: &str, source: &RustSource) -> Vec<Finding> {
    let in_code = source.code.lines().enumerate().filter_map(|(index, line)| {
        let word = ["todo!", "unimplemented!", "#[ignore"].into_iter().find(|word| line.contains(word))?;
        Some((index + 1, word))
    });
    let in_comments = source.comments.iter().filter_map(|(line, text)| {
        let (_, word) = words(text).find(|(_, word)| matches!(*word, "FIXME" | "TODO"))?;
        Some((*line, word))
    });
    in_code
        .chain(in_comments)
        .map(|(line, word)| {
            Finding::error(
                path,
                line,
                format!("'{word}' is left in the tree"),
                "what is not finished is an error that names itself, and a test that does not run proves nothing",
                "finish it, delete it, or open an issue",
            )
        })
        .collect()
}

fn engine_path(path: &str, source: &RustSource) -> Vec<Finding> {
    let owner = crate_of(path).unwrap_or_default();
    let code = &source.code;
    words(code)
        .filter(|(start, word)| {
            is_engine(word) && code[start + word.len()..].starts_with("::") && !code[..*start].ends_with("::")
        })
        .filter(|(start, _)| owner != "lake" || preceding_words(code, *start) == ["pub", "use"])
        .map(|(start, word)| {
            let line = line_of(code, start);
            let why = "others see the lake's own types, so that a new DataFusion touches one crate";
            Finding::error(
                path,
                line,
                format!("{owner} shows or uses {word}"),
                why,
                "give the lake a type of its own for it",
            )
        })
        .collect()
}

fn preceding_words(code: &str, start: usize) -> Vec<&str> {
    let line = code[..start].rsplit('\n').next().unwrap_or_default();
    words(line).map(|(_, word)| word).collect()
}

fn light_crate(path: &str, source: &RustSource) -> Vec<Finding> {
    let owner = crate_of(path).unwrap_or_default();
    let is_question = owner == "questions";
    if !is_light(owner) && !is_question || path.ends_with("/build.rs") {
        return Vec::new();
    }
    let why = "light crates and questions do no IO and read no clock and no environment: what they need is passed in";
    let mut found = Vec::new();
    for (line, text) in source.product_lines() {
        let io = IO.iter().find(|name| names_std_item(text, name)).map(|name| format!("std::{name}"));
        let clock = CLOCK.iter().find(|name| contains_path(text, name)).map(|name| (*name).to_owned());
        let wait = (!is_question && words(text).any(|(_, word)| word == "async" || word == "await"))
            .then(|| "async".to_owned());
        for name in [io, clock, wait].into_iter().flatten() {
            found.push(Finding::error(path, line, format!("{owner} uses {name}"), why, "take it as an argument"));
        }
    }
    found
}

/// `std::fs`, or `fs` inside `use std::{…}` on one line.
fn names_std_item(text: &str, name: &str) -> bool {
    if contains_path(text, &format!("std::{name}")) {
        return true;
    }
    let Some((_, group)) = text.split_once("use std::{") else { return false };
    words(group).any(|(start, word)| word == name && !group[..start].ends_with("::"))
}

fn contains_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(start, _)| {
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        !text[..start].ends_with(is_word) && !text[start + path.len()..].starts_with(is_word)
    })
}

fn sql_in_face(path: &str, source: &RustSource) -> Vec<Finding> {
    if !FACES.iter().any(|face| path.starts_with(face)) {
        return Vec::new();
    }
    source
        .product_literals
        .iter()
        .filter(|(_, text)| {
            let text = text.trim_start().to_ascii_uppercase();
            text.starts_with("SELECT ") || text.starts_with("WITH ") && text.contains("SELECT ")
        })
        .map(|(line, _)| {
            let why = "the three faces ask the same question; its SQL stands in the question's .sql";
            Finding::error(path, *line, "SQL in a face".to_owned(), why, "move it to crates/questions/src")
        })
        .collect()
}

fn lengths(path: &str, source: &RustSource) -> Vec<Finding> {
    let mut found = Vec::new();
    let lines = source.product_line_count();
    if lines > FILE_LINES {
        let what = format!("{lines} lines without tests, more than {FILE_LINES}");
        let why = "a file that is read whole is understood whole";
        found.push(Finding::warning(path, 1, what, why, "keep the name as the entry, move parts to <name>/<noun>.rs"));
    }
    for function in source.function_lengths() {
        if function.line_count > FUNCTION_LINES {
            let what = format!("fn {} has {} lines, more than {FUNCTION_LINES}", function.name, function.line_count);
            let why = "one screen shows it whole";
            found.push(Finding::warning(path, function.line, what, why, "name its steps"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let found = super::check(&Tree::of(&[(path, text)]));
        let found: Vec<String> =
            found.into_iter().map(|finding| format!("{}: {}", finding.line, finding.what)).collect();
        assert_eq!(found, expected, "{path}: {text}");
    }

    #[test]
    fn a_light_crate_touches_neither_disk_nor_clock() {
        let path = "crates/cloudtrail/src/record.rs";
        check(path, "//!\nuse std::fs;", &["2: cloudtrail uses std::fs"]);
        check(path, "//!\nuse std::{fmt, env};", &["2: cloudtrail uses std::env"]);
        check(path, "//!\nlet t = SystemTime::now();", &["2: cloudtrail uses SystemTime"]);
        check(path, "//!\nlet t = jiff::Timestamp::now();", &["2: cloudtrail uses Timestamp::now"]);
        check(path, "//!\nasync fn f() {}", &["2: cloudtrail uses async"]);
        check(path, "//! std::fs\nlet a = \"std::fs\"; // std::fs\n#[cfg(test)]\nmod tests { use std::fs; }", &[]);
        check("crates/lake/src/ledger.rs", "//!\nuse std::fs;", &[]);
    }

    #[test]
    fn the_engine_is_seen_in_the_lake_alone() {
        check(
            "crates/questions/src/activity.rs",
            "//!\nuse arrow::array::Array;",
            &["2: questions shows or uses arrow"],
        );
        check("crates/questions/src/activity.rs", "//!\nuse lake::parquet_file::x;", &[]);
        check("crates/lake/src/engine.rs", "//!\nuse datafusion::prelude::*;", &[]);
        check("crates/lake/src/lib.rs", "//!\npub use datafusion::arrow;", &["2: lake shows or uses datafusion"]);
    }

    #[test]
    fn a_face_holds_no_sql() {
        let what = "2: SQL in a face";
        check("crates/tadoru/src/cli/activity.rs", "//!\nlet q = \"select 1\";", &[what]);
        check("crates/tadoru/src/cli/activity.rs", "//!\nlet q = \"select one of them\";", &[what]);
        check("crates/tadoru/src/cli/sql.rs", "//!\nlet help = \"tadoru sql 'SELECT 1'\";", &[]);
        check("crates/questions/src/activity.rs", "//!\nlet q = \"SELECT 1\";", &[]);
    }

    #[test]
    fn nothing_unfinished_is_left() {
        let path = "crates/lake/src/ingest.rs";
        check(path, "//!\nfn f() { todo!() }", &["2: 'todo!' is left in the tree"]);
        check(path, "//!\n// FIXME later", &["2: 'FIXME' is left in the tree"]);
        check(path, "//!\n// \\uXXXX, a TODOlist", &[]);
        check(path, "//!\n#[ignore]\nfn f() {}", &["2: '#[ignore' is left in the tree"]);
        check(path, "fn f() {}", &["1: the file does not begin with //!"]);
    }

    #[test]
    fn length_is_a_warning_and_tests_do_not_count() {
        let body = "\n".repeat(80);
        check("crates/lake/src/a.rs", &format!("//!\nfn f() {{{body}}}"), &["2: fn f has 81 lines, more than 70"]);
        check(
            "crates/lake/src/a.rs",
            &format!("//!\n#[cfg(test)]\nmod tests {{ fn f() {{{}}} }}", "\n".repeat(500)),
            &[],
        );
    }
}

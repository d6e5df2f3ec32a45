//! A lake that cannot be opened: none, a broken catalog, one of a newer version, one that another program changed. Each
//! command says what, why and what to try, prints no data, and never panics.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lake::catalog::Catalog;
use tempfile::TempDir;

/// Commands that read the lake and one that writes to it.
const COMMANDS: [&[&str]; 3] = [&["status"], &["sql", "SELECT count(*) FROM events"], &["ingest", "-"]];

fn tadoru(lake: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tadoru"));
    command.arg("--lake").arg(lake).args(arguments).env_remove("TADORU_AS_OF").env_remove("TADORU_OUTPUT");
    command.stdin(std::process::Stdio::null()).current_dir(env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

/// An empty lake in a folder of its own.
fn new_lake() -> (TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let lake = scratch.path().join("lake");
    drop(Catalog::open_or_create(&lake).unwrap());
    (scratch, lake)
}

fn change(lake: &Path, statement: &str) {
    rusqlite::Connection::open(Catalog::path(lake)).unwrap().execute_batch(statement).unwrap();
}

/// What each of `commands` says about the lake: error, why and try, with `code`.
fn check(lake: &Path, commands: &[&[&str]], code: i32, what: &str, why: &str) {
    for arguments in commands {
        let output = tadoru(lake, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 3, "{arguments:?}: {said}");
        assert!(lines[0].starts_with("error: ") && lines[0].contains(what), "{arguments:?}: {said}");
        assert!(lines[1].starts_with("  why: ") && lines[1].contains(why), "{arguments:?}: {said}");
        assert!(lines[2].starts_with("  try: "), "{arguments:?}: {said}");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{arguments:?}: {said}");
    }
}

#[test]
fn no_lake_says_how_to_make_one() {
    let scratch = tempfile::tempdir().unwrap();
    check(&scratch.path().join("none"), &COMMANDS[..2], 1, "there is no lake in", "there is no such folder");
    check(scratch.path(), &COMMANDS[..2], 1, "there is no lake in", "the folder holds no catalog.sqlite");
    let file = scratch.path().join("file");
    std::fs::write(&file, "x").unwrap();
    check(&file.join("lake"), &COMMANDS, 1, "cannot use the lake's folder", "Not a directory");
}

#[test]
fn a_catalog_that_is_no_database_is_named() {
    let (_scratch, lake) = new_lake();
    let catalog = Catalog::path(&lake);
    std::fs::write(&catalog, "Parquet, SQLite, who knows? ".repeat(400)).unwrap();
    check(&lake, &COMMANDS, 1, "is not a lake's catalog", "file is not a database");
    std::fs::write(&catalog, "").unwrap();
    check(&lake, &COMMANDS[..2], 1, "there is no lake in", "its catalog.sqlite is empty");
    std::fs::remove_file(&catalog).unwrap();
    std::fs::create_dir(&catalog).unwrap();
    check(&lake, &COMMANDS[..2], 1, "is not a lake's catalog", "it is not a file");
}

#[test]
fn a_truncated_catalog_is_damaged() {
    let (_scratch, lake) = new_lake();
    let catalog = Catalog::path(&lake);
    let whole = std::fs::read(&catalog).unwrap();
    for kept in [100, 4_096, 9_000, whole.len() / 2] {
        std::fs::write(&catalog, &whole[..kept]).unwrap();
        for arguments in &COMMANDS[..2] {
            let output = tadoru(&lake, arguments);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{kept} bytes, {arguments:?}: {said}");
            assert!(said.starts_with("error: ") && said.contains("\n  try: "), "{kept} bytes, {arguments:?}: {said}");
        }
    }
}

#[test]
fn a_lost_catalog_is_not_replaced() {
    let (_scratch, lake) = new_lake();
    let folder = lake.join("data/main/events/eventdate=2026-01-02");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("0190a3b2c4d5e6f708192a3b4c5d6e7f-000001.parquet");
    std::fs::write(&file, "what a lost catalog named").unwrap();
    for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let _ = std::fs::remove_file(lake.join(name));
    }
    check(&lake, &COMMANDS, 1, "no catalog that names them", "missing or empty");
    let left: Vec<_> = std::fs::read_dir(&lake).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == "catalog.sqlite"), "nothing is made where a catalog was: {left:?}");
    std::fs::write(Catalog::path(&lake), "").unwrap();
    check(&lake, &COMMANDS, 1, "no catalog that names them", "missing or empty");
    assert!(file.exists());
}

#[test]
fn a_newer_lake_is_not_misread() {
    let (_scratch, lake) = new_lake();
    change(&lake, "UPDATE lake_setting SET value = '5' WHERE name = 'lake_version'");
    check(&lake, &COMMANDS, 1, "written by a newer version: the lake version is 5", "misread");
    change(&lake, "UPDATE ducklake_metadata SET value = '2.0' WHERE key = 'version'");
    check(&lake, &COMMANDS, 1, "the DuckLake version is 2.0", "misread");
}

#[test]
fn what_another_program_changed_is_refused() {
    let check = |statement: &str, why: &str| {
        let (_scratch, lake) = new_lake();
        change(&lake, statement);
        check(&lake, &COMMANDS[..2], 1, "another program changed the lake", why);
    };
    check(
        "INSERT INTO ducklake_delete_file (delete_file_id, table_id, begin_snapshot) VALUES (1, 1, 2)",
        "rows were deleted by a delete file in table events",
    );
    check(
        "UPDATE ducklake_column SET column_name = 'name' WHERE table_id = 1 AND column_name = 'eventname'",
        "is name varchar, not eventname varchar in table events",
    );
    check("DELETE FROM ducklake_table WHERE table_name = 'access_daily'", "the table access_daily is gone");
    check("DELETE FROM ducklake_column WHERE table_id = 1 AND column_name = 'raw'", "the column raw is gone");
}

#[test]
fn a_table_that_is_gone_is_damage() {
    let (_scratch, lake) = new_lake();
    change(&lake, "DROP TABLE ingested_object");
    check(&lake, &COMMANDS[..1], 1, "the lake's catalog cannot be used", "no such table: ingested_object");
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_says_so() {
    use std::os::unix::fs::PermissionsExt;

    let (_scratch, lake) = new_lake();
    let forbid = |mode: u32| std::fs::set_permissions(&lake, std::fs::Permissions::from_mode(mode)).unwrap();
    forbid(0o000);
    // Permissions do not bind root.
    let is_bound = std::fs::read_dir(&lake).is_err();
    if is_bound {
        check(&lake, &COMMANDS[..2], 4, "cannot use the lake's folder", "ermission denied");
    }
    forbid(0o700);
}

#[test]
fn an_empty_lake_says_how_to_fill_it() {
    let (_scratch, lake) = new_lake();
    let output = tadoru(&lake, &["status", "-o", "json"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("note: the lake in ") && said.contains(" is empty\n"), "{said}");
    assert!(said.contains("\n try: tadoru ingest"), "{said}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<String>(), "[]");
}

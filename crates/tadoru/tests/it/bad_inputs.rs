//! The cases of `data/bad_inputs.jsonl` that only a lake can decide: deduplication, conflicts, objects that changed,
//! implausible times, and what lies in a folder that is no log file. The others are tested in `cloudtrail`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::reference::{shared, skip};
use crate::test_lake::{TestLake, isolate, text};

/// The key that all cases share but where they name another.
pub const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/\
     111122223333_CloudTrail_us-east-1_20260102T0005Z_AAAAAAAAAAAAAAAA.json.gz";

/// The folder of the cases' bytes.
pub struct Cases {
    built: tempfile::TempDir,
}

impl Cases {
    pub fn build(test: &str) -> Option<Self> {
        let generator = shared("tools/bad_inputs.py", test)?;
        let built = tempfile::tempdir().unwrap();
        // The generator writes its list beside itself, so it runs in a copy.
        for part in ["tools", "data"] {
            std::fs::create_dir(built.path().join(part)).unwrap();
        }
        let copy = built.path().join("tools/bad_inputs.py");
        std::fs::copy(generator, &copy).unwrap();
        let python =
            Command::new("python3").arg(&copy).arg("--materialise").arg(built.path()).env("SCALE", "8").output();
        match python {
            Err(error) => {
                skip(test, &format!("python3: {error}"));
                None
            }
            Ok(output) => {
                assert!(output.status.success(), "{}", text(&output.stderr));
                Some(Self { built })
            }
        }
    }

    /// The ids of all cases that have bytes.
    pub fn ids(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.built.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut ids: Vec<String> = names.filter_map(|name| name.strip_suffix(".bin").map(str::to_owned)).collect();
        ids.sort();
        ids
    }

    /// Puts a case's bytes at `key` below `folder`.
    pub fn put(&self, id: &str, folder: &Path, key: &str) -> PathBuf {
        let path = folder.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(self.built.path().join(format!("{id}.bin")), &path).unwrap();
        path
    }
}

/// New events, duplicates, conflicts of one ingest of the lake's `logs`.
fn ingest(lake: &TestLake) -> (u64, u64, u64) {
    let summary = lake.ingest(&[&lake.beside("logs")]);
    lake.assert_consistent();
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!((count("rejected"), count("files_rejected")), (0, 0));
    (count("new_events"), count("duplicates"), count("conflicts"))
}

#[test]
fn an_event_has_one_effect() {
    let Some(cases) = Cases::build("an_event_has_one_effect") else { return };
    let check = |first: Option<(&str, &str)>, id: &str, key: &str, expected: (u64, u64, u64), events: u64| {
        let lake = TestLake::new();
        let logs = lake.beside("logs");
        if let Some((id, key)) = first {
            cases.put(id, &logs, key);
            ingest(&lake);
        }
        cases.put(id, &logs, key);
        assert_eq!(ingest(&lake), expected, "{id}: new, duplicates, conflicts");
        assert_eq!(lake.value("SELECT count(*) AS n FROM events"), events, "{id}");
        lake
    };
    let organization = "AWSLogs/o-abc1234567/111122223333/CloudTrail/us-east-1/2026/01/02/\
         111122223333_CloudTrail_us-east-1_20260102T0005Z_AAAAAAAAAAAAAAAA.json.gz";
    let other_suffix = KEY.replace("AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB");

    check(None, "B058", KEY, (1, 1, 0), 1);
    let conflict = check(None, "B059", KEY, (2, 0, 1), 2);
    let flagged = "SELECT count(*) AS n FROM events WHERE contains(warnings, 'EVENT_ID_CONFLICT')";
    assert_eq!(conflict.value(flagged), 1, "B059: the second one says so");
    check(None, "B060", KEY, (2, 0, 0), 2);
    // The event of B061 alone, delivered by the account's own trail before.
    check(Some(("B061", KEY)), "B061", organization, (0, 1, 0), 1);
    let again = check(Some(("B062", KEY)), "B062", &other_suffix, (0, 2, 0), 2);
    assert_eq!(again.catalog("SELECT name FROM ingested_object").len(), 2, "B062: the file is recorded");
    let changed = check(Some(("B061", KEY)), "B063", KEY, (1, 0, 0), 2);
    let warned = changed.catalog("SELECT warnings FROM ingested_object ORDER BY object_id DESC LIMIT 1");
    assert_eq!(warned[0]["warnings"], "OBJECT_CHANGED", "B063");
    let future = check(None, "B069", KEY, (1, 0, 0), 1);
    let row = &future.rows("SELECT eventdate, eventtime, warnings FROM events")[0];
    assert_eq!(row["eventdate"], "2026-01-02", "B069: filed by its delivery");
    assert_eq!(row["eventtime"], "2036-01-01T00:00:00Z");
    assert_eq!(row["warnings"][0], "FUTURE_TIME");
}

#[test]
fn a_folder_holds_what_is_no_log_file() {
    let Some(cases) = Cases::build("a_folder_holds_what_is_no_log_file") else { return };
    let lake = TestLake::new();
    let folder = lake.beside("logs/in");
    std::fs::create_dir_all(&folder).unwrap();
    symlink("/etc/passwd", folder.join("a.json.gz")).unwrap();
    let made = Command::new("mkfifo").arg(folder.join("b.json.gz")).status().unwrap();
    assert!(made.success());
    let odd = folder.join(OsStr::from_bytes(b"\xff.json.gz"));
    std::fs::copy(cases.built.path().join("B099.bin"), odd).unwrap();
    let summary = lake.ingest(&[&lake.beside("logs")]);
    assert_eq!((&summary["files"], &summary["files_skipped"]), (&1.into(), &2.into()), "B095, B096, B099: {summary}");
    assert_eq!(summary["new_events"], 1, "B099");
    let named = lake.catalog("SELECT name FROM ingested_object");
    assert!(named[0]["name"].ends_with("/in/%FF.json.gz"), "{named:?}");
}

#[test]
fn a_file_that_may_not_be_read_is_tried_again() {
    let test = "a_file_that_may_not_be_read_is_tried_again";
    let Some(cases) = Cases::build(test) else { return };
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    cases.put("B061", &logs, KEY);
    let closed = cases.put("B062", &logs, "in/d.json.gz");
    let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    mode(&closed, 0o000);
    let mut command = lake.command(&["ingest", "-o", "jsonl"]);
    command.arg(&logs);
    let is_root = std::fs::metadata(&logs).unwrap().uid() == 0;
    if is_root {
        // Root reads everything, so somebody else ingests.
        mode(logs.parent().unwrap(), 0o777);
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        other.arg(command.get_program()).args(command.get_args());
        isolate(&mut other);
        other.current_dir("/");
        command = other;
    }
    let run = |command: &mut Command| match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            skip(test, &format!("as root, and without setpriv: {error}"));
            None
        }
    };
    let Some(output) = run(&mut command) else { return };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "B098: {said}");
    assert!(said.contains("IO_PERMISSION") && said.contains("/in/d.json.gz"), "{said}");
    mode(&closed, 0o644);
    let output = run(&mut command).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    lake.assert_consistent();
    assert_eq!(lake.value("SELECT count(*) AS n FROM events"), 2);
}

//! Input that means harm, or that nobody thought of: bombs, crowds of tiny records, folders that change while they are
//! read, names that no terminal should see. Memory stays small, nothing blocks, and what is not taken is said.
//!
//! The bombs of the whole size are `python3 bad_inputs.py --materialise DIR` with SCALE=1024; these are some megabytes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::reference::skip;
use crate::test_lake::{TestLake, text};

/// Writes a file by a line of Python, which has what makes one.
fn python(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let script = format!("import gzip, sys\nopen(sys.argv[1], 'wb').write({content})");
    let made = Command::new("python3").arg("-c").arg(script).arg(path).status().unwrap();
    assert!(made.success());
}

/// What a process held at most, in MiB. Python asks the system, which takes `unsafe` here.
fn with_peak(command: &Command) -> (Output, u64) {
    let script = "import resource, subprocess, sys\n\
         code = subprocess.run(sys.argv[1:]).returncode\n\
         sys.stderr.write('\\npeak %d' % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n\
         sys.exit(code)";
    let mut python = Command::new("python3");
    python.arg("-c").arg(script).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => python.env(name, value),
            None => python.env_remove(name),
        };
    }
    let output = python.output().unwrap();
    let peak_kib: u64 = text(&output.stderr).rsplit_once("peak ").unwrap().1.trim().parse().unwrap();
    (output, peak_kib >> 10)
}

/// Ingests a folder and returns the reasons for which files and records were rejected, and the peak in MiB.
fn ingested(lake: &TestLake, logs: &Path) -> (Vec<(String, u64)>, u64) {
    let mut command = lake.command(&["ingest", "--quiet", "--jobs", "2"]);
    command.arg(logs);
    let (output, peak) = with_peak(&command);
    assert!(output.status.success(), "{}", text(&output.stderr));
    lake.assert_consistent();
    let reasons = lake.catalog("SELECT reason, count(*) AS n FROM rejected_record GROUP BY 1 ORDER BY 1");
    (reasons.iter().map(|row| (row["reason"].clone(), row["n"].parse().unwrap())).collect(), peak)
}

fn rejected(reason: &str, count: u64) -> Vec<(String, u64)> {
    vec![(reason.to_owned(), count)]
}

#[test]
fn many_small_bombs_are_not_inflated_at_once() {
    if Command::new("python3").arg("-V").output().is_err() {
        return skip("many_small_bombs_are_not_inflated_at_once", "python3");
    }
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    // Sound, 24 MiB each, 24 KiB as they lie in the folder: together 480 MiB.
    python(&logs.join("0.json.gz"), "gzip.compress(b'{\"Records\":[' + b' ' * (24 << 20) + b']}', 9)");
    for copy in 1..20 {
        std::fs::copy(logs.join("0.json.gz"), logs.join(format!("{copy}.json.gz"))).unwrap();
    }
    let (reasons, peak) = ingested(&lake, &logs);
    assert_eq!(reasons, []);
    assert!(peak < 250, "{peak} MiB");
}

#[test]
fn a_bomb_is_left_when_it_is_known_to_be_one() {
    if Command::new("python3").arg("-V").output().is_err() {
        return skip("a_bomb_is_left_when_it_is_known_to_be_one", "python3");
    }
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    python(&logs.join("a.json.gz"), "gzip.compress(b' ' * (300 << 20), 1)");
    let (reasons, peak) = ingested(&lake, &logs);
    assert_eq!(reasons, rejected("DECOMPRESSED_LIMIT", 1));
    assert!(peak < 200, "{peak} MiB");
}

#[test]
fn a_crowd_of_tiny_records_is_taken_in_windows() {
    if Command::new("python3").arg("-V").output().is_err() {
        return skip("a_crowd_of_tiny_records_is_taken_in_windows", "python3");
    }
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    let stubs = "b'{\"Records\":[' + b'{\"eventID\":1},' * 400000 + b'{}]}'";
    python(&logs.join("a.json"), stubs);
    let (reasons, peak) = ingested(&lake, &logs);
    assert_eq!(reasons, [("NOT_CLOUDTRAIL".to_owned(), 1), ("NO_EVENT_TIME".to_owned(), 400_000)]);
    assert!(peak < 300, "{peak} MiB");
}

/// What is kept of rejected files and records takes its room in a batch.
#[test]
fn what_is_rejected_does_not_pile_up() {
    if Command::new("python3").arg("-V").output().is_err() {
        return skip("what_is_rejected_does_not_pile_up", "python3");
    }
    let copied = |content: &str, copies: u32| {
        let lake = TestLake::new();
        let logs = lake.beside("logs");
        python(&logs.join("0.json.gz"), content);
        for copy in 1..copies {
            std::fs::hard_link(logs.join("0.json.gz"), logs.join(format!("{copy}.json.gz"))).unwrap();
        }
        ingested(&lake, &logs)
    };
    // No gzip, and nearly as long as what is kept of a rejected file: together 180 MB.
    let (reasons, peak) = copied("b'\\x1f\\x8b\\x08' + b'x' * 60000", 3_000);
    assert_eq!(reasons.iter().map(|(_, count)| count).sum::<u64>(), 3_000, "{reasons:?}");
    assert!(peak < 200, "{peak} MiB");
    // Half a million records of one byte in little text.
    let (reasons, peak) = copied("gzip.compress(b'{\"Records\":[' + b'1,' * 49999 + b'1]}')", 10);
    assert_eq!(reasons.iter().map(|(_, count)| count).sum::<u64>(), 500_000, "{reasons:?}");
    assert!(peak < 200, "{peak} MiB");
}

#[test]
fn a_record_that_is_too_long_leaves_its_neighbours() {
    if Command::new("python3").arg("-V").output().is_err() {
        return skip("a_record_that_is_too_long_leaves_its_neighbours", "python3");
    }
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    let record =
        r#"{"eventTime":"2026-01-02T00:01:02Z","eventSource":"iam.amazonaws.com","eventName":"GetUser","eventID":"%d""#;
    let content = format!(
        "b'{{\"Records\":[' + b'{record}}},' % 1 + b'{record}' % 2 + b',\"userAgent\":\"' + b'x' * (5 << 20) + b'\"}},' + b'{record}}}]}}' % 3"
    );
    python(&logs.join("a.json"), &content);
    let (reasons, _) = ingested(&lake, &logs);
    assert_eq!(reasons, rejected("RECORD_SIZE_LIMIT", 1));
    assert_eq!(lake.value("SELECT count(*) AS n FROM events"), 2);
}

const RECORD: &str = r#"{"Records":[{"eventTime":"2026-01-02T00:01:02Z","eventSource":"iam.amazonaws.com","eventName":"GetUser","eventID":"1"}]}"#;

#[test]
fn what_is_no_file_is_not_opened() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    let inner = logs.join("inner");
    std::fs::create_dir_all(&inner).unwrap();
    symlink(&logs, inner.join("loop")).unwrap();
    symlink("self", logs.join("self")).unwrap();
    let _socket = UnixListener::bind(logs.join("s")).unwrap();
    assert!(Command::new("mkfifo").arg(logs.join("pipe.json.gz")).status().unwrap().success());
    std::fs::write(logs.join(OsStr::from_bytes(b"new\nline \x1b[31m.json")), RECORD).unwrap();
    std::fs::write(logs.join(OsStr::from_bytes(b"\xfe\xff.json")), RECORD.replace("\"1\"", "\"2\"")).unwrap();
    let summary = lake.ingest(&[&logs]);
    assert_eq!((&summary["files"], &summary["files_skipped"]), (&2.into(), &4.into()), "{summary}");
    assert_eq!(lake.value("SELECT count(*) AS n FROM events"), 2);
    let again = lake.ingest(&[&logs]);
    assert_eq!(again["files"], 0, "odd names are known again");
}

#[test]
fn a_name_with_control_characters_does_not_reach_the_terminal() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    std::fs::create_dir_all(&logs).unwrap();
    let name = OsStr::from_bytes(b"\x1b]0;owned\x07.json");
    std::fs::write(logs.join(name), "{").unwrap();
    let output = lake.command(&["ingest"]).arg(logs.join(name)).arg(lake.beside("\x1b[2Jmissing")).output().unwrap();
    assert!(!output.stderr.contains(&0x1b) && !output.stderr.contains(&7), "{:?}", text(&output.stderr));
}

#[test]
fn a_path_that_is_too_long_is_named() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(logs.join("a.json"), RECORD).unwrap();
    // No call takes a path of more than 4,096 bytes, so the shell walks down.
    let script = "cd \"$0\" && for i in $(seq 25); do mkdir $(printf 'd%.0s' $(seq 200)) && cd d* || exit 1; done; echo x > x.json";
    let made = Command::new("bash").arg("-c").arg(script).arg(&logs).status().unwrap();
    assert!(made.success());
    let output = lake.command(&["ingest"]).arg(&logs).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("not read: ") && said.contains("IO_ERROR"), "{said}");
    assert_eq!(lake.value("SELECT count(*) AS n FROM events"), 1);
    let removed = Command::new("rm").arg("-rf").arg(&logs).status().unwrap();
    assert!(removed.success());
}

/// Files vanish, appear, grow, shrink and become folders, links and pipes while the folder is read, again and again.
#[test]
fn a_folder_that_changes_while_it_is_read_harms_nothing() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    let secret = lake.beside("secret.json");
    std::fs::write(&secret, RECORD.replace("\"1\"", "\"secret\"")).unwrap();
    let record = |n: usize| RECORD.replace("\"1\"", &format!("\"{n}\""));
    let path = |n: usize| logs.join(format!("{}/{n}.json", n % 7));
    let write = |n: usize| {
        let _ = std::fs::create_dir_all(path(n).parent().unwrap());
        let _ = std::fs::write(path(n), record(n));
    };
    (0..200).for_each(write);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut turn = 0;
            while !done.load(Ordering::Relaxed) {
                turn += 1;
                let file = path(turn % 200);
                let _ = std::fs::remove_file(&file).or_else(|_| std::fs::remove_dir_all(&file));
                match turn % 5 {
                    0 => drop(symlink(&secret, &file)),
                    1 => drop(Command::new("mkfifo").arg(&file).status()),
                    2 => drop(std::fs::create_dir(&file)),
                    3 => drop(std::fs::write(&file, &record(turn % 200)[..60])),
                    _ => write(turn % 200),
                }
            }
        });
        for _ in 0..6 {
            let output = lake.command(&["ingest", "--quiet"]).arg(&logs).output().unwrap();
            assert!(matches!(output.status.code(), Some(0 | 5)), "{}: {}", output.status, text(&output.stderr));
        }
        done.store(true, Ordering::Relaxed);
    });
    lake.assert_consistent();
    assert_eq!(lake.value("SELECT count(*) AS n FROM events WHERE eventid = 'secret'"), 0, "a link was followed");
    for n in 0..200 {
        let _ = std::fs::remove_file(path(n)).or_else(|_| std::fs::remove_dir_all(path(n)));
        write(n);
    }
    lake.ingest(&[&logs]);
    assert_eq!(lake.value("SELECT count(*) AS n FROM events"), 200, "at rest the folder is taken whole");
}

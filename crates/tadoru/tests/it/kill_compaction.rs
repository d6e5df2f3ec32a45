//! Killed at any instant of a compaction, a retirement or a clean-up, the lake is sound, holds the same events, and the next run
//! ends where an undisturbed one does: nothing lost, nothing twice, nothing left lying about.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use crate::compaction::lake_of_small_files;
use crate::test_lake::{TestLake, sample, text, write_sample};

fn kept(lake: &TestLake, arguments: &[&str]) -> Command {
    let mut command = lake.command(arguments);
    command.args(["--quiet", "-o", "jsonl"]).env("TADORU_TEST_GRACE_SECONDS", "0");
    command
}

/// Runs a command twice: the second time nothing of the first is too young to be removed.
fn finish(lake: &TestLake, arguments: &[&str], when: &str) {
    for _ in 0..2 {
        let output = kept(lake, arguments).output().unwrap();
        assert!(output.status.success(), "{when}: {}", text(&output.stderr));
    }
}

/// Kills `arguments` at each of `points`, at its first, a middle and a late pass.
fn survives(whole: &TestLake, arguments: &[&str], points: &[&str], same_events: bool) {
    let undisturbed = whole.copy();
    let before = whole.content();
    finish(&undisturbed, arguments, "undisturbed");
    let expected = undisturbed.content();
    let mut kills = 0;
    for point in points {
        for pass in [1, 2, 4] {
            let killed = format!("{point}:{pass}");
            let lake = whole.copy();
            let output = kept(&lake, arguments).env("TADORU_TEST_STOP_POINT", &killed).output().unwrap();
            if output.status.signal().is_none() {
                assert!(pass > 1, "{killed} is never reached: {}", text(&output.stderr));
                continue;
            }
            kills += 1;
            lake.assert_sound(&killed);
            let content = lake.content();
            assert!(content == before || content == expected, "{killed}: neither the lake before nor the one after");
            assert!(!same_events || content == before, "{killed} changed the events");
            finish(&lake, arguments, &killed);
            lake.assert_sound(&format!("after {killed}"));
            assert!(lake.content() == expected, "after {killed} the lake is another one");
            assert_eq!(lake.present_files(), lake.named_files(), "after {killed} files are left lying about");
            let writers = std::fs::read_dir(lake.folder().join("writers")).unwrap().count();
            assert_eq!(writers, 0, "after {killed} a dead writer is still listed");
        }
    }
    assert!(kills >= 2 * points.len(), "{kills} kills are no matrix");
}

#[test]
fn killed_while_merging() {
    let (whole, _) = lake_of_small_files(1);
    let points = ["merged_file_written", "before_compaction_commit", "after_compaction_commit", "before_unlink"];
    survives(&whole, &["lake", "compact", "--jobs", "1"], &points, true);
}

#[test]
fn killed_while_cleaning_up() {
    let (whole, _) = lake_of_small_files(1);
    let output = whole.run(&["lake", "compact"]);
    assert!(output.status.success());
    let orphans = whole.folder().join("data/main/events");
    let killed = "0190a3b2c4d5e6f708192a3b4c5d6e7f";
    for day in 1..=6 {
        std::fs::write(orphans.join(format!("{killed}-{day:06}.parquet")), "half a file").unwrap();
    }
    std::fs::create_dir_all(whole.folder().join("writers")).unwrap();
    std::fs::write(whole.folder().join(format!("writers/{killed}.lock")), "").unwrap();
    let points = ["before_unlink", "before_orphan_unlink"];
    survives(&whole, &["lake", "compact"], &points, true);
    for point in ["before_expiry_commit", "after_expiry_commit", "after_unlink"] {
        once(&whole, &["lake", "compact"], point);
    }
}

#[test]
fn killed_while_retiring() {
    let (whole, _) = lake_of_small_files(3);
    let arguments = ["lake", "retain", "--days", "5", "--rollup-days", "5", "--as-of", "2026-06-04"];
    for point in ["before_retirement_commit", "after_retirement_commit", "before_expiry_commit", "after_unlink"] {
        once(&whole, &arguments, point);
    }
}

/// Kills where a run comes past only once.
fn once(whole: &TestLake, arguments: &[&str], point: &str) {
    let undisturbed = whole.copy();
    finish(&undisturbed, arguments, "undisturbed");
    let lake = whole.copy();
    let output = kept(&lake, arguments).env("TADORU_TEST_STOP_POINT", format!("{point}:1")).output().unwrap();
    assert!(output.status.signal().is_some(), "{point} is never reached: {}", text(&output.stderr));
    lake.assert_sound(point);
    finish(&lake, arguments, point);
    lake.assert_sound(&format!("after {point}"));
    assert!(lake.content() == undisturbed.content(), "after {point} the lake is another one");
    finish(&lake, &["lake", "compact"], point);
    assert_eq!(lake.present_files(), lake.named_files(), "after {point} files are left lying about");
}

#[test]
fn killed_while_folding_the_ledger() {
    let (whole, logs) = lake_of_small_files(1);
    // A day is folded once its region has delivered for a week after it.
    write_sample(&sample(), 15..16, &logs);
    assert!(whole.command(&["ingest", "--quiet"]).arg(&logs).output().unwrap().status.success());
    for point in ["before_fold_commit", "after_fold_commit"] {
        once(&whole, &["lake", "compact"], point);
    }
}

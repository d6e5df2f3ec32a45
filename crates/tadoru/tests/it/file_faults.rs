//! The file layer fails, under Parquet and SQLite alike: no room, a broken write, a short one, an fsync that fails, a
//! kill, and a power cut that takes what was not fsynced. Each run ends in right data or an error that says so; the next
//! one without faults ends at the lake of an undisturbed run. `tests/faults/file_faults.c` is what fails.
//!
//! A usual run tries a few of the places of each kind; `TADORU_TEST_FAULT_EVERY=1` tries them all.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::UNIX_EPOCH;

use crate::reference::skip;
use crate::test_lake::{TestLake, sample, text, write_sample};

/// How many places of each kind a usual run tries.
const USUAL_PLACES: u64 = 9;

/// What happens to a lake: a command of the program over it, and what makes it complete afterwards.
struct Subject {
    library: PathBuf,
    logs: TestLake,
    /// The arguments of the command that is disturbed.
    arguments: Vec<String>,
    /// The lake before it, where there is one.
    before: Option<TestLake>,
    expected: (String, String),
}

/// The counts of an undisturbed run.
struct Counts {
    writes: u64,
    syncs: u64,
    calls: u64,
}

/// What a power cut leaves.
#[derive(Debug, Clone, Copy)]
enum PowerCut {
    /// Nothing but what was fsynced.
    Everything,
    /// All names, but of the contents only what was fsynced.
    Contents,
    /// All contents, but only names that were fsynced.
    Names,
    /// Of each page of what was not fsynced either the old or the new one.
    Some(u64),
}

const POWER_CUTS: [PowerCut; 5] =
    [PowerCut::Everything, PowerCut::Contents, PowerCut::Names, PowerCut::Some(1), PowerCut::Some(2)];

impl Subject {
    /// Ingest of two small batches and a streamed file into a new lake, or into one that holds something already.
    fn ingest(test: &str, into_lake: bool) -> Option<Self> {
        let library = library(test)?;
        let logs = TestLake::new();
        write_sample(&sample(), 0..2, &logs.beside("all"));
        let mut files: Vec<PathBuf> = present_files_below(&logs.beside("all"));
        files.sort_by_key(|path| fs::metadata(path).unwrap().len());
        for (index, file) in
            files.iter().filter(|path| path.to_string_lossy().contains("_CloudTrail_")).take(3).enumerate()
        {
            let folder = logs.beside(if index == 0 { "first" } else { "second" });
            fs::create_dir_all(&folder).unwrap();
            fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
        }
        let ingested = |folders: &[&str]| {
            let lake = TestLake::new();
            for folder in folders {
                lake.ingest(&[&logs.beside(folder)]);
            }
            lake
        };
        let whole = ingested(&["first", "second"]);
        let mut arguments = vec!["ingest".to_owned(), "--quiet".to_owned()];
        arguments.extend(["first", "second"].map(|name| logs.beside(name).to_str().unwrap().to_owned()));
        let expected = whole.content();
        let before = into_lake.then(|| ingested(&["first"]));
        Some(Self { library, logs, arguments, before, expected })
    }

    /// A lake as it is before the command.
    fn lake(&self) -> TestLake {
        let lake = TestLake::new();
        if let Some(before) = &self.before {
            copy_folder(&before.folder(), &lake.folder());
        }
        lake
    }

    fn command(&self, lake: &TestLake) -> Command {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = lake.command(&arguments);
        // Each file is a batch; the larger ones are streamed.
        command.env("TADORU_TEST_BATCH_BYTES", "1").env("TADORU_TEST_STREAM_BYTES", "3000");
        command
    }

    fn run(&self, lake: &TestLake, settings: &[(&str, &str)]) -> Output {
        let mut command = self.command(lake);
        let root = lake.beside("").canonicalize().unwrap();
        command.env("LD_PRELOAD", &self.library).env("TADORU_TEST_FAULT_ROOT", root);
        command.envs(settings.iter().copied()).output().unwrap()
    }

    fn counts(&self) -> Counts {
        let lake = self.lake();
        let file = self.logs.beside("counts");
        let output = self.run(&lake, &[("TADORU_TEST_FAULT_COUNTS", file.to_str().unwrap())]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let numbers: Vec<u64> =
            fs::read_to_string(file).unwrap().split_whitespace().map(|number| number.parse().unwrap()).collect();
        assert!(numbers[0] > 20 && numbers[1] > 5, "{numbers:?} is not what an ingest does");
        Counts { writes: numbers[0], syncs: numbers[1], calls: numbers[2] }
    }

    /// The same command without faults ends at the lake of an undisturbed run.
    fn completes(&self, lake: &TestLake, after: &str) {
        let output = self.command(lake).output().unwrap();
        assert!(output.status.success(), "after {after}: {}", text(&output.stderr));
        self.is_whole(lake, after);
    }

    fn is_whole(&self, lake: &TestLake, after: &str) {
        lake.assert_consistent();
        assert!(lake.content() == self.expected, "after {after} the lake is another one");
        assert!(lake.named_files().is_subset(&lake.present_files()), "after {after} files are missing");
    }

    /// Disturbs the command at some places of a kind, of which there are `places`.
    fn disturbed(&self, kind: &str, places: u64) {
        for place in chosen(places) {
            let lake = self.lake();
            let fault = format!("{kind}:{place}");
            let output = self.run(&lake, &[("TADORU_TEST_FAULT", &fault)]);
            let said = text(&output.stderr);
            match output.status.code() {
                Some(0) => self.is_whole(&lake, &fault),
                Some(_) => assert!(said.starts_with("error: ") && said.contains("\n  why: "), "{fault}: {said}"),
                None => panic!("{fault} ends by {}: {said}", output.status),
            }
            if kind == "short" {
                assert!(output.status.success(), "{fault}: half a write is no fault: {said}");
            }
            self.completes(&lake, &fault);
        }
    }
}

/// Places spread over all of them, or all.
fn chosen(places: u64) -> Vec<u64> {
    #[expect(clippy::disallowed_methods, reason = "a setting of the tests alone")]
    let every = std::env::var("TADORU_TEST_FAULT_EVERY").ok().map(|every| every.parse::<u64>().unwrap());
    let step = every.unwrap_or_else(|| (places / USUAL_PLACES).max(1));
    (1..=places).step_by(usize::try_from(step).unwrap()).chain([places]).collect()
}

/// The failing file layer, built by the system's compiler.
fn library(test: &str) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        skip(test, "it stands in for a library of Linux");
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/faults/file_faults.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("file_faults-{test}.so"));
    let compiler =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").output();
    match compiler {
        Err(error) => {
            skip(test, &format!("cc: {error}"));
            None
        }
        Ok(output) => {
            assert!(output.status.success(), "{}", text(&output.stderr));
            Some(library)
        }
    }
}

fn present_files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(present_files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn no_room_is_said_and_mended() {
    let Some(subject) = Subject::ingest("no_room", false) else { return };
    subject.disturbed("full", subject.counts().writes);
}

#[test]
fn a_write_that_fails_is_said_and_mended() {
    let Some(subject) = Subject::ingest("failed_write", true) else { return };
    subject.disturbed("error", subject.counts().writes);
}

#[test]
fn half_a_write_is_finished() {
    let Some(subject) = Subject::ingest("half_a_write", false) else { return };
    subject.disturbed("short", subject.counts().writes);
}

#[test]
fn an_fsync_that_fails_is_said_and_mended() {
    let Some(subject) = Subject::ingest("failed_fsync", false) else { return };
    subject.disturbed("sync", subject.counts().syncs);
}

#[test]
fn a_power_cut_after_the_end_takes_nothing() {
    for into_lake in [false, true] {
        let Some(subject) = Subject::ingest("power_cut_after", into_lake) else { return };
        for power_cut in POWER_CUTS {
            let lake = subject.lake();
            let output = cut_off(&subject, &lake, None, power_cut);
            assert!(output.status.success(), "{}", text(&output.stderr));
            subject.is_whole(&lake, &format!("{power_cut:?}"));
        }
    }
}

#[test]
fn a_power_cut_takes_nothing_acknowledged() {
    let Some(subject) = Subject::ingest("power_cut", false) else { return };
    for (index, place) in chosen(subject.counts().calls).into_iter().enumerate() {
        let lake = subject.lake();
        let power_cut = POWER_CUTS[index % POWER_CUTS.len()];
        let after = format!("{power_cut:?} at {place}");
        cut_off(&subject, &lake, Some(place), power_cut);
        if has_tables(&lake) {
            assert!(lake.named_files().is_subset(&lake.present_files()), "after {after} files are missing");
        }
        subject.completes(&lake, &after);
    }
}

/// Whether the lake was made before the power went.
fn has_tables(lake: &TestLake) -> bool {
    let tables = "SELECT name FROM sqlite_master WHERE name = 'ingested_object'";
    lake.folder().join("catalog.sqlite").exists() && lake.catalog(tables).len() == 1
}

/// Runs the command, kills it before its `place`th call, and leaves of the lake's folder what survives.
fn cut_off(subject: &Subject, lake: &TestLake, place: Option<u64>, power_cut: PowerCut) -> Output {
    let shadow = tempfile::tempdir().unwrap();
    let mut settings = vec![("TADORU_TEST_FAULT_SHADOW", shadow.path().to_str().unwrap())];
    let fault = place.map(|place| format!("kill:{place}"));
    settings.extend(fault.as_deref().map(|fault| ("TADORU_TEST_FAULT", fault)));
    let output = subject.run(lake, &settings);
    let root = lake.beside("").canonicalize().unwrap();
    let mut survivor = Survivor { shadow: shadow.path(), power_cut, present: BTreeMap::new() };
    survivor.learn(&root);
    let left = tempfile::tempdir().unwrap();
    survivor.restore(&key_of(&root), left.path());
    if lake.folder().exists() {
        fs::remove_dir_all(lake.folder()).unwrap();
    }
    if left.path().join("lake").exists() {
        copy_folder(&left.path().join("lake"), &lake.folder());
    }
    output
}

/// A file as the shadow names it: a number alone is given again.
fn key_of(path: &Path) -> String {
    let metadata = fs::symlink_metadata(path).unwrap();
    let born = metadata.created().unwrap().duration_since(UNIX_EPOCH).unwrap();
    format!("{}-{}.{:09}", metadata.ino(), born.as_secs(), born.subsec_nanos())
}

/// What is left of a folder.
struct Survivor<'s> {
    shadow: &'s Path,
    power_cut: PowerCut,
    /// All files and folders before the power went, by key.
    present: BTreeMap<String, PathBuf>,
}

impl Survivor<'_> {
    fn learn(&mut self, path: &Path) {
        self.present.insert(key_of(path), path.to_owned());
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.learn(&entry.unwrap().path());
            }
        }
    }

    /// Key and name of what a folder holds afterwards; none if it never reached the disk as a folder.
    fn entries(&self, key: &str) -> Vec<(String, String)> {
        let safe = fs::read_to_string(self.shadow.join(format!("folder-{key}"))).unwrap_or_default();
        let safe = safe.lines().map(|line| line.split_once(' ').unwrap()).map(|(key, name)| (key.into(), name.into()));
        let present = || {
            let entries = self.present.get(key).into_iter().flat_map(|path| fs::read_dir(path).unwrap());
            entries
                .map(|e| e.unwrap().path())
                .map(|path| (key_of(&path), path.file_name().unwrap().to_str().unwrap().to_owned()))
        };
        match self.power_cut {
            PowerCut::Everything | PowerCut::Names => safe.collect(),
            PowerCut::Contents | PowerCut::Some(_) => present().collect(),
        }
    }

    fn restore(&self, key: &str, to: &Path) {
        for (key, name) in self.entries(key) {
            let target = to.join(name);
            let is_folder = self.shadow.join(format!("folder-{key}")).exists()
                || self.present.get(&key).is_some_and(|path| path.is_dir());
            if is_folder {
                fs::create_dir_all(&target).unwrap();
                self.restore(&key, &target);
            } else {
                fs::write(&target, self.content(&key)).unwrap();
            }
        }
    }

    fn content(&self, key: &str) -> Vec<u8> {
        let safe = fs::read(self.shadow.join(format!("file-{key}"))).unwrap_or_default();
        let present = self.present.get(key).map_or_else(|| safe.clone(), |path| fs::read(path).unwrap());
        match self.power_cut {
            PowerCut::Everything | PowerCut::Contents => safe,
            PowerCut::Names => present,
            PowerCut::Some(seed) => mixed(&safe, &present, seed),
        }
    }
}

/// Each page the old or the new one, by chance; what is not there reads as zeros.
fn mixed(old: &[u8], new: &[u8], seed: u64) -> Vec<u8> {
    const PAGE: usize = 4096;
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ new.len() as u64;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 63 == 1
    };
    let length = if chance() { new.len() } else { old.len() };
    let mut bytes = vec![0; length];
    for (index, page) in bytes.chunks_mut(PAGE).enumerate() {
        let from = if chance() { new } else { old };
        let there = from.get(index * PAGE..).unwrap_or_default();
        let length = there.len().min(page.len());
        page[..length].copy_from_slice(&there[..length]);
    }
    bytes
}

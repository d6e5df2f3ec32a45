//! Runs `tests/aws_cli/<service>/<operation>/<situation>.case`: who asks, commands as a person types them, what they print. The
//! lake is the sample's with its inventory. With `TADORU_TEST_UPDATE=1` the files are rewritten with what came out.
//!
//! A case opens with a sentence (`-- …`) and lines: `as ARN` the caller; `in REGION`; `with FLAGS` of the server; `alone` where it
//! writes what others would see; `also with v2` where AWS CLI v2 must print the same but for the form of times.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use lake::catalog::Catalog;

use super::printed_time::with_one_form_of_time;
use super::running_server::{Key, RunningServer, key};
use crate::reference::{aws_cli_v2, chosen_cases, is_update, python, skip, workspace};
use crate::test_lake::{TestLake, isolate, sample, text, write_sample};

/// What stands between the outputs of two commands.
const END: &str = "--- end of a command";

#[test]
fn commands_print_what_the_cases_say() {
    let Some(python) = python() else {
        return skip(
            "commands_print_what_the_cases_say",
            "TADORU_TEST_PYTHON is not set: no aws to type commands with",
        );
    };
    let folder = workspace().join("tests/aws_cli");
    let mut paths = case_files(&folder);
    if let Some(part) = chosen_cases() {
        paths.retain(|path| path.strip_prefix(&folder).unwrap().to_string_lossy().contains(&part));
    }
    assert!(!paths.is_empty());
    let cases: Vec<Case> = paths.into_iter().map(Case::read).collect();
    let mut versions = vec![CliVersion::One];
    if cases.iter().any(|case| case.is_for_both_versions) {
        match aws_cli_v2() {
            Some(program) => versions.push(CliVersion::Two(program)),
            None => skip("commands through AWS CLI v2", "TADORU_TEST_AWS_CLI_V2 is not set: no aws 2 here"),
        }
    }
    // What one version writes must not stand before the other: each has a copy of the lake.
    let lake = sample_with_inventory();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.caller.as_str()).collect();
    let keys: BTreeMap<&str, Key> = names.into_iter().map(|name| (name, key(&lake, name))).collect();
    let stages: Vec<Stage<'_>> =
        versions.into_iter().map(|version| Stage::set(&lake, version, &python, &cases, &keys)).collect();
    let wrong = Mutex::new(Vec::new());
    let next = Mutex::new(cases.iter());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(case) = next.lock().unwrap().next() else { return };
                    if let Err(difference) = case.check(&stages) {
                        wrong.lock().unwrap().push(format!("{}\n{difference}", case.path.display()));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let log: String = stages.iter().map(Stage::log).collect();
    assert!(wrong.is_empty(), "{}\n\n{log}", wrong.join("\n\n"));
    assert!(keys.values().all(|key| !log.contains(&key.secret)), "a secret stands in the log");
    for stage in stages {
        println!("{} cases with {}", stage.plays(&cases).count(), stage.version.name());
        assert!(stage.stop());
    }
}

/// Which `aws` types the commands.
enum CliVersion {
    /// PyPI's, of the tests' requirements.
    One,
    /// The program of the second version.
    Two(OsString),
}

impl CliVersion {
    fn name(&self) -> &'static str {
        match self {
            Self::One => "aws 1",
            Self::Two(_) => "aws 2",
        }
    }

    fn has(&self, case: &Case) -> bool {
        matches!(self, Self::One) || case.is_for_both_versions
    }
}

/// Where cases run: a version of `aws`, a lake of its own, and a server for each set of flags that they name.
struct Stage<'c> {
    version: CliVersion,
    /// As it was before anybody wrote.
    lake: &'c TestLake,
    /// What the servers serve; it goes with them.
    _served: TestLake,
    servers: BTreeMap<&'c str, RunningServer>,
    keys: &'c BTreeMap<&'c str, Key>,
    search: String,
}

impl<'c> Stage<'c> {
    fn set(
        lake: &'c TestLake,
        version: CliVersion,
        python: &OsStr,
        cases: &'c [Case],
        keys: &'c BTreeMap<&'c str, Key>,
    ) -> Self {
        let served = lake.copy();
        let tools = served.beside("tools");
        std::fs::create_dir_all(&tools).unwrap();
        let bin = Path::new(python).parent().unwrap();
        let jq = workspace().join("tests/aws_cli/articles_jq.py");
        let script = format!("#!/bin/sh\nexec '{}' -B '{}' \"$@\"\n", python.to_string_lossy(), jq.display());
        write_program(&tools.join("jq"), &script);
        if let CliVersion::Two(program) = &version {
            // Debian's 2.9 is older than AWS_ENDPOINT_URL.
            let program = program.to_string_lossy();
            let script = format!("#!/bin/sh\nexec '{program}' --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"\n");
            write_program(&tools.join("aws"), &script);
        }
        let search = format!("{}:{}:/usr/bin:/bin", tools.display(), bin.display());
        let flags: BTreeSet<&str> =
            cases.iter().filter(|case| version.has(case) && !case.is_alone).map(|case| case.flags.as_str()).collect();
        let servers = flags.into_iter().map(|flags| (flags, serve(&served, flags))).collect();
        Self { version, lake, _served: served, servers, keys, search }
    }

    fn plays(&self, cases: &'c [Case]) -> impl Iterator<Item = &'c Case> {
        cases.iter().filter(|case| self.version.has(case))
    }

    /// What each command of a case prints.
    fn play(&self, case: &Case) -> Vec<String> {
        let key = &self.keys[case.caller.as_str()];
        if case.is_alone {
            let lake = self.lake.copy();
            let server = serve(&lake, &case.flags);
            let printed = case.run(server.endpoint(), key, &self.search);
            assert!(server.stop());
            return printed;
        }
        case.run(self.servers[case.flags.as_str()].endpoint(), key, &self.search)
    }

    fn log(&self) -> String {
        self.servers.values().map(|server| format!("{}\n", server.log())).collect()
    }

    fn stop(self) -> bool {
        self.servers.into_values().all(RunningServer::stop)
    }
}

fn serve(lake: &TestLake, flags: &str) -> RunningServer {
    RunningServer::start(lake, &flags.split_whitespace().collect::<Vec<_>>())
}

/// The sample's logs and inventory.
pub fn sample_with_inventory() -> TestLake {
    let (organization, lake) = (sample(), TestLake::new());
    let (logs, inventory) = (lake.beside("logs"), lake.beside("inventory"));
    write_sample(&organization, 0..organization.days(), &logs);
    std::fs::create_dir_all(&inventory).unwrap();
    for file in organization.inventory(0) {
        std::fs::write(inventory.join(file.name), file.document.to_string()).unwrap();
    }
    lake.ingest(&[&logs]);
    let catalog = Catalog::open(&lake.folder()).unwrap();
    catalog.set_setting("as_of", &organization.as_of_us().to_string()).unwrap();
    let output = lake.command(&["inventory", "import"]).arg(inventory).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    lake
}

fn write_program(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, script).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(case_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "case") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A case: its sentence, the caller, the region, the server's flags, and commands with what each prints.
struct Case {
    path: PathBuf,
    head: String,
    caller: String,
    region: String,
    flags: String,
    /// It has a lake of its own, because it writes what other cases would see.
    is_alone: bool,
    is_for_both_versions: bool,
    commands: Vec<(String, String)>,
}

impl Case {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap();
        let (head, commands) = text.split_once("\n$ ").unwrap_or_else(|| panic!("{}: no command", path.display()));
        let mut case = Self {
            head: head.to_owned(),
            caller: String::new(),
            region: "us-east-1".to_owned(),
            flags: String::new(),
            is_alone: false,
            is_for_both_versions: false,
            commands: commands.split("\n$ ").map(command_and_output).collect(),
            path,
        };
        for (number, line) in head.lines().enumerate() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("--", sentence) if !sentence.is_empty() => {}
                _ if number == 0 => panic!("{}: a case opens with a sentence", case.path.display()),
                ("as", arn) => arn.clone_into(&mut case.caller),
                ("in", region) => region.clone_into(&mut case.region),
                ("with", flags) => flags.clone_into(&mut case.flags),
                ("alone", "") => case.is_alone = true,
                ("also", "with v2") => case.is_for_both_versions = true,
                ("", _) => {}
                _ => panic!("{}: what is `{line}`?", case.path.display()),
            }
        }
        assert!(!case.caller.is_empty(), "{}: nobody asks", case.path.display());
        case
    }

    /// Compares what the commands print with the file, and in further versions with the first.
    fn check(&self, stages: &[Stage<'_>]) -> Result<(), String> {
        let mut expected: Vec<String> = self.commands.iter().map(|(_, printed)| printed.clone()).collect();
        for stage in stages.iter().filter(|stage| stage.version.has(self)) {
            let found = stage.play(self);
            if is_update() && matches!(stage.version, CliVersion::One) {
                self.write(&found);
                expected = found;
                continue;
            }
            let is_same = |expected: &str, found: &str| match stage.version {
                CliVersion::One => expected == found,
                CliVersion::Two(_) => with_one_form_of_time(expected) == with_one_form_of_time(found),
            };
            let wrong: Vec<String> = self
                .commands
                .iter()
                .zip(expected.iter().zip(&found))
                .filter(|(_, (expected, found))| !is_same(expected, found))
                .map(|((typed, _), (expected, found))| format!("$ {typed}\nexpected:\n{expected}\nfound:\n{found}"))
                .collect();
            if !wrong.is_empty() {
                return Err(format!("{}:\n{}", stage.version.name(), wrong.join("\n")));
            }
        }
        Ok(())
    }

    fn write(&self, printed: &[String]) {
        let commands: String = self
            .commands
            .iter()
            .zip(printed)
            .map(|((typed, _), printed)| format!("\n$ {typed}\n{}", with_break(printed)))
            .collect();
        std::fs::write(&self.path, format!("{}{commands}", self.head)).unwrap();
    }

    /// What each command prints.
    fn run(&self, endpoint: &str, key: &Key, search: &str) -> Vec<String> {
        let script: String = self.commands.iter().map(|(typed, _)| format!("{typed}\necho '{END}'\n")).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("bash");
        isolate(&mut command);
        command
            .current_dir(folder.path())
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .env("PATH", search)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", &key.id)
            .env("AWS_SECRET_ACCESS_KEY", &key.secret)
            .env("AWS_DEFAULT_REGION", &self.region)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PAGER", "")
            .env("TZ", "UTC");
        let output = text(&command.output().unwrap().stdout);
        let mut printed: Vec<String> = output.split(&format!("{END}\n")).map(without_chance).collect();
        // What stands after the last end is of a shell that gave up.
        printed.resize(self.commands.len(), String::new());
        printed
    }
}

fn command_and_output(command: &str) -> (String, String) {
    let (typed, printed) = command.split_once('\n').unwrap_or((command, ""));
    (typed.to_owned(), printed.trim().to_owned())
}

fn with_break(printed: &str) -> String {
    if printed.is_empty() { String::new() } else { format!("{printed}\n") }
}

/// Members whose values differ from run to run, and what stands for them.
const CHANCE: [(&str, &str); 9] = [
    ("JobId", "<uuid>"),
    ("jobId", "<uuid>"),
    ("Marker", "<marker>"),
    ("NextToken", "<token>"),
    ("JobCreationDate", "<time>"),
    ("JobCompletionDate", "<time>"),
    ("GeneratedTime", "<time>"),
    ("startedOn", "<time>"),
    ("completedOn", "<time>"),
];

/// The output without what differs from run to run: ids of jobs, markers, which are bound to them, and the times of jobs, which
/// are the clock's.
fn without_chance(printed: &str) -> String {
    let mask = |line: &str| {
        for (name, stands_for) in CHANCE {
            if let Some((before, rest)) = line.split_once(&format!("\"{name}\": \""))
                && let Some((_, after)) = rest.split_once('"')
            {
                return format!("{before}\"{name}\": \"{stands_for}\"{after}");
            }
        }
        line.to_owned()
    };
    printed.trim().lines().map(mask).collect::<Vec<_>>().join("\n")
}

//! Runs `tests/aws_cli/<service>/<operation>/<situation>.case`: who asks, commands as a person types them, what they print. The
//! lake is the sample's with its inventory. With `TADORU_TEST_UPDATE=1` the files are rewritten with what came out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use lake::catalog::Catalog;

use super::running_server::{Key, RunningServer, key};
use crate::reference::{is_update, python, skip, workspace};
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
    let lake = sample_with_inventory();
    let paths = case_files(&workspace().join("tests/aws_cli"));
    assert!(!paths.is_empty());
    let cases: Vec<(PathBuf, Case)> = paths.into_iter().map(|path| (path.clone(), Case::read(&path))).collect();
    let callers: BTreeMap<&str, Key> =
        cases.iter().map(|(_, case)| (case.caller.as_str(), key(&lake, &case.caller))).collect();
    let server = RunningServer::start(&lake, &[]);
    let tools = lake.beside("tools");
    std::fs::create_dir_all(&tools).unwrap();
    let bin = Path::new(&python).parent().unwrap();
    let jq = workspace().join("tests/aws_cli/articles_jq.py");
    let script = format!("#!/bin/sh\nexec '{}' -B '{}' \"$@\"\n", python.to_string_lossy(), jq.display());
    write_program(&tools.join("jq"), &script);
    let search = format!("{}:{}:/usr/bin:/bin", tools.display(), bin.display());
    let wrong = Mutex::new(Vec::new());
    let next = Mutex::new(cases.iter());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((path, case)) = next.lock().unwrap().next() else { return };
                    if let Err(difference) = case.run(path, server.endpoint(), &callers[case.caller.as_str()], &search)
                    {
                        wrong.lock().unwrap().push(format!("{}\n{difference}", path.display()));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}\n\n{}", wrong.join("\n\n"), server.log());
    let log = server.log();
    assert!(callers.values().all(|key| !log.contains(&key.secret)), "a secret stands in the log");
    assert!(server.stop());
    println!("{} cases", cases.len());
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

/// A case: its sentence, the caller, the region, and commands with what each prints.
struct Case {
    head: String,
    caller: String,
    region: String,
    commands: Vec<(String, String)>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let (head, commands) = text.split_once("\n$ ").unwrap_or_else(|| panic!("{}: no command", path.display()));
        assert!(head.starts_with("-- "), "{}: a case opens with a sentence", path.display());
        let named = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let commands = commands.split("\n$ ").map(|command| {
            let (typed, printed) = command.split_once('\n').unwrap_or((command, ""));
            (typed.to_owned(), printed.trim().to_owned())
        });
        Self {
            caller: named("as ").unwrap_or_else(|| panic!("{}: nobody asks", path.display())),
            region: named("in ").unwrap_or_else(|| "us-east-1".to_owned()),
            commands: commands.collect(),
            head: head.to_owned(),
        }
    }

    fn run(&self, path: &Path, endpoint: &str, key: &Key, search: &str) -> Result<(), String> {
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
        let printed: Vec<String> = output.split(&format!("{END}\n")).map(without_chance).collect();
        let found: String = self
            .commands
            .iter()
            .zip(&printed)
            .map(|((typed, _), printed)| format!("\n$ {typed}\n{}", with_break(printed)))
            .collect();
        let found = format!("{}{found}", self.head);
        if is_update() {
            std::fs::write(path, &found).unwrap();
            return Ok(());
        }
        let wrong: Vec<String> = self
            .commands
            .iter()
            .zip(&printed)
            .filter(|((_, expected), printed)| expected != *printed)
            .map(|((typed, expected), printed)| format!("$ {typed}\nexpected:\n{expected}\nfound:\n{printed}"))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

fn with_break(printed: &str) -> String {
    if printed.is_empty() { String::new() } else { format!("{printed}\n") }
}

/// The output without what differs from run to run: ids of jobs, and markers, which are bound to them.
fn without_chance(printed: &str) -> String {
    let mask = |line: &str| {
        for (name, stands_for) in
            [("\"JobId\": \"", "<uuid>"), ("\"Marker\": \"", "<marker>"), ("\"NextToken\": \"", "<token>")]
        {
            if let Some((before, rest)) = line.split_once(name)
                && let Some((_, after)) = rest.split_once('"')
            {
                return format!("{before}{name}{stands_for}\"{after}");
            }
        }
        line.to_owned()
    };
    printed.trim().lines().map(mask).collect::<Vec<_>>().join("\n")
}

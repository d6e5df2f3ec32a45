//! Runs `tests/questions/<question>/<situation>.slt`: what the lake holds, commands as a person types them, what comes
//! out. The form is described in docs/adding_a_question.md; with `TADORU_TEST_UPDATE=1` the files are rewritten.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use lake::catalog::Catalog;

use crate::reference::{is_update, shared, workspace};
use crate::test_lake::{TestLake, isolate, program, sample, text, write_sample};

/// Lakes that several situations share: nothing writes to them.
#[derive(Default)]
struct SharedLakes {
    sample: Option<TestLake>,
    sample_with_inventory: Option<TestLake>,
    cases: Option<TestLake>,
    cases_with_inventory: Option<TestLake>,
}

impl SharedLakes {
    fn sample(&mut self) -> PathBuf {
        let made = self.sample.get_or_insert_with(|| {
            let (organization, lake) = (sample(), TestLake::new());
            let logs = lake.beside("logs");
            write_sample(&organization, 0..organization.days(), &logs);
            lake.ingest(&[&logs]);
            let catalog = Catalog::open(&lake.folder()).unwrap();
            catalog.set_setting("as_of", &organization.as_of_us().to_string()).unwrap();
            lake
        });
        made.folder()
    }

    fn cases(&mut self) -> Option<PathBuf> {
        let events = shared("aws/cases/events", "situations over the cases")?;
        Some(self.cases.get_or_insert_with(|| TestLake::of(&[&events])).folder())
    }

    fn sample_with_inventory(&mut self) -> PathBuf {
        self.sample();
        let plain = self.sample.as_ref().expect("it was just made");
        let made = self.sample_with_inventory.get_or_insert_with(|| {
            let lake = plain.copy();
            let folder = lake.beside("inventory");
            std::fs::create_dir_all(&folder).unwrap();
            for file in sample().inventory(0) {
                std::fs::write(folder.join(file.name), file.document.to_string()).unwrap();
            }
            import(lake, &folder, &[])
        });
        made.folder()
    }

    fn cases_with_inventory(&mut self) -> Option<PathBuf> {
        let inventory = shared("aws/cases/inventory", "situations over the cases")?;
        self.cases()?;
        let plain = self.cases.as_ref().expect("it was just made");
        let of_march = ["--taken-at", "2025-04-01"];
        Some(self.cases_with_inventory.get_or_insert_with(|| import(plain.copy(), &inventory, &of_march)).folder())
    }
}

fn import(lake: TestLake, folder: &Path, flags: &[&str]) -> TestLake {
    let output = lake.command(&["inventory", "import"]).arg(folder).args(flags).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    lake
}

#[test]
fn situations_come_out_as_written() {
    let mut lakes = SharedLakes::default();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for path in situations(&workspace().join("tests/questions")) {
        tried += 1;
        if let Err(difference) = run(&path, &mut lakes) {
            wrong.push(format!("{}\n{difference}", path.display()));
        }
    }
    assert!(tried > 0, "there are situations");
    assert!(wrong.is_empty(), "{} of {tried} situations differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

fn situations(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(situations(&path));
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Runs one file; an error shows each command that printed something else.
fn run(path: &Path, lakes: &mut SharedLakes) -> Result<(), String> {
    let written = std::fs::read_to_string(path).unwrap();
    let own = TestLake::new();
    let (mut lake, mut rewritten, mut wrong) = (None, String::new(), Vec::new());
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        rewritten.push_str(line);
        rewritten.push('\n');
        match line.strip_prefix("load ") {
            Some("sample") => lake = Some(lakes.sample()),
            Some("sample with inventory") => lake = Some(lakes.sample_with_inventory()),
            Some("cases") => match lakes.cases() {
                Some(folder) => lake = Some(folder),
                None => return Ok(()),
            },
            Some("cases with inventory") => match lakes.cases_with_inventory() {
                Some(folder) => lake = Some(folder),
                None => return Ok(()),
            },
            Some(files) => {
                let beside = path.parent().unwrap();
                let sources: Vec<PathBuf> =
                    files.split_whitespace().map(|file| unpacked(&beside.join(file), &own)).collect();
                own.ingest(&sources.iter().map(PathBuf::as_path).collect::<Vec<_>>());
                lake = Some(own.folder());
            }
            None if line.is_empty() || line.starts_with('#') => {}
            None => {
                let mut command = line.to_owned();
                for line in lines.by_ref() {
                    rewritten.push_str(line);
                    rewritten.push('\n');
                    if line == "----" {
                        break;
                    }
                    command.push('\n');
                    command.push_str(line);
                }
                let mut expected = String::new();
                while let Some(line) = lines.next_if(|line| !line.is_empty()) {
                    expected.push_str(line);
                    expected.push('\n');
                }
                let folder = lake.as_deref().ok_or_else(|| "`load` comes before the first command".to_owned())?;
                let printed = outcome(&command, folder);
                rewritten.push_str(&printed);
                if printed != expected {
                    wrong.push(format!("{command}\n--- expected\n{expected}--- printed\n{printed}"));
                }
            }
        }
    }
    if is_update() {
        std::fs::write(path, rewritten).unwrap();
        return Ok(());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// A file as it is; of `x.bucket.json`, whose members are keys and the text of their objects, a folder with those objects.
fn unpacked(file: &Path, own: &TestLake) -> PathBuf {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap();
    let Some(bucket) = name.strip_suffix(".bucket.json") else { return file.to_owned() };
    let folder = own.beside(bucket);
    let objects: BTreeMap<String, String> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for (key, text) in objects {
        let path = folder.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Stdout; of a command that fails, stderr too and the exit code.
fn outcome(line: &str, lake: &Path) -> String {
    let binary = PathBuf::from(program().get_program());
    let mut command = Command::new("bash");
    isolate(&mut command);
    // The lake is named as by TADORU_LAKE, so that the line is what a person types.
    let output = command
        .args(["-c", &format!("tadoru() {{ \"$0\" \"$@\"; }}\n{line}")])
        .arg(binary)
        .env("TADORU_LAKE", lake)
        .output()
        .unwrap();
    let mut printed = text(&output.stdout);
    if !output.status.success() {
        printed.push_str(&text(&output.stderr));
        printed.push_str(&format!("exit {}\n", output.status.code().unwrap_or(-1)));
    }
    printed
}

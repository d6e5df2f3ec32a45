//! A lake in a temporary folder, filled and asked by the built binary, and the sample's files to fill it with.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lake::catalog::{Catalog, Table};
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use sample::{Organization, SampleObject, Settings};
use serde_json::Value;
use tempfile::TempDir;

/// The sample of the tests: all its stories, and no more.
pub fn sample() -> Organization {
    Organization::new(Settings { events: 20_000, ..Settings::default() })
}

/// Writes the objects of some days of the sample below `folder`.
pub fn write_sample(organization: &Organization, days: Range<u32>, folder: &Path) {
    write_objects(&days.flat_map(|day| organization.objects_of_day(day)).collect::<Vec<_>>(), folder);
}

/// Writes objects below `folder`, by their keys.
pub fn write_objects(objects: &[SampleObject], folder: &Path) {
    for object in objects {
        let path = folder.join(&object.key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &object.bytes).unwrap();
    }
}

/// The built binary, without any setting of the machine it runs on.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tadoru"));
    isolate(&mut command);
    command
}

/// What the AWS SDK reads before it looks into `HOME`.
const AWS_SETTINGS: [&str; 23] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_ORGANIZATIONS",
    "AWS_ENDPOINT_URL_SSO_ADMIN",
    "AWS_ENDPOINT_URL_IDENTITYSTORE",
    "AWS_ENDPOINT_URL_CLOUDTRAIL",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// Takes the machine's settings out of a command's environment.
pub fn isolate(command: &mut Command) {
    for name in [
        "LAKE",
        "OUTPUT",
        "TZ",
        "COLOR",
        "AS_OF",
        "SERVICE_REFERENCE",
        "RETENTION_DAYS",
        "ROLLUP_RETENTION_DAYS",
        "TEST_STOP_POINT",
        "TEST_BATCH_BYTES",
        "TEST_GRACE_SECONDS",
        "TEST_STREAM_BYTES",
        "TEST_PORTION_FILES",
    ] {
        command.env_remove(format!("TADORU_{name}"));
    }
    for name in AWS_SETTINGS {
        command.env_remove(name);
    }
    let empty = env!("CARGO_TARGET_TMPDIR");
    command
        .env("HOME", empty)
        .env("XDG_CONFIG_HOME", empty)
        .env("XDG_STATE_HOME", empty)
        .current_dir(empty)
        .stdin(Stdio::null());
}

/// What a stream of a finished process says.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A lake of its own, removed with it.
pub struct TestLake {
    scratch: TempDir,
}

impl TestLake {
    /// A folder for a lake, and for files to put into it.
    pub fn new() -> Self {
        Self { scratch: tempfile::tempdir().unwrap() }
    }

    /// A lake that has ingested `sources`.
    pub fn of(sources: &[&Path]) -> Self {
        let lake = Self::new();
        lake.ingest(sources);
        lake
    }

    /// A copy of its own, to be spoilt.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        let copied = Command::new("cp").arg("-a").arg(self.folder()).arg(copy.folder()).status().unwrap();
        assert!(copied.success());
        copy
    }

    /// The lake's folder.
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().join("lake")
    }

    /// A path beside the lake.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// A command over this lake, not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg("--lake").arg(self.folder()).args(arguments);
        command
    }

    /// Runs a command over this lake.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Ingests `sources`, which must succeed, and returns the summary.
    pub fn ingest(&self, sources: &[&Path]) -> Value {
        let output = self.command(&["ingest", "-o", "jsonl"]).args(sources).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Checks the lake, which must be sound.
    pub fn assert_sound(&self, when: &str) {
        let output = self.run(&["lake", "check", "-o", "jsonl"]);
        let rows = text(&output.stdout);
        assert!(output.status.success(), "{when}: {}\n{}", rows, text(&output.stderr));
        let unchecked = rows.lines().find(|line| line.contains("not_checked") && !line.contains("\"rollup\""));
        assert_eq!(unchecked, None, "{when}");
    }

    /// The files below the lake's `data/`.
    pub fn present_files(&self) -> BTreeSet<PathBuf> {
        fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else {
                    found.insert(path);
                }
            }
        }
        let mut found = BTreeSet::new();
        walk(&self.folder().canonicalize().unwrap_or_default().join("data"), &mut found);
        found
    }

    /// The files of the newest snapshot.
    pub fn named_files(&self) -> BTreeSet<PathBuf> {
        let catalog = Catalog::open(&self.folder()).unwrap();
        let newest = catalog.newest_snapshot().unwrap();
        let files = Table::ALL.into_iter().flat_map(|table| catalog.data_files(table, newest).unwrap());
        files.map(|file| file.path).collect()
    }

    /// The lines that a statement answers, as JSON objects.
    pub fn sql(&self, statement: &str) -> String {
        let output = self.run(&["--quiet", "sql", "--reveal", statement, "-o", "jsonl"]);
        assert!(output.status.success(), "{statement}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The rows that a statement answers.
    pub fn rows(&self, statement: &str) -> Vec<Value> {
        self.sql(statement).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one value that a statement answers.
    pub fn value(&self, statement: &str) -> Value {
        let rows = self.rows(statement);
        rows[0].as_object().unwrap().values().next().unwrap().clone()
    }

    /// Rows of the catalog, each column as text.
    pub fn catalog(&self, statement: &str) -> Vec<BTreeMap<String, String>> {
        let path = self.folder().join("catalog.sqlite");
        // As the program reads it: what a power cut left unfinished is rolled back.
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        let mut statement = connection.prepare(statement).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let value = |index| match row.get_ref(index).unwrap() {
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Null => "NULL".to_owned(),
                other => format!("{other:?}"),
            };
            found.push(names.iter().enumerate().map(|(index, name)| (name.clone(), value(index))).collect());
        }
        found
    }

    /// All events and all summed-up rows of the rollup, in an order that does not depend on how they came.
    pub fn content(&self) -> (String, String) {
        let events = self.sql("SELECT * FROM events ORDER BY eventid, recipientaccountid, fingerprint");
        (events, self.sql(&format!("{ROLLUP_COLUMNS} FROM access_daily GROUP BY {ROLLUP_KEYS} ORDER BY {ROLLUP_KEYS}")))
    }

    /// What must hold at any time, also after a kill: each event once, ledger, events and rollup agreeing, and every file
    /// that the catalog names there and whole.
    pub fn assert_consistent(&self) {
        let sums = &self.catalog(
            "SELECT coalesce(sum(records), 0) AS records, coalesce(sum(new_events), 0) AS new_events,
                    coalesce(sum(new_events + duplicates + rejected + expired), 0) AS parts
             FROM (SELECT records, new_events, duplicates, rejected, expired FROM ingested_object
                   UNION ALL SELECT records, new_events, duplicates, rejected, expired FROM folded_prefix)",
        )[0];
        assert_eq!(sums["records"], sums["parts"]);
        let unbalanced = self
            .catalog("SELECT name FROM ingested_object WHERE records <> new_events + duplicates + rejected + expired");
        assert_eq!(unbalanced, []);
        let found = self.rows(
            "SELECT count(raw) AS events, count(DISTINCT coalesce(eventid, '') || '/' || coalesce(recipientaccountid, '')
             || '/' || coalesce(eventcategory, '') || '/' || cast(fingerprint AS varchar)) AS distinct_events FROM events",
        );
        assert_eq!(found[0]["events"].to_string(), sums["new_events"]);
        assert_eq!(found[0]["distinct_events"].to_string(), sums["new_events"]);
        let summed = self.value("SELECT coalesce(sum(eventcount), 0) AS events FROM access_daily");
        assert_eq!(summed.to_string(), sums["new_events"]);
    }
}

/// The columns of the rollup that name a group.
pub const ROLLUP_KEYS: &str = "principal, principaltype, eventsource, eventname, variant, eventcategory, eventtype, \
     awsregion, account, copy, outcome, eventdate, eventmonth";
const ROLLUP_COLUMNS: &str = "SELECT principal, principaltype, eventsource, eventname, variant, eventcategory, eventtype, \
     awsregion, account, copy, outcome, eventdate, eventmonth, sum(eventcount) AS eventcount, \
     min(firsteventtimestamp) AS firsteventtimestamp, max(lasteventtimestamp) AS lasteventtimestamp, \
     max_by(lasteventid, lasteventtimestamp) AS lasteventid";

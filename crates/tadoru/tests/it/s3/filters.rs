//! Accounts, regions and times narrow what is listed, not only what is read; layouts of all kinds are found.

use std::collections::BTreeSet;

use super::scripted_server::{Asked, Reply, ScriptedServer};
use super::{BUCKET, command, ingest};
use crate::test_lake::{TestLake, text};

const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];
const REGIONS: [&str; 2] = ["ap-northeast-1", "us-east-1"];
const DAYS: [&str; 4] = ["2026/01/30", "2026/01/31", "2026/02/01", "2026/02/02"];

/// A log file of two accounts × two regions × four days below `root`, with one event each.
pub fn logs(root: &str) -> Vec<(String, Vec<u8>)> {
    let mut objects = Vec::new();
    for account in ACCOUNTS {
        for region in REGIONS {
            for day in DAYS {
                let (date, stamp) = (day.replace('/', "-"), day.replace('/', ""));
                let key = format!(
                    "{root}{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}T0100Z_AAAAAAAAAAAAAAAA.json"
                );
                let record = format!(
                    r#"{{"eventVersion":"1.08","eventTime":"{date}T00:50:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"{region}","eventID":"{account}-{region}-{stamp}","recipientAccountId":"{account}","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::{account}:user/Alice","accountId":"{account}","userName":"Alice"}}}}"#
                );
                objects.push((key, format!(r#"{{"Records":[{record}]}}"#).into_bytes()));
            }
        }
    }
    objects
}

fn usual(objects: Vec<(String, Vec<u8>)>) -> ScriptedServer {
    ScriptedServer::start(objects, |_| Reply::Usual)
}

/// The prefixes that were listed, each once.
fn listed(server: &ScriptedServer) -> BTreeSet<String> {
    server.asked().into_iter().filter(Asked::is_list).map(|asked| asked.query["prefix"].clone()).collect()
}

#[test]
fn an_account_and_a_region_list_only_their_prefix() {
    let server = usual(logs("AWSLogs/"));
    let lake = TestLake::new();
    let arguments = ["--account", ACCOUNTS[1], "--region", REGIONS[0]];
    let found = ingest(&lake, &server.endpoint(), &format!("s3://{BUCKET}/AWSLogs/"), &arguments);
    assert_eq!(found["files"], 4);
    let account = "AWSLogs/222222222222/";
    let expected =
        ["AWSLogs/", account, &format!("{account}CloudTrail/"), &format!("{account}CloudTrail/ap-northeast-1/")];
    assert_eq!(listed(&server), expected.map(str::to_owned).into());
    let found =
        lake.value("SELECT count(*) AS n FROM events WHERE account = '222222222222' AND awsregion = 'ap-northeast-1'");
    assert_eq!(found, 4);
}

#[test]
fn a_window_is_listed_from_its_first_day_to_one_after_its_last() {
    let server = usual(logs("AWSLogs/"));
    let lake = TestLake::new();
    let arguments = ["--since", "2026-01-31", "--until", "2026-02-01"];
    let found = ingest(&lake, &server.endpoint(), &format!("s3://{BUCKET}/AWSLogs/"), &arguments);
    assert_eq!(found["files"], 8, "two days of two accounts in two regions");
    let days = lake.rows("SELECT DISTINCT cast(eventdate AS varchar) AS day FROM events ORDER BY 1");
    assert_eq!(days.iter().map(|row| row["day"].as_str().unwrap()).collect::<Vec<_>>(), ["2026-01-31", "2026-02-01"]);
    for asked in server.asked().iter().filter(|asked| asked.is_list()) {
        if let Some(after) = asked.query.get("start-after") {
            assert!(after.as_str() > "AWSLogs/111111111111/CloudTrail/ap-northeast-1/2026/01/29/z", "{after}");
        }
    }
    let pages = server.asked().iter().filter(|asked| asked.is_list() && !asked.query.contains_key("delimiter")).count();
    assert_eq!(pages, 8, "four days a prefix, of three keys a page: a name may be a day off its folder");
}

#[test]
fn layouts_are_found() {
    let check = |root: &str, url: &str, files: u64| {
        let server = usual(logs(root));
        let found = ingest(&TestLake::new(), &server.endpoint(), &format!("s3://{BUCKET}{url}"), &[]);
        assert_eq!(found["files"], files, "{root} by {url}");
    };
    check("AWSLogs/", "", 16);
    check("AWSLogs/", "/AWSLogs", 16);
    check("AWSLogs/", "/AWSLogs/111111111111/CloudTrail/", 8);
    check("AWSLogs/", "/AWSLogs/111111111111/CloudTrail/us-east-1/2026/01", 2);
    check("a/prefix/AWSLogs/", "", 16);
    check("a/prefix/AWSLogs/", "/a", 16);
    check("AWSLogs/o-abcdefghij/", "", 16);
    check("o-abcdefghij/AWSLogs/o-abcdefghij/", "/", 16);
    check("ct/o-abcdefghij/AWSLogs/o-abcdefghij/", "/ct/", 16);
    check("loose/", "/loose/", 16);
    check("AWSLogs/", "/AWSLogs/333333333333/", 0);
}

#[test]
fn what_lies_beside_the_logs_is_not_read_and_named() {
    let mut objects = logs("AWSLogs/");
    objects.push(("athena-results/a.json".into(), b"{}".to_vec()));
    objects.push(("AWSLogs/111111111111/Config/us-east-1/2026/1/2/x.json.gz".into(), b"{}".to_vec()));
    let server = usual(objects);
    let lake = TestLake::new();
    let output = command(&lake, &server.endpoint(), &["ingest", "s3://trail-bucket", "-o", "jsonl"]).output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains("note: not read: s3://trail-bucket/athena-results/\n why: "), "{said}");
    assert!(said.contains("note: not read, not CloudTrail's: Config\n why: "), "{said}");
    assert!(said.contains("\n try: tadoru ingest s3://trail-bucket/AWSLogs/111111111111/Config/"), "{said}");
    assert_eq!(super::summary(&output)["files"], 16);
    assert!(listed(&server).iter().all(|prefix| !prefix.contains("Config")));
}

/// A log of one event, by its key.
fn log(folder: &str, day: &str) -> (String, Vec<u8>) {
    let name = format!("111111111111_CloudTrail_us-east-1_{day}T0100Z_AAAAAAAAAAAAAAAA.json");
    let id = format!("{folder}{day}");
    let (time, caller) = ("2026-01-31T00:50:00Z", r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#);
    let record = format!(
        r#"{{"eventVersion":"1.08","eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","eventID":"{id}","recipientAccountId":"111111111111","userIdentity":{caller}}}"#
    );
    (format!("{folder}{name}"), format!(r#"{{"Records":[{record}]}}"#).into_bytes())
}

/// Writes the objects into a folder and ingests it with these flags.
fn local_ingest(objects: &[(String, Vec<u8>)], arguments: &[&str]) -> (serde_json::Value, String) {
    let lake = TestLake::new();
    let folder = lake.beside("logs");
    for (key, bytes) in objects {
        let path = folder.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let mut command = lake.command(&["ingest", "-o", "jsonl"]);
    let output = command.args(arguments).arg(&folder).output().unwrap();
    (super::summary(&output), text(&output.stderr))
}

#[test]
fn logs_on_the_way_are_read_and_folders_beside_it_are_named() {
    let account = "AWSLogs/111111111111/";
    let read = ["", "teams/", "teams/AWSLogs/", "AWSLogs/", account, &format!("{account}CloudTrail/")];
    let named = ["AWSLogs/archive/", "AWSLogs/aws-controltower/x/111111111111/CloudTrail/us-east-1/2026/01/31/"];
    let days = |folders: &[&str]| folders.iter().map(|folder| log(folder, "20260131")).collect::<Vec<_>>();
    let mut objects = [logs("AWSLogs/"), days(&read), days(&named)].concat();
    objects.push(("readme.txt".into(), b"x".to_vec()));
    let server = usual(objects.clone());
    let lake = TestLake::new();
    let output = command(&lake, &server.endpoint(), &["ingest", "s3://trail-bucket", "-o", "jsonl"]).output().unwrap();
    let said = text(&output.stderr);
    // teams/ lies beside an AWSLogs/ of its own and is not entered.
    assert_eq!(super::summary(&output)["files"], 16 + 4, "{said}");
    for unread in
        ["teams/\n", "readme.txt\n", "AWSLogs/archive/ (1 object)\n", "AWSLogs/aws-controltower/ (1 object)\n"]
    {
        assert!(said.contains(&format!("s3://trail-bucket/{unread}")), "{unread}: {said}");
    }
    for prefix in ["AWSLogs/archive", "AWSLogs/aws-controltower/"] {
        let found = ingest(&lake, &server.endpoint(), &format!("s3://{BUCKET}/{prefix}"), &[]);
        assert_eq!(found["files"], 1, "{prefix}");
    }
    let found = ingest(&lake, &server.endpoint(), &format!("s3://{BUCKET}/teams/"), &[]);
    assert_eq!(found["files"], 2, "beside and below its AWSLogs/");
    let (local, _) = local_ingest(&objects, &[]);
    assert_eq!(local["new_events"], lake.value("SELECT count(*) AS n FROM events"));
}

/// The names in the folders decide, and where they say nothing both sources leave the object out and say so.
#[test]
fn a_window_selects_the_same_of_a_bucket_and_of_a_folder() {
    let region = "AWSLogs/111111111111/CloudTrail/us-east-1/";
    let at = |folder: &str, day: &str| log(&format!("{region}{folder}"), day);
    let mut objects = vec![
        at("2026/01/31/", "20260131"),
        at("2026/01/30/", "20260131"),
        at("", "20260131"),
        at("", "20260115"),
        at("2026/", "20260131"),
        at("2026/01/", "20260131"),
        at("2026/1/31/", "20260131"),
        at("2026/1/31/", "20260115"),
        at("archive/", "20260131"),
        at("2026/01/15/", "20260115"),
        at("2025/12/31/", "20251231"),
    ];
    objects.push((format!("{region}2026/01/31/renamed é +%.json.gz"), b"{}".to_vec()));
    objects.push((format!("{region}2026/01/renamed.json"), b"{}".to_vec()));
    let window = ["--since", "2026-01-31", "--until", "2026-02-01"];
    let (expected, said) = local_ingest(&objects, &window);
    assert_eq!(expected["files"], 7, "{said}");
    let server = usual(objects);
    let lake = TestLake::new();
    let arguments = ["ingest", "s3://trail-bucket/AWSLogs/", "-o", "jsonl"];
    let output = command(&lake, &server.endpoint(), &arguments).args(window).output().unwrap();
    let told = text(&output.stderr);
    let found = super::summary(&output);
    for name in ["files", "files_skipped", "new_events", "rejected"] {
        assert_eq!(found[name], expected[name], "{name}: {told}");
    }
    for said in [said, told] {
        assert!(said.contains("left out, their names tell no account, region or time"), "{said}");
        assert!(said.contains("renamed é +%.json.gz") && said.contains("renamed.json"), "{said}");
    }
}

#[test]
fn a_region_that_nothing_is_of_is_told_with_those_there_are() {
    let server = usual(logs("AWSLogs/"));
    let lake = TestLake::new();
    let arguments = ["ingest", "s3://trail-bucket/", "--region", "eu-wst-1", "-o", "jsonl"];
    let output = command(&lake, &server.endpoint(), &arguments).output().unwrap();
    let (_, local) = local_ingest(&logs("AWSLogs/"), &arguments[2..4]);
    for said in [text(&output.stderr), local] {
        let expected = "note: no logs of eu-wst-1 in the source\n why: its regions are ap-northeast-1, us-east-1\n";
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn days_of_all_prefixes_come_in_order() {
    let server = usual(logs("AWSLogs/"));
    let lake = TestLake::new();
    ingest(&lake, &server.endpoint(), "s3://trail-bucket/AWSLogs/", &[]);
    let names = lake.catalog("SELECT name FROM ingested_object ORDER BY object_id");
    let day_and_account = |name: &str| {
        let parts: Vec<&str> = name.split('/').collect();
        (parts[7..10].join("/"), parts[4].to_owned(), name.to_owned())
    };
    let found: Vec<_> = names.iter().map(|row| day_and_account(&row["name"])).collect();
    assert!(found.is_sorted(), "{found:?}");
    assert_eq!(found.len(), 16);
}

#[test]
fn a_local_folder_is_narrowed_by_the_same_flags() {
    let lake = TestLake::new();
    let folder = lake.beside("logs");
    for (key, bytes) in logs("AWSLogs/") {
        let path = folder.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::write(folder.join("loose.json"), "[]").unwrap();
    let mut command = lake.command(&["ingest", "-o", "jsonl", "--account", ACCOUNTS[0], "--since", "2026-02-01"]);
    let output = command.arg(&folder).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(super::summary(&output)["files"], 4, "{said}");
    assert!(said.contains("left out") && said.contains("loose.json"), "{said}");
}

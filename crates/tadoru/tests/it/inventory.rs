//! Inventory snapshots through the program: imported from files in any order, listed, shown, compared; broken files harm no
//! others, and a kill leaves a snapshot whole or not at all.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::test_lake::{TestLake, text};

const ACCOUNT: &str = "111111111111";

fn user(name: &str, actions: &[&str]) -> Value {
    let statement = json!({"Sid": "Work", "Effect": "Allow", "Action": actions, "Resource": "*"});
    json!({
        "Arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}"), "UserName": name, "UserId": "AIDAEXAMPLE", "Path": "/",
        "CreateDate": "2024-01-01T00:00:00+00:00",
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}],
    })
}

fn details(users: &[Value]) -> Value {
    json!({"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": [], "Policies": []})
}

fn write(lake: &TestLake, name: &str, content: &str) -> PathBuf {
    let path = lake.beside(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path
}

fn rows(lake: &TestLake, arguments: &[&str]) -> Vec<Value> {
    let output = lake.command(&["-o", "json", "--as-of", "2024-06-01"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn snapshots_are_dated_and_compared() {
    let lake = TestLake::new();
    let file = write(&lake, "files/iam.json", &details(&[user("a", &["s3:*"]), user("b", &["sqs:*"])]).to_string());
    let import = |taken_at: &str| rows(&lake, &["inventory", "import", file.to_str().unwrap(), "--taken-at", taken_at]);
    assert_eq!(import("2024-05-01")[0]["entities"], 2);
    write(&lake, "files/iam.json", &details(&[user("a", &["s3:*", "iam:*"])]).to_string());
    let changed = &import("2024-05-20")[0];
    assert_eq!(json!([changed["added"], changed["removed"], changed["changed"]]), json!([0, 1, 1]));
    // An older one, imported later, takes its place by its date.
    write(&lake, "files/iam.json", &details(&[user("first", &["s3:*"])]).to_string());
    import("2024-04-01");
    let taken: Vec<Value> = rows(&lake, &["inventory", "list"]).iter().map(|row| row["taken_at"].clone()).collect();
    assert_eq!(json!(taken), json!(["2024-04-01T00:00:00Z", "2024-05-01T00:00:00Z", "2024-05-20T00:00:00Z"]));

    let differences = rows(&lake, &["inventory", "diff", "2024-05-02", "2024-05-30"]);
    let shown: Vec<Value> =
        differences.iter().map(|d| json!([d["change"], d["name"], d["path"], d["after"]])).collect();
    let path = "UserPolicyList[own].PolicyDocument.Statement[Sid=Work].Action";
    assert_eq!(json!(shown), json!([["added", "a", path, "iam:*"], ["removed", "b", "", null]]));
    let names = |at: &str| -> Vec<Value> {
        rows(&lake, &["inventory", "show", "--kind", "user", "--at", at])
            .iter()
            .map(|row| row["name"].clone())
            .collect()
    };
    assert_eq!((names("2024-04-15"), names("2024-05-15")), (vec![json!("first")], vec![json!("a"), json!("b")]));
    assert_eq!(names("2024-01-01"), [json!("first")], "before the first one, the first one stands in");
}

#[test]
fn a_broken_file_harms_no_other() {
    let lake = TestLake::new();
    write(&lake, "files/a.json", &details(&[user("a", &["s3:*"])]).to_string());
    write(&lake, "files/broken.json", "{\"UserDetailList\": [");
    write(&lake, "files/other.json", "{\"Records\": []}");
    write(&lake, "files/notes.txt", "not read");
    let output = lake.run(&["inventory", "import", lake.beside("files").to_str().unwrap(), "-o", "jsonl"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(text(&output.stdout).contains("\"kind\":\"user\",\"scope\":\"111111111111\",\"entities\":1"), "{said}");
    for expected in ["broken.json was not taken", "it is not JSON: EOF", "other.json was not taken", "2 of 3 files"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let output = lake.run(&["inventory", "import", lake.beside("files/broken.json").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("error: nothing was imported"), "{}", text(&output.stderr));
}

#[test]
fn a_list_that_became_empty_is_remarked() {
    let lake = TestLake::new();
    let file = write(&lake, "iam.json", &details(&[user("a", &["s3:*"])]).to_string());
    rows(&lake, &["inventory", "import", file.to_str().unwrap()]);
    write(&lake, "iam.json", &details(&[]).to_string());
    let output = lake.run(&["inventory", "import", file.to_str().unwrap(), "--account", ACCOUNT]);
    assert!(text(&output.stderr).contains("user of 111111111111: none now, 1 before"), "{}", text(&output.stderr));
}

#[test]
fn a_kill_leaves_a_snapshot_whole_or_none() {
    for (stop_point, expected) in [("before_inventory_commit:1", 0), ("after_inventory_commit:1", 1)] {
        let lake = TestLake::new();
        let file = write(&lake, "iam.json", &details(&[user("a", &["s3:*"])]).to_string());
        let mut command = lake.command(&["inventory", "import", file.to_str().unwrap()]);
        let output = command.env("TADORU_TEST_STOP_POINT", stop_point).output().unwrap();
        assert!(!output.status.success(), "{stop_point}");
        assert_eq!(rows(&lake, &["inventory", "list"]).len(), expected, "{stop_point}");
        rows(&lake, &["inventory", "import", file.to_str().unwrap()]);
        assert_eq!(rows(&lake, &["inventory", "list"]).len(), expected + 1, "{stop_point}");
    }
}

#[test]
fn a_name_of_several_is_not_guessed() {
    let lake = TestLake::new();
    let group = json!({"Arn": format!("arn:aws:iam::{ACCOUNT}:group/a"), "GroupName": "a"});
    let mut content = details(&[user("a", &["s3:*"])]);
    content["GroupDetailList"] = json!([group]);
    let file = write(&lake, "iam.json", &content.to_string());
    rows(&lake, &["inventory", "import", file.to_str().unwrap()]);
    let output = lake.run(&["inventory", "show", "a"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("group arn:aws:iam::111111111111:group/a"), "{}", text(&output.stderr));
    let one = lake.run(&["inventory", "show", "a", "--kind", "user"]);
    assert!(text(&one.stdout).contains("\"UserPolicyList\""), "{}", text(&one.stderr));
}

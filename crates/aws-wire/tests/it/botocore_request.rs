//! Every operation's requests as botocore writes them, from inputs made by chance: what is read of them is what was given.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use aws_wire::model::{Model, Protocol};
use aws_wire::operation::{Target, WireRequest};
use aws_wire::{json_protocol, query_protocol, rest_json_protocol};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::reference::{python, setting, skip, workspace};

#[test]
fn what_botocore_writes_is_read_as_it_was_given() {
    let Some(python) = python() else {
        return skip("what_botocore_writes_is_read_as_it_was_given", "TADORU_TEST_PYTHON is not set: no botocore");
    };
    let model = Model::embedded();
    let operations: BTreeMap<&str, Vec<&String>> =
        model.services().map(|service| (service.name.as_str(), service.operations.keys().collect())).collect();
    let mut child = Command::new(python)
        .arg("-B")
        .arg(workspace().join("tests/aws_cli/serialize.py"))
        .arg(setting("TADORU_TEST_FUZZ_SEED", 1).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(json!(operations).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "serialize.py failed, see above");
    let mut seen = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let sent: Value = serde_json::from_str(line).unwrap();
        let found = read(&model, &sent);
        let expected = json!([sent["service"], sent["operation"], sent["input"]]);
        assert_eq!(found, expected, "{line}");
        *seen.entry(format!("{} {}", sent["service"], sent["operation"])).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), operations.values().map(Vec::len).sum::<usize>(), "each operation was tried");
}

/// Service, operation and input that a request is read as.
fn read(model: &Model, sent: &Value) -> Value {
    let text = |name: &str| sent[name].as_str().unwrap();
    let headers: Vec<(String, String)> = sent["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let body = STANDARD.decode(text("body")).unwrap();
    let (method, path, query) = (text("method"), text("path"), text("query"));
    let request = WireRequest { method, path, query, headers: &headers, body: &body };
    let target = Target::of(model, &request).unwrap();
    let Some((service, name, operation)) = target.known() else { return json!([null, target.operation]) };
    let input: Map<String, Value> = match target.protocol {
        Protocol::Query => query_protocol::read_input(service, operation, &target.form),
        Protocol::Json => json_protocol::read_input(service, operation, request.body),
        Protocol::RestJson => rest_json_protocol::read_input(service, operation, &request),
    }
    .unwrap();
    json!([service.name, name, input])
}

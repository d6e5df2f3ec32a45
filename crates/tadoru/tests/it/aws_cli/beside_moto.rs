//! The same calls to a moto and to a server that has moto's account as its inventory: answers have the same members and types. What
//! differs stands in `tests/aws_cli/beside_moto_known.json`, each with the page of AWS's documentation that is followed here.

use std::process::Command;

use super::running_server::{RunningServer, key};
use crate::collect::{MOTO_ACCOUNT, filled_moto, import_from_moto};
use crate::reference::{python, workspace};
use crate::test_lake::{TestLake, isolate, text};

#[test]
fn answers_have_the_shapes_of_moto() {
    let Some(moto) = filled_moto("answers_have_the_shapes_of_moto") else { return };
    let lake = TestLake::new();
    import_from_moto(&lake, &moto);
    let key = key(&lake, &format!("arn:aws:iam::{MOTO_ACCOUNT}:root"));
    let server = RunningServer::start(&lake, &[]);
    let mut command = Command::new(python().expect("moto runs with it"));
    isolate(&mut command);
    command.arg("-B").arg(workspace().join("tests/aws_cli/beside_moto.py"));
    command.args([&moto.endpoint(), server.endpoint(), &key.id, &key.secret]);
    let output = command.output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}\n{}", server.log());
    println!("{out}");
    assert!(server.stop());
}

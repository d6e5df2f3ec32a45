//! A `tadoru serve` of the test's own, on a free port, ended with the test; and keys for it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::test_lake::{TestLake, text};

/// A running server.
pub struct RunningServer {
    child: Child,
    endpoint: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl RunningServer {
    /// Serves a lake.
    pub fn start(lake: &TestLake, arguments: &[&str]) -> Self {
        let mut command = lake.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Self::of(command)
    }

    /// Runs a command that serves.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = log.clone();
        std::thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push(line)));
        Self { child, endpoint: ready.expect("the server says where it listens"), log }
    }

    /// Its URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What it has said on stderr.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Waits until it ends, and returns by which signal.
    pub fn ended_by(mut self) -> Option<i32> {
        self.child.wait().unwrap().signal()
    }

    /// Asks it to stop, and returns whether it ended well.
    pub fn stop(mut self) -> bool {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key of a lake.
pub struct Key {
    pub id: String,
    pub secret: String,
}

/// Issues a key for a principal.
pub fn key(lake: &TestLake, principal: &str) -> Key {
    let output = lake.run(&["--quiet", "-o", "json", "keys", "create", "--for", principal]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let key: Value = serde_json::from_slice(&output.stdout).unwrap();
    let member = |name: &str| key[name].as_str().unwrap().to_owned();
    Key { id: member("access_key_id"), secret: member("secret_access_key") }
}

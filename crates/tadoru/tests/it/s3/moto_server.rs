//! A moto server of the test's own: started on a free port, filled over HTTP, asked what it was asked, ended with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use super::BUCKET;
use crate::reference::{python, skip};

/// A running server.
pub struct MotoServer {
    child: Child,
    address: String,
    log: Receiver<String>,
    asked: u64,
}

impl MotoServer {
    /// Starts one with an empty bucket; `None`, and a line that says so, where there is no moto.
    pub fn start(test: &str) -> Option<Self> {
        let Some(python) = python() else {
            skip(test, "TADORU_TEST_PYTHON is not set: no moto to stand for S3");
            return None;
        };
        let mut command = Command::new(python);
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, log) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let running = log.iter().find_map(|line| Some(line.split_once("Running on http://")?.1.to_owned()));
        let Some(address) = running else {
            child.wait().unwrap();
            skip(test, "this python has no moto");
            return None;
        };
        let server = Self { child, address, log, asked: 0 };
        assert_eq!(server.send("PUT", &format!("/{BUCKET}"), &[]), 200);
        Some(server)
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts an object into the bucket.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        assert_eq!(self.send("PUT", &format!("/{BUCKET}/{key}"), bytes), 200, "{key}");
    }

    /// Requests since the last call, each as method and target; of the tests' own none.
    pub fn requests(&mut self) -> Vec<(String, String)> {
        self.asked += 1;
        let mark = format!("/moto-api/mark-{}", self.asked);
        self.send("GET", &mark, &[]);
        // The server writes a line before it answers, so all lines of answered requests stand before the mark's.
        let lines = self.log.iter().take_while(|line| !line.contains(&mark));
        let request = |line: String| {
            let mut words = line.split('"').nth(1)?.split(' ');
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        };
        lines.filter_map(request).filter(|(method, _)| method != "PUT").collect()
    }

    /// Sends a request and returns the status.
    fn send(&self, method: &str, target: &str, body: &[u8]) -> u16 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n", self.address);
        // moto takes any signature, and without one refuses what is not public.
        let signed = "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request\r\n";
        stream.write_all(format!("{head}{signed}Connection: close\r\n\r\n").as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = String::from_utf8_lossy(&answer);
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }
}

impl Drop for MotoServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many of `requests` list.
pub fn lists(requests: &[(String, String)]) -> usize {
    requests.iter().filter(|(_, target)| target.contains("list-type=2")).count()
}

/// How many of `requests` read an object.
pub fn gets(requests: &[(String, String)]) -> usize {
    let is_get = |(method, target): &&(String, String)| method == "GET" && !target.contains("list-type=2");
    requests.iter().filter(is_get).count()
}

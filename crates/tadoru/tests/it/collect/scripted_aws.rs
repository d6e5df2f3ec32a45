//! A server that speaks for AWS: it answers as a test tells it to, and else as a small account would, or as the moto behind it
//! does. It keeps what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::test_lake::text;

/// The account of the answers that are nobody else's.
pub const ACCOUNT: &str = "111111111111";

/// What came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The name that the request was signed with.
    pub service: String,
    pub region: String,
    pub access_key: String,
    pub operation: String,
    /// A form or JSON.
    pub body: String,
    /// All lines before it.
    head: String,
}

/// What goes out.
#[derive(Debug, Clone)]
pub enum Reply {
    /// As the small account, or moto, answers.
    Usual,
    /// As moto answers, with this made of its body.
    Amended(fn(&str) -> String),
    /// An error of AWS, in the form of the service's protocol.
    Error(u16, &'static str, &'static str),
    /// The members of a result, in the form of the service's protocol.
    Json(Value),
    Xml(String),
    /// What no service of AWS says.
    Raw(u16, &'static str),
    /// Nothing, while the server lives.
    Never,
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A running server; its threads end with the process.
pub struct ScriptedAws {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    news: Receiver<Asked>,
}

/// What all connections share.
struct Desk {
    script: Box<Script>,
    upstream: Option<String>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ScriptedAws {
    /// A server that answers as `script` says, on behalf of the server at `upstream`, if there is one.
    pub fn start(upstream: Option<&str>, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (sender, news) = channel();
        let upstream = upstream.map(|url| url.trim_start_matches("http://").to_owned());
        let desk = Arc::new(Desk { script: Box::new(script), upstream, asked: Arc::clone(&asked) });
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (desk, sender) = (Arc::clone(&desk), sender.clone());
                std::thread::spawn(move || desk.answer(stream, &sender));
            }
        });
        Self { address, asked, news }
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often an operation was asked for.
    pub fn times(&self, operation: &str) -> usize {
        self.asked().iter().filter(|asked| asked.operation == operation).count()
    }

    /// Waits for a request of which `is_it` is true.
    pub fn wait_for(&self, is_it: impl Fn(&Asked) -> bool) {
        self.news.iter().find(|asked| is_it(asked)).unwrap();
    }
}

impl Asked {
    /// Whether its service speaks the query protocol.
    fn is_query(&self) -> bool {
        matches!(self.service.as_str(), "iam" | "sts")
    }

    /// A member of the input.
    pub fn value(&self, name: &str) -> Option<String> {
        if self.is_query() {
            let value = self.body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
            return Some(cloudtrail::object_key::decode_notification_key(value).into_owned());
        }
        let input: Value = serde_json::from_str(&self.body).unwrap();
        input[name].as_str().map(str::to_owned)
    }
}

impl Desk {
    fn answer(&self, stream: TcpStream, sender: &Sender<Asked>) {
        let mut reader = BufReader::new(stream);
        let Some(asked) = read(&mut reader) else { return };
        self.asked.lock().unwrap().push(asked.clone());
        // Nobody may be waiting.
        let _ = sender.send(asked.clone());
        let reply = (self.script)(&asked);
        let stream = reader.get_mut();
        match (reply, &self.upstream) {
            (Reply::Never, _) => {
                // Ends when the client closes the connection.
                let _ = stream.read(&mut [0]);
            }
            (Reply::Usual, Some(upstream)) => write(stream, &forward(upstream, &asked)),
            (Reply::Amended(amend), Some(upstream)) => {
                let answer = text(&forward(upstream, &asked));
                let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                respond(stream, status.unwrap(), &amend(body));
            }
            (Reply::Usual, None) => send(stream, &asked, usual(&asked)),
            (other, _) => send(stream, &asked, other),
        }
    }
}

/// The answer of the moto behind, whole. Moto has another form of the ARN of a permission set.
fn forward(upstream: &str, asked: &Asked) -> Vec<u8> {
    let mut behind = TcpStream::connect(upstream).unwrap();
    let body = asked.body.replace(":::permissionSet/", ":::instance/");
    let length = body.len();
    let head = &asked.head;
    behind.write_all(format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    behind.read_to_end(&mut answer).unwrap();
    answer
}

/// What an account with two users, no organisation, no IAM Identity Center and no trails says.
fn usual(asked: &Asked) -> Reply {
    let user = |name: &str| {
        format!(
            "<member><UserName>{name}</UserName><Path>/</Path><UserId>AIDA{name}</UserId>\
             <Arn>arn:aws:iam::{ACCOUNT}:user/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></member>"
        )
    };
    match asked.operation.as_str() {
        "GetCallerIdentity" => Reply::Xml(format!(
            "<UserId>AIDA</UserId><Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/collector</Arn>"
        )),
        "GetAccountAuthorizationDetails" => Reply::Xml(format!(
            "<IsTruncated>false</IsTruncated><UserDetailList>{}{}</UserDetailList><GroupDetailList/><RoleDetailList/><Policies/>",
            user("alice"),
            user("bob")
        )),
        "ListAccountAliases" => Reply::Xml("<AccountAliases/><IsTruncated>false</IsTruncated>".into()),
        "ListAccessKeys" => Reply::Xml("<AccessKeyMetadata/><IsTruncated>false</IsTruncated>".into()),
        "GenerateCredentialReport" => Reply::Xml("<State>COMPLETE</State>".into()),
        "GetCredentialReport" => {
            Reply::Xml("<Content>dXNlcixhcm4K</Content><ReportFormat>text/csv</ReportFormat>".into())
        }
        "DescribeOrganization" => {
            Reply::Error(400, "AWSOrganizationsNotInUseException", "Your account is not a member")
        }
        "ListInstances" => Reply::Json(json!({ "Instances": [] })),
        "DescribeTrails" => Reply::Json(json!({ "trailList": [] })),
        other => panic!("the small account has no answer to {other}"),
    }
}

fn send(stream: &mut TcpStream, asked: &Asked, reply: Reply) {
    let (status, body) = match reply {
        Reply::Error(status, code, message) if asked.is_query() => {
            let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
            (status, format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"))
        }
        Reply::Error(status, code, message) => (status, json!({ "__type": code, "message": message }).to_string()),
        Reply::Json(value) => (200, value.to_string()),
        Reply::Xml(members) => {
            let name = &asked.operation;
            (200, format!("<{name}Response xmlns=\"x\"><{name}Result>{members}</{name}Result></{name}Response>"))
        }
        Reply::Raw(status, body) => (status, body.to_owned()),
        Reply::Usual | Reply::Amended(_) | Reply::Never => panic!("answered elsewhere"),
    };
    respond(stream, status, &body);
}

fn respond(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    write(stream, &[head.as_bytes(), body.as_bytes()].concat());
}

fn write(stream: &mut TcpStream, bytes: &[u8]) {
    // A client that was killed does not read.
    let _ = stream.write_all(bytes);
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let first = lines.next()?;
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())))
        .collect();
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // Credential=KEY/20260101/REGION/SERVICE/aws4_request
    let signed = headers["authorization"].split("Credential=").nth(1).unwrap();
    let scope: Vec<&str> = signed.split(',').next().unwrap().split('/').collect();
    let body = String::from_utf8(body).unwrap();
    let operation = match headers.get("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap().to_owned(),
        None => body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap().to_owned(),
    };
    let mut head = format!("{first}\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| !matches!(name.as_str(), "connection" | "content-length")) {
        head += &format!("{name}: {value}\r\n");
    }
    Some(Asked {
        service: scope[3].to_owned(),
        region: scope[2].to_owned(),
        access_key: scope[0].to_owned(),
        operation,
        body,
        head,
    })
}

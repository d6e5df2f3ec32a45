//! A client of `tadoru serve` that costs little itself: signed requests, one after the other, over one connection that stays open.
//! Reads no more of HTTP than that server writes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use aws_wire::operation::WireRequest;
use aws_wire::sigv4::Signer;

/// An answer that takes longer is an error.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// A larger one is, too.
const ANSWER_BYTES: usize = 64 << 20;

/// A key of the lake.
pub struct Key {
    pub id: String,
    pub secret: String,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    pub name: &'static str,
    /// The signing name.
    service: &'static str,
    /// Of the JSON protocol.
    target: Option<&'static str>,
    body: String,
}

impl Ask {
    fn query(name: &'static str, service: &'static str, version: &str, parameters: &str) -> Self {
        let body = format!("Action={name}&Version={version}{parameters}");
        Self { name, service, target: None, body }
    }

    fn iam(name: &'static str, parameters: &str) -> Self {
        Self::query(name, "iam", "2010-05-08", parameters)
    }

    /// The cheapest call.
    pub fn identity() -> Self {
        Self::query("GetCallerIdentity", "sts", "2011-06-15", "")
    }

    /// Starts a report.
    pub fn generate(arn: &str) -> Self {
        let arn = arn.replace(':', "%3A").replace('/', "%2F").replace('+', "%2B");
        Self::iam("GenerateServiceLastAccessedDetails", &format!("&Arn={arn}"))
    }

    /// The first page of the report that was started.
    ///
    /// # Errors
    /// An answer without a job.
    pub fn report(started: &str) -> Result<Self> {
        let id = started.split_once("<JobId>").and_then(|(_, rest)| rest.split_once("</JobId>"));
        let (id, _) = id.context("the report was not begun: no JobId")?;
        Ok(Self::iam("GetServiceLastAccessedDetails", &format!("&JobId={id}")))
    }

    /// What many clients ask: mostly who they are and pages of a report, besides users, roles and the event history.
    pub fn mix(report: &Self) -> Vec<Self> {
        let lookup = Self {
            name: "LookupEvents",
            service: "cloudtrail",
            target: Some("CloudTrail_20131101.LookupEvents"),
            body: r#"{"MaxResults":5,"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"CreateUser"}]}"#
                .to_owned(),
        };
        let mut asks = Vec::new();
        for other in [Self::iam("ListUsers", ""), Self::iam("ListRoles", "&MaxItems=20"), lookup] {
            for _ in 0..3 {
                asks.extend([Self::identity(), report.clone()]);
            }
            asks.push(other);
        }
        asks
    }
}

/// A client with at most one connection.
pub struct LoadClient<'s> {
    address: &'s str,
    key: &'s Key,
    connection: Option<BufReader<TcpStream>>,
}

impl<'s> LoadClient<'s> {
    /// A client of the server at `address`.
    pub fn new(address: &'s str, key: &'s Key) -> Self {
        Self { address, key, connection: None }
    }

    /// Asks, and returns the answer's body.
    ///
    /// # Errors
    /// A connection that fails or ends; any status but 200.
    pub fn ask(&mut self, ask: &Ask) -> Result<String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(ANSWER_WAIT))?;
                BufReader::new(stream)
            }
        };
        connection.get_mut().write_all(&self.request(ask)?)?;
        let (status, body) = read_answer(&mut connection)?;
        self.connection = Some(connection);
        if status != 200 {
            bail!("status {status}: {body}");
        }
        Ok(body)
    }

    fn request(&self, ask: &Ask) -> Result<Vec<u8>> {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![header("host", self.address)];
        headers.extend(ask.target.map(|target| header("x-amz-target", target)));
        let body = ask.body.as_bytes();
        let request = WireRequest { method: "POST", path: "/", query: "", headers: &headers, body };
        let signer =
            Signer { access_key_id: &self.key.id, secret: &self.key.secret, region: "us-east-1", service: ask.service };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
        let (time, authorization) = signer.sign(&request, now);
        headers.extend([header("x-amz-date", &time), header("authorization", &authorization)]);
        let mut text = "POST / HTTP/1.1\r\n".to_owned();
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{}", ask.body.len(), ask.body));
        Ok(text.into_bytes())
    }
}

/// The status and the body of the next answer.
fn read_answer(from: &mut impl BufRead) -> Result<(u16, String)> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let status = line.split_whitespace().nth(1).context("the server closed the connection")?.parse()?;
    let mut length = 0;
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            bail!("the answer's head ends early");
        }
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        }
    }
    if length > ANSWER_BYTES {
        bail!("an answer of {length} bytes");
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok((status, String::from_utf8(body)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        let check = |text: &str, expected: Result<(u16, &str, &str), &str>| {
            let mut rest = text.as_bytes();
            let found = read_answer(&mut rest);
            match (found, expected) {
                (Ok((status, body)), Ok(expected)) => {
                    assert_eq!((status, body.as_str(), std::str::from_utf8(rest).unwrap()), expected);
                }
                (Err(error), Err(expected)) => assert_eq!(error.to_string(), expected),
                (found, expected) => panic!("{found:?}, expected {expected:?}"),
            }
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", Ok((200, "ok", "HTTP")));
        check("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", Ok((403, "", "")));
        check("", Err("the server closed the connection"));
        check("HTTP/1.1 200 OK\r\n", Err("the answer's head ends early"));
    }

    #[test]
    fn a_report_is_asked_for_by_its_job() {
        let ask = Ask::report("<r><JobId>42</JobId></r>").unwrap();
        assert_eq!(ask.body, "Action=GetServiceLastAccessedDetails&Version=2010-05-08&JobId=42");
        assert!(Ask::report("<r/>").is_err());
        assert!(Ask::mix(&ask).iter().any(|ask| ask.target.is_some()));
    }
}

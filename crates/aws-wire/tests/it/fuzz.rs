//! A seeded fuzzer of the decoders. Inputs are made by the models' shapes and written in each protocol: what is read is what was
//! written. Then bytes are changed: nothing panics, memory stays in proportion, and each refusal is one of AWS's.
//!
//! A usual run is short; `TADORU_TEST_FUZZ_RUNS=1000000` makes it long, `TADORU_TEST_FUZZ_SEED` another one.

mod wire_input;

use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_wire::error::AwsError;
use aws_wire::model::{Model, Protocol};
use aws_wire::operation::{Target, WireRequest};
use aws_wire::{constraint, json_protocol, query_protocol, rest_json_protocol};
use serde_json::{Map, Value};

use crate::reference::setting;
use wire_input::Written;

/// What a decoder may refuse with.
const REFUSALS: &[&str] = &[
    "InvalidAction",
    "MalformedInput",
    "MalformedQueryString",
    "MissingAction",
    "SerializationException",
    "UnknownOperationException",
    "ValidationError",
    "ValidationException",
];

/// What is put into requests as it is.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"&",
    b"=",
    b"%",
    b"%F",
    b"%ff",
    b"%00",
    b"+",
    b" ",
    b"/",
    b"?",
    b";",
    b"\0",
    b"\n",
    b"\xff",
    b"\xc0\xaf",
    b"\xe3\x81",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"0",
    b"-0",
    b"-",
    b"1e400",
    b"99999999999999999999",
    b".5",
    b"null",
    b"true",
    b"NaN",
    b".member.",
    b".member.4294967295=x",
    b".member.0=x",
    b".entry.1.key=a",
    b"&Action=",
    b"&Version=",
    b"\"__type\":",
    b"AWS4-HMAC-SHA256 ",
    b"Credential=",
    b"SignedHeaders=;;",
    b"Signature=",
    b"/aws4_request",
    b"..",
    b"//",
    b"{jobId}",
];

/// xorshift64*, so that a failure is found again by its seed.
pub struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`; 0 below 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    /// One of them.
    pub fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Changes bytes in one of several ways.
    pub fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let until = at + self.below((bytes.len() - at).min(40) + 1);
        match self.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = self.next() as u8,
            2 => drop(bytes.drain(at..until)),
            3 => {
                let copy = bytes[at..until].to_vec();
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            4 => {
                let depth = [1, 20, 127, 128, 200, 50_000][self.below(6)];
                let (open, close) =
                    self.of(&[("[", "]"), ("{\"k\":", "}"), ("{\"trails\":[", "]}"), ("a.member.1.", "")]);
                let nested = [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
                bytes.splice(at..at, nested.into_bytes());
            }
            5 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, self.of(PIECES).iter().copied())),
        }
    }
}

/// Runs `usual` seeds, or as many as are asked for; a failure names its seed.
pub fn each_seed(usual: u64, mut run: impl FnMut(&mut Random)) {
    let (runs, first) = (setting("TADORU_TEST_FUZZ_RUNS", usual), setting("TADORU_TEST_FUZZ_SEED", 1));
    for seed in first..first.saturating_add(runs) {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&mut random))) {
            let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            panic!("TADORU_TEST_FUZZ_SEED={seed} TADORU_TEST_FUZZ_RUNS=1: {}", said.unwrap_or("a panic"));
        }
    }
}

#[test]
fn what_is_written_by_the_model_is_read_and_what_is_broken_is_refused() {
    let model = Model::embedded();
    each_seed(3_000, |random| {
        let (service, name, input, mut written) = wire_input::make(&model, random);
        let read = decode(&model, &written);
        assert_eq!(read, Ok((service.to_owned(), name.to_owned(), input)), "{written:?}");
        for _ in 0..=random.below(4) {
            written.change(random);
        }
        let bytes = written.len();
        match decode(&model, &written) {
            Ok((.., input)) => {
                let held = Value::Object(input).to_string().len();
                assert!(held <= 8 * bytes + 4_096, "{held} bytes of {bytes}");
            }
            Err(error) => check_refusal(&model, &error, bytes),
        }
    });
}

/// A refusal is one of AWS's, the client's fault, and can be sent in every protocol.
fn check_refusal(model: &Model, error: &AwsError, bytes: usize) {
    assert!(REFUSALS.contains(&error.code.as_str()), "{error}");
    for protocol in [Protocol::Query, Protocol::Json, Protocol::RestJson] {
        let reply = error.reply(model.service("iam"), protocol, "id");
        assert!((400..500).contains(&reply.status), "{error}");
        assert!(reply.body.len() <= 16 * bytes + 4_096, "{} bytes about {bytes}", reply.body.len());
        if protocol != Protocol::Query {
            serde_json::from_slice::<Value>(&reply.body).unwrap();
        }
    }
}

type Decoded = (String, String, Map<String, Value>);

fn decode(model: &Model, written: &Written) -> Result<Decoded, AwsError> {
    let Written { method, path, query, headers, body } = written;
    let request = WireRequest { method, path, query, headers, body };
    let target = Target::of(model, &request)?;
    assert_eq!(target.protocol, Target::protocol_of_head(model, &request));
    let Some((service, name, operation)) = target.known() else { return Err(target.unknown()) };
    let input = match target.protocol {
        Protocol::Query => query_protocol::read_input(service, operation, &target.form)?,
        Protocol::Json => json_protocol::read_input(service, operation, request.body)?,
        Protocol::RestJson => rest_json_protocol::read_input(service, operation, &request)?,
    };
    let violations = constraint::violations(service, operation, &input);
    if !violations.is_empty() {
        check_refusal(model, &constraint::refusal(&violations, target.protocol), written.len());
    }
    Ok((service.name.clone(), name.to_owned(), input))
}

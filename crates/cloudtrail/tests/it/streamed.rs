//! The way of a file that is too large for memory, against the way of all others: the object inflated piece by piece,
//! the document read through pages of a few bytes. Verdicts, places and words must be the same.

use std::borrow::Cow;

use cloudtrail::log_file::{self, DocumentBytes, Inflated, Inflater, Limits, ObjectStream, Piece};
use cloudtrail::reject::Reject;
use proptest::prelude::*;

use crate::reference;

/// A document of which only a few bytes are at hand.
#[derive(Clone, Copy)]
struct Pages<'b> {
    bytes: &'b [u8],
    page_bytes: usize,
}

impl<'a> DocumentBytes<'a> for Pages<'_> {
    fn len(self) -> usize {
        self.bytes.len()
    }

    fn get(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn slice(self, start: usize, end: usize) -> Cow<'a, [u8]> {
        Cow::Owned(self.bytes[start..end].to_vec())
    }

    fn with_run<R>(self, at: usize, look: impl FnOnce(&[u8]) -> R) -> R {
        let at = at.min(self.bytes.len());
        let end = (at / self.page_bytes + 1) * self.page_bytes;
        look(&self.bytes[at..end.min(self.bytes.len())])
    }
}

fn inflate(bytes: &[u8], name: &str, limits: Limits) -> Result<(Inflated, Vec<u8>), Reject> {
    let mut out = Vec::new();
    let inflated = Inflater::new(limits).inflate(bytes, name, &mut out).map_err(reference::rejected)?;
    Ok((inflated, out))
}

fn inflate_streamed(bytes: &[u8], name: &str, limits: Limits, step: usize) -> Result<(Inflated, Vec<u8>), Reject> {
    let mut out = Vec::new();
    let mut stream = ObjectStream::new(bytes.len(), name, limits);
    let mut keep = |piece: &[u8]| out.extend_from_slice(piece);
    for part in bytes.chunks(step) {
        stream.push(part, &mut keep)?;
    }
    let inflated = stream.finish(&mut keep)?;
    Ok((inflated, out))
}

/// Takes a file both ways and returns its document's verdict, which is the same.
pub fn agree(bytes: &[u8], name: &str, limits: &Limits) -> Result<(), Reject> {
    let whole = inflate(bytes, name, *limits);
    for step in [1, 7, 4096, usize::MAX] {
        if step == 1 && bytes.len() > 1 << 20 {
            continue;
        }
        let streamed = inflate_streamed(bytes, name, *limits, step);
        match (&whole, &streamed) {
            // How much had come out when a limit was reached depends on the step.
            (Err(whole), Err(streamed)) => assert_eq!(whole.reason, streamed.reason, "{name} by {step} bytes"),
            _ => assert!(whole == streamed, "{name} by {step} bytes"),
        }
    }
    let (_, text) = whole?;
    let document = log_file::read(&text, limits);
    for page_bytes in [5, 4096].into_iter().filter(|size| *size > 5 || text.len() < 1 << 20) {
        agree_on_pages(&text, limits, &document, page_bytes);
    }
    document.map(|_| ())
}

fn agree_on_pages(text: &[u8], limits: &Limits, whole: &Result<log_file::Document<'_>, Reject>, page_bytes: usize) {
    let (mut slices, mut rejects) = (Vec::new(), Vec::new());
    let outline = log_file::cut(Pages { bytes: text, page_bytes }, limits, &mut |piece| match piece {
        Piece::Slice(slice) => slices.push(slice),
        Piece::Reject(reject) => rejects.push(reject),
    });
    match (whole, outline) {
        (Ok(document), Ok(outline)) => {
            assert_eq!((document.shape, &document.warnings), (outline.shape, &outline.warnings));
            assert_eq!((outline.slices, outline.rejects), (slices.len(), rejects.len()));
            assert!(document.slices == slices, "other records");
            assert_eq!(document.rejects, rejects);
        }
        (Err(whole), Err(paged)) => assert_eq!(*whole, paged),
        (whole, paged) => panic!("{whole:?} in memory, {paged:?} by pages of {page_bytes}"),
    }
}

#[test]
fn real_files_come_out_the_same() {
    let Some(folder) = reference::shared("data/cloudtrail", "real_files_come_out_the_same") else { return };
    let (mut sound, mut broken) = (0, 0);
    for path in reference::files(&folder, &[".json", ".gz", ".jsonl", ".cloudtrail"]) {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.len() > 200_000 {
            continue;
        }
        match agree(&bytes, path.to_str().unwrap(), &Limits::default()) {
            Ok(()) => sound += 1,
            Err(_) => broken += 1,
        }
    }
    assert!(sound > 50 && broken > 5, "{sound} sound and {broken} broken files");
}

const RECORD: &str = r#"{"eventTime":"2026-01-02T00:01:02Z","eventName":"Caf\u00e9é","eventID":"1"}"#;

#[test]
fn what_only_a_large_file_can_hold_is_judged_the_same() {
    let small = Limits { record_bytes: 200, ..Limits::default() };
    let long = format!(r#"{{"eventID":"{}"}}"#, "x".repeat(300));
    let wrapped = |text: &str| serde_json::to_string(text).unwrap();
    let check = |text: &str| {
        let _ = agree(text.as_bytes(), "x.json", &small);
    };
    check(&format!(r#"{{"Records":[{RECORD},{long},{RECORD}]}}"#));
    check(&format!(r#"{{"Records":[{RECORD},{{"{}":1,"eventID":2}}]}}"#, "k".repeat(300)));
    check(&format!("{RECORD}\n{long}\n{{\"broken\n{RECORD}\n"));
    check(&format!(r#"{{"Events":[{{"CloudTrailEvent":{}}}]}}"#, wrapped(&" ".repeat(2_000))));
    check(&format!("2026-01-02T00:01:02.000Z {RECORD}\n2026-01-02T00:01:02.000Z {}\n", " ".repeat(2_000)));
    let many = (0..500).map(|n| format!("\"{n}\":1,")).collect::<String>();
    check(&format!(r#"{{{many}"Events":[{{"CloudTrailEvent":{}}}],"1":2}}"#, wrapped(RECORD)));
    let bytes =
        [br#"{"Records":["#, RECORD.as_bytes(), b",{\"eventID\":\"\xff\"}, ", RECORD.as_bytes(), b"]}"].concat();
    assert!(agree(&bytes, "x.json", &small).is_ok());
    let outside = [br#"{"x":"\xe3\x81"#, &b"\xff\",\"Records\":["[..], RECORD.as_bytes(), b"]}"].concat();
    assert!(agree(&outside, "x.json", &small).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_documents_are_judged_the_same(
        copies in 1usize..4,
        shape in 0usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let records = vec![RECORD; copies];
        let wrapped = serde_json::to_string(RECORD).unwrap();
        let text = match shape {
            0 => format!("{{\"Records\":[{}]}}", records.join(",")),
            1 => format!("[{}]", records.join(" , ")),
            2 => records.join("\n"),
            3 => format!("{{\"Events\":[{{\"CloudTrailEvent\":{wrapped}}}]}}"),
            4 => format!("{{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{{\"message\":{wrapped}}}]}}"),
            _ => format!("2026-01-02T00:01:02.000Z {RECORD}\n2026-01-02T00:01:02.000Z {RECORD}\n"),
        };
        let mut bytes = text.into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = agree(&bytes, "x.json", &Limits { record_bytes: 200, ..Limits::default() });
    }
}

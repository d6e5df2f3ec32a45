//! The exact bytes of one record, checked, with the places of its fields. `document` cuts slices out of files,
//! `RecordSlice::scan` makes one from bytes that came another way; `record` reads them.

use std::borrow::Cow;

use crate::json::scanner::{Fault, Member, Object, Scanner};
use crate::log_file::Limits;
use crate::record::field::Field;
use crate::reject::{Reason, Reject};

/// A record with more keys than this carries WIDE_RECORD.
const MANY_KEYS: usize = 65_536;

/// The bytes of one record: JSON syntax, UTF-8, depth, surrogates and top-level duplicate keys are checked.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSlice<'a> {
    /// Owned where the record came as a JSON string inside another document, else the file's own bytes.
    pub bytes: Cow<'a, [u8]>,
    /// Where the record (or the element that holds it) begins in the inflated file.
    pub offset: usize,
    /// Position among the file's records, rejected ones counted.
    pub index: usize,
    pub(crate) members: Vec<Member>,
    pub(crate) spaced: bool,
    pub(crate) escaped: bool,
    pub(crate) wide: bool,
}

impl<'a> RecordSlice<'a> {
    /// Checks the bytes of one record that came from elsewhere than a log file (a line, a queue message).
    pub fn scan(bytes: impl Into<Cow<'a, [u8]>>, offset: usize, index: usize, limits: &Limits) -> Result<Self, Reject> {
        let bytes = bytes.into();
        let len = bytes.len();
        let reject = |reason, detail: String| Reject { reason, detail, index: Some(index), offset, len };
        if simdutf8::basic::from_utf8(&bytes).is_err() {
            return Err(reject(Reason::NotUtf8, String::new()));
        }
        let mut scanner = Scanner::new(&bytes[..], limits);
        let start = scanner.space(0);
        if bytes.get(start) != Some(&b'{') {
            return Err(reject(Reason::RecordShape, "not a JSON object".to_owned()));
        }
        let object = scanner.object(start).map_err(|fault| reject(fault.reason, fault.place()))?;
        let end = object.end;
        if scanner.space(end) != len {
            return Err(reject(Reason::JsonTrailingData, format!("the record ends at byte {end}")));
        }
        let exact = match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[start..end]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(end);
                bytes.drain(..start);
                Cow::Owned(bytes)
            }
        };
        RecordSlice::from_object(exact, offset, index, object, limits)
            .map_err(|(reason, detail)| reject(reason, detail))
    }

    /// A slice of what the scanner has passed; judges what the scanner only reports.
    pub(crate) fn from_object(
        bytes: Cow<'a, [u8]>,
        offset: usize,
        index: usize,
        object: Object,
        limits: &Limits,
    ) -> Result<Self, (Reason, String)> {
        check_size(bytes.len(), limits)?;
        if let Some(at) = object.duplicate {
            return Err((Reason::JsonDuplicateKey, format!("the second one at byte {at}")));
        }
        Ok(RecordSlice {
            bytes,
            offset,
            index,
            members: object.members,
            spaced: object.spaced,
            escaped: object.escaped,
            wide: object.keys > MANY_KEYS,
        })
    }

    pub(crate) fn names_an_event(&self) -> bool {
        names_an_event(&self.members)
    }
}

/// Whether a record may be that long; asked before its bytes are copied.
pub(crate) fn check_size(len: usize, limits: &Limits) -> Result<(), (Reason, String)> {
    match len > limits.record_bytes {
        true => Err((Reason::RecordSizeLimit, format!("{len} bytes, the limit is {}", limits.record_bytes))),
        false => Ok(()),
    }
}

/// Whether an object has a key that only a CloudTrail record has.
pub(crate) fn names_an_event(members: &[Member]) -> bool {
    let naming = [Field::EventTime, Field::EventName, Field::EventSource, Field::EventId];
    members.iter().any(|member| naming.contains(&member.field))
}

impl Fault {
    /// Where the fault is, for a reject's detail.
    pub(crate) fn place(&self) -> String {
        format!("at byte {}", self.at)
    }
}

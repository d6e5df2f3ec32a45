//! What a piece of a file is, by its keys or its first bytes: a record, one of the wrappers that records travel in, a
//! line of an export, another encoding. `element` and `document` act on it.

use crate::event_time;
use crate::json::scanner::Object;
use crate::log_file::record_slice::names_an_event;
use crate::record::field::Field;

/// What an object outside a Records array is, by its keys.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ObjectIs {
    Record,
    EventBridge,
    LookupEvent,
    LookupEvents,
    SubscriptionData,
    Digest,
    Foreign,
}

pub(super) fn kind_of(object: &Object) -> ObjectIs {
    let has = |field| object.has(field);
    if has(Field::CloudTrailEvent) {
        ObjectIs::LookupEvent
    } else if has(Field::DetailType) && has(Field::Detail) {
        ObjectIs::EventBridge
    } else if names_an_event(&object.members) {
        ObjectIs::Record
    } else if has(Field::MessageType) && has(Field::LogEvents) {
        ObjectIs::SubscriptionData
    } else if has(Field::DigestStartTime) && has(Field::LogFiles) {
        ObjectIs::Digest
    } else if has(Field::Events) {
        ObjectIs::LookupEvents
    } else {
        ObjectIs::Foreign
    }
}

/// Within so many bytes of a line the time that an export writes before a record ends.
pub(super) const EXPORT_TIME_BYTES: usize = 64;

/// Where the record begins in `2026-01-02T00:01:02.000Z {…}`.
pub(super) fn export_line(line: &[u8]) -> Option<usize> {
    let space = memchr::memchr(b' ', line.get(..EXPORT_TIME_BYTES.min(line.len()))?)?;
    let time = std::str::from_utf8(&line[..space]).ok()?;
    event_time::parse(time)?;
    Some(space + 1)
}

/// A byte order mark of UTF-16, or ASCII with a zero byte beside each character.
pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => true,
        [first, second, ..] => (*first == 0) != (*second == 0) && (first | second).is_ascii_graphic(),
        _ => false,
    }
}

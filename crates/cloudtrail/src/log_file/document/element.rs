//! The elements of a file: each becomes a record slice or a reject, or is a wrapper that is opened. Where a record is
//! broken its end is sought by brackets alone.

use crate::json::scanner::{Fault, Object, Scanner};
use crate::json::text::unescape;
use crate::log_file::document::recognition::{ObjectIs, kind_of};
use crate::log_file::document::{Reader, Shape, Whole};
use crate::log_file::record_slice::check_size;
use crate::log_file::{DocumentBytes, RecordSlice};
use crate::record::field::Field;
use crate::reject::{Reason, Warning};

/// What the elements of an array are taken for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ArrayOf {
    Records,
    Anything,
    LookupEvents,
    LogEvents,
}

impl<'a, B: DocumentBytes<'a>> Reader<'a, '_, B> {
    /// Reads the array at `open`, one record after another; returns its end.
    pub(super) fn array(&mut self, open: usize, of: ArrayOf) -> Whole<usize> {
        let mut scanner = self.scanner();
        let mut at = scanner.space(open + 1);
        if self.bytes.get(at) == Some(b']') {
            return Ok(at + 1);
        }
        loop {
            let end = match self.element(&mut scanner, at, of)? {
                Ok(end) => end,
                Err(fault) => {
                    let end = broken_value_end(self.bytes, at).filter(|end| {
                        let next = self.bytes.get(scanner.space(*end));
                        *end > at && matches!(next, Some(b',' | b']'))
                    });
                    let Some(end) = end else {
                        return Err(self.whole_fault(fault));
                    };
                    let index = self.take_index()?;
                    self.reject(fault.reason, fault.place(), index, at, end);
                    end
                }
            };
            at = scanner.space(end);
            match self.bytes.get(at) {
                Some(b',') => at = scanner.space(at + 1),
                Some(b']') => return Ok(at + 1),
                Some(_) => return Err(self.whole(Reason::JsonSyntax, &format!("at byte {at}"))),
                None => return Err(self.whole(Reason::JsonTruncated, "the array has no end")),
            }
        }
    }

    fn element(&mut self, scanner: &mut Scanner<B>, at: usize, of: ArrayOf) -> Whole<Result<usize, Fault>> {
        if self.bytes.get(at) != Some(b'{') {
            let end = match scanner.value(at, 0) {
                Ok(end) => end,
                Err(fault) => return Ok(Err(fault)),
            };
            let index = self.take_index()?;
            self.reject(Reason::RecordShape, "not a JSON object", index, at, end);
            return Ok(Ok(end));
        }
        let object = match scanner.object(at) {
            Ok(object) => object,
            Err(fault) => return Ok(Err(fault)),
        };
        let end = object.end;
        match of {
            ArrayOf::Records => self.take_record(at, object)?,
            ArrayOf::Anything => {
                self.take_object(at, object)?;
            }
            ArrayOf::LookupEvents => self.take_embedded(at, &object, Field::CloudTrailEvent)?,
            ArrayOf::LogEvents => self.take_embedded(at, &object, Field::Message)?,
        }
        Ok(Ok(end))
    }

    /// Takes a record or opens a wrapper; `None` for what is neither.
    pub(super) fn take_object(&mut self, at: usize, object: Object) -> Whole<Option<Shape>> {
        Ok(Some(match kind_of(&object) {
            ObjectIs::Record => {
                self.take_record(at, object)?;
                Shape::SingleEvent
            }
            ObjectIs::EventBridge => {
                self.take_detail(at, &object)?;
                Shape::EventBridge
            }
            ObjectIs::LookupEvent => {
                self.warn(Warning::LookupEventsShape);
                self.take_embedded(at, &object, Field::CloudTrailEvent)?;
                Shape::LookupEvents
            }
            ObjectIs::LookupEvents => {
                self.warn(Warning::LookupEventsShape);
                self.take_array(at, &object, Field::Events, ArrayOf::LookupEvents)?;
                Shape::LookupEvents
            }
            ObjectIs::SubscriptionData => {
                self.warn(Warning::SubscriptionShape);
                if !self.is_control_message(at, &object) {
                    self.take_array(at, &object, Field::LogEvents, ArrayOf::LogEvents)?;
                }
                Shape::SubscriptionData
            }
            ObjectIs::Digest => return Err(self.whole(Reason::DigestObject, "a digest of log files")),
            ObjectIs::Foreign => {
                let index = self.take_index()?;
                self.reject(Reason::NotCloudtrail, "an object without a record's keys", index, at, object.end);
                return Ok(None);
            }
        }))
    }

    /// CloudWatch Logs sends one of these to see whether the destination lives.
    fn is_control_message(&self, at: usize, object: &Object) -> bool {
        let kind = object.value(Field::MessageType);
        let control = b"\"CONTROL_MESSAGE\"";
        kind.is_some_and(|(start, end)| {
            end - start == control.len() && *self.bytes.slice(at + start, at + end) == *control
        })
    }

    fn take_record(&mut self, at: usize, object: Object) -> Whole<()> {
        let index = self.take_index()?;
        self.keep_record(at, object, index);
        Ok(())
    }

    fn keep_record(&mut self, at: usize, object: Object, index: usize) {
        let end = object.end;
        if !self.utf8 && !self.bytes.is_utf8(at, end) {
            return self.reject(Reason::NotUtf8, "", index, at, end);
        }
        let slice = check_size(end - at, self.limits)
            .and_then(|()| RecordSlice::from_object(self.bytes.slice(at, end), at, index, object, self.limits));
        match slice {
            Ok(slice) => self.take(slice, at, end),
            Err((reason, detail)) => self.reject(reason, detail, index, at, end),
        }
    }

    fn take_detail(&mut self, at: usize, envelope: &Object) -> Whole<()> {
        let index = self.take_index()?;
        let Some((start, _)) =
            envelope.value(Field::Detail).filter(|(start, _)| self.bytes.get(at + start) == Some(b'{'))
        else {
            self.reject(Reason::RecordShape, "detail is not an object", index, at, envelope.end);
            return Ok(());
        };
        match self.scanner().object(at + start) {
            Ok(object) if kind_of(&object) == ObjectIs::Record => {
                self.warn(Warning::EventbridgeShape);
                self.keep_record(at + start, object, index);
            }
            Ok(_) => self.reject(Reason::NotCloudtrail, "an event of another kind", index, at, envelope.end),
            Err(fault) => self.reject(fault.reason, fault.place(), index, at, envelope.end),
        }
        Ok(())
    }

    fn take_array(&mut self, at: usize, object: &Object, field: Field, of: ArrayOf) -> Whole<()> {
        match object.value(field) {
            Some((start, _)) if self.bytes.get(at + start) == Some(b'[') => {
                self.array(at + start, of)?;
                Ok(())
            }
            _ => Err(self.whole(Reason::JsonShape, "the events are not an array")),
        }
    }

    /// Takes a record that stands as a JSON string (or as an object) in a field of the object at `at`.
    fn take_embedded(&mut self, at: usize, object: &Object, field: Field) -> Whole<()> {
        let index = self.take_index()?;
        let Some((start, end)) = object.value(field) else {
            self.reject(Reason::RecordShape, "no record inside", index, at, object.end);
            return Ok(());
        };
        if !self.utf8 && !self.bytes.is_utf8(at, object.end) {
            self.reject(Reason::NotUtf8, "", index, at, object.end);
            return Ok(());
        }
        if end - start > self.longest_wrapped() {
            let detail = format!("wrapped in {} bytes", end - start);
            self.reject(Reason::RecordSizeLimit, detail, index, at, object.end);
            return Ok(());
        }
        let value = self.bytes.slice(at + start, at + end);
        let record = match &*value {
            [b'"', inside @ .., b'"'] => {
                let inside = simdutf8::basic::from_utf8(inside).expect("checked with the document or just above");
                RecordSlice::scan(unescape(inside).into_owned().into_bytes(), at, index, self.limits)
            }
            _ => RecordSlice::scan(value, at + start, index, self.limits),
        };
        match record {
            Ok(slice) if slice.names_an_event() => self.take(slice, at, object.end),
            Ok(_) => self.reject(Reason::NotCloudtrail, "a message of another kind", index, at, object.end),
            Err(reject) => self.reject(reject.reason, reject.detail, index, at, object.end),
        }
        Ok(())
    }
}

/// Finds the end of a value that failed the scan, by brackets and quotes alone. `None` if it has none.
fn broken_value_end<'a, B: DocumentBytes<'a>>(bytes: B, start: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += 1;
                loop {
                    at = bytes.plain_end(at);
                    match bytes.get(at)? {
                        b'"' => break,
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

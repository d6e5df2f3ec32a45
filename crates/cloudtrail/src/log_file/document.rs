//! Recognises which shape a file has and cuts it into record slices and rejects. The usual
//! `{"Records":[…]}` is read in one pass; every other shape in which people keep CloudTrail is recognised by its
//! keys. Where a record is broken its end is sought by brackets alone, so that its neighbours survive.
//! The slices go to `record`.

use std::borrow::Cow;

use crate::event_time;
use crate::json::scanner::{Fault, Object, Scanner, broken_value_end};
use crate::json::text::unescape;
use crate::log_file::inflater::is_text;
use crate::log_file::record_slice::names_an_event;
use crate::log_file::{Limits, RecordSlice};
use crate::record::field::Field;
use crate::reject::{Reason, Reject, Warning};

/// How the records were wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{"Records":[…]}`, as CloudTrail delivers.
    Records,
    /// An array of records or of envelopes.
    BareArray,
    /// Several values one after another, as a rule one a line.
    Ndjson,
    /// What `aws cloudtrail lookup-events` prints: records as strings.
    LookupEvents,
    /// One EventBridge envelope.
    EventBridge,
    /// One message of a CloudWatch Logs subscription.
    SubscriptionData,
    /// Lines of a CloudWatch Logs export: time, space, record.
    LogsExport,
    /// One record without a wrapper.
    SingleEvent,
}

/// A file cut into pieces: every record is a slice or a reject.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    pub shape: Shape,
    pub warnings: Vec<Warning>,
    pub slices: Vec<RecordSlice<'a>>,
    pub rejects: Vec<Reject>,
}

/// Cuts an inflated file. An error rejects the whole file: nothing of it may be taken.
pub fn read<'a>(inflated: &'a [u8], limits: &Limits) -> Result<Document<'a>, Reject> {
    let mut reader = Reader {
        bytes: inflated,
        limits,
        utf8: simdutf8::basic::from_utf8(inflated).is_ok(),
        covered: Vec::new(),
        next_index: 0,
        document: Document { shape: Shape::Records, warnings: Vec::new(), slices: Vec::new(), rejects: Vec::new() },
    };
    reader.document()?;
    reader.check_between_records()?;
    Ok(reader.document)
}

/// What the elements of an array are taken for.
#[derive(Clone, Copy, PartialEq)]
enum ArrayOf {
    Records,
    Anything,
    LookupEvents,
    LogEvents,
}

/// What an object outside a Records array is, by its keys.
#[derive(Clone, Copy, PartialEq)]
enum ObjectIs {
    Record,
    EventBridge,
    LookupEvent,
    LookupEvents,
    SubscriptionData,
    Digest,
    Foreign,
}

struct Reader<'a, 'l> {
    bytes: &'a [u8],
    limits: &'l Limits,
    /// The whole file is UTF-8, so no record needs to be checked.
    utf8: bool,
    /// Ranges judged record by record; kept only if the file is not UTF-8.
    covered: Vec<(usize, usize)>,
    next_index: usize,
    document: Document<'a>,
}

type Whole<T> = Result<T, Reject>;

impl<'a> Reader<'a, '_> {
    fn document(&mut self) -> Whole<()> {
        let bom = self.bytes.starts_with(b"\xef\xbb\xbf");
        if bom {
            self.warn(Warning::Bom);
        }
        if is_utf16(self.bytes) {
            return Err(self.whole(Reason::NotUtf8, "UTF-16"));
        }
        let start = self.scanner().space(if bom { 3 } else { 0 });
        let Some(first) = self.bytes.get(start) else {
            return Err(self.whole(Reason::EmptyDocument, "nothing but white space"));
        };
        match first {
            b'{' => self.objects(start),
            b'[' => self.bare_array(start),
            b'0'..=b'9' if export_line(line_at(self.bytes, start)).is_some() => self.export_lines(start),
            _ => Err(self.odd_root(start)),
        }
    }

    fn odd_root(&self, start: usize) -> Reject {
        let mut scanner = self.scanner();
        match scanner.value(start, 0) {
            Ok(end) if scanner.space(end) == self.bytes.len() => {
                self.whole(Reason::JsonShape, "the root is neither an object nor an array")
            }
            Err(fault) if is_text(self.bytes) && self.bytes[start] == b'"' => self.whole_fault(fault),
            _ => self.whole(Reason::UnknownMagic, "neither gzip nor JSON"),
        }
    }

    fn scanner(&self) -> Scanner<'a> {
        Scanner::new(self.bytes, self.limits.depth)
    }

    fn warn(&mut self, warning: Warning) {
        if !self.document.warnings.contains(&warning) {
            self.document.warnings.push(warning);
        }
    }

    fn whole(&self, reason: Reason, detail: &str) -> Reject {
        Reject::of_file(reason, self.bytes.len(), detail)
    }

    fn whole_fault(&self, fault: Fault) -> Reject {
        Reject::of_file(fault.reason, self.bytes.len(), fault.place())
    }

    fn reject(&mut self, reason: Reason, detail: impl Into<String>, index: usize, start: usize, end: usize) {
        self.cover(start, end);
        self.document.rejects.push(Reject {
            reason,
            detail: detail.into(),
            index: Some(index),
            offset: start,
            len: end - start,
        });
    }

    fn cover(&mut self, start: usize, end: usize) {
        if !self.utf8 {
            self.covered.push((start, end));
        }
    }

    fn take_index(&mut self) -> Whole<usize> {
        if self.next_index >= self.limits.records {
            return Err(self.whole(Reason::RecordCountLimit, "more records than one file may hold"));
        }
        self.next_index += 1;
        Ok(self.next_index - 1)
    }

    /// A root that begins with an object: `{"Records":…}`, another wrapper, or several values in a row.
    fn objects(&mut self, start: usize) -> Whole<()> {
        if self.first_key_is_records(start) {
            return self.records_document(start).map(|_| ());
        }
        let mut at = start;
        let mut count = 0;
        while at < self.bytes.len() {
            count += 1;
            let scanned = match self.bytes[at] {
                b'{' => self.scanner().object(at),
                _ => Err(Fault { reason: Reason::JsonSyntax, at }),
            };
            match scanned {
                Ok(object) if object.has(Field::Records) && count == 1 => {
                    return self.records_document(at).map(|_| ());
                }
                Ok(object) if object.has(Field::Records) => {
                    return Err(self.whole(Reason::JsonTrailingData, "a second document follows"));
                }
                Ok(object) => {
                    let end = object.end;
                    let shape = self.take_object(at, object)?;
                    self.document.shape = shape.unwrap_or(self.document.shape);
                    at = end;
                }
                Err(fault) => {
                    if count == 1 && self.records_document(at)? {
                        return Ok(());
                    }
                    at = self.skip_broken_line(at, fault)?;
                }
            }
            at = self.scanner().space(at);
        }
        if count > 1 {
            self.document.shape = Shape::Ndjson;
            self.warn(Warning::Ndjson);
        } else if self.document.shape == Shape::SingleEvent {
            self.warn(Warning::SingleEvent);
        }
        self.check_holds_cloudtrail()
    }

    /// Reads `{…"Records":[…]…}`. False if no Records key came before the first fault.
    fn records_document(&mut self, start: usize) -> Whole<bool> {
        let mut scanner = self.scanner();
        let mut found = false;
        let mut at = scanner.space(start + 1);
        loop {
            let (key, value) = match scanner.key(at) {
                Ok(member) => member,
                Err(_) if !found => return Ok(false),
                Err(fault) => return Err(self.whole_fault(fault)),
            };
            let end = if unescape(&String::from_utf8_lossy(key)) == "Records" {
                if found {
                    return Err(self.whole(Reason::JsonDuplicateKey, "Records stands twice"));
                }
                found = true;
                match self.bytes.get(value) {
                    Some(b'[') => self.array(value, ArrayOf::Records)?,
                    Some(_) => return Err(self.whole(Reason::JsonShape, "Records is not an array")),
                    None => return Err(self.whole(Reason::JsonTruncated, "Records has no value")),
                }
            } else {
                self.warn(Warning::ExtraTopLevel);
                match scanner.value(value, 1) {
                    Ok(end) => end,
                    Err(_) if !found => return Ok(false),
                    Err(fault) => return Err(self.whole_fault(fault)),
                }
            };
            at = scanner.space(end);
            match self.bytes.get(at) {
                Some(b',') => at = scanner.space(at + 1),
                Some(b'}') => break,
                _ if !found => return Ok(false),
                Some(_) => return Err(self.whole(Reason::JsonSyntax, &format!("at byte {at}"))),
                None => return Err(self.whole(Reason::JsonTruncated, "the document has no end")),
            }
        }
        if scanner.space(at + 1) != self.bytes.len() {
            let detail = format!("{} bytes after the document", self.bytes.len() - at - 1);
            return Err(self.whole(Reason::JsonTrailingData, &detail));
        }
        Ok(found)
    }

    fn first_key_is_records(&self, start: usize) -> bool {
        let mut scanner = self.scanner();
        let at = scanner.space(start + 1);
        scanner.key(at).is_ok_and(|(key, _)| key == b"Records")
    }

    fn bare_array(&mut self, start: usize) -> Whole<()> {
        self.document.shape = Shape::BareArray;
        self.warn(Warning::BareArray);
        let end = self.array(start, ArrayOf::Anything)?;
        if self.scanner().space(end) != self.bytes.len() {
            return Err(
                self.whole(Reason::JsonTrailingData, &format!("{} bytes after the array", self.bytes.len() - end))
            );
        }
        self.check_holds_cloudtrail()
    }

    /// Reads the array at `open`, one record after another; returns its end.
    fn array(&mut self, open: usize, of: ArrayOf) -> Whole<usize> {
        let mut scanner = self.scanner();
        let mut at = scanner.space(open + 1);
        if self.bytes.get(at) == Some(&b']') {
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

    fn element(&mut self, scanner: &mut Scanner<'a>, at: usize, of: ArrayOf) -> Whole<Result<usize, Fault>> {
        if self.bytes.get(at) != Some(&b'{') {
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
    fn take_object(&mut self, at: usize, object: Object) -> Whole<Option<Shape>> {
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
        kind.is_some_and(|(start, end)| &self.bytes[at + start..at + end] == b"\"CONTROL_MESSAGE\"")
    }

    fn take_record(&mut self, at: usize, object: Object) -> Whole<()> {
        let index = self.take_index()?;
        self.keep_record(at, object, index);
        Ok(())
    }

    fn keep_record(&mut self, at: usize, object: Object, index: usize) {
        let end = object.end;
        let bytes = &self.bytes[at..end];
        if !self.utf8 && simdutf8::compat::from_utf8(bytes).is_err() {
            return self.reject(Reason::NotUtf8, "", index, at, end);
        }
        match RecordSlice::from_object(Cow::Borrowed(bytes), at, index, object, self.limits) {
            Ok(slice) => {
                self.cover(at, end);
                self.document.slices.push(slice);
            }
            Err((reason, detail)) => self.reject(reason, detail, index, at, end),
        }
    }

    fn take_detail(&mut self, at: usize, envelope: &Object) -> Whole<()> {
        let index = self.take_index()?;
        let Some((start, _)) = envelope.value(Field::Detail).filter(|(start, _)| self.bytes[at + start] == b'{') else {
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
            Some((start, _)) if self.bytes[at + start] == b'[' => {
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
        let value = &self.bytes[at + start..at + end];
        if !self.utf8 && simdutf8::compat::from_utf8(&self.bytes[at..object.end]).is_err() {
            self.reject(Reason::NotUtf8, "", index, at, object.end);
            return Ok(());
        }
        let record = match value {
            [b'"', inside @ .., b'"'] => {
                let inside = simdutf8::basic::from_utf8(inside).expect("checked with the document or just above");
                RecordSlice::scan(unescape(inside).into_owned().into_bytes(), at, index, self.limits)
            }
            _ => RecordSlice::scan(value, at + start, index, self.limits),
        };
        match record {
            Ok(slice) if slice.names_an_event() => {
                self.cover(at, object.end);
                self.document.slices.push(slice);
            }
            Ok(_) => self.reject(Reason::NotCloudtrail, "a message of another kind", index, at, object.end),
            Err(reject) => self.reject(reject.reason, reject.detail, index, at, object.end),
        }
        Ok(())
    }

    /// Rejects what cannot be read up to the next line that begins an object; returns where to go on.
    fn skip_broken_line(&mut self, at: usize, fault: Fault) -> Whole<usize> {
        let index = self.take_index()?;
        let next = memchr::memmem::find(&self.bytes[at..], b"\n{").map(|line| at + line + 1);
        // What the end of the file cuts is truncated; what another line follows is simply wrong.
        let reason = match (fault.reason, next) {
            (Reason::JsonTruncated, Some(_)) => Reason::JsonSyntax,
            (reason, _) => reason,
        };
        let end = next.unwrap_or(self.bytes.len());
        self.reject(reason, fault.place(), index, at, end);
        Ok(end)
    }

    fn export_lines(&mut self, start: usize) -> Whole<()> {
        self.document.shape = Shape::LogsExport;
        self.warn(Warning::LogsExportShape);
        let mut at = start;
        while at < self.bytes.len() {
            let line = line_at(self.bytes, at);
            let next = at + line.len() + 1;
            if !line.trim_ascii().is_empty() {
                let index = self.take_index()?;
                match export_line(line) {
                    Some(skip) => match RecordSlice::scan(line[skip..].trim_ascii(), at + skip, index, self.limits) {
                        Ok(slice) if slice.names_an_event() => {
                            self.cover(at, at + line.len());
                            self.document.slices.push(slice);
                        }
                        Ok(_) => {
                            self.reject(Reason::NotCloudtrail, "a line of another kind", index, at, at + line.len())
                        }
                        Err(fault) => self.reject(fault.reason, fault.detail, index, at, at + line.len()),
                    },
                    None => self.reject(Reason::JsonSyntax, "no time and record", index, at, at + line.len()),
                }
            }
            at = next;
        }
        self.check_holds_cloudtrail()
    }

    /// A file of a shape that could hold anything must hold at least one record, or nothing at all.
    fn check_holds_cloudtrail(&self) -> Whole<()> {
        let Some(first) = self.document.rejects.first().filter(|_| self.document.slices.is_empty()) else {
            return Ok(());
        };
        let foreign = |reject: &Reject| matches!(reject.reason, Reason::NotCloudtrail | Reason::RecordShape);
        if self.document.rejects.iter().all(foreign) {
            return Err(self.whole(Reason::NotCloudtrail, "no CloudTrail record in it"));
        }
        if self.document.rejects.len() == 1 {
            return Err(self.whole(first.reason, &first.detail));
        }
        Ok(())
    }

    /// What stands between records must be UTF-8 too, else the file is not what it seems.
    fn check_between_records(&mut self) -> Whole<()> {
        if self.utf8 {
            return Ok(());
        }
        self.covered.sort_unstable();
        let mut from = 0;
        for (start, end) in self.covered.iter().copied().chain([(self.bytes.len(), self.bytes.len())]) {
            if start > from && simdutf8::basic::from_utf8(&self.bytes[from..start]).is_err() {
                return Err(self.whole(Reason::NotUtf8, "outside of any record"));
            }
            from = from.max(end);
        }
        Ok(())
    }
}

fn kind_of(object: &Object) -> ObjectIs {
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

fn line_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = &bytes[at..];
    &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
}

/// Where the record begins in `2026-01-02T00:01:02.000Z {…}`.
fn export_line(line: &[u8]) -> Option<usize> {
    let space = memchr::memchr(b' ', line.get(..64.min(line.len()))?)?;
    let time = std::str::from_utf8(&line[..space]).ok()?;
    event_time::parse(time)?;
    Some(space + 1)
}

/// A byte order mark of UTF-16, or ASCII with a zero byte beside each character.
fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => true,
        [first, second, ..] => (*first == 0) != (*second == 0) && (first | second).is_ascii_graphic(),
        _ => false,
    }
}

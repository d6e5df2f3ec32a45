//! Recognises which shape a file has and cuts it into record slices and rejects. The usual
//! `{"Records":[…]}` is read in one pass; every other shape in which people keep CloudTrail is recognised by its
//! keys. Where a record is broken its end is sought by brackets alone, so that its neighbours survive.
//! The slices go to `record`.

mod element;
mod recognition;

use crate::json::scanner::{Fault, Scanner};
use crate::json::text::unescape;
use crate::log_file::document::element::ArrayOf;
use crate::log_file::document::recognition::{export_line, is_utf16, line_at};
use crate::log_file::inflater::is_text;
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
        let (mut found, mut extra) = (false, false);
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
                extra = true;
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
        if found && extra {
            self.warn(Warning::ExtraTopLevel);
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

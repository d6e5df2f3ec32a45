//! Recognises which shape a file has and cuts it into record slices and rejects. The usual
//! `{"Records":[…]}` is read in one pass; every other shape in which people keep CloudTrail is recognised by its
//! keys. Where a record is broken its end is sought by brackets alone, so that its neighbours survive.
//! The slices go to `record`.

mod element;
mod export;
mod recognition;

use crate::json::scanner::{Fault, Scanner};
use crate::json::text::unescape;
use crate::log_file::document::element::ArrayOf;
use crate::log_file::document::recognition::{EXPORT_TIME_BYTES, export_line, is_utf16};
use crate::log_file::{DocumentBytes, Limits, RecordSlice};
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

/// What a file is as a whole, once its pieces are handed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    pub shape: Shape,
    pub warnings: Vec<Warning>,
    /// Records that became slices.
    pub slices: usize,
    /// Records that became rejects.
    pub rejects: usize,
}

/// One record of a file: cut out, or the reason why not.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece<'a> {
    Slice(RecordSlice<'a>),
    Reject(Reject),
}

/// Cuts an inflated file that is in memory. An error rejects the whole file: nothing of it may be taken.
pub fn read<'a>(inflated: &'a [u8], limits: &Limits) -> Result<Document<'a>, Reject> {
    let (mut slices, mut rejects) = (Vec::new(), Vec::new());
    let outline = cut(inflated, limits, &mut |piece| match piece {
        Piece::Slice(slice) => slices.push(slice),
        Piece::Reject(reject) => rejects.push(reject),
    })?;
    Ok(Document { shape: outline.shape, warnings: outline.warnings, slices, rejects })
}

/// Cuts a file and hands over one record after another. After an error nothing of what was handed over may be taken, so
/// who cannot take it back cuts twice: first to learn whether the file is sound.
pub fn cut<'a, B: DocumentBytes<'a>>(
    bytes: B,
    limits: &Limits,
    each: &mut dyn FnMut(Piece<'a>),
) -> Result<Outline, Reject> {
    let mut reader = Reader {
        bytes,
        limits,
        utf8: bytes.is_utf8(0, bytes.len()),
        covered: Vec::new(),
        next_index: 0,
        outline: Outline { shape: Shape::Records, warnings: Vec::new(), slices: 0, rejects: 0 },
        first_reject: None,
        only_foreign: true,
        each,
    };
    reader.document()?;
    reader.check_between_records()?;
    Ok(reader.outline)
}

struct Reader<'a, 'l, B> {
    bytes: B,
    limits: &'l Limits,
    /// The whole file is UTF-8, so no record needs to be checked.
    utf8: bool,
    /// Ranges judged record by record; kept only if the file is not UTF-8.
    covered: Vec<(usize, usize)>,
    next_index: usize,
    outline: Outline,
    first_reject: Option<(Reason, String)>,
    /// Whatever was rejected was sound JSON of another kind.
    only_foreign: bool,
    each: &'l mut dyn FnMut(Piece<'a>),
}

type Whole<T> = Result<T, Reject>;

impl<'a, B: DocumentBytes<'a>> Reader<'a, '_, B> {
    fn document(&mut self) -> Whole<()> {
        let bytes = self.bytes;
        let head = bytes.slice(0, bytes.len().min(3));
        let bom = *head == *b"\xef\xbb\xbf";
        if bom {
            self.warn(Warning::Bom);
        }
        if is_utf16(&head) {
            return Err(self.whole(Reason::NotUtf8, "UTF-16"));
        }
        let start = self.scanner().space(if bom { 3 } else { 0 });
        let Some(first) = bytes.get(start) else {
            return Err(self.whole(Reason::EmptyDocument, "nothing but white space"));
        };
        match first {
            b'{' => self.objects(start),
            b'[' => self.bare_array(start),
            b'0'..=b'9' if export_line(&bytes.slice(start, bytes.len().min(start + EXPORT_TIME_BYTES))).is_some() => {
                self.export_lines(start)
            }
            _ => Err(self.odd_root(start)),
        }
    }

    fn odd_root(&self, start: usize) -> Reject {
        let mut scanner = self.scanner();
        match scanner.value(start, 0) {
            Ok(end) if scanner.space(end) == self.bytes.len() => {
                self.whole(Reason::JsonShape, "the root is neither an object nor an array")
            }
            Err(fault) if self.bytes.get(start) == Some(b'"') => self.whole_fault(fault),
            _ => self.whole(Reason::UnknownMagic, "neither gzip nor JSON"),
        }
    }

    fn scanner(&self) -> Scanner<B> {
        Scanner::new(self.bytes, self.limits)
    }

    fn warn(&mut self, warning: Warning) {
        if !self.outline.warnings.contains(&warning) {
            self.outline.warnings.push(warning);
        }
    }

    fn whole(&self, reason: Reason, detail: &str) -> Reject {
        Reject::of_file(reason, self.bytes.len(), detail)
    }

    fn whole_fault(&self, fault: Fault) -> Reject {
        Reject::of_file(fault.reason, self.bytes.len(), fault.place())
    }

    fn reject(&mut self, reason: Reason, detail: impl Into<String>, index: usize, start: usize, end: usize) {
        let detail = detail.into();
        self.outline.rejects += 1;
        self.only_foreign &= matches!(reason, Reason::NotCloudtrail | Reason::RecordShape);
        if self.first_reject.is_none() {
            self.first_reject = Some((reason, detail.clone()));
        }
        self.cover(start, end);
        (self.each)(Piece::Reject(Reject { reason, detail, index: Some(index), offset: start, len: end - start }));
    }

    /// Hands over a record whose bytes, with what wraps them, stand from `start` to `end`.
    fn take(&mut self, slice: RecordSlice<'a>, start: usize, end: usize) {
        self.outline.slices += 1;
        self.cover(start, end);
        (self.each)(Piece::Slice(slice));
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
        while let Some(first) = self.bytes.get(at) {
            count += 1;
            let scanned = match first {
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
                    self.outline.shape = shape.unwrap_or(self.outline.shape);
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
            self.outline.shape = Shape::Ndjson;
            self.warn(Warning::Ndjson);
        } else if self.outline.shape == Shape::SingleEvent {
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
            let (key_end, value) = match scanner.key(at) {
                Ok(member) => member,
                Err(_) if !found => return Ok(false),
                Err(fault) => return Err(self.whole_fault(fault)),
            };
            let end = if self.is_records_key(at + 1, key_end - 1) {
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
        scanner.key(at).is_ok_and(|(end, _)| end - at < 16 && *self.bytes.slice(at + 1, end - 1) == *b"Records")
    }

    /// `Records`, also with escapes: each letter has at most six bytes.
    fn is_records_key(&self, start: usize, end: usize) -> bool {
        let longest = 6 * "Records".len();
        end - start <= longest && unescape(&String::from_utf8_lossy(&self.bytes.slice(start, end))) == "Records"
    }

    fn bare_array(&mut self, start: usize) -> Whole<()> {
        self.outline.shape = Shape::BareArray;
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
        let next = self.line_of_object(at);
        // What the end of the file cuts is truncated; what another line follows is simply wrong.
        let reason = match (fault.reason, next) {
            (Reason::JsonTruncated, Some(_)) => Reason::JsonSyntax,
            (reason, _) => reason,
        };
        let end = next.unwrap_or(self.bytes.len());
        self.reject(reason, fault.place(), index, at, end);
        Ok(end)
    }

    /// Where the next line that begins an object begins.
    fn line_of_object(&self, mut at: usize) -> Option<usize> {
        loop {
            let line = self.bytes.find(b'\n', at)? + 1;
            if self.bytes.get(line) == Some(b'{') {
                return Some(line);
            }
            at = line;
        }
    }

    /// The most bytes that a record within a string or a line can take: each of its bytes may be an escape. What is
    /// longer is not looked into.
    fn longest_wrapped(&self) -> usize {
        6 * self.limits.record_bytes + EXPORT_TIME_BYTES
    }

    /// A file of a shape that could hold anything must hold at least one record, or nothing at all.
    fn check_holds_cloudtrail(&self) -> Whole<()> {
        let Some((reason, detail)) = self.first_reject.as_ref().filter(|_| self.outline.slices == 0) else {
            return Ok(());
        };
        if self.only_foreign {
            return Err(self.whole(Reason::NotCloudtrail, "no CloudTrail record in it"));
        }
        if self.outline.rejects == 1 {
            return Err(self.whole(*reason, detail));
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
            if start > from && !self.bytes.is_utf8(from, start) {
                return Err(self.whole(Reason::NotUtf8, "outside of any record"));
            }
            from = from.max(end);
        }
        Ok(())
    }
}

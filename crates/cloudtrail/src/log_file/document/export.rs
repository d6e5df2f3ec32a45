//! Lines of a CloudWatch Logs export: a time, a space, the record. A line of another form is rejected alone.

use crate::log_file::document::recognition::export_line;
use crate::log_file::document::{Reader, Shape, Whole};
use crate::log_file::{DocumentBytes, RecordSlice};
use crate::reject::{Reason, Warning};

impl<'a, B: DocumentBytes<'a>> Reader<'a, '_, B> {
    pub(super) fn export_lines(&mut self, start: usize) -> Whole<()> {
        self.outline.shape = Shape::LogsExport;
        self.warn(Warning::LogsExportShape);
        let mut at = start;
        while at < self.bytes.len() {
            let end = self.bytes.find(b'\n', at).unwrap_or(self.bytes.len());
            if end - at > self.longest_wrapped() {
                let index = self.take_index()?;
                let detail = format!("a line of {} bytes", end - at);
                self.reject(Reason::RecordSizeLimit, detail, index, at, end);
            } else {
                self.export_line(at, end)?;
            }
            at = end + 1;
        }
        self.check_holds_cloudtrail()
    }

    fn export_line(&mut self, at: usize, end: usize) -> Whole<()> {
        let line = self.bytes.slice(at, end);
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let index = self.take_index()?;
        let Some(skip) = export_line(&line) else {
            self.reject(Reason::JsonSyntax, "no time and record", index, at, end);
            return Ok(());
        };
        let rest = &line[skip..];
        let start = at + skip + rest.len() - rest.trim_ascii_start().len();
        let record = self.bytes.slice(start, start + rest.trim_ascii().len());
        match RecordSlice::scan(record, at + skip, index, self.limits) {
            Ok(slice) if slice.names_an_event() => self.take(slice, at, end),
            Ok(_) => self.reject(Reason::NotCloudtrail, "a line of another kind", index, at, end),
            Err(fault) => self.reject(fault.reason, fault.detail, index, at, end),
        }
        Ok(())
    }
}

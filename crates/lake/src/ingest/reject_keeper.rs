//! Rejects on their way into the catalog: which of their bytes are stored beside the reason. What is too long, or too much
//! for one object, stays where it is; the place is stored for all.

use cloudtrail::log_file::DocumentBytes;
use cloudtrail::reject::Reject;

use super::file::KEPT_REJECT_BYTES;
use crate::catalog::NewReject;

/// Rejected bytes that are kept of one object. A hostile one may hold nothing else.
const KEPT_OF_OBJECT_BYTES: usize = 16 << 20;

/// Makes rejects what the catalog stores, and keeps their bytes while there is room for them.
pub(super) struct RejectKeeper {
    room_bytes: usize,
}

impl Default for RejectKeeper {
    fn default() -> Self {
        Self { room_bytes: KEPT_OF_OBJECT_BYTES }
    }
}

impl RejectKeeper {
    pub(super) fn keep<'a>(&mut self, reject: &Reject, text: Option<impl DocumentBytes<'a>>) -> NewReject {
        let (start, end) = (reject.offset, reject.offset + reject.len);
        let fits = |text: &_| reject.len <= KEPT_REJECT_BYTES.min(self.room_bytes) && end <= DocumentBytes::len(*text);
        let bytes = text.filter(fits).map(|text| text.slice(start, end).into_owned());
        self.room_bytes -= bytes.as_ref().map_or(0, Vec::len);
        NewReject {
            reason: reject.reason.code(),
            detail: reject.detail.clone(),
            record_index: reject.index.map(|index| index as i64),
            byte_offset: reject.offset as i64,
            byte_length: reject.len as i64,
            bytes,
        }
    }
}

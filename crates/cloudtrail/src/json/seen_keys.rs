//! The keys met in one object: which known field each names, and whether one came twice. Escapes are resolved first,
//! else `event\u004eame` would slip by beside `eventName`.

use xxhash_rust::xxh3::xxh3_64;

use crate::json::text::unescape;
use crate::record::field::Field;

/// Known fields as bits, others as hashes.
pub(crate) struct SeenKeys {
    known: u64,
    unknown: Vec<u64>,
    most_unknown: usize,
}

/// A member takes no fewer bytes than these: `"":1,`.
const SHORTEST_MEMBER_BYTES: usize = 5;

/// What one key turned out to be.
#[derive(Default)]
pub(crate) struct SeenKey {
    pub field: Option<Field>,
    pub repeated: bool,
}

impl SeenKeys {
    /// Keys of one object. More than a record of `record_bytes` can have are not remembered: an object with more of them
    /// is no record that is taken.
    pub fn of_record(record_bytes: usize) -> Self {
        Self { known: 0, unknown: Vec::new(), most_unknown: record_bytes / SHORTEST_MEMBER_BYTES + 1 }
    }

    #[inline(always)]
    pub fn note(&mut self, key: &[u8]) -> SeenKey {
        match Field::of(key) {
            Some(field) => {
                let bit = 1u64 << field as u32;
                let repeated = self.known & bit != 0;
                self.known |= bit;
                SeenKey { field: Some(field), repeated }
            }
            None => self.note_odd(key),
        }
    }

    #[cold]
    fn note_odd(&mut self, key: &[u8]) -> SeenKey {
        if memchr::memchr(b'\\', key).is_some() {
            let plain = unescape(&String::from_utf8_lossy(key)).into_owned();
            // Once unescaped it may still hold a backslash, which no field name does.
            if let Some(field) = Field::of(plain.as_bytes()) {
                let bit = 1u64 << field as u32;
                let repeated = self.known & bit != 0;
                self.known |= bit;
                return SeenKey { field: Some(field), repeated };
            }
            self.remember(plain.as_bytes());
        } else {
            self.remember(key);
        }
        SeenKey { field: None, repeated: false }
    }

    fn remember(&mut self, key: &[u8]) {
        if self.unknown.len() < self.most_unknown {
            self.unknown.push(xxh3_64(key));
        }
    }

    /// Whether a key that names no known field came twice.
    pub fn unknown_repeats(&mut self) -> bool {
        self.unknown.sort_unstable();
        self.unknown.windows(2).any(|pair| pair[0] == pair[1])
    }
}

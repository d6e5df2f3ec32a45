//! Which objects a folded prefix holds, in ten bytes each: 48 bits of a hash of the file's name and 32 of its size and
//! stamp, sorted, so that a look-up is a binary search in the bytes as they are stored. A new object is taken for a known
//! one where all 80 bits agree with one of the prefix; where only the name's agree it counts as changed, and is read.

use xxhash_rust::xxh3::xxh3_64;

use super::ObjectVerdict;

const NAME_BYTES: usize = 6;
const ENTRY_BYTES: usize = 10;

/// One object of a set.
pub(super) type Entry = [u8; ENTRY_BYTES];

/// The entry of an object by its file name (without folders), size and stamp.
pub(super) fn entry(file_name: &str, size_bytes: i64, stamp: &str) -> Entry {
    let mut content = Vec::with_capacity(8 + stamp.len());
    content.extend_from_slice(&size_bytes.to_le_bytes());
    content.extend_from_slice(stamp.as_bytes());
    let mut entry = [0; ENTRY_BYTES];
    entry[..NAME_BYTES].copy_from_slice(&name_hash(file_name));
    entry[NAME_BYTES..].copy_from_slice(&xxh3_64(&content).to_be_bytes()[..ENTRY_BYTES - NAME_BYTES]);
    entry
}

fn name_hash(file_name: &str) -> [u8; NAME_BYTES] {
    xxh3_64(file_name.as_bytes()).to_be_bytes()[..NAME_BYTES].try_into().expect("eight bytes hold six")
}

/// The set of `stored` and `entries` together, as it is stored.
pub(super) fn merged(stored: &[u8], entries: &[Entry]) -> Vec<u8> {
    let mut all: Vec<Entry> = slots(stored).iter().chain(entries).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.concat()
}

/// What the set `stored` says of an object.
pub(super) fn verdict(stored: &[u8], entry: &Entry) -> ObjectVerdict {
    if slots(stored).binary_search(entry).is_ok() {
        ObjectVerdict::Known
    } else if has_name_hash(stored, &entry[..NAME_BYTES]) {
        ObjectVerdict::Changed
    } else {
        ObjectVerdict::New
    }
}

/// Whether the set `stored` holds a file of that name, whatever its content.
pub(super) fn has_name(stored: &[u8], file_name: &str) -> bool {
    has_name_hash(stored, &name_hash(file_name))
}

fn has_name_hash(stored: &[u8], hash: &[u8]) -> bool {
    let entries = slots(stored);
    let at = entries.partition_point(|entry| &entry[..NAME_BYTES] < hash);
    entries.get(at).is_some_and(|entry| &entry[..NAME_BYTES] == hash)
}

fn slots(stored: &[u8]) -> &[Entry] {
    stored.as_chunks().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_tells_known_changed_and_new() {
        let stored = merged(&[], &[entry("b.json.gz", 10, "x"), entry("a.json.gz", 10, "x")]);
        let stored = merged(&stored, &[entry("c.json.gz", 10, "x"), entry("a.json.gz", 10, "x")]);
        assert_eq!(stored.len(), 3 * ENTRY_BYTES);
        let check = |name: &str, size: i64, stamp: &str, expected: ObjectVerdict| {
            assert_eq!(verdict(&stored, &entry(name, size, stamp)), expected, "{name} {size} {stamp}");
            assert_eq!(has_name(&stored, name), expected != ObjectVerdict::New, "{name}");
        };
        check("a.json.gz", 10, "x", ObjectVerdict::Known);
        check("c.json.gz", 10, "x", ObjectVerdict::Known);
        check("b.json.gz", 11, "x", ObjectVerdict::Changed);
        check("b.json.gz", 10, "y", ObjectVerdict::Changed);
        check("d.json.gz", 10, "x", ObjectVerdict::New);
    }

    proptest::proptest! {
        #[test]
        fn a_set_holds_what_was_put_into_it(names in proptest::collection::vec("[a-z]{1,3}", 0..60), split in 0usize..60) {
            let entries: Vec<Entry> = names.iter().map(|name| entry(name, 1, "s")).collect();
            let split = split.min(entries.len());
            let stored = merged(&merged(&[], &entries[..split]), &entries[split..]);
            for entry in &entries {
                proptest::prop_assert_eq!(verdict(&stored, entry), ObjectVerdict::Known);
            }
            let distinct: std::collections::HashSet<&String> = names.iter().collect();
            proptest::prop_assert_eq!(stored.len(), distinct.len() * ENTRY_BYTES);
        }
    }
}

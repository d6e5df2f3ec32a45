//! The distinct times of delivery of a folded prefix, to the minute as CloudTrail stamps its log files: ascending, as
//! differences of seven bits a byte. A file every five minutes takes a byte each; the coverage rules need no less, because
//! they compare silences with the usual distance between files.

/// CloudTrail's log files are stamped to the minute.
pub(super) const MINUTE_US: i64 = 60_000_000;

/// The distinct times of `stored` and of `times_us` (whole minutes since 1970) together, as they are stored.
pub(super) fn merged(stored: &[u8], times_us: &[i64]) -> Vec<u8> {
    let mut minutes: Vec<u64> = minutes(stored).collect();
    minutes.extend(times_us.iter().map(|us| us.div_euclid(MINUTE_US).unsigned_abs()));
    minutes.sort_unstable();
    minutes.dedup();
    let mut bytes = Vec::with_capacity(minutes.len() + 4);
    let mut before = 0;
    for minute in minutes {
        let mut rest = minute - before;
        before = minute;
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

/// The times, µs UTC, ascending.
pub(super) fn times_us(stored: &[u8]) -> impl Iterator<Item = i64> {
    minutes(stored).map(|minute| (minute as i64).saturating_mul(MINUTE_US))
}

fn minutes(stored: &[u8]) -> impl Iterator<Item = u64> {
    let (mut minute, mut difference, mut shift) = (0u64, 0u64, 0u32);
    stored.iter().filter_map(move |byte| {
        difference |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 0x80 != 0 {
            return None;
        }
        minute = minute.wrapping_add(difference);
        (difference, shift) = (0, 0);
        Some(minute)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_every_five_minutes_takes_a_byte_each() {
        let day: Vec<i64> = (0..288).map(|n| (29_000_000 + n * 5) * MINUTE_US).collect();
        let stored = merged(&merged(&[], &day[100..]), &day[..200]);
        assert_eq!(stored.len(), 287 + 4);
        assert_eq!(times_us(&stored).collect::<Vec<_>>(), day);
        assert_eq!(times_us(&[]).count(), 0);
    }
}

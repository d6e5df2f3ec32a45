//! The only source of chance: a splitmix64 stream seeded by what it is for.
//! Whoever knows an event's place (seed, day, account, region, file, position) can draw it again without the
//! events before it; this is what makes a day, a file or a redelivered copy reproducible on its own.

/// A deterministic stream of numbers. Integer arithmetic only, so that every machine draws the same.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream for one place, named by its coordinates.
    pub fn new(place: &[u64]) -> Self {
        let mut state = 0x243f_6a88_85a3_08d3;
        for part in place {
            state = mix(state ^ mix(part.wrapping_add(0x9e37_79b9_7f4a_7c15)));
        }
        Self(state)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    pub fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u32) as usize]
    }

    /// `length` characters of `alphabet`, which is ASCII.
    pub fn text(&mut self, out: &mut String, alphabet: &[u8], length: usize) {
        for _ in 0..length {
            out.push(char::from(*self.pick(alphabet)));
        }
    }

    pub fn hex(&mut self, out: &mut String, length: usize) {
        let mut bits = 0;
        for position in 0..length {
            if position % 16 == 0 {
                bits = self.next();
            }
            out.push(char::from(HEX[(bits & 15) as usize]));
            bits >>= 4;
        }
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self, out: &mut String) {
        let (high, low) = (self.next(), self.next());
        for position in 0..32 {
            if matches!(position, 8 | 12 | 16 | 20) {
                out.push('-');
            }
            let word = if position < 16 { high } else { low };
            let digit = (word >> (4 * (position % 16))) & 15;
            let digit = match position {
                12 => 4,
                16 => 8 | (digit & 3),
                _ => digit,
            };
            out.push(char::from(HEX[digit as usize]));
        }
    }
}

/// A draw among weighted things: the index at which the running sum passes the drawn number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weighted(Vec<u32>);

impl Weighted {
    pub fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let mut sum = 0;
        Self(
            weights
                .into_iter()
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect(),
        )
    }

    /// Weights 1/rank^1.4 for `count` ranks, at most 96.
    pub fn zipf(count: usize) -> Self {
        Self::new(ZIPF[..count].iter().copied())
    }

    pub fn draw(&self, random: &mut Random) -> usize {
        let drawn = random.below(self.0.last().copied().unwrap_or(0));
        self.0.partition_point(|sum| *sum <= drawn)
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";
pub(crate) const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub(crate) const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A million over rank^1.4, written out because `powf` may differ between machines.
const ZIPF: [u32; 96] = [
    1000000, 378929, 214798, 143587, 105061, 81393, 65594, 54409, 46138, 39811, 34838, 30842, 27573, 24855, 22567,
    20617, 18940, 17483, 16209, 15085, 14089, 13201, 12405, 11687, 11038, 10448, 9910, 9418, 8967, 8551, 8168, 7813,
    7483, 7177, 6891, 6625, 6376, 6142, 5923, 5716, 5522, 5339, 5166, 5002, 4847, 4700, 4561, 4429, 4303, 4183, 4068,
    3959, 3855, 3755, 3660, 3569, 3482, 3398, 3317, 3240, 3166, 3095, 3026, 2960, 2897, 2836, 2776, 2719, 2664, 2611,
    2560, 2510, 2462, 2416, 2371, 2327, 2285, 2244, 2205, 2166, 2129, 2092, 2057, 2023, 1990, 1958, 1926, 1896, 1866,
    1837, 1809, 1781, 1754, 1728, 1703, 1678,
];

/// A number for a name, to seed what belongs to it (FNV-1a).
pub(crate) fn name_seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_place_draws_the_same() {
        let draw = |place: &[u64]| Random::new(place).next();
        assert_eq!(draw(&[1, 2, 3]), draw(&[1, 2, 3]));
        assert_ne!(draw(&[1, 2, 3]), draw(&[1, 3, 2]));
        assert_ne!(draw(&[1]), draw(&[1, 0]));
    }

    #[test]
    fn uuid_is_well_formed() {
        let mut id = String::new();
        Random::new(&[7]).uuid(&mut id);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn first_rank_of_zipf_leads() {
        let (zipf, mut random) = (Weighted::zipf(60), Random::new(&[1]));
        let mut counts = [0; 60];
        for _ in 0..10_000 {
            counts[zipf.draw(&mut random)] += 1;
        }
        assert!(counts[0] > 2 * counts[1] && counts[1] > counts[5], "{counts:?}");
    }
}

//! The tokens of pages: where the next page begins, bound to the operation, the caller and what was asked, so that a token given
//! to another is refused. A token tells nothing that its holder may not know, so it is bound by a hash and needs no secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const OFFSET_BYTES: usize = 8;
const BINDING_BYTES: usize = 18;

/// A token for the page that begins at `offset`; `bound_to` are the operation, the caller and what else must stay the same.
pub fn write(offset: u64, bound_to: &[&str]) -> String {
    seal(&offset.to_be_bytes(), bound_to)
}

/// Where the page of a token begins; `None` for a token that was not written for this.
pub fn read(token: &str, bound_to: &[&str]) -> Option<u64> {
    let offset: [u8; OFFSET_BYTES] = open(token, bound_to)?.try_into().ok()?;
    Some(u64::from_be_bytes(offset))
}

/// As `write`, where a number does not tell the place.
pub fn seal(place: &[u8], bound_to: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode([place, &binding(place, bound_to)].concat())
}

/// The place of a token that `seal` wrote for this.
pub fn open(token: &str, bound_to: &[&str]) -> Option<Vec<u8>> {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let bound = bytes.split_off(bytes.len().checked_sub(BINDING_BYTES)?);
    (bound == binding(&bytes, bound_to)).then_some(bytes)
}

fn binding(place: &[u8], bound_to: &[&str]) -> [u8; BINDING_BYTES] {
    let mut hash = Sha256::new();
    for part in std::iter::once(place).chain(bound_to.iter().map(|part| part.as_bytes())) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    hash[..BINDING_BYTES].try_into().expect("SHA-256 has more bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_what_it_was_written_for() {
        let token = write(200, &["ListUsers", "arn:aws:iam::111111111111:user/Alice"]);
        assert_eq!(read(&token, &["ListUsers", "arn:aws:iam::111111111111:user/Alice"]), Some(200));
        for other in [
            &["ListRoles", "arn:aws:iam::111111111111:user/Alice"][..],
            &["ListUsers", "arn:aws:iam::111111111111:user/Bob"],
            &["ListUsersarn:aws:iam::111111111111:user/Alice", ""],
            &[],
        ] {
            assert_eq!(read(&token, other), None, "{other:?}");
        }
        let longer = format!("{token}A");
        for broken in ["", "AAAA", &token[1..], longer.as_str(), "Zm9v!"] {
            assert_eq!(read(broken, &["ListUsers", "arn:aws:iam::111111111111:user/Alice"]), None, "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "[A-Za-z0-9_=-]{0,60}", offset: u64, place: Vec<u8>) {
            let _ = (read(&text, &["x"]), open(&text, &["x"]));
            proptest::prop_assert_eq!(read(&write(offset, &["x"]), &["x"]), Some(offset));
            let sealed = seal(&place, &["x"]);
            proptest::prop_assert_eq!(open(&sealed, &["y"]), None);
            proptest::prop_assert_eq!(open(&sealed, &["x"]), Some(place));
        }
    }
}

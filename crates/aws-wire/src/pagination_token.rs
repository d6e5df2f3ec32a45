//! The tokens of pages: where the next page begins, bound to the operation, the caller and what was asked, so that a token given
//! to another is refused. A token tells nothing that its holder may not know, so it is bound by a hash and needs no secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const OFFSET_BYTES: usize = 8;
const BINDING_BYTES: usize = 18;

/// A token for the page that begins at `offset`; `bound_to` are the operation, the caller and what else must stay the same.
pub fn write(offset: u64, bound_to: &[&str]) -> String {
    let mut bytes = offset.to_be_bytes().to_vec();
    bytes.extend(binding(offset, bound_to));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Where the page of a token begins; `None` for a token that was not written for this.
pub fn read(token: &str, bound_to: &[&str]) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (offset, bound) = bytes.split_at_checked(OFFSET_BYTES)?;
    let offset = u64::from_be_bytes(offset.try_into().ok()?);
    (bound == binding(offset, bound_to)).then_some(offset)
}

fn binding(offset: u64, bound_to: &[&str]) -> [u8; BINDING_BYTES] {
    let mut hash = Sha256::new();
    hash.update(offset.to_be_bytes());
    for part in bound_to {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
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
        fn no_text_makes_reading_panic(text in "[A-Za-z0-9_=-]{0,60}", offset: u64) {
            let _ = read(&text, &["x"]);
            proptest::prop_assert_eq!(read(&write(offset, &["x"]), &["x"]), Some(offset));
        }
    }
}

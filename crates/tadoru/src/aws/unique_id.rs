//! Ids in AWS's form: what the id is of in four letters, then letters and digits without a meaning.

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An id of that prefix and length, which no one has.
///
/// # Errors
/// The system gives no random bytes.
pub fn new(prefix: &str, length: usize) -> anyhow::Result<String> {
    let mut bytes = vec![0_u8; length.saturating_sub(prefix.len())];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
    let signs = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte % 32)]));
    Ok(prefix.chars().chain(signs).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_form_of_aws() {
        let id = new("AROA", 21).unwrap();
        assert_eq!((id.len(), &id[..4]), (21, "AROA"));
        assert!(id.bytes().all(|byte| BASE32.contains(&byte)), "{id}");
        assert_ne!(id, new("AROA", 21).unwrap());
    }
}

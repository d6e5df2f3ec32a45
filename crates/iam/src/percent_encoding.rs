//! Percent-encoding, in which IAM answers policy documents and S3 names the source of a copy.

/// The text with each `%XX` as its byte; what is no such code stays as it is.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match pair.filter(|_| first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_bytes_and_the_rest_stays() {
        let check = |text: &str, expected: &str| assert_eq!(percent_decoded(text), expected);
        check("a%20b%2Fc", "a b/c");
        check("%E6%97%A5", "日");
        check("100%", "100%");
        check("%zz%4", "%zz%4");
    }
}

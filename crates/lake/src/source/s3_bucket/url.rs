//! `s3://bucket/key`: what a person types and what the ledger calls an object.

use std::fmt;
use std::str::FromStr;

/// A bucket and a key or prefix in it; the prefix is empty for the whole bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Url {
    pub bucket: String,
    pub key: String,
}

/// Not the URL of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no bucket's URL")]
pub struct S3UrlError(String);

impl S3Url {
    /// Whether `text` means to be such a URL.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("s3://")
    }
}

impl FromStr for S3Url {
    type Err = S3UrlError;

    fn from_str(text: &str) -> Result<Self, S3UrlError> {
        let rest = text.strip_prefix("s3://").ok_or_else(|| S3UrlError(text.to_owned()))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        // Old buckets of us-east-1 have capitals, underscores and up to 255 characters.
        let is_bucket = (3..=255).contains(&bucket.len())
            && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        if !is_bucket || key.starts_with('/') {
            return Err(S3UrlError(text.to_owned()));
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

impl fmt::Display for S3Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_as_people_type_them() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let url = text.parse::<S3Url>().ok();
            assert_eq!(url.as_ref().map(|url| (url.bucket.as_str(), url.key.as_str())), expected, "{text}");
        };
        check("s3://trail-bucket", Some(("trail-bucket", "")));
        check("s3://trail-bucket/", Some(("trail-bucket", "")));
        check("s3://trail.bucket/AWSLogs/", Some(("trail.bucket", "AWSLogs/")));
        check("s3://trail-bucket/a b/c+d.json.gz", Some(("trail-bucket", "a b/c+d.json.gz")));
        check("s3://", None);
        check("s3:///AWSLogs", None);
        check("s3://b/x", None);
        check("s3://arn:aws:s3:us-east-1:111122223333:accesspoint/x", None);
        check("s3://trail-bucket//AWSLogs", None);
        check("https://trail-bucket", None);
    }
}

//! What an object's key says before the object is opened: kind, account, organisation, region, delivery time.
//! Layouts: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>.
//! A key that says nothing is judged by its content in `log_file`; the ledger of known keys is the lake's.

use std::borrow::Cow;

use crate::event_time::{DAY_US, days_of, number};
use crate::reject::{Reason, Warning};

/// Longest key that S3 takes, in bytes.
const KEY_BYTES: usize = 1024;

/// What CloudTrail wrote into the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// Events: management, data and network activity.
    Log,
    /// A signed list of the log files of an hour. It holds no events (DIGEST_OBJECT when offered as a log).
    Digest,
    /// Insight events: unusual rates of calls or errors.
    Insight,
    /// Another `CloudTrail-…` folder; its content decides.
    Other,
}

/// What a key tells; what it does not tell is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectKey<'a> {
    pub kind: ObjectKind,
    pub account: Option<&'a str>,
    /// `o-…` of an organisation trail.
    pub organization: Option<&'a str>,
    pub region: Option<&'a str>,
    /// The stamp in the file name, microseconds since 1970, UTC; `None` where it is missing or contradicts the
    /// date folders.
    pub delivered_at_us: Option<i64>,
    /// Name of the trail (digest files only).
    pub trail: Option<&'a str>,
    /// KEY_TIME where the stamp contradicts the date folders.
    pub warning: Option<Warning>,
}

/// What to do with an object of this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyVerdict<'a> {
    CloudTrail(ObjectKey<'a>),
    /// No CloudTrail layout (`events.json`): the content decides.
    Unknown,
    /// Something else that lives in such buckets; not to be opened.
    Skip(Reason),
    /// Not a key that S3 could have sent.
    Refuse(Reason),
}

/// Reads a full S3 key, a local path or a bare file name.
pub fn parse(key: &str) -> KeyVerdict<'_> {
    if key.len() > KEY_BYTES {
        return KeyVerdict::Refuse(Reason::KeyLimit);
    }
    let file = key.rsplit_once('/').map_or(key, |(_, file)| file);
    let from_name = parse_file_name(file);
    let Some(inside) = below_logs(key) else {
        return from_name.map_or(KeyVerdict::Unknown, KeyVerdict::CloudTrail);
    };
    if inside.contains("..") && inside.split('/').any(|segment| segment == "..") {
        return KeyVerdict::Skip(Reason::NotCloudtrail);
    }
    let mut folders = inside.split('/').peekable();
    let organization = folders.next_if(|segment| is_organization(segment));
    let account = folders.next_if(|segment| is_account(segment));
    let Some(kind) = folders.next().and_then(kind_of) else {
        // A CloudTrail file that somebody moved out of its folder still says what it is.
        return from_name.map_or(KeyVerdict::Skip(Reason::NotCloudtrail), |key| {
            KeyVerdict::CloudTrail(ObjectKey { organization, ..key })
        });
    };
    if file.is_empty() {
        return KeyVerdict::Skip(Reason::NotCloudtrail);
    }
    let region = folders.next().filter(|region| *region != file);
    let date = folder_date(folders);
    let name = from_name.unwrap_or(ObjectKey {
        kind,
        account: None,
        organization: None,
        region: None,
        delivered_at_us: None,
        trail: None,
        warning: None,
    });
    let contradicts = match (name.delivered_at_us, date) {
        (Some(stamp), Some(day)) => (stamp.div_euclid(DAY_US) - i64::from(day)).abs() > 1,
        _ => false,
    };
    KeyVerdict::CloudTrail(ObjectKey {
        kind,
        account: account.or(name.account),
        organization,
        region: region.or(name.region),
        delivered_at_us: name.delivered_at_us.filter(|_| !contradicts),
        trail: name.trail,
        warning: contradicts.then_some(Warning::KeyTime),
    })
}

/// What follows the first folder `AWSLogs`; of a key that ends with that name, nothing.
fn below_logs(key: &str) -> Option<&str> {
    let mut rest = key;
    loop {
        let (segment, behind) = rest.split_once('/').unwrap_or((rest, ""));
        if segment == "AWSLogs" {
            return Some(behind);
        }
        if segment.len() == rest.len() {
            return None;
        }
        rest = behind;
    }
}

/// Undoes the form encoding that S3 notifications give a key (`+` is a space, `%2B` a plus), once.
pub fn decode_notification_key(key: &str) -> Cow<'_, str> {
    if !key.contains(['+', '%']) {
        return Cow::Borrowed(key);
    }
    let bytes = key.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|pair| {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            u8::try_from(high << 4 | low).ok()
        });
        match (byte, digits) {
            (b'+', _) => plain.push(b' '),
            (b'%', Some(decoded)) => {
                plain.push(decoded);
                at += 2;
            }
            _ => plain.push(byte),
        }
        at += 1;
    }
    Cow::Owned(String::from_utf8(plain).unwrap_or_else(|_| key.to_owned()))
}

fn kind_of(folder: &str) -> Option<ObjectKind> {
    match folder {
        "CloudTrail" => Some(ObjectKind::Log),
        "CloudTrail-Digest" => Some(ObjectKind::Digest),
        "CloudTrail-Insight" => Some(ObjectKind::Insight),
        other => other.starts_with("CloudTrail-").then_some(ObjectKind::Other),
    }
}

/// Whether a folder of an account is CloudTrail's: logs, digests, Insight events.
pub fn is_trail_folder(folder: &str) -> bool {
    kind_of(folder).is_some()
}

/// Whether a folder is named as an account's.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a folder is named as an organisation's, `o-…`.
pub fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| (10..=32).contains(&id.len()))
}

/// `YYYY/MM/DD` folders, as days since 1970.
fn folder_date<'a>(mut folders: impl Iterator<Item = &'a str>) -> Option<i32> {
    let mut part = || folders.next().filter(|part| part.len() <= 4).and_then(|part| number(part.as_bytes()));
    days_of(part()?, part()?, part()?)
}

/// `<account>_CloudTrail_<region>_<stamp>_<16 characters>.json[.gz]`, and the digest's
/// `<account>_CloudTrail-Digest_<region>_<trail>_<trail's region>_<stamp>[_backfill].json.gz`.
fn parse_file_name(file: &str) -> Option<ObjectKey<'_>> {
    let stem = file.split_once(".json").map_or(file, |(stem, _)| stem);
    let (account, rest) = stem.split_once('_')?;
    if !is_account(account) {
        return None;
    }
    let (kind, rest) = rest.split_once('_')?;
    let kind = kind_of(kind)?;
    let (region, rest) = rest.split_once('_')?;
    let (trail, stamp) = match kind {
        ObjectKind::Digest => match rest.strip_suffix("_backfill").unwrap_or(rest).rsplit_once('_') {
            // A digest in a log's form of name has its stamp first.
            Some((stamp, _)) if stamp_us(stamp).is_some() => (None, Some(stamp)),
            Some((trail, stamp)) => (trail.rsplit_once('_').map(|(name, _)| name), Some(stamp)),
            None => (None, Some(rest)),
        },
        _ => (None, rest.split('_').next()),
    };
    let delivered_at_us = stamp.and_then(stamp_us);
    Some(ObjectKey {
        kind,
        account: Some(account),
        organization: None,
        region: Some(region),
        delivered_at_us,
        trail,
        warning: None,
    })
}

/// `YYYYMMDDThhmmZ` or `YYYYMMDDThhmmssZ`.
fn stamp_us(stamp: &str) -> Option<i64> {
    let (date, time) = stamp.strip_suffix('Z')?.split_once('T')?;
    let (date, time) = (date.as_bytes(), time.as_bytes());
    if date.len() != 8 || !matches!(time.len(), 4 | 6) {
        return None;
    }
    let days = days_of(number(&date[..4])?, number(&date[4..6])?, number(&date[6..])?)?;
    let (hour, minute, second) = (number(&time[..2])?, number(&time[2..4])?, number(&time[4..])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(i64::from(days) * DAY_US + i64::from(hour * 3600 + minute * 60 + second) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-02T00:05:00Z.
    const STAMP: i64 = 1_767_312_300_000_000;

    #[test]
    fn keys_of_each_layout() {
        fn check(key: &str, kind: ObjectKind, organization: Option<&str>, trail: Option<&str>) {
            let expected = ObjectKey {
                kind,
                account: Some("111122223333"),
                organization,
                region: Some("eu-west-1"),
                delivered_at_us: Some(STAMP),
                trail,
                warning: None,
            };
            assert_eq!(parse(key), KeyVerdict::CloudTrail(expected), "{key}");
        }
        let log = "111122223333_CloudTrail_eu-west-1_20260102T0005Z_AAAAAAAAAAAAAAAA.json.gz";
        let day = "eu-west-1/2026/01/02";
        check(&format!("AWSLogs/111122223333/CloudTrail/{day}/{log}"), ObjectKind::Log, None, None);
        check(&format!("a/prefix/AWSLogs/111122223333/CloudTrail/{day}/{log}"), ObjectKind::Log, None, None);
        let organization = "o-abcdefghij";
        check(
            &format!("AWSLogs/{organization}/111122223333/CloudTrail/{day}/{log}"),
            ObjectKind::Log,
            Some(organization),
            None,
        );
        // Control Tower puts the organisation before AWSLogs as well.
        check(
            &format!("{organization}/AWSLogs/{organization}/111122223333/CloudTrail/{day}/{log}"),
            ObjectKind::Log,
            Some(organization),
            None,
        );
        check(&format!("/srv/logs/AWSLogs/111122223333/CloudTrail/{day}/{log}"), ObjectKind::Log, None, None);
        check(log, ObjectKind::Log, None, None);
        check(&format!("/tmp/{}", log.trim_end_matches(".gz")), ObjectKind::Log, None, None);
        check(
            &format!(
                "AWSLogs/111122223333/CloudTrail-Insight/{day}/{}",
                log.replace("CloudTrail", "CloudTrail-Insight")
            ),
            ObjectKind::Insight,
            None,
            None,
        );
        check(
            &format!(
                "AWSLogs/111122223333/CloudTrail-Digest/{day}/111122223333_CloudTrail-Digest_eu-west-1_my_trail-1_us-east-1_20260102T000500Z.json.gz"
            ),
            ObjectKind::Digest,
            None,
            Some("my_trail-1"),
        );
        check(
            &format!(
                "AWSLogs/111122223333/CloudTrail-Digest/{day}/111122223333_CloudTrail-Digest_eu-west-1_my_trail-1_us-east-1_20260102T000500Z_backfill.json.gz"
            ),
            ObjectKind::Digest,
            None,
            Some("my_trail-1"),
        );
        check(
            &format!("AWSLogs/111122223333/CloudTrail-Later/{day}/{}", log.replace("CloudTrail", "CloudTrail-Later")),
            ObjectKind::Other,
            None,
            None,
        );
    }

    #[test]
    fn other_keys() {
        fn check(key: &str, expected: KeyVerdict<'_>) {
            assert_eq!(parse(key), expected, "{key}");
        }
        let foreign = KeyVerdict::Skip(Reason::NotCloudtrail);
        check("events.json", KeyVerdict::Unknown);
        check("../shared/events.json", KeyVerdict::Unknown);
        check("", KeyVerdict::Unknown);
        check("AWSLogs/111122223333/Config/us-east-1/2026/1/2/ConfigHistory/x.json.gz", foreign);
        check("AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/01/02/x.log.gz", foreign);
        check("AWSLogs/111122223333/CloudTrail/", foreign);
        check("AWSLogs/../../../../etc/passwd", foreign);
        check(&"k".repeat(1025), KeyVerdict::Refuse(Reason::KeyLimit));
    }

    #[test]
    fn a_stamp_that_contradicts_its_folders_is_not_believed() {
        let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20991231T2359Z_A.json.gz";
        let KeyVerdict::CloudTrail(parsed) = parse(key) else {
            panic!("a CloudTrail key: {key}");
        };
        assert_eq!((parsed.delivered_at_us, parsed.warning), (None, Some(Warning::KeyTime)));
    }

    #[test]
    fn notification_keys_are_decoded_once() {
        fn check(key: &str, expected: &str) {
            assert_eq!(decode_notification_key(key), expected);
        }
        check("a/b.json", "a/b.json");
        check("a+b%2Bc%20d", "a b+c d");
        check("%252F", "%2F");
        check("100%", "100%");
        check("%E8%BE%BF", "辿");
        check("%FF", "%FF");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(key in "(AWSLogs/)?[0-9A-Za-z_./%+\\-é]{0,80}") {
            let _ = parse(&key);
            let _ = decode_notification_key(&key);
        }
    }
}

//! A digest file on its way into the ledger: what it lists, with account, region and time of each log file read from the
//! listed key. `catalog` keeps it and compares it with what was ingested.

use cloudtrail::digest;
use cloudtrail::object_key::{self, KeyVerdict};
use cloudtrail::reject::{Reason, Reject};

use crate::catalog::{ListedFile, NewDigest};
use crate::source::SourceObject;

/// What the digest file `object` says; `inflated` are its bytes.
pub fn read(object: &SourceObject, inflated: &[u8]) -> Result<NewDigest, Reject> {
    let digest = digest::read(inflated)?;
    let key = object.key();
    let account = key.and_then(|key| key.account).or(digest.account.as_deref());
    let (Some(account), Some(region)) = (account, key.and_then(|key| key.region)) else {
        return Err(Reject::of_file(Reason::NotCloudtrail, inflated.len(), "a digest of no account or region"));
    };
    let files = digest.log_files.iter().map(|file| {
        let listed = match object_key::parse(&file.object) {
            KeyVerdict::CloudTrail(listed) => Some(listed),
            _ => None,
        };
        ListedFile {
            account: listed.and_then(|key| key.account).unwrap_or(account).to_owned(),
            region: listed.and_then(|key| key.region).unwrap_or(region).to_owned(),
            delivered_at: listed.and_then(|key| key.delivered_at_us).unwrap_or(digest.ends_at_us),
            name: file.object.rsplit('/').next().unwrap_or_default().to_owned(),
            sha256: file.sha256,
            event_span_us: file.oldest_event_us.zip(file.newest_event_us),
        }
    });
    Ok(NewDigest {
        account: account.to_owned(),
        region: region.to_owned(),
        trail: key.and_then(|key| key.trail).unwrap_or_default().to_owned(),
        starts_at: digest.starts_at_us,
        ends_at: digest.ends_at_us,
        is_backfill: digest::is_backfill(&object.name),
        files: files.collect(),
    })
}

//! Where the logs lie in a bucket: from what somebody typed down to one prefix per account and region, by listings of
//! folders. Other services' folders and other folders beside `AWSLogs/` are not entered. The prefixes' objects are
//! `listing`'s.

use cloudtrail::object_key::{is_account, is_organization, is_trail_folder};

use super::bucket::{Bucket, ListedObject, Page};
use super::failure::S3Failure;
use crate::source::SourceFault;
use crate::source::selection::Selection;

/// How many folders are entered to find an `AWSLogs/`; a bucket with more is no bucket of logs, and is listed whole.
const MOST_FOLDERS: usize = 100;

/// A prefix whose objects are listed one after the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogPrefix {
    pub account: String,
    pub prefix: String,
    /// Where the folders `YYYY/MM/DD/` begin in the keys; `None` where keys do not tell a day by their place.
    pub date_at: Option<usize>,
}

/// What is to be listed.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// In the order of accounts, then of names.
    pub prefixes: Vec<LogPrefix>,
    /// The one object that was named.
    pub object: Option<ListedObject>,
    /// Folders beside the logs, not entered.
    pub unlisted: Vec<String>,
    pub faults: Vec<SourceFault>,
}

/// What a folder is in CloudTrail's layout.
#[derive(Debug, PartialEq, Eq)]
enum Level<'a> {
    /// Not below an `AWSLogs/`.
    Outside,
    /// Holds accounts, or an organisation that holds them.
    Logs,
    Account(&'a str),
    /// `CloudTrail/`, `CloudTrail-Digest/` …: holds regions.
    Trail(&'a str),
    /// A region's folder or a date's in it, and where dates begin.
    Region(&'a str, &'a str, usize),
    /// Another service's.
    Foreign,
}

fn level(folder: &str) -> Level<'_> {
    let mut names = folder.split_terminator('/').peekable();
    if !names.any(|name| name == "AWSLogs") {
        return Level::Outside;
    }
    names.next_if(|name| is_organization(name));
    let Some(account) = names.next() else { return Level::Logs };
    match (names.next(), names.next()) {
        _ if !is_account(account) => Level::Foreign,
        (None, _) => Level::Account(account),
        (Some(trail), _) if !is_trail_folder(trail) => Level::Foreign,
        (Some(_), None) => Level::Trail(account),
        (Some(_), Some(region)) => {
            let deeper: usize = names.map(|name| name.len() + 1).sum();
            Level::Region(account, region, folder.len() - deeper)
        }
    }
}

/// Finds the logs below `key`: an object, a folder, or all of the bucket.
pub(super) async fn find(bucket: &Bucket, key: &str, selection: &Selection) -> Result<Layout, S3Failure> {
    let mut layout = Layout::default();
    let mut root = key.to_owned();
    if !(root.is_empty() || root.ends_with('/')) {
        let found = bucket.list_folder(&root).await?;
        layout.object = found.objects.into_iter().find(|object| object.key == key);
        root.push('/');
        if layout.object.is_some() || !found.folders.contains(&root) {
            return Ok(layout);
        }
    }
    let (mut frontier, mut entered, mut has_logs) = (vec![root.clone()], 0, false);
    while !frontier.is_empty() {
        let mut to_enter = Vec::new();
        for folder in frontier {
            let level = level(&folder);
            has_logs |= level != Level::Outside;
            match level {
                Level::Foreign => layout.prefixes.push(LogPrefix::undated(folder)),
                Level::Account(account) | Level::Trail(account) if !selection.wants_account(account) => {}
                Level::Region(account, region, date_at) => {
                    if selection.wants_account(account) && selection.wants_region(region) {
                        let account = account.to_owned();
                        layout.prefixes.push(LogPrefix { account, prefix: folder, date_at: Some(date_at) });
                    }
                }
                Level::Trail(account) if !selection.regions.is_empty() => {
                    layout.prefixes.extend(selection.regions.iter().map(|region| LogPrefix {
                        account: account.to_owned(),
                        prefix: format!("{folder}{region}/"),
                        date_at: Some(folder.len() + region.len() + 1),
                    }));
                }
                Level::Outside if entered + to_enter.len() >= MOST_FOLDERS => {
                    layout.unlisted.push(bucket.name_of(&folder));
                }
                _ => to_enter.push(folder),
            }
        }
        let is_first = entered == 0;
        entered += to_enter.len();
        frontier = Vec::new();
        for (folder, found) in bucket.list_folders(to_enter).await {
            match found {
                Ok(found) => frontier.extend(children(bucket, &folder, found, &mut layout)),
                Err(failure) if is_first => return Err(failure),
                Err(failure) => layout.faults.push(failure.into_fault()),
            }
        }
    }
    if !has_logs {
        layout.unlisted.clear();
        layout.prefixes = vec![LogPrefix::undated(root)];
    }
    layout.prefixes.sort();
    layout.prefixes.dedup();
    Ok(layout)
}

/// The folders to go on with; what lies beside an `AWSLogs/` is named as not listed.
fn children(bucket: &Bucket, folder: &str, found: Page, layout: &mut Layout) -> Vec<String> {
    let name = |child: &str| child[folder.len()..].trim_end_matches('/').to_owned();
    let mut into = found.folders;
    match level(folder) {
        Level::Outside => {
            if into.iter().any(|child| name(child) == "AWSLogs") {
                let (logs, beside): (Vec<_>, Vec<_>) =
                    into.into_iter().partition(|child| name(child) == "AWSLogs" || is_organization(&name(child)));
                layout.unlisted.extend(beside.iter().map(|child| bucket.name_of(child)));
                if !found.objects.is_empty() {
                    layout.unlisted.push(bucket.name_of(folder) + "*");
                }
                into = logs;
            }
        }
        Level::Logs => into.retain(|child| is_account(&name(child)) || is_organization(&name(child))),
        Level::Account(_) => into.retain(|child| is_trail_folder(&name(child))),
        Level::Trail(_) | Level::Region(..) | Level::Foreign => {}
    }
    into
}

impl LogPrefix {
    fn undated(prefix: String) -> Self {
        Self { account: String::new(), prefix, date_at: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_levels() {
        let check = |folder: &str, expected: Level<'_>| assert_eq!(level(folder), expected, "{folder}");
        let (account, region) = ("111122223333", "eu-west-1");
        check("", Level::Outside);
        check("teams/a/", Level::Outside);
        check("o-abcdefghij/", Level::Outside);
        check("AWSLogs/", Level::Logs);
        check("teams/AWSLogs/o-abcdefghij/", Level::Logs);
        check("AWSLogs/111122223333/", Level::Account(account));
        check("o-abcdefghij/AWSLogs/o-abcdefghij/111122223333/CloudTrail/", Level::Trail(account));
        check("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/", Level::Region(account, region, 49));
        check("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/", Level::Region(account, region, 42));
        check("AWSLogs/111122223333/Config/", Level::Foreign);
        check("AWSLogs/other/", Level::Foreign);
    }
}

//! Where the logs lie in a bucket: from what somebody typed down to one prefix per account and region, by listings of
//! folders. Objects that lie directly in the folders on the way are read as well. Other services' folders and others that
//! CloudTrail does not make are not entered, but named. The prefixes' objects are `listing`'s.

use std::collections::{BTreeMap, BTreeSet};

use cloudtrail::object_key::{KeyVerdict, is_account, is_organization, is_trail_folder, parse};

use super::bucket::{Bucket, FOLDER_PAGES, ListedObject, Page, PageRequest};
use super::date_folder::{Reach, reach};
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
    /// The one object that was named, or those directly in the folders on the way to the logs.
    pub objects: Vec<ListedObject>,
    pub beside: Beside,
    pub faults: Vec<SourceFault>,
}

/// What lies beside the logs that are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// URLs of folders and objects that are not read, of a folder below `AWSLogs/` with the number of its objects.
    pub unread: Vec<String>,
    /// Folders of accounts that are not CloudTrail's, as `Config`, each with the URL of one.
    pub services: BTreeMap<String, String>,
    /// All regions that have a folder, wanted or not.
    pub regions: BTreeSet<String>,
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
        layout.objects.extend(found.objects.into_iter().find(|object| object.key == key));
        root.push('/');
        if !layout.objects.is_empty() || !found.folders.contains(&root) {
            return Ok(layout);
        }
    }
    Search { bucket, selection, root, layout, entered_outside: 0, has_logs: false }.run().await
}

/// The way from the root to the logs.
struct Search<'s> {
    bucket: &'s Bucket,
    selection: &'s Selection,
    root: String,
    layout: Layout,
    entered_outside: usize,
    has_logs: bool,
}

impl Search<'_> {
    async fn run(mut self) -> Result<Layout, S3Failure> {
        let (mut frontier, mut is_first) = (vec![self.root.clone()], true);
        while !frontier.is_empty() {
            frontier.retain(|folder| self.is_to_enter(folder));
            let found = self.bucket.list_folders(std::mem::take(&mut frontier)).await;
            for (folder, found) in found {
                match found {
                    Ok(found) => frontier.extend(self.children(&folder, found)),
                    Err(failure) if is_first => return Err(failure),
                    Err(failure) => self.layout.faults.push(failure.into_fault()),
                }
            }
            is_first = false;
        }
        let mut layout = self.layout;
        if !self.has_logs {
            let prefixes = vec![LogPrefix::undated("", self.root)];
            layout.faults.retain(|fault| fault.reason != FOLDER_LIMIT);
            return Ok(Layout { prefixes, faults: layout.faults, ..Layout::default() });
        }
        layout.prefixes.sort();
        layout.prefixes.dedup();
        count_unread(self.bucket, &mut layout.beside).await;
        Ok(layout)
    }

    /// Whether a folder has to be looked into; what is listed without that becomes a prefix.
    fn is_to_enter(&mut self, folder: &str) -> bool {
        let level = level(folder);
        self.has_logs |= level != Level::Outside;
        match level {
            Level::Foreign => {
                self.layout.prefixes.push(LogPrefix::undated("", folder.to_owned()));
                false
            }
            Level::Account(account) | Level::Trail(account) => self.selection.wants_account(account),
            Level::Region(account, region, date_at) => self.is_cut_by_days(folder, account, region, date_at),
            Level::Outside if self.entered_outside >= MOST_FOLDERS => {
                self.layout.beside.unread.push(self.bucket.name_of(folder));
                false
            }
            Level::Outside => {
                self.entered_outside += 1;
                true
            }
            Level::Logs => true,
        }
    }

    /// Whether the days wanted begin or end within a folder of a region, which then is looked into besides.
    fn is_cut_by_days(&mut self, folder: &str, account: &str, region: &str, date_at: usize) -> bool {
        self.layout.beside.regions.insert(region.to_owned());
        if !(self.selection.wants_account(account) && self.selection.wants_region(region)) {
            return false;
        }
        let Some(reach) = reach(&folder[date_at..], self.selection) else {
            self.layout.prefixes.push(LogPrefix::undated(account, folder.to_owned()));
            return false;
        };
        if folder.len() == date_at || folder == self.root {
            let account = account.to_owned();
            self.layout.prefixes.push(LogPrefix { account, prefix: folder.to_owned(), date_at: Some(date_at) });
        }
        reach == Reach::Partly
    }

    /// The folders to go on with. Objects that lie beside them are taken, or named.
    fn children(&mut self, folder: &str, found: Page) -> Vec<String> {
        let name = |child: &String| child[folder.len()..].trim_end_matches('/').to_owned();
        let name_of = |child: &String| self.bucket.name_of(child);
        let (beside, faults) = (&mut self.layout.beside, &mut self.layout.faults);
        if !found.is_last {
            faults.push(cut(self.bucket.name_of(folder)));
        }
        let (into, others): (Vec<_>, Vec<_>) = match level(folder) {
            Level::Outside => {
                // Without an AWSLogs/ here it may be in any of them.
                let has_logs = found.folders.iter().any(|child| name(child) == "AWSLogs");
                let is_way = |child: &String| name(child) == "AWSLogs" || is_organization(&name(child));
                found.folders.into_iter().partition(|child| !has_logs || is_way(child))
            }
            Level::Logs => {
                found.folders.into_iter().partition(|child| is_account(&name(child)) || is_organization(&name(child)))
            }
            Level::Account(_) => {
                let (trails, services): (Vec<_>, Vec<_>) =
                    found.folders.into_iter().partition(|child| is_trail_folder(&name(child)));
                for child in services {
                    beside.services.entry(name(&child)).or_insert_with(|| name_of(&child));
                }
                (trails, Vec::new())
            }
            Level::Trail(_) | Level::Region(..) | Level::Foreign => (found.folders, Vec::new()),
        };
        beside.unread.extend(others.iter().map(name_of));
        for object in found.objects {
            let is_log = level(folder) != Level::Outside || matches!(parse(&object.key), KeyVerdict::CloudTrail(_));
            match is_log {
                true => self.layout.objects.push(object),
                false if object.key.ends_with('/') => {}
                false => beside.unread.push(name_of(&object.key)),
            }
        }
        into
    }
}

/// A folder holds more names than are listed on the way to the logs.
const FOLDER_LIMIT: &str = "FOLDER_LIMIT";

/// A folder whose listing was given up.
fn cut(name: String) -> SourceFault {
    let detail = format!("more than {FOLDER_PAGES},000 names lie directly in it; the rest was not listed");
    SourceFault { name, reason: FOLDER_LIMIT, detail }
}

/// So many folders below `AWSLogs/` are counted: as many as are shown.
const COUNTED: usize = 5;

/// Says how much lies in folders below `AWSLogs/`, as far as one page tells.
async fn count_unread(bucket: &Bucket, beside: &mut Beside) {
    let below_logs = |name: &&mut String| name.ends_with('/') && name.contains("/AWSLogs/");
    for name in beside.unread.iter_mut().filter(below_logs).take(COUNTED) {
        let prefix = name.strip_prefix(&bucket.name_of("")).expect("a name of this bucket");
        let page = bucket.list_page(&PageRequest { prefix, ..PageRequest::default() }).await;
        // Whoever may not list it is told its name alone.
        let Ok(page) = page else { continue };
        let objects = match page.objects.len() {
            1 => "1 object".to_owned(),
            count => format!("{count} objects"),
        };
        let more = if page.is_last { "" } else { "more than " };
        name.push_str(&format!(" ({more}{objects})"));
    }
}

impl LogPrefix {
    fn undated(account: &str, prefix: String) -> Self {
        Self { account: account.to_owned(), prefix, date_at: None }
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

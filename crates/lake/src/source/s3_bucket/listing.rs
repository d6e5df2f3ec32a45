//! The objects of many prefixes in one order: by day, account and name. Each prefix is listed page by page, only as far as
//! it is asked for; the pages of all prefixes are merged by the date in their keys and leave as portions, so that a bucket of
//! any size takes the memory of one page a prefix.

use std::collections::VecDeque;

use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use super::bucket::{Bucket, LISTS_AT_ONCE, ListedObject, PageRequest};
use super::date_folder::is_listed;
use super::layout::LogPrefix;
use crate::source::selection::Selection;
use crate::source::{Listing, SourceFault};
use crate::timestamp;

/// Objects of one portion.
const PORTION_OBJECTS: usize = 5_000;
/// Keys held over all prefixes, some 250 bytes each: with many prefixes pages are smaller.
const KEYS_HELD: usize = 200_000;
/// A page's limits: S3's own, and what still is worth a request.
const PAGE_KEYS: (usize, usize) = (50, 1_000);

/// Puts a listed object into a portion.
pub(super) type Convert<'c> = dyn Fn(ListedObject, &mut Listing) + Send + Sync + 'c;

/// One prefix, listed up to somewhere.
struct Run {
    prefix: LogPrefix,
    keys: VecDeque<ListedObject>,
    /// Where the next page begins; `None` at the end.
    after: Option<String>,
}

/// Portions of a bucket as they are listed.
pub(super) struct Lister<'b> {
    bucket: &'b Bucket,
    selection: &'b Selection,
    page_keys: i32,
    runs: Vec<Run>,
    portion: Listing,
    out: Sender<Listing>,
    convert: &'b Convert<'b>,
}

/// Nobody takes the portions any more.
struct Abandoned;

impl<'b> Lister<'b> {
    /// Lists `prefixes`, in their order; `convert` makes a source's object of a key.
    pub(super) fn new(
        bucket: &'b Bucket,
        prefixes: Vec<LogPrefix>,
        selection: &'b Selection,
        out: Sender<Listing>,
        convert: &'b Convert<'b>,
    ) -> Self {
        let page_keys = (KEYS_HELD / prefixes.len().max(1)).clamp(PAGE_KEYS.0, PAGE_KEYS.1) as i32;
        let runs = prefixes.into_iter().map(|prefix| Run::new(prefix, selection)).collect();
        Self { bucket, selection, page_keys, runs, portion: Listing::default(), out, convert }
    }

    /// Sends all portions, `first` as the beginning of the first. Ends early where nobody takes them.
    pub(super) async fn run(mut self, first: Listing) {
        self.portion = first;
        // Who does not take the portions does not miss the rest of them.
        let _ = self.send_all().await;
    }

    async fn send_all(&mut self) -> Result<(), Abandoned> {
        loop {
            self.refill().await;
            let Some(day) = self.runs.iter().filter_map(Run::day).min() else { break };
            for index in 0..self.runs.len() {
                self.take_day(index, day).await?;
            }
        }
        self.send().await
    }

    /// Takes the objects of one day out of one prefix, page after page.
    async fn take_day(&mut self, index: usize, day: i32) -> Result<(), Abandoned> {
        while self.runs[index].day() == Some(day) {
            let run = &mut self.runs[index];
            while run.day() == Some(day)
                && let Some(object) = run.keys.pop_front()
            {
                (self.convert)(object, &mut self.portion);
            }
            if self.portion.objects.len() >= PORTION_OBJECTS {
                self.send().await?;
            }
            let run = &mut self.runs[index];
            if run.keys.is_empty() && run.after.is_some() {
                let fault = run.fetch(self.bucket, self.selection, self.page_keys).await.err();
                self.portion.faults.extend(fault);
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), Abandoned> {
        self.out.send(std::mem::take(&mut self.portion)).await.map_err(|_| Abandoned)
    }

    /// Brings the next page of each prefix that has none, several at once.
    async fn refill(&mut self) {
        let (bucket, selection, page_keys) = (self.bucket, self.selection, self.page_keys);
        let runs = std::mem::take(&mut self.runs).into_iter();
        let filled = futures::stream::iter(runs.map(|run| run.filled(bucket, selection, page_keys)));
        let mut filled = filled.buffered(LISTS_AT_ONCE);
        while let Some((run, fault)) = filled.next().await {
            self.runs.push(run);
            self.portion.faults.extend(fault);
        }
    }
}

impl Run {
    /// Begins at the first day listed: keys are in the order of their dates.
    fn new(prefix: LogPrefix, selection: &Selection) -> Self {
        let from = prefix.date_at.zip(selection.listed_days().0).map(|(date_at, day)| {
            let date = timestamp::date_text(day).replace('-', "/");
            format!("{}{date}/", &prefix.prefix[..date_at])
        });
        Self { prefix, keys: VecDeque::new(), after: Some(from.unwrap_or_default()) }
    }

    /// The day of the next object; objects whose place tells no day come first.
    fn day(&self) -> Option<i32> {
        self.keys.front().map(|object| self.prefix.day_of(&object.key).unwrap_or(i32::MIN))
    }

    /// With keys, unless it is at its end: a page may hold nothing that is wanted.
    async fn filled(mut self, bucket: &Bucket, selection: &Selection, most: i32) -> (Self, Option<SourceFault>) {
        while self.keys.is_empty() && self.after.is_some() {
            if let Err(fault) = self.fetch(bucket, selection, most).await {
                return (self, Some(fault));
            }
        }
        (self, None)
    }

    /// The next page; after a failure the prefix is at its end.
    async fn fetch(&mut self, bucket: &Bucket, selection: &Selection, most: i32) -> Result<(), SourceFault> {
        let after = self.after.take().filter(|after| !after.is_empty());
        let prefix = &self.prefix;
        let wanted =
            PageRequest { prefix: &prefix.prefix, after: after.as_deref(), most: Some(most), ..PageRequest::default() };
        let page = bucket.list_page(&wanted).await.map_err(super::failure::S3Failure::into_fault)?;
        let last = page.objects.last().map(|object| object.key.clone());
        let last_day = selection.listed_days().1;
        let is_late = |key: &str| prefix.day_of(key).zip(last_day).is_some_and(|(day, last_day)| day > last_day);
        let is_over = last.as_deref().is_some_and(is_late);
        self.after = last.filter(|_| !(page.is_last || is_over));
        self.keys.extend(page.objects.into_iter().filter(|object| prefix.lists(&object.key, selection)));
        Ok(())
    }
}

impl LogPrefix {
    /// Whether an object is this prefix's to name; where days are wanted, what lies beside their folders is `layout`'s.
    fn lists(&self, key: &str, selection: &Selection) -> bool {
        let behind_region = self.date_at.and_then(|date_at| key.get(date_at..));
        behind_region.is_none_or(|path| is_listed(path, selection))
    }

    /// The day in a key's folders.
    fn day_of(&self, key: &str) -> Option<i32> {
        let date = key.get(self.date_at?..)?.get(..11)?.strip_suffix('/')?;
        timestamp::day_from_text(&date.replace('/', "-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_day_by_its_folders() {
        let prefix = "AWSLogs/111122223333/CloudTrail/eu-west-1/".to_owned();
        let of = LogPrefix { account: "111122223333".into(), date_at: Some(prefix.len()), prefix: prefix.clone() };
        let check = |rest: &str, expected: Option<&str>| {
            let day = of.day_of(&format!("{prefix}{rest}")).map(timestamp::date_text);
            assert_eq!(day.as_deref(), expected, "{rest}");
        };
        check("2026/01/02/x.json.gz", Some("2026-01-02"));
        check("2026/01/02", None);
        check("2026/13/02/x.json.gz", None);
        check("x.json.gz", None);
        check("日本語日本語/x", None);
    }

    #[test]
    fn a_listing_begins_a_day_before_the_first_day_wanted() {
        let prefix = LogPrefix { account: String::new(), prefix: "a/2026/".into(), date_at: Some(2) };
        let selection = Selection { first_day: timestamp::day_from_text("2026-03-04"), ..Selection::default() };
        assert_eq!(Run::new(prefix.clone(), &selection).after.as_deref(), Some("a/2026/03/03/"));
        assert_eq!(Run::new(prefix, &Selection::default()).after.as_deref(), Some(""));
    }
}

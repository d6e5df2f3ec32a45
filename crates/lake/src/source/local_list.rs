//! What local sources hold, kept small until it is its turn: a folder of logs may have millions of files, whose paths are
//! nearly all the same. `local_folder` fills it; it leaves in the order of ingest, as portions of objects for `ingest`.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use cloudtrail::object_key::{KeyVerdict, ObjectKey, parse};

use super::selection::{Refusal, Selection};
use super::{Listing, NO_KEY, Place, SourceFault, SourceObject, day_and_account};

/// Files of one portion, unless told otherwise: some 20 MB as objects.
pub const PORTION_FILES: usize = 50_000;

/// Local files and what else is at hand, in some 140 bytes a file.
#[derive(Debug, Default)]
pub struct LocalList {
    folders: Vec<Folder>,
    files: Vec<ListedFile>,
    /// Those whose bytes do not lie at the path that their name is, by name.
    others: HashMap<String, SourceObject>,
    /// Not to be opened: name and reason.
    pub skipped: Vec<(String, &'static str)>,
    pub faults: Vec<SourceFault>,
}

/// A folder and the names of its files, one behind the other.
#[derive(Debug, Default)]
struct Folder {
    /// Up to the last slash of the files' names, that one included.
    path: String,
    names: String,
}

#[derive(Debug, Clone, Copy)]
struct ListedFile {
    /// What comes before the name in the order of ingest.
    day: i32,
    account: u64,
    folder: u32,
    /// Where in the folder's names.
    start: u32,
    length: u32,
    size_bytes: u64,
    modified_seconds: u64,
    modified_nanos: u32,
}

impl LocalList {
    /// Adds a file by its name; `path` where that is another, `modified` since 1970.
    pub(super) fn add_file(&mut self, name: String, path: Option<Box<Path>>, size_bytes: u64, modified: Duration) {
        if let Some(path) = path {
            let stamp = stamp(modified);
            return self.add(SourceObject { name, size_bytes, stamp, place: Place::File(Some(path)) });
        }
        self.add_name(&name, size_bytes, modified);
    }

    /// Adds an object of another kind.
    pub fn add(&mut self, object: SourceObject) {
        self.add_name(&object.name, object.size_bytes, Duration::ZERO);
        self.others.entry(object.name.clone()).or_insert(object);
    }

    fn add_name(&mut self, name: &str, size_bytes: u64, modified: Duration) {
        let (path, rest) = name.split_at(name.rfind('/').map_or(0, |slash| slash + 1));
        let has_room = |folder: &Folder| u32::try_from(folder.names.len() + rest.len()).is_ok();
        if !self.folders.last().is_some_and(|last| last.path == path && has_room(last)) {
            if let Some(last) = self.folders.last_mut() {
                last.names.shrink_to_fit();
            }
            self.folders.push(Folder { path: path.to_owned(), names: String::new() });
        }
        let index = self.folders.len() - 1;
        let names = &mut self.folders[index].names;
        let narrow =
            |number: usize| u32::try_from(number).expect("a list of fewer than 2^32 folders and bytes of names");
        let (day, account) = day_and_account(key_of(name).as_ref());
        self.files.push(ListedFile {
            day: i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }),
            account: account.map_or(0, |account| account.saturating_add(1)),
            folder: narrow(index),
            start: narrow(names.len()),
            length: narrow(rest.len()),
            size_bytes,
            modified_seconds: modified.as_secs(),
            modified_nanos: modified.subsec_nanos(),
        });
        names.push_str(rest);
    }

    /// The regions that the files' names tell.
    pub fn regions(&self) -> BTreeSet<String> {
        let mut regions = BTreeSet::new();
        for file in &self.files {
            let name = self.name(file);
            if let Some(region) = key_of(&name).and_then(|key| key.region)
                && !regions.contains(region)
            {
                regions.insert(region.to_owned());
            }
        }
        regions
    }

    /// Leaves out what `selection` does not want; what has no key to judge it by becomes skipped.
    pub fn select(&mut self, selection: &Selection) {
        self.settle();
        if selection.is_everything() {
            return;
        }
        let mut files = std::mem::take(&mut self.files);
        files.retain(|file| {
            let name = self.name(file);
            let verdict = selection.judge(key_of(&name).as_ref());
            if verdict == Err(Refusal::Unknown) {
                self.skipped.push((name, NO_KEY));
            }
            verdict.is_ok()
        });
        self.files = files;
    }

    /// All of it in the order of ingest, at most `most` files at once; one portion at least, which has what was skipped.
    pub fn portions(mut self, most: usize) -> Portions {
        self.settle();
        let bytes = self.files.iter().map(|file| file.size_bytes).sum();
        Portions { list: self, given: 0, later_bytes: bytes, is_first: true, most: most.max(1) }
    }

    /// Brings the files into their order. A file that is named twice is one; as it was listed first.
    fn settle(&mut self) {
        let Self { folders, files, .. } = self;
        let place = |file: &ListedFile| (file.folder, file.start);
        files.sort_unstable_by(|a, b| order(folders, a, b).then_with(|| place(a).cmp(&place(b))));
        files.dedup_by(|b, a| order(folders, a, b) == Ordering::Equal);
    }

    fn name(&self, file: &ListedFile) -> String {
        let (path, rest) = parts(&self.folders, file);
        [path, rest].concat()
    }

    fn object(&mut self, file: &ListedFile) -> SourceObject {
        let name = self.name(file);
        if let Some(object) = self.others.remove(&name) {
            return object;
        }
        let modified = Duration::new(file.modified_seconds, file.modified_nanos);
        SourceObject { name, size_bytes: file.size_bytes, stamp: stamp(modified), place: Place::File(None) }
    }
}

/// What changes when a file does.
fn stamp(modified: Duration) -> String {
    modified.as_nanos().to_string()
}

fn key_of(name: &str) -> Option<ObjectKey<'_>> {
    match parse(name) {
        KeyVerdict::CloudTrail(key) => Some(key),
        _ => None,
    }
}

/// A name's folder and the rest of it.
fn parts<'f>(folders: &'f [Folder], file: &ListedFile) -> (&'f str, &'f str) {
    let folder = &folders[file.folder as usize];
    let start = file.start as usize;
    (&folder.path, &folder.names[start..start + file.length as usize])
}

/// That of ingest: day, account, name.
fn order(folders: &[Folder], a: &ListedFile, b: &ListedFile) -> Ordering {
    (a.day, a.account).cmp(&(b.day, b.account)).then_with(|| {
        let ((path_a, rest_a), (path_b, rest_b)) = (parts(folders, a), parts(folders, b));
        if path_a == path_b {
            rest_a.cmp(rest_b)
        } else {
            path_a.bytes().chain(rest_a.bytes()).cmp(path_b.bytes().chain(rest_b.bytes()))
        }
    })
}

/// A list on its way into the lake.
#[derive(Debug)]
pub struct Portions {
    list: LocalList,
    given: usize,
    later_bytes: u64,
    is_first: bool,
    most: usize,
}

impl Iterator for Portions {
    type Item = Listing;

    fn next(&mut self) -> Option<Listing> {
        let is_first = std::mem::take(&mut self.is_first);
        let until = self.list.files.len().min(self.given + self.most);
        if self.given == until && !is_first {
            return None;
        }
        let objects: Vec<SourceObject> = (self.given..until)
            .map(|index| {
                let file = self.list.files[index];
                self.later_bytes -= file.size_bytes;
                self.list.object(&file)
            })
            .collect();
        self.given = until;
        Some(Listing {
            objects,
            skipped: std::mem::take(&mut self.list.skipped),
            faults: std::mem::take(&mut self.list.faults),
            later_files: (self.list.files.len() - until) as u64,
            later_bytes: self.later_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(name: &str) -> SourceObject {
        SourceObject { name: name.to_owned(), place: Place::File(None), size_bytes: 7, stamp: "5000000003".to_owned() }
    }

    fn add(list: &mut LocalList, name: &str) {
        list.add_file(name.to_owned(), None, 7, Duration::new(5, 3));
    }

    fn log(account: u64, region: &str, day: u32, file: u32) -> String {
        let (folder, stamp) =
            (format!("{account}/CloudTrail/{region}/2026/05/{day:02}"), format!("202605{day:02}T0005Z"));
        format!("/logs/AWSLogs/{folder}/{account}_CloudTrail_{region}_{stamp}_{file:016}.json.gz")
    }

    /// Names as they may lie in folders, few enough that some come twice.
    fn names() -> impl Strategy<Value = Vec<String>> {
        let logs = (0..3_u64, prop::sample::select(vec!["eu-west-1", "us-east-1"]), 1..4_u32, 0..9_u32)
            .prop_map(|(account, region, day, file)| log(111_111_111_111 * (account + 1), region, day, file));
        let others = "/(a|b|a-|aa)(/[a-c.]{1,3}){0,2}/[a-c日]{1,3}";
        prop::collection::vec(prop_oneof![logs, others], 0..60)
    }

    proptest! {
        /// Whatever order and folders files are listed in, they leave as a plain list of objects would, sorted.
        #[test]
        fn portions_are_the_sorted_objects(names in names(), most in 1..9_usize) {
            let mut list = LocalList::default();
            names.iter().for_each(|name| add(&mut list, name));
            let mut expected: Vec<SourceObject> = names.iter().map(|name| object(name)).collect();
            expected.sort_by_cached_key(|object| (object.day_and_account(), object.name.clone()));
            expected.dedup_by(|a, b| a.name == b.name);
            let (mut found, mut portions) = (Vec::new(), 0);
            for portion in list.portions(most) {
                prop_assert!(portion.objects.len() <= most);
                found.extend(portion.objects);
                portions += 1;
                prop_assert_eq!(portion.later_files as usize, expected.len() - found.len());
                prop_assert_eq!(portion.later_bytes, 7 * portion.later_files);
            }
            prop_assert_eq!(portions, expected.len().div_ceil(most).max(1));
            let told = |objects: &[SourceObject]| -> Vec<_> {
                objects.iter().map(|o| (o.name.clone(), o.size_bytes, o.stamp.clone())).collect()
            };
            prop_assert_eq!(told(&found), told(&expected));
        }
    }

    #[test]
    fn a_selection_is_kept_and_what_it_cannot_judge_is_skipped_once() {
        let mut list = LocalList::default();
        let names = [log(111_111_111_111, "eu-west-1", 1, 1), log(222_222_222_222, "us-east-1", 1, 1)];
        for name in [names[0].as_str(), "/loose.json", "/loose.json", names[1].as_str()] {
            add(&mut list, name);
        }
        assert_eq!(list.regions().into_iter().collect::<Vec<_>>(), ["eu-west-1", "us-east-1"]);
        list.select(&Selection { regions: vec!["us-east-1".to_owned()], ..Selection::default() });
        let portions: Vec<Listing> = list.portions(10).collect();
        assert_eq!(portions.len(), 1);
        assert_eq!(portions[0].objects.iter().map(|object| &object.name).collect::<Vec<_>>(), [&names[1]]);
        assert_eq!(portions[0].skipped, [("/loose.json".to_owned(), NO_KEY)]);
    }

    #[test]
    fn bytes_that_lie_elsewhere_keep_their_place() {
        let mut list = LocalList::default();
        add(&mut list, "/a/z");
        list.add(SourceObject { place: Place::Memory(b"{}"[..].into()), ..object("stdin:1") });
        list.add_file("/a/%FF".to_owned(), Some(Path::new("/a/odd").into()), 7, Duration::new(5, 3));
        let objects = list.portions(10).next().unwrap().objects;
        let told: Vec<_> = objects.iter().map(|o| (o.name.as_str(), o.path(), o.stamp.as_str())).collect();
        let expected = [("/a/%FF", "/a/odd"), ("/a/z", "/a/z"), ("stdin:1", "stdin:1")];
        assert_eq!(told, expected.map(|(name, path)| (name, Path::new(path), "5000000003")));
        assert!(matches!(objects[2].place, Place::Memory(_)));
    }

    #[test]
    fn a_listed_file_is_small() {
        assert!(size_of::<ListedFile>() <= 48, "{} bytes", size_of::<ListedFile>());
    }
}

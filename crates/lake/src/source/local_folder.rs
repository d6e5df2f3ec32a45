//! Files and folders on this machine. Symbolic links are not followed, pipes and devices not opened: a folder of logs is
//! other people's input.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cloudtrail::object_key::{KeyVerdict, parse};

use super::{Listing, Place, SourceFault, SourceObject};

/// Lists the file or all files below the folder `root`.
///
/// # Errors
/// `root` itself cannot be read.
pub fn list(root: &Path) -> std::io::Result<Listing> {
    let root = root.canonicalize()?;
    let mut listing = Listing::default();
    let metadata = fs::metadata(&root)?;
    if metadata.is_dir() {
        fs::read_dir(&root)?;
        walk(root, &mut listing);
    } else {
        list_entry(root, &metadata, &mut listing);
    }
    Ok(listing)
}

fn walk(root: PathBuf, listing: &mut Listing) {
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                listing.faults.push(fault(&folder, &error));
                continue;
            }
        };
        for entry in entries {
            let path = match &entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    listing.faults.push(fault(&folder, error));
                    continue;
                }
            };
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) => list_entry(path, &metadata, listing),
                // It went away between listing and looking: nothing to ingest.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => listing.faults.push(fault(&path, &error)),
            }
        }
    }
}

fn list_entry(path: PathBuf, metadata: &fs::Metadata, listing: &mut Listing) {
    let name = name_of(&path);
    if metadata.is_symlink() {
        return listing.skipped.push((name, "SYMLINK"));
    }
    if !metadata.is_file() {
        return listing.skipped.push((name, "NOT_REGULAR"));
    }
    if let KeyVerdict::Skip(reason) = parse(&name) {
        return listing.skipped.push((name, reason.code()));
    }
    let modified = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    listing.objects.push(SourceObject {
        name,
        size_bytes: metadata.len(),
        stamp: modified.as_nanos().to_string(),
        place: Place::File(path),
    });
}

/// The path as text; bytes that are not UTF-8 are written `%FF`, so that two names never become one.
fn name_of(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    bytes
        .utf8_chunks()
        .map(|chunk| {
            let invalid: String = chunk.invalid().iter().map(|byte| format!("%{byte:02X}")).collect();
            format!("{}{invalid}", chunk.valid())
        })
        .collect()
}

pub(crate) fn fault(path: &Path, error: &std::io::Error) -> SourceFault {
    let reason = match error.kind() {
        ErrorKind::PermissionDenied => "IO_PERMISSION",
        ErrorKind::NotFound => "OBJECT_GONE",
        _ => "IO_ERROR",
    };
    SourceFault { name: name_of(path), reason, detail: error.to_string() }
}

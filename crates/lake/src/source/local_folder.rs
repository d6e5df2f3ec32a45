//! Files and folders on this machine. Symbolic links are not followed, pipes and devices not opened: a folder of logs is
//! other people's input. What is found goes into a `local_list`.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cloudtrail::object_key::{KeyVerdict, parse};
#[cfg(target_os = "linux")]
use rustix::fs::ResolveFlags;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::SourceFault;
use super::local_list::LocalList;

/// Why what somebody named is not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A pipe, a device, a socket: reading it may never end.
    #[error("it is {0}, neither a file nor a folder")]
    NotAFile(&'static str),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Adds the file or all files below the folder `root` to `list`.
///
/// # Errors
/// `root` itself cannot be read, or is neither a file nor a folder.
pub fn list(root: &Path, list: &mut LocalList) -> Result<(), ListError> {
    let metadata = fs::metadata(root)?;
    if let Some(kind) = special(&metadata) {
        return Err(ListError::NotAFile(kind));
    }
    let root = root.canonicalize()?;
    if metadata.is_dir() {
        fs::read_dir(&root)?;
        walk(root, list);
    } else {
        list_entry(root, &metadata, list);
    }
    Ok(())
}

/// What a thing is that is neither a file nor a folder.
fn special(metadata: &fs::Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    match () {
        () if kind.is_file() || kind.is_dir() => None,
        () if kind.is_fifo() => Some("a pipe"),
        () if kind.is_socket() => Some("a socket"),
        () => Some("a device"),
    }
}

fn walk(root: PathBuf, list: &mut LocalList) {
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                list.faults.push(fault(&folder, &error));
                continue;
            }
        };
        for entry in entries {
            let path = match &entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    list.faults.push(fault(&folder, error));
                    continue;
                }
            };
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) => list_entry(path, &metadata, list),
                // It went away between listing and looking: nothing to ingest.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => list.faults.push(fault(&path, &error)),
            }
        }
    }
}

fn list_entry(path: PathBuf, metadata: &fs::Metadata, list: &mut LocalList) {
    let (name, path) = name_and_path(path);
    if metadata.is_symlink() {
        return list.skipped.push((name, "SYMLINK"));
    }
    if !metadata.is_file() {
        return list.skipped.push((name, "NOT_REGULAR"));
    }
    if let KeyVerdict::Skip(reason) = parse(&name) {
        return list.skipped.push((name, reason.code()));
    }
    let modified = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    list.add_file(name, path, metadata.len(), modified);
}

/// Opens a listed file for reading and says how long it is. Between listing and opening it may have become anything: no
/// link is followed, a pipe does not block.
pub(crate) fn open(path: &Path) -> Result<(File, u64), SourceFault> {
    let failed = |error: std::io::Error| fault(path, &error);
    let file = open_without_links(path).map_err(|error| failed(error.into()))?;
    let metadata = file.metadata().map_err(failed)?;
    match metadata.is_file() {
        true => Ok((file, metadata.len())),
        false => Err(SourceFault {
            name: name_of(path),
            reason: "NOT_REGULAR",
            detail: "it was a file when the folder was listed".to_owned(),
        }),
    }
}

const OPEN: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The path of a listed file is canonical: a link in it was put there since.
#[cfg(target_os = "linux")]
fn open_without_links(path: &Path) -> Result<File, Errno> {
    match rustix::fs::openat2(rustix::fs::CWD, path, OPEN, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // A kernel before 5.6, or a sandbox that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::open(path, OPEN, Mode::empty()).map(File::from),
        opened => opened.map(File::from),
    }
}

/// Elsewhere the last part of the path alone is guarded.
#[cfg(not(target_os = "linux"))]
fn open_without_links(path: &Path) -> Result<File, Errno> {
    rustix::fs::open(path, OPEN, Mode::empty()).map(File::from)
}

/// The name, and the path where it is another. A folder of logs holds a million of them.
fn name_and_path(path: PathBuf) -> (String, Option<Box<Path>>) {
    match path.into_os_string().into_string() {
        Ok(mut name) => {
            name.shrink_to_fit();
            (name, None)
        }
        Err(bytes) => (name_of(Path::new(&bytes)), Some(PathBuf::from(bytes).into_boxed_path())),
    }
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
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => "SYMLINK",
        _ => "IO_ERROR",
    };
    SourceFault { name: name_of(path), reason, detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_named_must_be_a_file_or_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        symlink(&pipe, folder.path().join("link")).unwrap();
        let check = |path: &Path, expected: &str| {
            assert_eq!(list(path, &mut LocalList::default()).unwrap_err().to_string(), expected, "{}", path.display());
        };
        check(&pipe, "it is a pipe, neither a file nor a folder");
        check(&folder.path().join("link"), "it is a pipe, neither a file nor a folder");
        check(Path::new("/dev/zero"), "it is a device, neither a file nor a folder");
        check(&folder.path().join("none"), "No such file or directory (os error 2)");
        let mut inside = LocalList::default();
        list(folder.path(), &mut inside).unwrap();
        assert_eq!(inside.skipped.len(), 2, "inside of a folder they are skipped");
    }

    #[test]
    fn what_became_another_thing_since_it_was_listed_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().canonicalize().unwrap().join(name);
        let check = |name: &str, expected: &str| {
            let fault = open(&path(name)).unwrap_err();
            assert_eq!(fault.reason, expected, "{name}: {fault:?}");
        };
        fs::create_dir(path("real")).unwrap();
        fs::write(path("real/file"), "x").unwrap();
        symlink(path("real"), path("folder")).unwrap();
        symlink(path("real/file"), path("link")).unwrap();
        symlink("loop", path("loop")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(open(&path("real/file")).unwrap().1, 1);
        check("gone", "OBJECT_GONE");
        check("real", "NOT_REGULAR");
        check("link", "SYMLINK");
        check("loop", "SYMLINK");
        check("pipe", "NOT_REGULAR");
        if cfg!(target_os = "linux") {
            check("folder/file", "SYMLINK");
        }
    }
}

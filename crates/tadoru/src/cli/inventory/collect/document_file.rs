//! The files of `--save`: one for each account, whole or not there at all, and for their owner's eyes only, since they name
//! every user, key and policy.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::CollectedDocument;

/// Makes the folder, if it is not there yet: before AWS is asked, since that may take long.
pub fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make {}", folder.display()))
}

/// Writes a document into `folder`, in place of that of an earlier run, and returns where it is.
pub fn save(folder: &Path, document: &CollectedDocument) -> anyhow::Result<PathBuf> {
    let path = folder.join(format!("inventory-{}.json", document.account));
    let begun = path.with_extension("json.begun");
    write(&begun, document).with_context(|| format!("cannot write {}", begun.display()))?;
    fs::rename(&begun, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn write(path: &Path, document: &CollectedDocument) -> std::io::Result<()> {
    // What an earlier run left may be anybody's.
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut out = BufWriter::new(file);
    serde_json::to_writer_pretty(&mut out, &document.document)?;
    out.write_all(b"\n")?;
    out.into_inner()?.sync_all()
}

//! What policy evaluation is compared with: npm's @cloud-copilot/iam-simulate under `target/`, in the exact versions of
//! `tests/iam_simulate/package-lock.json`. Installed once; a stamp says from which lock. It runs in a process of its own
//! and is no part of what is built: its licence is the AGPL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::comparison_venv::output;

/// The folder that has the package, or the reason why there is none.
pub fn prepare(root: &Path, target: &Path) -> Result<PathBuf, String> {
    let source = root.join("tests/iam_simulate");
    let read =
        |path: &Path| fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
    let lock = read(&source.join("package-lock.json"))?;
    let version = output(Command::new("node").arg("--version"))
        .map_err(|_| "no node here (Debian: apt-get install nodejs npm)".to_owned())?;
    let stamp = format!("{version}\n{lock}");
    let folder = target.join("iam-simulate");
    let stamp_path = folder.join("filled-with.txt");
    if fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) {
        return Ok(folder);
    }

    eprintln!("making {} from tests/iam_simulate/package-lock.json", folder.display());
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    for name in ["package.json", "package-lock.json"] {
        fs::write(folder.join(name), read(&source.join(name))?)
            .map_err(|error| format!("cannot write {name} into {}: {error}", folder.display()))?;
    }
    output(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))
        .map_err(|why| format!("npm could not bring tests/iam_simulate/package-lock.json: {why}"))?;
    fs::write(&stamp_path, stamp).map_err(|error| format!("cannot write {}: {error}", stamp_path.display()))?;
    Ok(folder)
}

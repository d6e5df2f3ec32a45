//! The second version of AWS's CLI, which the endpoint is also asked with: an `aws` 2 on the PATH, or Debian's `awscli` with the Python
//! packages it needs, unpacked below `target/` without being installed. Made once; a stamp says from which version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::comparison_venv::output;

/// Debian's own python: the unpacked modules are compiled for it.
const PYTHON: &str = "/usr/bin/python3";

/// The program, or the reason why there is none.
pub fn prepare(target: &Path) -> Result<PathBuf, String> {
    if let Some(found) = std::env::var_os("PATH").and_then(|path| installed(&path)) {
        return Ok(found);
    }
    let folder = target.join("aws-cli-v2");
    let (program, stamp_path) = (folder.join("aws"), folder.join("filled-with.txt"));
    let policy = output(Command::new("apt-cache").args(["policy", "awscli"]))
        .map_err(|_| "no aws 2 on the PATH, and no apt-cache to get Debian's".to_owned())?;
    let version = candidate(&policy).ok_or("no aws 2 on the PATH, and apt knows no awscli 2 (apt-get update)")?;
    if fs::read_to_string(&stamp_path).is_ok_and(|found| found == version) && is_v2(&program) {
        return Ok(program);
    }

    eprintln!("unpacking Debian's awscli {version} below {}", folder.display());
    unpack(&folder).map_err(|why| format!("Debian's awscli could not be unpacked: {why}"))?;
    if !is_v2(&program) {
        return Err(format!("what was unpacked below {} does not run", folder.display()));
    }
    fs::write(&stamp_path, version).map_err(|error| format!("cannot write {}: {error}", stamp_path.display()))?;
    Ok(program)
}

/// The first `aws` 2 of a search path. The first version may stand before it.
fn installed(path: &std::ffi::OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|folder| folder.join("aws")).find(|program| program.is_file() && is_v2(program))
}

fn is_v2(program: &Path) -> bool {
    output(Command::new(program).arg("--version")).is_ok_and(|said| said.starts_with("aws-cli/2."))
}

/// The version that `apt-cache policy` would install, if it is a second one.
fn candidate(policy: &str) -> Option<String> {
    let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    version.starts_with("2.").then(|| version.to_owned())
}

fn unpack(folder: &Path) -> Result<(), String> {
    let (packages, root) = (folder.join("packages"), folder.join("root"));
    for path in [&packages, &root] {
        // It may not be there yet; what it had is of another version.
        let _ = fs::remove_dir_all(path);
        fs::create_dir_all(path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
    }
    let kinds =
        ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map(|kind| format!("--no-{kind}"));
    let depends = output(Command::new("apt-cache").args(["depends", "--recurse"]).args(kinds).arg("awscli"))?;
    output(Command::new("apt-get").arg("download").args(python_packages(&depends)).current_dir(&packages))?;
    for entry in fs::read_dir(&packages).map_err(|error| error.to_string())? {
        let package = entry.map_err(|error| error.to_string())?.path();
        output(Command::new("dpkg").arg("-x").arg(package).arg(&root))?;
    }
    // Debian's files are unpacked: what is left are archives.
    fs::remove_dir_all(&packages).map_err(|error| error.to_string())?;
    let (modules, program) = (root.join("usr/lib/python3/dist-packages"), root.join("usr/bin/aws"));
    let script =
        format!("#!/bin/sh\nPYTHONPATH='{}' exec {PYTHON} -B '{}' \"$@\"\n", modules.display(), program.display());
    write_program(&folder.join("aws"), &script).map_err(|error| error.to_string())
}

/// Of all that awscli needs, what an installed Debian need not have: it and its Python modules.
fn python_packages(depends: &str) -> Vec<&str> {
    let is_module = |name: &&str| *name == "awscli" || name.starts_with("python3-") && *name != "python3-minimal";
    let mut names: Vec<&str> = depends.lines().filter(is_module).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn write_program(path: &Path, script: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, script)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_is_of_the_second_version() {
        let check =
            |policy: &str, expected: Option<&str>| assert_eq!(candidate(policy).as_deref(), expected, "{policy}");
        check("awscli:\n  Installed: (none)\n  Candidate: 2.9.19-1\n", Some("2.9.19-1"));
        check("awscli:\n  Candidate: 1.22.34-1\n", None);
        check("awscli:\n  Candidate: (none)\n", None);
        check("", None);
    }

    #[test]
    fn modules_are_taken_and_the_system_is_not() {
        let depends =
            "awscli\n  Depends: python3-six\npython3-six\nlibc6\npython3\npython3-minimal\npython3-six\n<python3-x>\n";
        assert_eq!(python_packages(depends), ["awscli", "python3-six"]);
    }
}

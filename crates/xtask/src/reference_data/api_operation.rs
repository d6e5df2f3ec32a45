//! The API operations of each service namespace, from botocore's models. A model names its service by signing name,
//! endpoint or folder; the first of them that is a service namespace counts, and a short table names the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{field, object};

/// Models none of whose names is the service namespace that their operations are authorized by.
const NAMESPACE: [(&str, &str); 8] = [
    ("cloudcontrol", "cloudformation"),
    ("connectparticipant", "connect"),
    ("iot-data", "iot"),
    ("iot-jobs-data", "iotjobsdata"),
    ("iotsecuretunneling", "iot"),
    ("mturk", "mechanicalturk"),
    ("partnercentral-selling", "partnercentral"),
    ("resourcegroupstaggingapi", "tag"),
];

/// Operations by service namespace, and the actions to compare them with.
pub struct Operations {
    by_namespace: BTreeMap<String, BTreeSet<String>>,
    lower_case: BTreeMap<String, BTreeSet<String>>,
    actions: BTreeMap<String, BTreeSet<String>>,
}

impl Operations {
    /// Whether an API operation bears the name of this action, in any letter case.
    pub fn has(&self, namespace: &str, action: &str) -> bool {
        self.lower_case.get(namespace).is_some_and(|names| names.contains(&action.to_ascii_lowercase()))
    }

    /// The text of `api_operations.txt`: for each namespace `@namespace`, then the operations that no action is named
    /// after, sorted; `title` begins its first line.
    pub fn without_action(&self, title: &str) -> String {
        let mut text = format!(
            "{title}Apache-2.0). Written by `cargo xtask reference-data`; do not edit.\n\
             # @namespace | operations that no action of the service is named after\n"
        );
        for (namespace, names) in &self.by_namespace {
            let actions = &self.actions[namespace];
            let mut rest = names.iter().filter(|name| !actions.contains(&name.to_ascii_lowercase())).peekable();
            if rest.peek().is_some() {
                writeln!(text, "@{namespace}").expect("a String takes every line");
            }
            for name in rest {
                writeln!(text, "{name}").expect("a String takes every line");
            }
        }
        text
    }
}

/// The operations of botocore's `models`; `data` is the folder of the services and actions.
pub fn read(models: &Path, data: &Path) -> Result<Operations> {
    let mut actions = BTreeMap::new();
    for namespace in object(&data.join("serviceNames.json"))?.keys() {
        let names = object(&data.join(format!("actions/{namespace}.json")))?;
        let names = names.values().map(|action| Ok(field(action, "name")?.to_ascii_lowercase()));
        actions.insert(namespace.clone(), names.collect::<Result<BTreeSet<String>>>()?);
    }
    let mut by_namespace: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for service in folders(models)? {
        for version in folders(&models.join(&service))? {
            let path = models.join(&service).join(version).join("service-2.json");
            if !path.is_file() {
                continue;
            }
            let model = object(&path)?;
            let Some(namespace) = namespace(&model, &service, &actions) else { continue };
            let names = model.get("operations").and_then(Value::as_object).context("a model without operations")?;
            by_namespace.entry(namespace).or_default().extend(names.keys().cloned());
        }
    }
    let lower = |names: &BTreeSet<String>| names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let lower_case = by_namespace.iter().map(|(namespace, names)| (namespace.clone(), lower(names))).collect();
    Ok(Operations { by_namespace, lower_case, actions })
}

fn namespace(
    model: &serde_json::Map<String, Value>,
    service: &str,
    known: &BTreeMap<String, BTreeSet<String>>,
) -> Option<String> {
    if let Some((_, namespace)) = NAMESPACE.iter().find(|(model, _)| *model == service) {
        return Some((*namespace).to_owned());
    }
    let metadata = model.get("metadata")?;
    let names = [metadata.get("signingName"), metadata.get("endpointPrefix")];
    let names = names.into_iter().flatten().filter_map(Value::as_str).chain([service]);
    names.into_iter().find(|name| known.contains_key(*name)).map(str::to_owned)
}

/// The names of the folders in a folder, sorted.
fn folders(path: &Path) -> Result<BTreeSet<String>> {
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let folder = |entry: std::fs::DirEntry| entry.path().is_dir().then(|| entry.file_name().into_string().ok())?;
    Ok(entries.filter_map(Result::ok).filter_map(folder).collect())
}

//! Policy documents that the command line names: one in a file, or an array of several, as `generate-policy --split` prints.

use std::io::Read;
use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;
use iam::policy_document::PolicyDocument;
use questions::test_policy::NamedPolicy;
use serde_json::Value;

use super::bad_file;

/// The documents of a file; `-` is standard input.
pub fn read(path: &Path) -> anyhow::Result<Vec<NamedPolicy>> {
    let mut text = String::new();
    let name = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        "standard input".to_owned()
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        path.display().to_string()
    };
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| bad_file(path, format!("it is no JSON: {error}")))?;
    let documents = match value {
        Value::Array(documents) if documents.is_empty() => return Err(bad_file(path, "the array is empty").into()),
        Value::Array(documents) => {
            documents.into_iter().enumerate().map(|(at, document)| (format!("{name}[{at}]"), document)).collect()
        }
        document => vec![(name, document)],
    };
    let is_several = documents.len() > 1;
    let policy = |(name, document): (String, Value)| {
        let found = PolicyDocument::parse(&document);
        let checked = found.and_then(|document| document.check_identity_policy().map(|()| document));
        match checked {
            Ok(document) => Ok(NamedPolicy { name, document: Rc::new(document) }),
            Err(error) if is_several => Err(bad_file(path, format!("{name}: {error}")).into()),
            Err(error) => Err(bad_file(path, error.to_string()).into()),
        }
    };
    documents.into_iter().map(policy).collect()
}

/// The only document of a file.
pub fn read_one(path: &Path) -> anyhow::Result<NamedPolicy> {
    let mut found = read(path)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        count => Err(bad_file(path, format!("it holds {count} documents, and there is one boundary")).into()),
    }
}

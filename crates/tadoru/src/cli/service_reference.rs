//! A newer service reference, loaded at run time: a file or a folder of files, each AWS's JSON of one service
//! (<https://servicereference.us-east-1.amazonaws.com/>) or a text in the form of the embedded reference
//! (`crates/iam/data/service_reference.txt`). What they say of a service takes the place of what the program knows.

use std::path::{Path, PathBuf};

use iam::service_reference::ServiceReference;
use iam::service_reference::aws_json::{self, AwsJsonError};

use crate::error::{Failure, Message};

/// The embedded reference with what `path` says over it.
pub fn load(path: &Path) -> Result<ServiceReference, Failure> {
    let files = files(path)?;
    let is_folder = path.is_dir();
    let mut reference = ServiceReference::embedded();
    let mut services = 0;
    for file in &files {
        let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            broken(file, &format!("byte {place} is no UTF-8"))
        })?;
        let Some(text) = text_form(file, text, is_folder)? else { continue };
        // Names of services and actions are lent from this text for as long as the program runs.
        let newer = ServiceReference::read(text.leak()).map_err(|error| broken(file, &error.to_string()))?;
        services += newer.services().len();
        reference = reference.with(newer);
    }
    if services == 0 {
        return Err(nothing(path));
    }
    Ok(reference)
}

/// The text form of a file; None for AWS's list of services, which lies among the files of a folder.
fn text_form(file: &Path, text: String, is_folder: bool) -> Result<Option<String>, Failure> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return Ok(Some(text));
    }
    match aws_json::to_text(text.trim_start_matches('\u{feff}')) {
        Ok(text) => Ok(Some(text)),
        Err(AwsJsonError::Index) if is_folder => Ok(None),
        Err(AwsJsonError::Index) => {
            let message = Message::error(format!("{} lists services, not actions", file.display()));
            let message = message.why("each of its services has a file of its own, at its url");
            Err(Failure::failed(message.try_this("--service-reference with those files, in a folder")))
        }
        Err(AwsJsonError::Malformed(reason)) => Err(broken(file, &reason)),
    }
}

/// The file itself, or the `.json` and `.txt` files of a folder, by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let is_reference = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json" || ending == "txt");
    let mut files: Vec<PathBuf> =
        paths.map_err(|error| unreadable(path, &error))?.into_iter().filter(is_reference).collect();
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let message = Message::error(format!("the service reference {} cannot be read", path.display()));
    Failure::failed(message.why(error.to_string()).try_this(PLACES))
}

fn broken(file: &Path, reason: &str) -> Failure {
    let message = Message::error(format!("{} is no service reference", file.display()));
    Failure::failed(message.why(reason).try_this("AWS's file again, or none: the program has a reference of its own"))
}

fn nothing(path: &Path) -> Failure {
    let message = Message::error(format!("{} holds no service reference", path.display()));
    Failure::failed(message.why("there is no .json or .txt file of a service in it").try_this(PLACES))
}

const PLACES: &str = "another file or folder in --service-reference, TADORU_SERVICE_REFERENCE or tadoru.toml";

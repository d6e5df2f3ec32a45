//! What a person reads when the lake cannot be opened or read: no lake, a catalog that is none, one of a newer version or
//! changed by another program, no permission, no room. All commands share these, whichever error carries the catalog's.

use std::io::ErrorKind;

use lake::catalog::{Catalog, CatalogError, CatalogFault};
use lake::check::CheckError;
use lake::ingest::IngestError;
use lake::upkeep::UpkeepError;
use lake::writer_lock::LockError;
use questions::question_error::QuestionError;

use super::{Exit, Failure, Message};

/// The failure that `error` tells of, if it is the lake's.
pub(super) fn failure(error: &anyhow::Error) -> Option<Failure> {
    error.chain().find_map(catalog_error).map(of_catalog)
}

/// Another process holds the writer's lock, or it cannot be taken at all.
pub fn of_lock(error: &LockError) -> Failure {
    match error {
        LockError::Held { holder } => Failure::failed(
            Message::error("another process writes to the lake")
                .why(format!("{holder} did not finish in time"))
                .try_this("wait for it, or --wait SECONDS"),
        ),
        LockError::Io(cause) => Failure::failed(
            Message::error(error.to_string()).why(cause.to_string()).try_this("mend it and run the same command again"),
        ),
    }
}

/// A transparent error hides the catalog's from the chain, so it is looked for in each that carries one.
fn catalog_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a CatalogError> {
    if let Some(IngestError::Catalog(error)) = cause.downcast_ref() {
        return Some(error);
    }
    if let Some(QuestionError::Catalog(error)) = cause.downcast_ref() {
        return Some(error);
    }
    if let Some(UpkeepError::Catalog(error)) = cause.downcast_ref() {
        return Some(error);
    }
    if let Some(CheckError::Catalog(error) | CheckError::Files(UpkeepError::Catalog(error))) = cause.downcast_ref() {
        return Some(error);
    }
    cause.downcast_ref()
}

const ANOTHER_LAKE: &str = "ingest the logs into a new lake: tadoru --lake NEW_FOLDER ingest SOURCE";

fn of_catalog(error: &CatalogError) -> Failure {
    let message = Message::error(error.to_string());
    match error {
        CatalogError::NoLake(folder) => {
            let why = match (folder.is_dir(), Catalog::path(folder).exists()) {
                (true, true) => "its catalog.sqlite is empty: a first ingest has only begun, or the file was cut off",
                (true, false) => "the folder holds no catalog.sqlite",
                (false, _) => "there is no such folder",
            };
            Failure::failed(
                message
                    .why(why)
                    .try_this("tadoru ingest FOLDER makes one, tadoru demo a sample; --lake DIR names another"),
            )
        }
        CatalogError::CatalogGone(_) => Failure::failed(
            message
                .why("catalog.sqlite is missing or empty; without it nobody knows which files are the lake's")
                .try_this(format!("restore catalog.sqlite from a backup, or {ANOTHER_LAKE}")),
        ),
        CatalogError::NewerVersion { .. } => Failure::failed(
            message.why("what this version does not know it would misread").try_this("install the newest tadoru"),
        ),
        CatalogError::Corrupt { path, detail } => {
            damaged(Message::error(format!("{} is not a lake's catalog", path.display())).why(if detail.is_empty() {
                "it cannot be read as one"
            } else {
                detail
            }))
        }
        CatalogError::ForeignChange(what) => Failure::failed(
            Message::error("another program changed the lake in a way this tadoru does not read")
                .why(what)
                .try_this(format!("read it with DuckDB, or {ANOTHER_LAKE}")),
        ),
        CatalogError::Io { source, .. } => {
            let message = message.why(source.to_string());
            match source.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => not_permitted(message),
                ErrorKind::StorageFull => disk_full(message),
                _ => Failure::failed(message.try_this("--lake DIR with a folder that can hold a lake")),
            }
        }
        CatalogError::Unmerged(_) => Failure {
            message: message
                .why("a writer was stopped, or is at work, and merging needs the right to write to the folder")
                .try_this("tadoru status, once, as somebody who may write to it; then the same command again"),
            exit: Exit::NotPermitted,
        },
        CatalogError::Sqlite(cause) => {
            let message = message.why(cause.to_string());
            match error.fault() {
                CatalogFault::Damaged => damaged(message),
                CatalogFault::NotPermitted => not_permitted(message),
                CatalogFault::DiskFull => disk_full(message),
                CatalogFault::Busy => Failure::failed(message.try_this("wait until the other program is done")),
                CatalogFault::Other => Failure::failed(message.try_this("tadoru status")),
            }
        }
    }
}

fn damaged(message: Message) -> Failure {
    Failure::failed(message.try_this(format!("restore catalog.sqlite from a backup, or {ANOTHER_LAKE}")))
}

fn not_permitted(message: Message) -> Failure {
    let try_this = "give yourself the right to read and write the folder and its files, or --lake DIR";
    Failure { message: message.try_this(try_this), exit: Exit::NotPermitted }
}

fn disk_full(message: Message) -> Failure {
    Failure::failed(message.try_this("free space and run the same command again; what was committed is kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_lake_has_what_why_and_try() {
        let check = |error: CatalogError, exit: Exit, expected: &str| {
            let failure = Failure::of(&anyhow::Error::from(error));
            assert_eq!((failure.exit, failure.message.to_string().as_str()), (exit, expected));
        };
        check(
            CatalogError::NoLake("/nowhere".into()),
            Exit::Failed,
            "error: there is no lake in /nowhere\n  why: there is no such folder\n  \
             try: tadoru ingest FOLDER makes one, tadoru demo a sample; --lake DIR names another",
        );
        check(
            CatalogError::Io { path: "/l".into(), source: ErrorKind::PermissionDenied.into() },
            Exit::NotPermitted,
            "error: cannot use the lake's folder /l\n  why: permission denied\n  \
             try: give yourself the right to read and write the folder and its files, or --lake DIR",
        );
        check(
            CatalogError::NewerVersion { what: "the lake version", found: "9".into(), known: "1" },
            Exit::Failed,
            "error: the lake's catalog was written by a newer version: the lake version is 9, this tadoru knows 1\n  \
             why: what this version does not know it would misread\n  try: install the newest tadoru",
        );
    }

    #[test]
    fn whichever_error_carries_it_the_message_is_the_same() {
        let check = |error: anyhow::Error| {
            assert_eq!(Failure::of(&error).message.what, "there is no lake in /nowhere");
        };
        let error = || CatalogError::NoLake("/nowhere".into());
        check(error().into());
        check(IngestError::Catalog(error()).into());
        check(QuestionError::Catalog(error()).into());
        check(anyhow::Error::from(error()).context("more"));
    }
}

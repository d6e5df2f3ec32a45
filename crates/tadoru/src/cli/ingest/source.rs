//! The sources of one ingest as they were typed: local ones listed, buckets opened, both narrowed by the same flags.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use clap::Args;
use lake::source::aws_connection::AwsOptions;
use lake::source::local_folder::{self, ListError};
use lake::source::local_list::{LocalList, PORTION_FILES, Portions};
use lake::source::s3_bucket::S3Bucket;
use lake::source::s3_bucket::url::S3Url;
use lake::source::selection::Selection;
use lake::source::standard_input;

use super::bucket;
use crate::cli::access_advisor::refuse_empty_window;
use crate::cli::{Context, argument};
use crate::error::{Exit, Failure, Message};
use crate::time_argument;

/// Which objects, and how to reach AWS.
#[derive(Debug, Args)]
pub struct SourceFlags {
    /// Only files that may hold events from this time on: 30d, 2024-06-01, RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only files that may hold events before this time; one more day of delivery is read
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only files of this account; repeatable
    #[arg(long, value_name = "ACCOUNT", value_delimiter = ',', value_parser = argument::account)]
    account: Vec<String>,
    /// Only files of this region; repeatable
    #[arg(long, value_name = "REGION", value_delimiter = ',', value_parser = argument::region)]
    region: Vec<String>,
    /// Profile of ~/.aws/config [default: as the AWS SDK chooses]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Role to assume for reading the bucket
    #[arg(long, value_name = "ARN", value_parser = argument::role_arn)]
    role_arn: Option<String>,
    /// External id that the role's trust policy asks for
    #[arg(long, value_name = "ID", requires = "role_arn")]
    external_id: Option<String>,
}

/// What is to be ingested.
pub struct Sources {
    /// Folders, files and standard input together.
    pub local: Option<Portions>,
    pub buckets: Vec<(S3Url, S3Bucket)>,
}

impl SourceFlags {
    /// Whether they leave out objects.
    pub fn is_narrow(&self) -> bool {
        self.since.is_some() || self.until.is_some() || !self.account.is_empty() || !self.region.is_empty()
    }

    fn selection(&self, context: &Context) -> anyhow::Result<Selection> {
        let now = context.now(None)?;
        let time = |text: &Option<String>| text.as_deref().map(|text| time_argument::parse(text, now)).transpose();
        let (since_us, until_us) = (time(&self.since)?, time(&self.until)?);
        if let Some(until_us) = until_us {
            refuse_empty_window(since_us, until_us)?;
        }
        Ok(Selection::of_window(self.account.clone(), self.region.clone(), since_us, until_us))
    }

    fn aws_options(&self) -> AwsOptions {
        AwsOptions {
            profile: self.profile.clone(),
            role_arn: self.role_arn.clone(),
            external_id: self.external_id.clone(),
            region: None,
        }
    }
}

impl Sources {
    /// Lists folders and opens buckets. `None` where Ctrl-C came first.
    pub fn open(
        context: &Context,
        paths: &[PathBuf],
        flags: &SourceFlags,
        stop: &Arc<AtomicBool>,
    ) -> anyhow::Result<Option<Self>> {
        let selection = flags.selection(context)?;
        let is_url = |path: &&PathBuf| S3Url::is_meant(&path.to_string_lossy());
        let (urls, folders): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(is_url);
        let (mut local, mut regions) = (None, BTreeSet::new());
        if !folders.is_empty() {
            let mut listed = list(&folders)?;
            if !selection.regions.is_empty() {
                regions = listed.regions();
            }
            listed.select(&selection);
            local = Some(listed.portions(context.config.test.portion_files.unwrap_or(PORTION_FILES)));
        }
        let mut buckets = Vec::new();
        for url in urls {
            let url = bucket::url(&url.to_string_lossy())?;
            let opened = S3Bucket::open(&url, &flags.aws_options(), &selection, stop);
            let Some(opened) = opened.map_err(|failure| bucket::not_opened(&url, &failure))? else { return Ok(None) };
            bucket::note_beside(context, opened.beside());
            regions.extend(opened.beside().regions.iter().cloned());
            buckets.push((url, opened));
        }
        note_absent_regions(context, &selection.regions, &regions);
        Ok(Some(Self { local, buckets }))
    }

    /// The buckets' URLs.
    pub fn urls(&self) -> Vec<S3Url> {
        self.buckets.iter().map(|(url, _)| url.clone()).collect()
    }
}

/// Names the regions that there are, where one was asked for that is not among them.
fn note_absent_regions(context: &Context, wanted: &[String], seen: &BTreeSet<String>) {
    let absent: Vec<&str> = wanted.iter().map(String::as_str).filter(|region| !seen.contains(*region)).collect();
    if absent.is_empty() || seen.is_empty() {
        return;
    }
    let seen = seen.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    context.note(
        &Message::note(format!("no logs of {} in the source", absent.join(", ")))
            .why(format!("its regions are {seen}"))
            .try_this("--region with one of these"),
    );
}

fn list(sources: &[&PathBuf]) -> anyhow::Result<LocalList> {
    let mut all = LocalList::default();
    for source in sources {
        if source.as_path() == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
            all.add(standard_input::object(bytes));
        } else {
            local_folder::list(source, &mut all).map_err(|error| not_listed(source, &error))?;
        }
    }
    Ok(all)
}

fn not_listed(source: &Path, error: &ListError) -> Failure {
    let message = Message::error(format!("cannot ingest {}", source.display())).why(error.to_string());
    match error {
        ListError::NotAFile(_) => {
            Failure::failed(message.try_this("- reads standard input, a pipe too: zcat FILE.gz | tadoru ingest -"))
        }
        ListError::Io(error) if error.kind() == ErrorKind::PermissionDenied => {
            Failure { message: message.try_this("run as somebody who may read it"), exit: Exit::NotPermitted }
        }
        ListError::Io(_) => Failure::failed(
            message.try_this("give the folder that holds AWSLogs/, a log file, or - for standard input"),
        ),
    }
}

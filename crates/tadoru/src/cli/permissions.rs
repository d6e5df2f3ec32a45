//! `tadoru permissions --for ingest`: the least IAM policy that Tadoru's own calls need, as a policy document.

use std::io::Write;

use clap::{Args, ValueEnum};
use lake::source::s3_bucket::permission::{of_ingest, partition, policy};
use lake::source::s3_bucket::url::S3Url;

use super::argument;
use super::ingest::bucket_url;
use crate::error::{Exit, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// For which command
    #[arg(long = "for", value_name = "COMMAND")]
    command: PolicyCommand,
    /// The bucket and prefix that are to be ingested [default: a placeholder]
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    url: Option<String>,
    /// The KMS key that the logs are encrypted with; repeatable
    #[arg(long, value_name = "ARN", value_parser = argument::kms_key_arn)]
    kms_key: Vec<String>,
    /// The role that ingest assumes
    #[arg(long, value_name = "ARN", value_parser = argument::role_arn)]
    role_arn: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PolicyCommand {
    Ingest,
}

pub fn run(flags: &Flags) -> anyhow::Result<Exit> {
    let PolicyCommand::Ingest = flags.command;
    let url = match &flags.url {
        Some(text) => bucket_url(text)?,
        None => S3Url { bucket: "BUCKET".into(), key: String::new() },
    };
    let arns = [flags.kms_key.as_slice(), flags.role_arn.as_slice()].concat().join(" ");
    let permissions = of_ingest(&url, &flags.kms_key, flags.role_arn.as_deref());
    let mut out = anstream::stdout().lock();
    writeln!(out, "{:#}", policy(&permissions, partition(&arns)))?;
    out.flush()?;
    if flags.url.is_none() {
        super::say(
            &Message::note("BUCKET stands for your bucket")
                .try_this("tadoru permissions --for ingest s3://bucket/prefix"),
        );
    }
    if flags.role_arn.is_some() {
        super::say(
            &Message::note("two callers need these")
                .why("sts:AssumeRole is yours, the rest is the role's")
                .try_this("put the last statement into your own policy, the others into the role's"),
        );
    }
    Ok(Exit::Done)
}

//! `tadoru permissions --for ingest|collect`: the least IAM policy that Tadoru's own calls need, as a policy document.

use std::io::Write;

use clap::{Args, ValueEnum};
use lake::source::aws_account;
use lake::source::s3_bucket::permission::{of_ingest, partition, policy};
use lake::source::s3_bucket::url::S3Url;
use serde_json::Value;

use super::argument;
use super::ingest::bucket_url;
use crate::error::{Exit, Failure, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// For which command
    #[arg(long = "for", value_name = "COMMAND")]
    command: PolicyCommand,
    /// For ingest: the bucket and prefix that are to be ingested [default: a placeholder]
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    url: Option<String>,
    /// For ingest: the KMS key that the logs are encrypted with; repeatable
    #[arg(long, value_name = "ARN", value_parser = argument::kms_key_arn)]
    kms_key: Vec<String>,
    /// The role that is assumed; repeatable
    #[arg(long, value_name = "ARN", value_parser = argument::role_arn)]
    role_arn: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PolicyCommand {
    /// ingest s3://…
    Ingest,
    /// inventory collect
    Collect,
}

pub fn run(flags: &Flags) -> anyhow::Result<Exit> {
    let document = match flags.command {
        PolicyCommand::Ingest => of_bucket(flags)?,
        PolicyCommand::Collect => of_account(flags)?,
    };
    let mut out = anstream::stdout().lock();
    writeln!(out, "{document:#}")?;
    out.flush()?;
    if matches!(flags.command, PolicyCommand::Ingest) && flags.url.is_none() {
        super::say(
            &Message::note("BUCKET stands for your bucket")
                .try_this("tadoru permissions --for ingest s3://bucket/prefix"),
        );
    }
    if !flags.role_arn.is_empty() {
        super::say(
            &Message::note("two callers need these")
                .why("sts:AssumeRole is yours, the rest is the role's")
                .try_this("put the statements of sts:AssumeRole into your own policy, the others into the role's"),
        );
    }
    Ok(Exit::Done)
}

fn of_bucket(flags: &Flags) -> anyhow::Result<Value> {
    let url = match &flags.url {
        Some(text) => bucket_url(text)?,
        None => S3Url { bucket: "BUCKET".into(), key: String::new() },
    };
    let arns = [flags.kms_key.as_slice(), flags.role_arn.as_slice()].concat().join(" ");
    Ok(policy(&of_ingest(&url, &flags.kms_key, &flags.role_arn), partition(&arns)))
}

fn of_account(flags: &Flags) -> anyhow::Result<Value> {
    if flags.url.is_some() || !flags.kms_key.is_empty() {
        let message = Message::error("inventory collect reads no bucket and no key");
        let message = message.why("a bucket and --kms-key belong to ingest");
        return Err(Failure::usage(message.try_this("tadoru permissions --for collect")).into());
    }
    Ok(aws_account::permission::policy(&flags.role_arn))
}

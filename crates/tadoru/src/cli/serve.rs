//! `tadoru serve`: the AWS-compatible endpoint. Listens on loopback unless told otherwise, and then only where every request must
//! be signed with a key of `tadoru keys`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Mutex;

use aws_wire::model::Model;
use clap::Args;
use lake::catalog::Catalog;
use lake::stop_point;
use questions::coverage::Coverage;

use super::Context;
use crate::aws::aws_limits::AwsLimits;
use crate::aws::caller::Caller;
use crate::aws::endpoint::{Endpoint, NowRule};
use crate::aws::server::Server;
use crate::error::{Exit, Failure, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4599")]
    listen: SocketAddr,
    /// Answer requests that nobody signed; on loopback alone
    #[arg(long)]
    anonymous: bool,
    /// Whom unsigned requests come from [default: the root user of the lake's only account]
    #[arg(long = "as", value_name = "ARN", requires = "anonymous")]
    principal: Option<String>,
    /// A further name by which clients call this server; repeatable
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// AWS's own limits: strict keeps them, off lifts them; or those to lift: history,regions,attributes,data-events,quotas
    #[arg(long, default_value = "strict", value_name = "LIMITS")]
    aws_limits: AwsLimits,
    /// Reports and policy generations are IN_PROGRESS for so long, at most an hour
    #[arg(long, default_value_t = 0, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(..=3600))]
    job_delay: u32,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    if flags.anonymous && !flags.listen.ip().is_loopback() {
        let message = Message::error(format!("--anonymous does not go with {}", flags.listen.ip()));
        let why = "whoever reaches that address could read the logs";
        return Err(Failure::usage(message.why(why).try_this("--listen 127.0.0.1:4599, or tadoru keys create")).into());
    }
    if let Some((name, pass)) = context.config.test.stop_point.clone() {
        stop_point::arm(name, pass);
    }
    let folder = context.config.lake.clone();
    let catalog = Catalog::open_to_write(&folder)?;
    let lake_us = catalog.setting("as_of")?.and_then(|text| text.parse().ok());
    let now = NowRule { as_of: context.config.as_of.clone(), lake_us };
    now.now()?;
    let anonymous = flags.anonymous.then(|| anonymous(context, flags.principal.as_deref())).transpose()?;
    if anonymous.is_none() && catalog.issued_keys()?.is_empty() {
        let note = Message::note("no request will be answered").why("the lake has issued no key");
        context.note(&note.try_this("tadoru keys create --for ARN, or --anonymous"));
    }
    let endpoint = Endpoint {
        model: Model::embedded(),
        reference: context.service_reference()?,
        folder,
        catalog: Mutex::new(catalog),
        anonymous,
        limits: flags.aws_limits,
        now,
        job_delay_us: i64::from(flags.job_delay) * 1_000_000,
    };
    let hosts: BTreeSet<String> = flags.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
    Server { endpoint, hosts }.run(flags.listen, |address| {
        let mut out = anstream::stderr().lock();
        // Nothing can be said where stderr is gone.
        let _ = writeln!(out, "listening on http://{address}");
    })?;
    Ok(Exit::Done)
}

/// Whom unsigned requests come from.
fn anonymous(context: &Context, principal: Option<&str>) -> anyhow::Result<Caller> {
    if let Some(principal) = principal {
        return caller(principal);
    }
    let (snapshot, _) = context.snapshot()?;
    let accounts: Vec<String> = Coverage::read(&snapshot)?.accounts.into_iter().map(|known| known.account).collect();
    let message = match accounts.as_slice() {
        [account] => return Ok(Caller::root_of(account).expect("a covered account has 12 digits")),
        [] => Message::error("--anonymous needs a caller").why("the lake has no account yet"),
        several => Message::error("--anonymous needs a caller")
            .why(format!("the lake has {} accounts, and AWS answers for one", several.len())),
    };
    let account = accounts.first().map_or("111111111111", String::as_str);
    Err(Failure::usage(message.try_this(format!("--anonymous --as arn:aws:iam::{account}:root"))).into())
}

/// The caller of an ARN that somebody typed.
pub fn caller(principal: &str) -> anyhow::Result<Caller> {
    Caller::of(principal).ok_or_else(|| {
        let message =
            Message::error(format!("`{principal}` cannot call AWS")).why("it is no ARN of a user, role or session");
        Failure::usage(message.try_this("an ARN such as arn:aws:iam::111111111111:user/Alice")).into()
    })
}

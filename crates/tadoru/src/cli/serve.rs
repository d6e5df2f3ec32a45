//! `tadoru serve`: the AWS-compatible endpoint. Listens on loopback unless told otherwise, and then only where every request must
//! be signed with a key of `tadoru keys`.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use aws_wire::model::Model;
use clap::Args;
use lake::catalog::{Catalog, CatalogError, CatalogFault};
use lake::stop_point;
use questions::coverage::Coverage;

use super::{Context, keys};
use crate::aws::aws_limits::AwsLimits;
use crate::aws::caller::Caller;
use crate::aws::connection::Bounds;
use crate::aws::endpoint::{Endpoint, NowRule};
use crate::aws::open_lake::OpenLake;
use crate::aws::server::{ListenError, Server};
use crate::error::{Exit, Failure, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4599")]
    listen: String,
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
    let listen = address(&flags.listen)?;
    if flags.anonymous && !listen.ip().is_loopback() {
        let message = Message::error(format!("--anonymous does not go with {}", listen.ip()));
        let why = "whoever reaches that address could read the logs";
        return Err(Failure::usage(message.why(why).try_this("--listen 127.0.0.1:4599, or tadoru keys create")).into());
    }
    if let Some((name, pass)) = context.config.test.stop_point.clone() {
        stop_point::arm(name, pass);
    }
    let folder = context.config.lake.clone();
    let catalog = Catalog::open_to_write(&folder).map_err(|error| not_writable(&folder, error))?;
    let lake_us = catalog.setting("as_of")?.and_then(|text| text.parse().ok());
    let now = NowRule { as_of: context.config.as_of.clone(), lake_us };
    now.now()?;
    let anonymous = flags.anonymous.then(|| anonymous(context, flags.principal.as_deref())).transpose()?;
    if anonymous.is_none() {
        keys::refuse_other_readers(catalog.folder())?;
    }
    if anonymous.is_none() && catalog.issued_keys()?.is_empty() {
        let note = Message::note("no request will be answered").why("the lake has issued no key");
        context.note(&note.try_this("tadoru keys create --for ARN, or --anonymous"));
    }
    let endpoint = Endpoint {
        model: Model::embedded(),
        reference: context.service_reference()?,
        lake: OpenLake::new(&folder)?,
        catalog: Mutex::new(catalog),
        anonymous,
        limits: flags.aws_limits,
        now,
        job_delay_us: i64::from(flags.job_delay) * 1_000_000,
    };
    let hosts: BTreeSet<String> = flags.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
    let server = Server { endpoint, hosts, bounds: Bounds::default() };
    let served = server.run(listen, |address| {
        let mut out = anstream::stderr().lock();
        // Nothing can be said where stderr is gone.
        let _ = writeln!(out, "listening on http://{address}");
    });
    match served.map_err(|error| error.downcast::<ListenError>()) {
        Ok(()) => Ok(Exit::Done),
        Err(Ok(error)) => Err(cannot_listen(&error).into()),
        Err(Err(other)) => Err(other),
    }
}

/// The address that `--listen` names.
fn address(text: &str) -> anyhow::Result<SocketAddr> {
    let numbers = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numbers.as_deref().unwrap_or(text).parse().map_err(|_| {
        let why = "it is an address in numbers, a colon and a port up to 65535";
        let try_this = "--listen 127.0.0.1:4599, or [::1]:4599; port 0 takes a free one";
        Failure::usage(Message::error(format!("cannot listen on `{text}`")).why(why).try_this(try_this)).into()
    })
}

fn cannot_listen(error: &ListenError) -> Failure {
    let (address, port) = (error.address, error.address.port());
    let message = Message::error(error.to_string());
    let (exit, why, try_this) = match error.source.kind() {
        ErrorKind::AddrInUse => (
            Exit::Failed,
            "another program listens there, perhaps another tadoru serve".to_owned(),
            format!("--listen {}, which takes a free port", SocketAddr::new(address.ip(), 0)),
        ),
        ErrorKind::AddrNotAvailable => (
            Exit::Failed,
            "it is not an address of this machine".to_owned(),
            format!("--listen 127.0.0.1:{port}, or 0.0.0.0:{port} for all of its addresses"),
        ),
        ErrorKind::PermissionDenied => (
            Exit::NotPermitted,
            "this user may not take that port; those up to 1023 are the system's".to_owned(),
            format!("--listen {}", SocketAddr::new(address.ip(), 4599)),
        ),
        _ => (Exit::Failed, error.source.to_string(), "--listen 127.0.0.1:4599".to_owned()),
    };
    Failure { message: message.why(why).try_this(try_this), exit }
}

/// Who may not write hears it in the words of this command, not in SQLite's.
fn not_writable(folder: &Path, error: CatalogError) -> anyhow::Error {
    let is_refused = match &error {
        CatalogError::Io { source, .. } => {
            matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
        }
        other => other.fault() == CatalogFault::NotPermitted,
    };
    if !is_refused {
        return error.into();
    }
    let message = Message::error(format!("tadoru serve cannot write to the lake in {}", folder.display()))
        .why("it keeps its jobs in the catalog, and this user may not write there")
        .try_this(
            "the lake's owner, or a copy of the lake; who may only read asks with tadoru access-advisor and its like",
        );
    Failure { message, exit: Exit::NotPermitted }.into()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_numbers_and_a_port() {
        let check = |text: &str, expected: Option<&str>| {
            let found = address(text);
            assert_eq!(found.as_ref().ok().map(ToString::to_string).as_deref(), expected, "{text}");
            if let Err(error) = found {
                assert_eq!(Failure::of(&error).exit, Exit::Usage);
            }
        };
        check("127.0.0.1:0", Some("127.0.0.1:0"));
        check("localhost:4599", Some("127.0.0.1:4599"));
        check("[::1]:80", Some("[::1]:80"));
        check("4599", None);
        check("localhost", None);
        check("127.0.0.1:65536", None);
        check("example.com:80", None);
    }

    #[test]
    fn what_keeps_a_port_from_being_taken_is_said() {
        let check = |address: &str, kind: ErrorKind, expected: &str| {
            let error = ListenError { address: address.parse().unwrap(), source: kind.into() };
            assert_eq!(cannot_listen(&error).message.to_string(), expected);
        };
        check(
            "127.0.0.1:4599",
            ErrorKind::AddrInUse,
            "error: cannot listen on 127.0.0.1:4599\n  why: another program listens there, perhaps another tadoru serve\n  \
             try: --listen 127.0.0.1:0, which takes a free port",
        );
        check(
            "192.0.2.1:80",
            ErrorKind::AddrNotAvailable,
            "error: cannot listen on 192.0.2.1:80\n  why: it is not an address of this machine\n  \
             try: --listen 127.0.0.1:80, or 0.0.0.0:80 for all of its addresses",
        );
    }
}

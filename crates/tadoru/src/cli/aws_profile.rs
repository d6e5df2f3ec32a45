//! `tadoru aws-profile ACCESS_KEY_ID`: what to put into AWS's own configuration, so that `aws --profile tadoru` asks this lake.

use std::io::Write as _;

use clap::Args;
use lake::catalog::Catalog;

use super::{Context, keys};
use crate::error::Exit;

#[derive(Debug, Args)]
pub struct Flags {
    /// As tadoru keys list shows it
    #[arg(value_name = "ACCESS_KEY_ID")]
    access_key_id: String,
    /// The profile's name
    #[arg(long, value_name = "NAME", default_value = "tadoru")]
    name: String,
    /// Where tadoru serve listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4599")]
    endpoint_url: String,
    /// The region that calls come from
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: String,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let Flags { access_key_id, name, endpoint_url, region } = flags;
    let key = Catalog::open(&context.config.lake)?.issued_key(&access_key_id)?;
    let key = key.ok_or_else(|| keys::no_key(&access_key_id))?;
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "# ~/.aws/config\n[profile {name}]\nregion = {region}\nendpoint_url = {endpoint_url}\n\n\
         # ~/.aws/credentials\n[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}",
        key.access_key_id, key.secret_access_key
    )?;
    out.flush()?;
    Ok(Exit::Done)
}

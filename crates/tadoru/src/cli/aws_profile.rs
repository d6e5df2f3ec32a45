//! `tadoru aws-profile ACCESS_KEY_ID`: what to put into AWS's own configuration, so that `aws --profile tadoru` asks this lake.

use std::io::Write as _;

use clap::Args;
use lake::catalog::{Catalog, IssuedKey};

use super::{Context, keys};
use crate::error::{Exit, Failure, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// As tadoru keys list shows it [default: the lake's only key]
    #[arg(value_name = "ACCESS_KEY_ID")]
    access_key_id: Option<String>,
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
    let catalog = Catalog::open(&context.config.lake)?;
    let key = match access_key_id {
        Some(id) => catalog.issued_key(&id)?.ok_or_else(|| keys::no_key(&id))?,
        None => only_key(catalog.issued_keys()?)?,
    };
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

fn only_key(mut keys: Vec<IssuedKey>) -> anyhow::Result<IssuedKey> {
    let message = match keys.len() {
        1 => return Ok(keys.remove(0)),
        0 => Message::error("there is no key to make a profile of")
            .why("the lake has issued none")
            .try_this("tadoru keys create --for ARN"),
        several => Message::error("which key is the profile for?")
            .why(format!("the lake has issued {several}"))
            .try_this("tadoru aws-profile ACCESS_KEY_ID, with one of tadoru keys list"),
    };
    Err(Failure::usage(message).into())
}

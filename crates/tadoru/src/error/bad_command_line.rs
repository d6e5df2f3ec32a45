//! What a person reads when the command line was not understood: clap's findings in the three lines of every other error.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Message;

/// The message of clap's error about `command`, such as `tadoru keys create`; None where clap's own text is what was asked for: help and version.
pub fn message(error: &clap::Error, command: &str) -> Option<Message> {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    // `error: what happened`, lines that say more, an empty line, then tips and usage.
    let text = error.render().to_string();
    let finding = text.split_once("\n\n").map_or(text.as_str(), |(finding, _)| finding);
    let mut lines = finding.trim().lines().map(str::trim);
    let what = lines.next().unwrap_or_default();
    let what = what.strip_prefix("error: ").unwrap_or(what);
    // What a value lacks stands behind its name, in the same line.
    let lack = error.source().map(ToString::to_string);
    let what = lack.as_ref().and_then(|lack| what.strip_suffix(lack.as_str())).unwrap_or(what);
    let what = what.trim_end_matches([':', ' ']);
    let more = lines.collect::<Vec<_>>().join(" ");
    let more = more.trim_start_matches('[').trim_end_matches(']');
    let why = match lack.as_deref() {
        _ if !more.is_empty() => more,
        Some(lack) => lack,
        None => reason(error.kind()),
    };
    Some(Message::error(what).why(why).try_this(try_this(error, command)))
}

fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnknownArgument => "this command has no such flag or argument",
        ErrorKind::InvalidSubcommand => "there is no such command",
        ErrorKind::ArgumentConflict => "one excludes the other",
        ErrorKind::MissingRequiredArgument => "the command cannot run without it",
        ErrorKind::MissingSubcommand => "a command says what to do",
        _ => "the command line was not understood",
    }
}

/// The command that the arguments behind the program's name ask for, as far as there is one.
pub fn command(grammar: &clap::Command, arguments: impl IntoIterator<Item = OsString>) -> String {
    let (mut known, mut path) = (grammar, grammar.get_name().to_owned());
    for argument in arguments {
        let Some(next) = argument.to_str().and_then(|name| known.find_subcommand(name)) else { continue };
        path = format!("{path} {}", next.get_name());
        known = next;
    }
    path
}

fn try_this(error: &clap::Error, command: &str) -> String {
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind)? {
            ContextValue::String(text) => Some(text.clone()),
            ContextValue::Strings(texts) => texts.first().cloned(),
            _ => None,
        });
    let help = format!("{command} --help");
    match suggested {
        Some(suggested) => format!("{suggested}, or {help}"),
        None => help,
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    #[test]
    fn claps_errors_have_three_lines() {
        let check = |arguments: &[&str], expected: &str| {
            let days = Arg::new("days").long("days").value_parser(clap::value_parser!(u32));
            let level = Arg::new("level").long("level").value_parser(["service", "action"]);
            let sub = Command::new("unused").arg(days).arg(level).arg(Arg::new("who").required(true));
            let grammar = Command::new("tadoru").subcommand_required(true).subcommand(sub);
            let command = command(&grammar, arguments.iter().skip(1).map(OsString::from));
            let error = grammar.try_get_matches_from(arguments).unwrap_err();
            assert_eq!(message(&error, &command).unwrap().to_string(), expected);
        };
        check(
            &["tadoru", "unused", "x", "--day", "3"],
            "error: unexpected argument '--day' found\n  why: this command has no such flag or argument\n  try: --days, or tadoru unused --help",
        );
        check(
            &["tadoru", "unuse"],
            "error: unrecognized subcommand 'unuse'\n  why: there is no such command\n  try: unused, or tadoru --help",
        );
        check(
            &["tadoru", "unused", "x", "--level", "servic"],
            "error: invalid value 'servic' for '--level <level>'\n  why: possible values: service, action\n  try: service, or tadoru unused --help",
        );
        check(
            &["tadoru", "unused", "x", "--days", "x"],
            "error: invalid value 'x' for '--days <days>'\n  why: invalid digit found in string\n  try: tadoru unused --help",
        );
        check(
            &["tadoru", "unused"],
            "error: the following required arguments were not provided\n  why: <who>\n  try: tadoru unused --help",
        );
    }
}

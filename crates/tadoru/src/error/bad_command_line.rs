//! What a person reads when the command line was not understood: clap's findings in the three lines of every other error.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Message;

/// The message of clap's error; None where clap's own text is what was asked for: help and version.
pub fn message(error: &clap::Error) -> Option<Message> {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    // `error: what happened`, lines that say more, an empty line, then tips and usage.
    let text = error.render().to_string();
    let (finding, advice) = text.split_once("\n\n").unwrap_or((&text, ""));
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
    Some(Message::error(what).why(why).try_this(try_this(error, advice)))
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

fn try_this(error: &clap::Error, advice: &str) -> String {
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind)? {
            ContextValue::String(text) => Some(text.clone()),
            ContextValue::Strings(texts) => texts.first().cloned(),
            _ => None,
        });
    let usage = advice.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let is_name = |word: &&str| !word.starts_with(['-', '[', '<']);
    let command = usage.map(|usage| usage.split_whitespace().take_while(is_name).collect::<Vec<_>>().join(" "));
    let help = format!("{} --help", command.unwrap_or_else(|| "tadoru".to_owned()));
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
            let error = Command::new("tadoru")
                .subcommand_required(true)
                .subcommand(sub)
                .try_get_matches_from(arguments)
                .unwrap_err();
            assert_eq!(message(&error).unwrap().to_string(), expected);
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
            "error: invalid value 'servic' for '--level <level>'\n  why: possible values: service, action\n  try: service, or tadoru --help",
        );
        check(
            &["tadoru", "unused", "x", "--days", "x"],
            "error: invalid value 'x' for '--days <days>'\n  why: invalid digit found in string\n  try: tadoru --help",
        );
        check(
            &["tadoru", "unused"],
            "error: the following required arguments were not provided\n  why: <who>\n  try: tadoru unused --help",
        );
    }
}

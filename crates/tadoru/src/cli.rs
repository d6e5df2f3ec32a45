//! The command line: its grammar, and the run of one command with what all commands share (settings, the one *now*, how to
//! print). A command's own flags and work stand in the file of its name.

mod access_advisor;
mod actions;
mod activity;
mod argument;
mod aws_profile;
mod completions;
mod demo;
mod events;
mod generate_policy;
mod ingest;
mod inventory;
mod keys;
mod lake;
mod man;
mod permissions;
mod printed_answer;
mod selection;
mod serve;
mod service_reference;
mod services;
mod sql;
mod status;
mod test_policy;
mod unused_access;
mod who_accessed;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use ::lake::engine::EngineLimits;
use ::lake::snapshot::Snapshot;
use clap::{Args, CommandFactory, Parser, Subcommand};
use iam::service_reference::ServiceReference;

use crate::clock::{Now, NowSource};
use crate::config::{Config, Environment, Settings};
use crate::error::{Exit, Failure, Message, bad_command_line, is_broken_pipe};
use crate::output::{self, OutputFormat};
use crate::time_argument;

/// Follow the trail: who used what in AWS, from your own CloudTrail logs.
#[derive(Debug, Parser)]
#[command(name = "tadoru", version, max_term_width = 120)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: GlobalFlags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the sample organisation, ingest it and tell its stories: no AWS account needed
    Demo(demo::Flags),
    /// Take CloudTrail files into the lake: folders, files, S3 buckets, or - for standard input
    Ingest(ingest::Flags),
    /// Snapshots of IAM, Identity Center and Organizations: what exists, what is permitted, what changed
    Inventory(self::inventory::Flags),
    /// The least AWS policy that Tadoru itself needs
    Permissions(permissions::Flags),
    /// Services and actions last used by a user or role, or by all
    AccessAdvisor(access_advisor::Flags),
    /// Who used an action, such as s3:DeleteBucket
    WhoAccessed(who_accessed::Flags),
    /// The actions that a user or role used, as a least-privilege policy
    GeneratePolicy(generate_policy::Flags),
    /// Replay history against a policy: which calls would it have denied?
    TestPolicy(test_policy::Flags),
    /// Roles, users, keys, passwords, permissions and assignments that nobody used
    UnusedAccess(unused_access::Flags),
    /// All AWS services: namespace, name, number of actions, withdrawn or not
    Services(services::Flags),
    /// All actions of services, and whether CloudTrail records them
    Actions(actions::Flags),
    /// Event history: the events that fit a filter, newest first, or one event whole
    Events(events::Flags),
    /// One timeline of a user, role, access key, session or Identity Center user
    Activity(activity::Flags),
    /// Ask the lake in Athena's SQL
    Sql(sql::Flags),
    /// What the lake holds: accounts, regions, time span, sources, rejects, gaps
    Status(status::Flags),
    /// Keep the lake fit: merge small files, retire old days, check that everything is as it should be
    Lake(self::lake::Flags),
    /// Answer AWS's own commands from the lake: an endpoint for aws, boto3 and every SDK
    Serve(serve::Flags),
    /// The keys that clients of tadoru serve sign with
    Keys(keys::Flags),
    /// A profile for AWS's own configuration that leads to tadoru serve
    AwsProfile(aws_profile::Flags),
    /// The script that completes this program's commands and flags in a shell
    Completions(completions::Flags),
    /// The manual page, as man reads it
    Man,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct GlobalFlags {
    /// The lake's folder [env: TADORU_LAKE]
    #[arg(long, global = true, value_name = "DIR")]
    lake: Option<PathBuf>,
    /// table, json, jsonl, csv or tsv [default: table on a terminal, else tsv]
    #[arg(short, long, global = true, value_name = "FORMAT")]
    output: Option<String>,
    /// JMESPath over the answer, as in aws
    #[arg(long, global = true, value_name = "JMESPATH")]
    query: Option<String>,
    /// Only these columns, in this order
    #[arg(long, global = true, value_delimiter = ',', value_name = "NAME,…")]
    columns: Option<Vec<String>>,
    /// CSV for a spreadsheet: byte order mark, account ids as text, no live formulas
    #[arg(long, global = true)]
    excel: bool,
    /// The time that counts as now: 2024-06-01, RFC 3339, 30d [env: TADORU_AS_OF]
    #[arg(long, global = true, value_name = "TIME")]
    as_of: Option<String>,
    /// A newer service reference: AWS's JSON, one file or a folder of them [env: TADORU_SERVICE_REFERENCE]
    #[arg(long, global = true, value_name = "FILE|DIR")]
    service_reference: Option<PathBuf>,
    /// Show times of tables in this zone, such as Asia/Tokyo or local
    #[arg(long, global = true, value_name = "ZONE")]
    tz: Option<String>,
    /// auto, always or never
    #[arg(long, global = true, value_name = "WHEN")]
    color: Option<String>,
    /// Print the SQL that runs, on stderr
    #[arg(long, global = true)]
    explain: bool,
    /// No progress and no notes
    #[arg(short, long, global = true)]
    quiet: bool,
}

/// What a command works with.
pub struct Context {
    config: Config,
    format: OutputFormat,
    /// Whether `-o` itself says the format.
    format_is_flag: bool,
    query: Option<String>,
    columns: Option<Vec<String>>,
    excel: bool,
    /// `--explain`: print the SQL that runs.
    pub explain: bool,
    quiet: bool,
}

/// Runs the command line of this process.
pub fn run() -> Exit {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            let command = bad_command_line::command(&CommandLine::command(), std::env::args_os().skip(1));
            match bad_command_line::message(&error, &command) {
                Some(message) => say(&message),
                // Nothing can be said where the terminal is gone.
                None => drop(error.print()),
            }
            return exit;
        }
    };
    let ended = Context::new(line.global).and_then(|context| run_command(&context, line.command));
    match ended {
        Ok(exit) => exit,
        Err(error) if is_broken_pipe(&error) => Exit::Done,
        Err(error) => {
            let failure = Failure::of(&error);
            say(&failure.message);
            failure.exit
        }
    }
}

fn run_command(context: &Context, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(flags) => demo::run(context, flags),
        Command::Ingest(flags) => ingest::run(context, flags),
        Command::Inventory(flags) => self::inventory::run(context, flags),
        Command::Permissions(flags) => permissions::run(&flags),
        Command::Status(flags) => status::run(context, flags),
        Command::Events(flags) => events::run(context, flags),
        Command::Activity(flags) => activity::run(context, flags),
        Command::AccessAdvisor(flags) => access_advisor::run(context, flags),
        Command::WhoAccessed(flags) => who_accessed::run(context, flags),
        Command::GeneratePolicy(flags) => generate_policy::run(context, flags),
        Command::TestPolicy(flags) => test_policy::run(context, flags),
        Command::UnusedAccess(flags) => unused_access::run(context, &flags),
        Command::Services(flags) => services::run(context, &flags),
        Command::Actions(flags) => actions::run(context, &flags),
        Command::Sql(flags) => sql::run(context, flags),
        Command::Lake(flags) => self::lake::run(context, flags),
        Command::Serve(flags) => serve::run(context, flags),
        Command::Keys(flags) => keys::run(context, flags),
        Command::AwsProfile(flags) => aws_profile::run(context, flags),
        Command::Completions(flags) => completions::run(CommandLine::command(), flags),
        Command::Man => man::run(CommandLine::command()),
    }
}

/// Where data goes: a terminal gets styles as it can show them; into a pipe or a file goes each byte as it is, since
/// anstream would take what looks like a style out of the data.
fn data_out() -> Box<dyn Write> {
    let out = std::io::stdout();
    if out.is_terminal() { Box::new(anstream::stdout().lock()) } else { Box::new(out.lock()) }
}

/// A number and its noun.
fn plural(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Prints a message on stderr.
fn say(message: &Message) {
    // Nothing can be said where stderr is gone.
    let _ = write!(anstream::stderr(), "{}", message.styled());
}

impl Context {
    fn new(global: GlobalFlags) -> anyhow::Result<Self> {
        let format_is_flag = global.output.is_some();
        let settings = Settings {
            lake: global.lake,
            output: global.output,
            tz: global.tz,
            color: global.color,
            as_of: global.as_of,
            service_reference: global.service_reference,
            ..Settings::default()
        };
        let folder = std::env::current_dir()?;
        let config = Config::load(settings, &Environment::of_process(), &folder)?;
        config.color.choice().write_global();
        let terminal = std::io::stdout().is_terminal();
        Ok(Self {
            format: config.output.unwrap_or_else(|| OutputFormat::default_for(terminal)),
            format_is_flag,
            config,
            query: global.query,
            columns: global.columns,
            excel: global.excel,
            explain: global.explain,
            quiet: global.quiet,
        })
    }

    /// The lake's newest snapshot and the one *now* of this run.
    fn open(&self) -> anyhow::Result<(Snapshot, Now)> {
        let (snapshot, now) = self.snapshot()?;
        if now.source != NowSource::Clock {
            self.note(&Message::note(format!("now is {}", now.to_rfc3339())).why(match now.source {
                NowSource::Lake => "the lake says so: it holds the sample organisation",
                _ => "--as-of, TADORU_AS_OF or the configuration says so",
            }));
        }
        Ok((snapshot, now))
    }

    /// As `open`, without a word about *now*.
    fn snapshot(&self) -> anyhow::Result<(Snapshot, Now)> {
        let snapshot = Snapshot::open(&self.config.lake, EngineLimits::default())?;
        let own = snapshot.read_catalog(|catalog| catalog.setting("as_of"))?.and_then(|text| text.parse().ok());
        let now = self.now(own)?;
        Ok((snapshot, now))
    }

    /// AWS's services and actions: the program's own list, and over it the newer one that `--service-reference` names.
    fn service_reference(&self) -> anyhow::Result<ServiceReference> {
        match &self.config.service_reference {
            None => Ok(ServiceReference::embedded()),
            Some(path) => Ok(service_reference::load(path)?),
        }
    }

    /// Where `demo` makes its lake: `--lake`, else beside the default lake.
    fn demo_lake(&self) -> PathBuf {
        if self.config.lake_is_default {
            self.config.lake.with_file_name("demo-lake")
        } else {
            self.config.lake.clone()
        }
    }

    /// Runs another command over the lake in `folder`, as `demo` shows it.
    fn run_again(&self, folder: &Path, command: &[&str]) -> anyhow::Result<()> {
        let line = CommandLine::try_parse_from(std::iter::once("tadoru").chain(command.iter().copied()))?;
        let mut config = self.config.clone();
        config.lake = folder.to_owned();
        let columns = line.global.columns.clone();
        let format = self.config.output.unwrap_or(OutputFormat::Table);
        let context = Self {
            config,
            format,
            format_is_flag: false,
            columns,
            query: None,
            excel: false,
            explain: false,
            quiet: true,
        };
        run_command(&context, line.command)?;
        Ok(())
    }

    fn now(&self, lake_us: Option<i64>) -> anyhow::Result<Now> {
        let clock = Now::clock();
        let as_of = self.config.as_of.as_deref().map(|text| time_argument::parse(text, clock)).transpose()?;
        Ok(Now::choose(as_of, lake_us))
    }

    /// A name or pattern without the quotes that an article put around it; says so where they are typographic.
    fn unquoted<'t>(&self, text: &'t str) -> &'t str {
        let quotes = ['“', '”', '„', '‘', '’', '‚', '"', '\''];
        let inner =
            text.strip_prefix(quotes).and_then(|rest| rest.strip_suffix(quotes)).filter(|name| !name.is_empty());
        if inner.is_some() {
            self.note(&Message::warning(format!("the quotes around {text} were left out")));
        }
        inner.unwrap_or(text)
    }

    /// Says what went wrong with a part of the job, also with `--quiet`.
    fn say(&self, message: &Message) {
        say(message);
    }

    /// Says something besides the answer, unless `--quiet`.
    fn note(&self, message: &Message) {
        if !self.quiet {
            say(message);
        }
    }

    /// A short remark between answers, unless `--quiet`.
    fn aside(&self, text: &str) {
        if !self.quiet {
            // Nothing can be said where stderr is gone.
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Whether a terminal is to show styles: by `--color`, `NO_COLOR` and what the terminal can do.
    fn is_colored(&self) -> bool {
        anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
    }

    /// With `--explain`, the SQL that is about to run, so that it can be pasted into `tadoru sql`.
    fn explain(&self, sql: &str) {
        if self.explain {
            let lines: Vec<_> = sql.trim_end().lines().map(output::visible).collect();
            // Nothing can be said where stderr is gone.
            let _ = writeln!(anstream::stderr(), "{}", lines.join("\n"));
        }
    }
}

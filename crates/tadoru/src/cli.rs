//! The command line: its grammar, and the run of one command with what all commands share (settings, the one *now*, how to
//! print). A command's own flags and work stand in the file of its name.

mod ingest;
mod sql;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use lake::engine::EngineLimits;
use lake::snapshot::Snapshot;

use crate::clock::{Now, NowSource};
use crate::config::{Config, Environment, Settings};
use crate::error::{Exit, Failure, Message, is_broken_pipe};
use crate::output::{self, OutputFormat, OutputOptions, Table};
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
    /// Take CloudTrail files into the lake: folders, files, or - for standard input
    Ingest(ingest::Flags),
    /// Ask the lake in Athena's SQL
    Sql(sql::Flags),
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
            // Nothing can be said where the terminal is gone.
            let _ = error.print();
            return exit;
        }
    };
    let ended = Context::new(line.global).and_then(|context| match line.command {
        Command::Ingest(flags) => ingest::run(&context, flags),
        Command::Sql(flags) => sql::run(&context, flags),
    });
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

/// Prints a message on stderr.
fn say(message: &Message) {
    // Nothing can be said where stderr is gone.
    let _ = write!(anstream::stderr(), "{}", message.styled());
}

impl Context {
    fn new(global: GlobalFlags) -> anyhow::Result<Self> {
        let settings = Settings {
            lake: global.lake,
            output: global.output,
            tz: global.tz,
            color: global.color,
            as_of: global.as_of,
        };
        let folder = std::env::current_dir()?;
        let config = Config::load(settings, &Environment::of_process(), &folder)?;
        config.color.choice().write_global();
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        Ok(Self {
            format: config.output.unwrap_or_else(|| OutputFormat::default_for(terminal)),
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
        let snapshot = Snapshot::open(&self.config.lake, EngineLimits::default())?;
        let own = snapshot.catalog().setting("as_of")?.and_then(|text| text.parse().ok());
        let now = self.now(own)?;
        if now.source != NowSource::Clock {
            self.note(&Message::note(format!("now is {}", now.to_rfc3339())).why(match now.source {
                NowSource::Lake => "the lake says so: it holds the sample organisation",
                _ => "--as-of, TADORU_AS_OF or the configuration says so",
            }));
        }
        Ok((snapshot, now))
    }

    fn now(&self, lake_us: Option<i64>) -> anyhow::Result<Now> {
        let clock = Now::clock();
        let as_of = self.config.as_of.as_deref().map(|text| time_argument::parse(text, clock)).transpose()?;
        Ok(Now::choose(as_of, lake_us))
    }

    /// Says something besides the answer, unless `--quiet`.
    fn note(&self, message: &Message) {
        if !self.quiet {
            say(message);
        }
    }

    /// How answers are printed on stdout.
    fn output_options(&self) -> OutputOptions {
        OutputOptions {
            columns: self.columns.clone(),
            query: self.query.clone(),
            excel: self.excel,
            zone: self.config.zone.clone(),
            ..OutputOptions::for_stdout(self.format)
        }
    }

    /// Prints an answer on stdout.
    fn print(&self, table: &Table) -> anyhow::Result<()> {
        let mut out = anstream::stdout().lock();
        output::write(table, &self.output_options(), &mut out)?;
        out.flush()?;
        Ok(())
    }
}

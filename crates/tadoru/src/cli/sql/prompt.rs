//! `tadoru sql` without a statement on a terminal: reads statements line by line and answers each one as the command itself
//! does. Each sees the newest snapshot; an error is said and the prompt goes on; Ctrl-C stops a statement, not the prompt.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use lake::engine::Cancellation;
use lake::snapshot::Snapshot;
use lake::sql_error::SqlError;
use reedline::{Reedline, Signal};
use serde_json::json;

use super::completion::Vocabulary;
use super::line_editor::{Sign, line_editor};
use super::prompt_command::{self, PromptCommand};
use super::token::statements;
use super::{Asked, straightened};
use crate::cli::{Context, data_out, say};
use crate::error::{Exit, Failure, Message, bad_statement, is_broken_pipe};
use crate::output::{OutputFormat, OutputOptions, Table};

/// Runs the prompt until it is left.
pub fn run(context: &Context, reveal: bool) -> anyhow::Result<Exit> {
    let (snapshot, _) = context.open()?;
    let mut session =
        Session { context, options: context.output_options(), reveal, is_timed: false, running: Arc::default() };
    let running = Arc::clone(&session.running);
    ctrlc::set_handler(move || running.stop())?;
    let mut editor = session.editor(&snapshot)?;
    drop(snapshot);
    context.note(&Message::note("statements end with ;  \\? for help, \\q to leave"));
    loop {
        let text = match editor.read_line(&Sign)? {
            Signal::Success(text) => text,
            Signal::CtrlC => continue,
            Signal::CtrlD => return Ok(Exit::Done),
            _ => continue,
        };
        // What was typed is kept although the process may be killed while it is answered.
        if let Err(error) = editor.sync_history() {
            context.note(&Message::warning("the history cannot be written").why(error.to_string()));
        }
        match session.answer(&text) {
            Ok(Next::Line) => {}
            Ok(Next::Leave) => return Ok(Exit::Done),
            Err(error) if is_broken_pipe(&error) => return Err(error),
            Err(error) => say(&Failure::of(&error).message),
        }
    }
}

/// What follows on a line.
enum Next {
    Line,
    Leave,
}

/// The statement that runs, for the handler of Ctrl-C.
#[derive(Default)]
struct Running(Mutex<Option<Cancellation>>);

impl Running {
    fn set(&self, statement: Option<Cancellation>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = statement;
    }

    fn stop(&self) {
        if let Some(statement) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            statement.cancel();
        }
    }
}

struct Session<'c> {
    context: &'c Context,
    options: OutputOptions,
    reveal: bool,
    is_timed: bool,
    running: Arc<Running>,
}

impl Session<'_> {
    fn editor(&self, snapshot: &Snapshot) -> anyhow::Result<Reedline> {
        let vocabulary =
            || -> anyhow::Result<Vocabulary> { Ok(Vocabulary::new(snapshot.tables(), snapshot.function_names()?)) };
        let color = self.context.is_colored();
        let history = self.context.config.state.as_ref().map(|folder| folder.join("sql_history"));
        match line_editor(vocabulary()?, history.as_deref(), color) {
            Ok(editor) => Ok(editor),
            Err(error) => {
                let path = history.map(|path| path.display().to_string()).unwrap_or_default();
                let message = Message::warning("this session's statements are not kept for the next one");
                self.context.note(&message.why(format!("{path}: {error}")).try_this("XDG_STATE_HOME"));
                Ok(line_editor(vocabulary()?, None, color)?)
            }
        }
    }

    fn answer(&mut self, text: &str) -> anyhow::Result<Next> {
        if prompt_command::is_goodbye(text) {
            return Ok(Next::Leave);
        }
        if let Some(command) = prompt_command::parse(text) {
            return self.obey(command);
        }
        let text = straightened(self.context, text);
        for statement in statements(&text) {
            if !self.ask(statement)? {
                break;
            }
        }
        Ok(Next::Line)
    }

    /// Whether the statement was answered.
    fn ask(&self, statement: &str) -> anyhow::Result<bool> {
        let (snapshot, now) = self.context.snapshot()?;
        let cancellation = Cancellation::default();
        self.running.set(Some(cancellation.clone()));
        self.context.explain(statement);
        let asked = Asked { snapshot: &snapshot, statement, now, cancellation: &cancellation, reveal: self.reveal };
        let began = Instant::now();
        let answered = asked.print(&self.options);
        self.running.set(None);
        match answered? {
            Ok(rows) => {
                let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
                let took =
                    if self.is_timed { format!(", {:.3} s", began.elapsed().as_secs_f64()) } else { String::new() };
                self.context.aside(&format!("({rows}{took})"));
                Ok(true)
            }
            Err(SqlError::Cancelled) => {
                self.context.aside("stopped");
                Ok(false)
            }
            Err(error) => Err(bad_statement::failure(&error).into()),
        }
    }

    fn obey(&mut self, command: PromptCommand) -> anyhow::Result<Next> {
        match command {
            PromptCommand::Help => data_out().write_all(prompt_command::HELP.as_bytes())?,
            PromptCommand::Tables => {
                let mut table = Table::new(&["table", "columns"]);
                let (snapshot, _) = self.context.snapshot()?;
                let top_level = |path: &str| !path.contains('.');
                let rows = snapshot.tables().map(|(name, columns)| {
                    vec![json!(name), json!(columns.iter().filter(|column| top_level(&column.path)).count())]
                });
                table.rows.extend(rows);
                self.print(&table)?;
            }
            PromptCommand::Columns(name) => self.columns(&name)?,
            PromptCommand::Expanded => {
                self.options.expanded = !self.options.expanded;
                self.context.aside(&format!("expanded display is {}", on_or_off(self.options.expanded)));
            }
            PromptCommand::Timing => {
                self.is_timed = !self.is_timed;
                self.context.aside(&format!("timing is {}", on_or_off(self.is_timed)));
            }
            PromptCommand::Quit => return Ok(Next::Leave),
            PromptCommand::Unknown(text) => {
                let message = Message::error(format!("`{text}` is no command of the prompt"))
                    .why("what begins with a backslash is for the prompt itself");
                return Err(Failure::usage(message.try_this("\\? lists them")).into());
            }
        }
        Ok(Next::Line)
    }

    fn columns(&self, name: &str) -> anyhow::Result<()> {
        let (snapshot, _) = self.context.snapshot()?;
        let Some((_, columns)) = snapshot.tables().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = snapshot.tables().map(|(name, _)| name).collect();
            let error =
                SqlError::UnknownTable { name: name.to_owned(), known: known.into_iter().map(str::to_owned).collect() };
            return Err(bad_statement::failure(&error).into());
        };
        let mut table = Table::new(&["column", "type"]);
        table.rows.extend(columns.into_iter().map(|column| vec![json!(column.path), json!(column.type_name)]));
        self.print(&table)
    }

    /// A list of the prompt's own: columns and expansion are of answers.
    fn print(&self, table: &Table) -> anyhow::Result<()> {
        let options = OutputOptions {
            format: OutputFormat::Table,
            columns: None,
            query: None,
            expanded: false,
            ..self.options.clone()
        };
        Ok(crate::output::write(table, &options, &mut data_out())?)
    }
}

fn on_or_off(state: bool) -> &'static str {
    if state { "on" } else { "off" }
}

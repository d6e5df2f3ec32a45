//! Answers one SQL statement over one snapshot's tables: guard, plan, check the plan, run, hand back rows.
//! A statement runs on threads of its own, with a deadline, a memory pool and a big stack, because a planner's overflow
//! or a function's panic must never touch what serves other people. It knows no clock: *now* comes with the question.
//! Which files the tables have is `catalog`'s matter; the faces print the rows.

mod question;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::engine::question::Question;
use crate::footer_cache::FooterCache;
use crate::lake_table::LakeTable;
use crate::sql_error::{SqlError, panicked};
use crate::value::Value;

/// What one statement may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineLimits {
    /// Memory of operators, over all partitions of one statement; sorts and groupings spill to the temporary directory.
    pub memory_bytes: usize,
    pub deadline: Duration,
    /// Athena's own limit by default.
    pub sql_bytes: usize,
    /// Parentheses, brackets and CASEs in each other.
    pub nesting_depth: usize,
    /// AND, OR, comparisons, arithmetic: what makes an expression deep.
    pub operator_count: usize,
    /// Commas, so the longest IN list.
    pub list_items: usize,
    /// Partitions a statement is cut into; None is one a core.
    pub partitions: Option<usize>,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            deadline: Duration::from_secs(300),
            sql_bytes: 262_144,
            nesting_depth: 40,
            operator_count: 1_000,
            list_items: 20_000,
            partitions: None,
        }
    }
}

/// Who wrote the statement. Neither may write; a guarded one is also limited in size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Tadoru itself.
    Trusted,
    /// A person or a program outside.
    Guarded,
}

/// An answer: labels as written in the statement, Athena's names of the types, rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub columns: Vec<String>,
    pub column_types: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

/// The head of a streamed answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerColumns {
    pub columns: Vec<String>,
    pub column_types: Vec<String>,
}

/// Some rows of a streamed answer.
pub type Rows = Vec<Vec<Value>>;

/// Stops a running statement from another thread.
#[derive(Debug, Clone)]
pub struct Cancellation(Arc<watch::Sender<bool>>);

impl Default for Cancellation {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancellation {
    /// Stops the statement; one that has not begun will not.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

/// Runs statements. One engine serves any number of threads at once.
pub struct Engine {
    limits: EngineLimits,
    footers: FooterCache,
    /// None until the first statement: who only reads the catalog needs no threads.
    runtime: Mutex<Option<tokio::runtime::Runtime>>,
}

/// Debug builds of the planner take some 50 KB of stack for each level of an expression; only touched pages cost.
const PLANNER_STACK_BYTES: usize = 256 << 20;
/// So long a caller may wait for a statement that it has cancelled.
const CANCELLATION_STEP: Duration = Duration::from_millis(50);
const WORKER_STACK_BYTES: usize = 64 << 20;

impl Engine {
    /// An engine, whose threads begin with its first statement.
    pub fn new(limits: EngineLimits) -> Self {
        Self { limits, footers: FooterCache::default(), runtime: Mutex::new(None) }
    }

    /// The threads that statements run on.
    fn threads(&self) -> Result<tokio::runtime::Handle, SqlError> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if runtime.is_none() {
            let made = tokio::runtime::Builder::new_multi_thread()
                .thread_name("lake-query")
                .thread_stack_size(WORKER_STACK_BYTES)
                .build()
                .map_err(|error| SqlError::Execution(format!("no threads for the statement: {error}")))?;
            *runtime = Some(made);
        }
        Ok(runtime.as_ref().expect("it was just made").handle().clone())
    }

    /// What a statement may cost here.
    pub fn limits(&self) -> &EngineLimits {
        &self.limits
    }

    /// The names of every function that a statement may call.
    pub fn function_names(&self) -> Result<Vec<String>, SqlError> {
        question::function_names(&self.limits)
    }

    /// Answers `sql` over `tables`, each under its name; `now_us` is what `now()` says. Blocks.
    pub fn query(
        &self,
        tables: Vec<(String, LakeTable)>,
        sql: &str,
        now_us: i64,
        mode: Mode,
    ) -> Result<Answer, SqlError> {
        let mut all = Rows::new();
        let head = self.query_stream(tables, sql, now_us, mode, &Cancellation::default(), &mut |_, rows| {
            all.extend(rows);
            ControlFlow::Continue(())
        })?;
        Ok(Answer { columns: head.columns, column_types: head.column_types, rows: all })
    }

    /// As `query`, handing rows over as they come; `Break` ends the statement without an error. Blocks.
    pub fn query_stream(
        &self,
        tables: Vec<(String, LakeTable)>,
        sql: &str,
        now_us: i64,
        mode: Mode,
        cancellation: &Cancellation,
        on_rows: &mut dyn FnMut(&AnswerColumns, Rows) -> ControlFlow<()>,
    ) -> Result<AnswerColumns, SqlError> {
        let deadline = Instant::now() + self.limits.deadline;
        let (sender, receiver) = mpsc::sync_channel(4);
        let (limits, footers) = (self.limits.clone(), self.footers.clone());
        let question = Question { limits, footers, tables, sql: sql.to_owned(), now_us, mode };
        let handle = self.threads()?;
        let mut cancelled = cancellation.0.subscribe();
        let cancelled_here = cancellation.0.subscribe();
        let stop = Cancellation::default();
        let mut stopped = stop.0.subscribe();
        std::thread::Builder::new()
            .name("lake-planner".into())
            .stack_size(PLANNER_STACK_BYTES)
            .spawn(move || {
                let work = async {
                    tokio::select! {
                        result = question.run(&sender) => result,
                        _ = cancelled.wait_for(|c| *c) => Err(SqlError::Cancelled),
                        _ = stopped.wait_for(|c| *c) => Err(SqlError::Cancelled),
                    }
                };
                let result =
                    catch_unwind(AssertUnwindSafe(|| handle.block_on(work))).unwrap_or_else(|_| Err(panicked()));
                // A caller that has gone needs no end.
                let _ = sender.send(Message::End(result));
            })
            .map_err(|e| SqlError::Execution(format!("no thread for the statement: {e}")))?;
        let mut head = None;
        loop {
            // A statement that does not yield hears of no cancellation: its caller does.
            if *cancelled_here.borrow() {
                stop.cancel();
                return Err(SqlError::Cancelled);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left.min(CANCELLATION_STEP)) {
                Ok(Message::Head(columns)) => head = Some(columns),
                Ok(Message::Rows(rows)) => {
                    let head = head.as_ref().expect("the head comes first");
                    if on_rows(head, rows).is_break() {
                        stop.cancel();
                        return Ok(head.clone());
                    }
                }
                Ok(Message::End(result)) => return result.map(|()| head.expect("the head comes first")),
                Err(mpsc::RecvTimeoutError::Timeout) if left > CANCELLATION_STEP => {}
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    stop.cancel();
                    return Err(SqlError::QueryTimeout(self.limits.deadline));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(panicked()),
            }
        }
    }
}

impl Drop for Engine {
    /// A statement that does not yield must not hold up the end of the process.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            runtime.shutdown_background();
        }
    }
}

enum Message {
    Head(AnswerColumns),
    Rows(Rows),
    End(Result<(), SqlError>),
}

#[cfg(test)]
pub(crate) mod sample_files;
#[cfg(test)]
mod tests;

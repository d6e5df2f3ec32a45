//! One timeline of everything that somebody did: directly, in role sessions, with temporary keys of roles that they assumed
//! from there. Each event says by which way it belongs (`via`). Who is meant is settled by `principal_name` before.

use lake::engine::{Answer, Mode};
use lake::snapshot::Snapshot;
use lake::value::Value;

use crate::events::{Selection, condition, counted, join};
use crate::principal_name::naming::nameless_form;
use crate::principal_name::{Who, resolve};
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind, quote};

const ACTIVITY: &str = include_str!("activity.sql");
const SUMMARY: &str = include_str!("activity/summary.sql");
const ISSUED_KEYS: &str = include_str!("activity/issued_keys.sql");

/// Keys followed from one hop; a robot that assumes roles all day has no end of them.
const MOST_KEYS: usize = 2_000;

/// A role's session ends after 12 hours, a federated user's after 36.
const LONGEST_SESSION_US: i64 = 36 * 3_600_000_000;

/// Whose activity, when, and how much of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// A name as `principal_name` understands it.
    pub who: String,
    /// Window, accounts, regions, columns, limit.
    pub selection: Selection,
}

/// A timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// Whom the name means.
    pub who: Who,
    /// Columns and rows, the last column is `via`; newest first.
    pub answer: Answer,
    /// Over all events that fit, not only those in `answer`.
    pub summary: Summary,
    /// More keys were issued than were followed: sessions may be missing.
    pub is_cut: bool,
    /// Events that fit at any time, if none does in the window.
    pub event_count_outside: u64,
}

/// What an answer is about, in one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// All events.
    pub event_count: u64,
    /// Times of the first and the last event, µs UTC.
    pub span_us: Option<(i64, i64)>,
    /// Distinct event sources.
    pub service_count: u64,
    /// Refused calls.
    pub denied_count: u64,
    /// Calls that failed otherwise.
    pub error_count: u64,
    /// The ways by which events belong, with their counts; none is 0.
    pub via: Vec<(&'static str, u64)>,
}

/// A way by which events belong to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    label: &'static str,
    condition: String,
}

/// A timeline that is ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    who: Who,
    ways: Vec<Way>,
    selection: Selection,
    is_cut: bool,
    /// Are there events that the caller's own account may have recorded too?
    has_copies: bool,
}

/// Settles who is meant and follows the keys of the roles that they assumed, two hops far.
pub fn prepare(snapshot: &Snapshot, input: &Input, now_us: i64) -> Result<Timeline, QuestionError> {
    let who = resolve(snapshot, &input.who, now_us)?;
    let ways = ways(&who);
    let mut timeline = Timeline { who, ways, selection: input.selection.clone(), is_cut: false, has_copies: false };
    // What a role's sessions assume is the activity of those other roles; a person's is the person's.
    let is_role = matches!(&timeline.who, Who::Principal(principal) if principal.contains(":role/"));
    let mut known: Vec<String> = Vec::new();
    for label in ["assumed role", "chained role"] {
        if is_role {
            break;
        }
        let mut keys = timeline.issued_keys(snapshot, now_us)?;
        timeline.is_cut |= keys.len() > MOST_KEYS;
        keys.truncate(MOST_KEYS);
        keys.retain(|key| !known.contains(key));
        if keys.is_empty() {
            break;
        }
        timeline.ways.push(Way { label, condition: condition::is_any_of("accesskeyid", &keys) });
        known.extend(keys);
    }
    let mut copies = timeline.selection.conditions();
    copies.extend([format!("({})", timeline.belongs()), "copy = 'other'".to_owned()]);
    timeline.has_copies = counted(snapshot, &copies, now_us)? > 0;
    Ok(timeline)
}

/// The timeline of what the input says.
pub fn list(snapshot: &Snapshot, timeline: Timeline, now_us: i64) -> Result<Activity, QuestionError> {
    let answer = snapshot.query(&timeline.statement()?, now_us, Mode::Trusted)?;
    let summary = timeline.summary(snapshot, now_us)?;
    let event_count_outside = match summary.event_count {
        0 => counted(snapshot, &[format!("({})", timeline.belongs())], now_us)?,
        _ => 0,
    };
    Ok(Activity { who: timeline.who, answer, summary, is_cut: timeline.is_cut, event_count_outside })
}

impl Timeline {
    /// The statement that `list` runs.
    pub fn statement(&self) -> Result<String, QuestionError> {
        Ok(bind(
            ACTIVITY,
            &[
                ("columns", Parameter::Sql(&self.selection.column_list()?)),
                ("via", Parameter::Sql(&self.via())),
                ("belongs", Parameter::Sql(&self.belongs())),
                ("conditions", Parameter::Sql(&self.conditions(&self.selection))),
                ("limit", Parameter::Sql(&self.selection.limit_clause())),
            ],
        ))
    }

    /// The branches of the CASE that names the way; the first that fits counts.
    fn via(&self) -> String {
        let branches = self.ways.iter().map(|way| format!("\n  WHEN {} THEN {}", way.condition, quote(way.label)));
        format!("{} ", branches.collect::<String>())
    }

    fn belongs(&self) -> String {
        self.ways.iter().map(|way| way.condition.as_str()).collect::<Vec<_>>().join("\n  OR ")
    }

    fn conditions(&self, selection: &Selection) -> String {
        let mut all = selection.conditions();
        if self.has_copies {
            all.push(format!(
                "NOT (copy = 'other' AND sharedeventid IN (SELECT sharedeventid FROM events WHERE copy = 'own' AND ({})))",
                self.belongs()
            ));
        }
        join(&all)
    }

    fn issued_keys(&self, snapshot: &Snapshot, now_us: i64) -> Result<Vec<String>, QuestionError> {
        let earlier = Selection {
            since_us: self.selection.since_us.map(|since| since.saturating_sub(LONGEST_SESSION_US)),
            until_us: self.selection.until_us,
            ..Selection::default()
        };
        let sql = bind(
            ISSUED_KEYS,
            &[
                ("belongs", Parameter::Sql(&self.belongs())),
                ("conditions", Parameter::Sql(&join(&earlier.conditions()))),
                ("limit", Parameter::Int(MOST_KEYS as i64 + 1)),
            ],
        );
        let answer = snapshot.query(&sql, now_us, Mode::Trusted)?;
        let first = answer.rows.into_iter().filter_map(|mut row| row.pop());
        Ok(first.filter_map(|value| if let Value::Text(key) = value { Some(key) } else { None }).collect())
    }

    fn summary(&self, snapshot: &Snapshot, now_us: i64) -> Result<Summary, QuestionError> {
        let via = self.via();
        let ways = self.ways.iter().map(|way| format!(",\n  count_if(CASE {via}END = {})", quote(way.label)));
        let ways = ways.collect::<String>();
        let sql = bind(
            SUMMARY,
            &[
                ("ways", Parameter::Sql(&ways)),
                ("belongs", Parameter::Sql(&self.belongs())),
                ("conditions", Parameter::Sql(&self.conditions(&self.selection))),
            ],
        );
        let answer = snapshot.query(&sql, now_us, Mode::Trusted)?;
        let row = answer.rows.first();
        let number = |position: usize| match row.and_then(|row| row.get(position)) {
            Some(Value::Int(number)) => u64::try_from(*number).unwrap_or(0),
            _ => 0,
        };
        let time = |position: usize| match row.and_then(|row| row.get(position)) {
            Some(Value::Timestamp(us)) => Some(*us),
            _ => None,
        };
        let labelled = self.ways.iter().enumerate().map(|(position, way)| (way.label, number(6 + position)));
        Ok(Summary {
            event_count: number(0),
            span_us: time(1).zip(time(2)),
            service_count: number(3),
            denied_count: number(4),
            error_count: number(5),
            via: labelled.filter(|(_, count)| *count > 0).collect(),
        })
    }
}

/// The ways that need no look into the logs.
fn ways(who: &Who) -> Vec<Way> {
    let way = |label, condition: String| Way { label, condition };
    match who {
        Who::AccessKey(key) => vec![way("access key", format!("accesskeyid = {}", quote(key)))],
        Who::Session { principal, session } => {
            let (principal, session) = (quote(principal), quote(session));
            vec![way("session", format!("(principal = {principal} AND sessionname = {session})"))]
        }
        Who::Principal(principal) => {
            let is = format!("principal = {}", quote(principal));
            let of_type = |name: &str| format!("({is} AND principaltype = '{name}')");
            let mut ways = vec![
                way("role session", of_type("AssumedRole")),
                way("federated session", of_type("FederatedUser")),
                way("direct", is.clone()),
            ];
            if let Some(nameless) = nameless_form(principal) {
                ways.push(way("sign-in", format!("principal = {}", quote(&nameless))));
            }
            ways
        }
        Who::IdentityCenterUser { principals, user_name } => {
            let mut ways = Vec::new();
            if !principals.is_empty() {
                ways.push(way("Identity Center", condition::is_any_of("principal", principals)));
            }
            if let Some(name) = user_name {
                let role = "principal LIKE '%AWSReservedSSO\\_%' ESCAPE '\\'";
                ways.push(way("permission set", format!("(sessionname = {} AND {role})", quote(name))));
            }
            ways
        }
    }
}

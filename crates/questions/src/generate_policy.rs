//! Policy generation: the actions that a user or role used, as one policy document, and beside it everything that was
//! left out and why. As AWS, denied attempts count unless excluded; other than AWS, so do data events where a trail
//! recorded them, because a policy without them would refuse what the principal does
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-generation.html>).

use std::collections::{BTreeMap, BTreeSet};

use iam::arn::Arn;
use iam::event_action::ActionKind;
use iam::policy_document;
use iam::service_reference::ServiceReference;
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;
use query_syntax::event_filter::Pattern;

use crate::access_use::{Use, UseRow, UseSum};
use crate::access_window::AccessWindow;
use crate::coverage::{Coverage, Reach};
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};

const SQL: &str = include_str!("generate_policy.sql");

/// The question.
#[derive(Debug, Clone)]
pub struct Input {
    /// A user or role as the lake names it.
    pub principal: String,
    pub window: AccessWindow,
    /// Only calls recorded in these regions, with `*` and `?`; empty: all.
    pub regions: Vec<String>,
    /// Only calls recorded in these accounts, with `*` and `?`; empty: all.
    pub accounts: Vec<String>,
    /// Leave out what was only ever refused for lack of permission.
    pub exclude_denied: bool,
    /// Leave out what only data events show, as AWS does.
    pub exclude_data_events: bool,
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    InPolicy,
    /// Every call was denied, and such are excluded.
    Denied,
    /// Only data events show it, and such are excluded.
    DataEvent,
    /// Used in the window, in a region or account that was not asked for.
    OutsideFilter,
    /// Used before the window and not in it.
    BeforeWindow,
    /// An event that no known action stands for.
    Unmapped,
}

impl Place {
    /// As answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InPolicy => "in_policy",
            Self::Denied => "denied",
            Self::DataEvent => "data_event",
            Self::OutsideFilter => "outside_filter",
            Self::BeforeWindow => "before_window",
            Self::Unmapped => "unmapped",
        }
    }
}

/// One action with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `namespace:Action`; of an unmapped event `namespace:EventName`.
    pub action: String,
    pub place: Place,
    pub seen: Use,
}

/// The answer, with what it rests on.
#[derive(Debug, Clone)]
pub struct Answer {
    /// None where no action is left to allow.
    pub document: Option<serde_json::Value>,
    /// By place and action.
    pub lines: Vec<Line>,
    /// What the logs reach in the window, of each account that was asked for.
    pub reach: Vec<Reach>,
}

impl Answer {
    /// The lines of one place.
    pub fn of(&self, place: Place) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.place == place)
    }
}

/// The statement of the question.
pub fn statement(input: &Input) -> String {
    let window = input.window;
    let earlier = window.since_us.map(|since| AccessWindow { since_us: None, until_us: since });
    let none = || "false".to_owned();
    let (whole_days, cut_days) = (window.whole_days(), window.cut_days());
    let earlier_whole_days = earlier.map_or_else(none, |window| window.whole_days());
    let earlier_cut_days = earlier.map_or_else(none, |window| window.cut_days());
    bind(
        SQL,
        &[
            ("principal", Parameter::Text(&input.principal)),
            ("whole_days", Parameter::Sql(&whole_days)),
            ("cut_days", Parameter::Sql(&cut_days)),
            ("earlier_whole_days", Parameter::Sql(&earlier_whole_days)),
            ("earlier_cut_days", Parameter::Sql(&earlier_cut_days)),
        ],
    )
}

/// Answers the question.
///
/// # Errors
/// `Input` for a principal that no policy can be attached to.
pub fn ask(
    snapshot: &Snapshot,
    reference: &ServiceReference,
    coverage: &Coverage,
    input: &Input,
    now_us: i64,
) -> Result<Answer, QuestionError> {
    let account = account_of_holder(&input.principal)?;
    let filter = Filter::of(input);
    let mut sums: BTreeMap<(Place, String), UseSum> = BTreeMap::new();
    for mut row in snapshot.query(&statement(input), now_us, Mode::Trusted)?.rows {
        let (in_window, recorded_in) = (row.pop(), row.pop());
        let Some(row) = UseRow::read(row) else { continue };
        let in_window = in_window == Some(Value::Bool(true));
        let actions = row.actions(reference);
        let Some(place) = filter.place(&row, actions.kind, recorded_in.as_ref(), in_window) else { continue };
        for action in actions.actions {
            sums.entry((place, action)).or_default().add(&row);
        }
    }
    let allowed: BTreeSet<String> =
        sums.keys().filter(|(place, _)| *place == Place::InPolicy).map(|(_, action)| action.clone()).collect();
    let lines = sums.into_iter().filter(|((place, action), _)| *place == Place::InPolicy || !allowed.contains(action));
    let lines = lines.filter_map(|((place, action), sum)| Some(Line { action, place, seen: sum.finish()? })).collect();
    let coverage = coverage.in_regions(|region| filter.wants_region(region));
    let accounts = match input.accounts.as_slice() {
        [] => vec![account],
        _ => coverage.accounts.iter().map(|of| of.account.clone()).filter(|of| filter.wants_account(of)).collect(),
    };
    let reach = accounts.iter().map(|account| input.window.reach(&coverage, Some(account), now_us)).collect();
    Ok(Answer { document: policy_document::allowing(&allowed), lines, reach })
}

/// The account of a principal that can have a policy.
fn account_of_holder(principal: &str) -> Result<String, QuestionError> {
    let arn = Arn::parse(principal).filter(|arn| arn.user_name().is_some() || arn.role_name().is_some());
    arn.map(|arn| arn.account.to_owned()).ok_or_else(|| QuestionError::Input {
        what: format!("`{principal}` is neither a user nor a role: no policy can be attached to it"),
        try_this: format!("tadoru activity {principal}"),
    })
}

/// What the question leaves out.
struct Filter {
    regions: Vec<Pattern>,
    accounts: Vec<Pattern>,
    exclude_denied: bool,
    exclude_data_events: bool,
}

impl Filter {
    fn of(input: &Input) -> Self {
        let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::of(text)).collect();
        Self {
            regions: patterns(&input.regions),
            accounts: patterns(&input.accounts),
            exclude_denied: input.exclude_denied,
            exclude_data_events: input.exclude_data_events,
        }
    }

    fn wants_region(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|pattern| pattern.matches(region))
    }

    fn wants_account(&self, account: &str) -> bool {
        self.accounts.is_empty() || self.accounts.iter().any(|pattern| pattern.matches(account))
    }

    /// Where the actions of a row belong; None: nowhere, it speaks of no permission, or of nothing that was asked.
    fn place(&self, row: &UseRow, kind: ActionKind, recorded_in: Option<&Value>, in_window: bool) -> Option<Place> {
        let account = if let Some(Value::Text(account)) = recorded_in { account } else { "" };
        let wanted = self.wants_region(row.region.as_deref().unwrap_or_default()) && self.wants_account(account);
        let denied = self.exclude_denied && row.outcome == "denied";
        let data_event = self.exclude_data_events && row.is_data_event;
        match (kind, in_window, wanted) {
            (ActionKind::NoAction(_), ..) | (_, false, false) => None,
            (ActionKind::Unmapped, true, true) => Some(Place::Unmapped),
            (ActionKind::Unmapped, ..) => None,
            (ActionKind::Mapped, true, true) if data_event => Some(Place::DataEvent),
            (ActionKind::Mapped, true, true) if denied => Some(Place::Denied),
            (ActionKind::Mapped, true, true) => Some(Place::InPolicy),
            (ActionKind::Mapped, ..) if denied || data_event => None,
            (ActionKind::Mapped, true, false) => Some(Place::OutsideFilter),
            (ActionKind::Mapped, false, true) => Some(Place::BeforeWindow),
        }
    }
}

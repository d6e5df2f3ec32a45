//! Policy generation: the actions that a user, role, group or permission set used, as one policy document, and beside it
//! everything that was left out and why. As AWS, denied attempts count unless excluded; other than AWS, so do data events where a trail
//! recorded them, because a policy without them would refuse what the principal does
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-generation.html>).

mod companion;
mod observed_use;
pub mod reduction;

use std::collections::{BTreeMap, BTreeSet};

use iam::arn::Arn;
use iam::event_action::ActionKind;
use iam::event_resource;
use iam::least_privilege::{self, Companion};
use iam::service_reference::ServiceReference;
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;
use query_syntax::event_filter::Pattern;

use crate::access_use::{Use, UseRow, UseSum};
use crate::access_window::AccessWindow;
use crate::coverage::{Coverage, Reach};
use crate::question_error::QuestionError;
use crate::recorded_call::Calls;
use crate::statement::{Parameter, bind};
use observed_use::ObservedUse;

const SQL: &str = include_str!("generate_policy.sql");

/// What stands for Resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resources {
    /// `*`, as AWS's form has it.
    None,
    /// The ARN formats of each action, to be filled in.
    Placeholder,
    /// The ARNs that were seen, many of them as patterns.
    Observed,
}

/// The question.
#[derive(Debug, Clone)]
pub struct Input {
    /// The users and roles whose use counts, when, and where it was recorded.
    pub calls: Calls,
    pub resources: Resources,
    /// Put what no log shows into the policy too, as statements of their own.
    pub companions: bool,
    /// Leave out what was only ever refused for lack of permission.
    pub exclude_denied: bool,
    /// Leave out what only data events show, as AWS does.
    pub exclude_data_events: bool,
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    InPolicy,
    /// In no log; what was seen suggests it.
    Companion,
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
            Self::Companion => "companion",
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
    /// What the policy would say of its resources; empty: `*`.
    pub resources: BTreeSet<String>,
}

/// The answer, with what it rests on.
#[derive(Debug, Clone)]
pub struct Answer {
    /// None where no action is left to allow.
    pub document: Option<serde_json::Value>,
    /// By place and action.
    pub lines: Vec<Line>,
    /// Of observed resources: actions of which some calls do not tell theirs.
    pub partly_told: BTreeSet<String>,
    /// Of observed resources: actions that take one, and no call tells which.
    pub not_told: BTreeSet<String>,
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
    let window = input.calls.window;
    let who = input.calls.principal_condition();
    let earlier = window.since_us.map(|since| AccessWindow { since_us: None, until_us: since });
    let none = || "false".to_owned();
    let (whole_days, cut_days) = (window.whole_days(), window.cut_days());
    let earlier_whole_days = earlier.map_or_else(none, |window| window.whole_days());
    let earlier_cut_days = earlier.map_or_else(none, |window| window.cut_days());
    bind(
        SQL,
        &[
            ("who", Parameter::Sql(&who)),
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
    let own_accounts = accounts_of_holders(&input.calls.principals)?;
    let filter = Filter::of(input);
    let mut sums: BTreeMap<(Place, String), BTreeMap<String, UseSum>> = BTreeMap::new();
    for mut row in snapshot.query(&statement(input), now_us, Mode::Trusted)?.rows {
        let (in_window, recorded_in) = (row.pop(), row.pop());
        let Some(row) = UseRow::read(row) else { continue };
        let in_window = in_window == Some(Value::Bool(true));
        let actions = row.actions(reference);
        let Some(place) = filter.place(&row, actions.kind, recorded_in.as_ref(), in_window) else { continue };
        for action in actions.actions {
            sums.entry((place, action)).or_default().entry(row.principal.clone()).or_default().add(&row);
        }
    }
    let of_place =
        |place: Place| sums.keys().filter(move |(known, _)| *known == place).map(|(_, action)| action.clone());
    let allowed: BTreeSet<String> = of_place(Place::InPolicy).collect();
    let mut observed = ObservedUse::read(snapshot, reference, input, &allowed, now_us)?;
    let resources: BTreeMap<String, BTreeSet<String>> =
        allowed.iter().map(|action| (action.clone(), resources_of(reference, input, action, &mut observed))).collect();
    let mut lines: Vec<Line> = Vec::new();
    for ((place, action), sums) in sums {
        if place != Place::InPolicy && allowed.contains(&action) {
            continue;
        }
        let Some(seen) = joined(sums.into_values()) else { continue };
        let resources = if place == Place::InPolicy { resources[&action].clone() } else { BTreeSet::new() };
        lines.push(Line { action, place, seen, resources });
    }
    lines.extend(observed.companion_lines(&allowed));
    lines.sort_by(|a, b| (a.place, &a.action).cmp(&(b.place, &b.action)));
    let companions: &[Companion] = if input.companions { &observed.companions } else { &[] };
    let document = least_privilege::document(&resources, companions);
    let reach = reach(coverage, input, &filter, own_accounts, now_us);
    Ok(Answer { document, lines, partly_told: observed.partly_told, not_told: observed.not_told, reach })
}

/// What the policy says of an action's resources; empty: `*`.
fn resources_of(
    reference: &ServiceReference,
    input: &Input,
    action: &str,
    observed: &mut ObservedUse,
) -> BTreeSet<String> {
    match input.resources {
        Resources::None => BTreeSet::new(),
        Resources::Observed => observed.resources.remove(action).unwrap_or_default(),
        Resources::Placeholder => {
            let principal = input.calls.principals.first().map_or("", String::as_str);
            let partition = event_resource::partition(principal, "");
            let named = observed.types.remove(action).unwrap_or_default();
            let formats = event_resource::placeholders(reference, action, &named).into_iter();
            formats.map(|format| format.replace("${Partition}", partition)).collect()
        }
    }
}

/// The use by all of them.
fn joined(sums: impl Iterator<Item = UseSum>) -> Option<Use> {
    sums.filter_map(UseSum::finish).reduce(|mut sum, more| {
        sum.join(&more);
        sum
    })
}

fn reach(
    coverage: &Coverage,
    input: &Input,
    filter: &Filter,
    own_accounts: BTreeSet<String>,
    now_us: i64,
) -> Vec<Reach> {
    let coverage = coverage.in_regions(|region| filter.wants_region(region));
    let accounts: Vec<String> = match input.calls.accounts.as_slice() {
        [] => own_accounts.into_iter().collect(),
        _ => coverage.accounts.iter().map(|of| of.account.clone()).filter(|of| filter.wants_account(of)).collect(),
    };
    accounts.iter().map(|account| input.calls.window.reach(&coverage, Some(account), now_us)).collect()
}

/// The accounts of principals that can have a policy.
fn accounts_of_holders(principals: &[String]) -> Result<BTreeSet<String>, QuestionError> {
    let account = |principal: &String| {
        let arn = Arn::parse(principal).filter(|arn| arn.user_name().is_some() || arn.role_name().is_some());
        arn.map(|arn| arn.account.to_owned()).ok_or_else(|| QuestionError::Input {
            what: format!("`{principal}` is neither a user nor a role: no policy can be attached to it"),
            try_this: format!("tadoru activity {principal}"),
        })
    };
    principals.iter().map(account).collect()
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
            regions: patterns(&input.calls.regions),
            accounts: patterns(&input.calls.accounts),
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

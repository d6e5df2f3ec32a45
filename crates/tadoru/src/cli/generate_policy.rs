//! `tadoru generate-policy WHO`: the policy document alone on stdout, everything else about it on stderr; the same as
//! Terraform or as a script of `aws` commands; with `-o table` and its like, the actions with their evidence and what
//! became of each; with `--reduce`, the present policies with what is left of them.

mod holder;
mod remark;
mod script;
mod terraform;

use std::io::Write;

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use iam::inventory::EntityKind;
use iam::least_privilege::split;
use iam::policy_document::MANAGED_POLICY_CHARACTERS;
use questions::coverage::Coverage;
use questions::generate_policy::{self, Answer, Input, Line, Resources, reduction};
use questions::inventory::Inventory;
use questions::recorded_call::Calls;
use questions::subject::{Subject, permission_set};
use serde_json::{Value, json};

use super::access_advisor::{note_unseen_session, window};
use super::{Context, argument, data_out};
use crate::error::{Exit, Failure, Message};
use crate::output::{OutputFormat, Table, from_lake};
use holder::Holder;

#[derive(Debug, Args)]
#[command(
    after_help = "--resources observed takes the ARNs that records and their parameters name. More than 10 of one resource type in one
account and region that differ in their last part alone become their common beginning and *, cut after its last
separator; what differs in an earlier part too (objects of more than 10 buckets) likewise. Resource is * only where
an action takes no resource, or no record tells one."
)]
pub struct Flags {
    /// User, role, group (its members) or permission set: ARN or name; a session means its role
    #[arg(value_name = "WHO")]
    who: String,
    /// From this time on: 30d, 2024-06-01, RFC 3339 [default: the beginning of the logs]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this time [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only calls recorded in this region, as ap-northeast-1 or ap-*; repeatable
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// Only calls recorded in this account, * and ? allowed; repeatable
    #[arg(long, value_name = "ACCOUNT", value_delimiter = ',', value_parser = argument::account_pattern)]
    account: Vec<String>,
    /// What stands for Resource: *, the ARN formats of each action, or what was seen
    #[arg(long, value_enum, default_value_t = ResourceMode::None)]
    resources: ResourceMode,
    /// Add what no log shows and calls suggest: iam:PassRole, KMS data keys
    #[arg(long)]
    companions: bool,
    /// Leave out actions whose every call was denied
    #[arg(long)]
    exclude_denied: bool,
    /// Leave out actions that only data events show, as AWS's own policy generation does
    #[arg(long)]
    exclude_data_events: bool,
    /// An array of documents, each within the size of a managed policy
    #[arg(long)]
    split: bool,
    /// JSON, Terraform's HCL, or a bash script of aws commands with its rollback
    #[arg(long, value_enum, default_value_t = Form::Json)]
    format: Form,
    /// Name of the managed policy in Terraform and scripts [default: Tadoru-NAME]
    #[arg(long, value_name = "NAME", value_parser = holder::policy_name)]
    policy_name: Option<String>,
    /// Granted minus used: the present policies of the inventory, each reduced to what was used
    #[arg(long, conflicts_with_all = ["resources", "companions", "split", "format", "policy_name"])]
    reduce: bool,
    /// Fail where logs are missing in the window
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ResourceMode {
    None,
    Placeholder,
    Observed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Json,
    Terraform,
    Script,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let as_document = !context.format_is_flag || matches!(context.format, OutputFormat::Json | OutputFormat::Jsonl);
    refuse_impossible(context, &flags, as_document)?;
    let (snapshot, now) = context.open()?;
    let inventory = Inventory::read(&snapshot, now.us)?;
    let subject = permission_set::resolve(&snapshot, &inventory, context.unquoted(&flags.who), now.us)?;
    refuse_policy(&subject)?;
    note_unseen_session(context, &subject.arn, subject.unseen_session.as_deref());
    let window = window(flags.since.as_deref(), flags.until.as_deref(), now)?;
    let input = flags.input(&subject, window);
    context.explain(&generate_policy::statement(&input));
    let coverage = Coverage::read(&snapshot)?;
    let reference = context.service_reference()?;
    let answer = generate_policy::ask(&snapshot, &reference, &coverage, &input, now.us)?;
    if let Some(message) = remark::missing_logs(&answer, flags.strict) {
        if flags.strict {
            return Err(Failure::failed(message).into());
        }
        context.note(&message);
    }
    if flags.reduce {
        let (reduced, unread) = reduction::reduced(&reference, &inventory, &subject, &answer)?;
        context.print(&reduced_table(&reduced))?;
        say_reduction(context, &reduced, &unread);
        remark::say_unmapped(context, &answer);
        return Ok(Exit::Done);
    }
    let documents = match (&answer.document, flags.split) {
        (None, _) => Vec::new(),
        (Some(document), true) => split(document, MANAGED_POLICY_CHARACTERS),
        (Some(document), false) => vec![document.clone()],
    };
    if as_document {
        print_documents(context, &flags, &subject, &documents)?;
    } else {
        context.print(&table(&answer))?;
    }
    let asked = remark::Asked {
        who: &subject.arn,
        input: &input,
        split: if flags.split { documents.len() } else { 0 },
        inline_limit: holder::inline_limit(&subject),
    };
    remark::say_what_it_holds(context, &answer, &asked);
    remark::say_what_is_left_out(context, &answer, &input);
    Ok(Exit::Done)
}

impl Flags {
    fn input(&self, subject: &Subject, window: questions::access_window::AccessWindow) -> Input {
        let calls = Calls {
            principals: subject.members.clone(),
            window,
            regions: self.region.clone(),
            accounts: self.account.clone(),
        };
        let resources = match self.resources {
            ResourceMode::None => Resources::None,
            ResourceMode::Placeholder => Resources::Placeholder,
            ResourceMode::Observed => Resources::Observed,
        };
        Input {
            calls,
            resources,
            companions: self.companions,
            exclude_denied: self.exclude_denied,
            exclude_data_events: self.exclude_data_events,
        }
    }
}

/// Refuses flags that do not go together.
fn refuse_impossible(context: &Context, flags: &Flags, as_document: bool) -> Result<(), Failure> {
    if flags.reduce {
        return Ok(());
    }
    if as_document && context.columns.is_some() {
        let message = Message::error("--columns chooses columns of a table, and a policy document has none");
        let message = message.why("without -o table, csv or tsv the answer is the policy document");
        return Err(Failure::usage(message.try_this("-o table, or --query 'Statement[0].Action'")));
    }
    if flags.format != Form::Json && (context.format_is_flag || context.query.is_some()) {
        let message = Message::error("--format goes with neither -o nor --query");
        let message = message.why("Terraform and scripts are text, not rows");
        return Err(Failure::usage(message.try_this("--format alone")));
    }
    Ok(())
}

/// A policy has no policies: its holders have.
fn refuse_policy(subject: &Subject) -> Result<(), Failure> {
    if subject.kind() != Some(EntityKind::Policy) {
        return Ok(());
    }
    let message = Message::error(format!("{} is a policy: no policy can be attached to it", subject.arn));
    let try_this = match subject.members.first() {
        Some(member) => format!("tadoru generate-policy {member}"),
        None => "a user, role, group or permission set".to_owned(),
    };
    Err(Failure::usage(message.why("a policy is generated for who holds it").try_this(try_this)))
}

fn print_documents(context: &Context, flags: &Flags, subject: &Subject, documents: &[Value]) -> anyhow::Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    if flags.format == Form::Json {
        let format = if context.format_is_flag { context.format } else { OutputFormat::Json };
        let whole = if flags.split { json!(documents) } else { documents[0].clone() };
        return context.print_document(&whole, format);
    }
    let holder = Holder::of(subject, flags.policy_name.as_deref())?;
    let text = match flags.format {
        Form::Terraform => terraform::text(&holder, documents),
        _ => script::text(&holder, documents),
    };
    let mut out = data_out();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn table(answer: &Answer) -> Table {
    let mut table = Table::new(&[
        "action",
        "place",
        "event_count",
        "denied_count",
        "data_event_count",
        "first_used",
        "last_used",
        "last_region",
        "last_event_id",
        "resources",
    ]);
    table.rows.extend(answer.lines.iter().map(|Line { action, place, seen, resources }| {
        vec![
            json!(action),
            json!(place.as_str()),
            json!(seen.event_count),
            json!(seen.denied_count),
            json!(seen.data_event_count),
            json!(from_lake::time(seen.first_us)),
            json!(from_lake::time(seen.last_us)),
            json!(seen.last_region),
            json!(seen.last_event_id),
            if resources.is_empty() { Value::Null } else { json!(resources) },
        ]
    }));
    table
}

fn reduced_table(reduced: &[reduction::ReducedPolicy]) -> Table {
    let mut table = Table::new(&[
        "policy_name",
        "policy_type",
        "policy_arn",
        "entity_type",
        "entity_name",
        "granted_actions",
        "kept_actions",
        "removed",
        "document",
    ]);
    table.rows.extend(reduced.iter().map(|policy| {
        let holder = policy.holder.as_ref();
        vec![
            json!(policy.name),
            json!(if policy.arn.is_some() { "MANAGED" } else { "INLINE" }),
            json!(policy.arn),
            json!(holder.map(|(kind, _)| kind.to_uppercase())),
            json!(holder.map(|(_, name)| name)),
            json!(policy.granted_count),
            json!(policy.kept_count),
            json!(policy.removed),
            policy.document.clone().unwrap_or_default(),
        ]
    }));
    table
}

fn say_reduction(context: &Context, reduced: &[reduction::ReducedPolicy], unread: &[String]) {
    let hidden: BTreeSet<&str> =
        reduced.iter().flat_map(|policy| policy.not_shown.iter().map(String::as_str)).collect();
    if !hidden.is_empty() {
        let what = format!(
            "{} of the actions that were taken out leave no trace in these logs: they may be in use",
            hidden.len()
        );
        context.note(
            &Message::warning(what)
                .why(remark::listed(hidden.into_iter(), ", "))
                .try_this("add by hand what is needed"),
        );
    }
    for policy in reduced.iter().filter(|policy| !policy.sharers.is_empty()) {
        let what = format!("others have {} too, and what they used is not looked at", policy.name);
        context.note(&Message::warning(what).why(remark::listed(policy.sharers.iter().map(String::as_str), ", ")));
    }
    let of_aws = reduced.iter().filter(|policy| policy.arn.as_ref().is_some_and(|arn| arn.contains(":iam::aws:")));
    for policy in of_aws {
        context.note(&Message::note(format!(
            "{} is AWS's own and cannot be changed: attach one of your own instead",
            policy.name
        )));
    }
    if !unread.is_empty() {
        let message = Message::warning("policies that could not be read are not reduced").why(unread.join("\n"));
        context.note(&message.try_this("tadoru inventory import of a whole get-account-authorization-details"));
    }
    let message = Message::note("a reduced policy permits nothing that the present one does not");
    let why = "denials, resources and conditions stay; a policy of which nothing was used has no document";
    context.note(&message.why(why));
}

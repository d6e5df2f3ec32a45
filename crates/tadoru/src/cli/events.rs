//! `tadoru events [FILTER] | --id ID`: the event history, newest first, or one event whole. An empty answer says why it is
//! empty; secrets are hidden unless `--reveal`.

use clap::Args;
use lake::snapshot::Snapshot;
use lake::timestamp::rfc3339_seconds;
use lake::value::Value as LakeValue;
use query_syntax::event_filter;
use questions::coverage::Gap;
use questions::events::why_empty::{WhyEmpty, why_empty};
use questions::events::{self, Input};

use super::Context;
use super::selection::{SelectionFlags, note_cut};
use crate::error::{Exit, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// Terms such as user=Alice source=iam.amazonaws.com event=Delete* region!=us-east-1 error=AccessDenied; all must hold
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// One event whole, by its event id
    #[arg(long, value_name = "ID", conflicts_with_all = ["filter", "writes", "no_services", "raw"])]
    id: Option<String>,
    /// Only events that change something (readOnly is false)
    #[arg(long)]
    writes: bool,
    /// Without the calls that AWS services make on their own behalf
    #[arg(long)]
    no_services: bool,
    /// The records as CloudTrail wrote them, in place of columns
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    selection: SelectionFlags,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let parsed = event_filter::parse(&flags.filter.join(" "))?;
    for warning in &parsed.warnings {
        context.note(&Message::warning(warning.to_string()));
    }
    let (snapshot, now) = context.open()?;
    if let Some(event_id) = &flags.id {
        return one_event(context, &snapshot, event_id, flags.selection.reveal, now.us);
    }
    let mut selection = flags.selection.selection(context, now, &[])?;
    if flags.raw {
        selection.columns = vec!["raw".to_owned()];
    }
    let input = Input {
        filter: parsed.filter,
        selection,
        writes: flags.writes,
        no_services: flags.no_services,
        ..Input::default()
    };
    context.explain(&events::statement(&input)?);
    let events = events::list(&snapshot, &input, now.us)?;
    let shown = events.answer.rows.len();
    if flags.raw {
        let texts = events.answer.rows.into_iter().filter_map(|mut row| row.pop());
        let records = texts.filter_map(|value| if let LakeValue::Text(raw) = value { Some(raw) } else { None });
        context.print_records(&records.map(|raw| hidden(raw, flags.selection.reveal)).collect::<Vec<_>>())?;
    } else {
        flags.selection.print(context, &events.answer.columns, events.answer.rows)?;
    }
    note_cut(context, shown, events.event_count);
    if flags.selection.names_a_window() {
        say_gaps(context, &events::gaps(&snapshot, &input.selection, now.us)?);
    }
    if shown == 0 {
        context.note(&empty(&why_empty(&snapshot, &input, now.us)?, &input));
    }
    Ok(Exit::Done)
}

/// Events may be missing where logs are.
fn say_gaps(context: &Context, gaps: &[(String, Gap)]) {
    let Some((account, gap)) = gaps.first() else { return };
    let more = if gaps.len() > 1 { format!(", and {} more", gaps.len() - 1) } else { String::new() };
    let note = Message::note("the window overlaps a gap in the logs: events may be missing")
        .why(format!("{account} {gap} ({}){more}", gap.rule.as_str()))
        .try_this("tadoru status --gaps");
    context.note(&note);
}

fn one_event(
    context: &Context,
    snapshot: &Snapshot,
    event_id: &str,
    reveal: bool,
    now_us: i64,
) -> anyhow::Result<Exit> {
    context.explain(&events::statement_by_id(event_id));
    let found = events::by_id(snapshot, event_id, now_us)?;
    let records: Vec<String> = found.into_iter().map(|event| hidden(event.raw, reveal)).collect();
    context.print_records(&records)?;
    match records.len() {
        0 => {
            context.note(&Message::note(format!("no event has the id {event_id}")).why(match snapshot.event_count() {
                0 => "the lake holds no events".to_owned(),
                count => format!("none of the lake's {count} events has it"),
            }))
        }
        1 => {}
        several => context.note(
            &Message::note(format!("{several} records have this event id"))
                .why("it was recorded in several accounts, or two different records claim it"),
        ),
    }
    Ok(Exit::Done)
}

/// The record without its secrets, unless they are to be shown.
fn hidden(raw: String, reveal: bool) -> String {
    if reveal { raw } else { cloudtrail::secret::mask(&raw).into_owned() }
}

/// What, why and what to try of an answer without events.
fn empty(why: &WhyEmpty, input: &Input) -> Message {
    let note = Message::note("no events fit");
    match why {
        WhyEmpty::EmptyLake => Message::note("no events").why("the lake is empty").try_this("tadoru ingest SOURCE"),
        WhyEmpty::NoLogsThen { oldest_us, newest_us } => Message::note("no events in this window")
            .why(format!(
                "the newest event of the lake is of {}, the oldest of {}",
                rfc3339_seconds(*newest_us),
                rfc3339_seconds(*oldest_us)
            ))
            .try_this(format!("--since {}", &rfc3339_seconds(*oldest_us)[..10])),
        WhyEmpty::GlobalService { event_source, service, region, recorded_in } => {
            Message::note(format!("no events for {event_source} in {region}"))
                .why(format!("{service} is a global service; CloudTrail records it in {recorded_in}"))
                .try_this(format!("tadoru events 'source={event_source}'      (all regions)"))
        }
        WhyEmpty::DataEvent { event_name } => Message::note(format!("no events for {event_name}"))
            .why("it is a data event; a trail records data events only where it is told to, and these logs have none")
            .try_this("the trail's event selectors: aws cloudtrail get-event-selectors"),
        WhyEmpty::NotLogged { event_name } => Message::note(format!("no events for {event_name}"))
            .why("CloudTrail never records it: it is a permission that other calls need"),
        WhyEmpty::UnknownName { field, kind, name, similar } => {
            let note = Message::note(format!("no events for {name}"))
                .why(format!("no event in the lake has this {kind}; letter case counts"));
            match similar.as_slice() {
                [] => {
                    note.try_this(format!("a wildcard, such as {field}=*{name}*, or tadoru status for what there is"))
                }
                names => {
                    note.try_this(names.iter().map(|name| format!("{field}={name}")).collect::<Vec<_>>().join(" or "))
                }
            }
        }
        WhyEmpty::OutsideWindow { event_count } => note
            .why(format!("nothing in the window; {event_count} events fit at other times"))
            .try_this("another --since or --until, or none"),
        WhyEmpty::FieldAbsent { field, event_count } => {
            let rest = input.filter.terms.iter().filter(|term| term.field.to_string() != *field);
            let rest = rest.map(ToString::to_string).collect::<Vec<_>>().join(" ");
            note.why(format!("the {event_count} events that fit the rest never have the field {field}"))
                .try_this(format!("tadoru events '{rest}'"))
        }
        WhyEmpty::NothingFits => note
            .why("there are events of this time, and none fits all that was asked")
            .try_this("fewer terms, or wildcards such as event=Delete*"),
    }
}

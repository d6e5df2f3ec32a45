//! `tadoru actions SERVICE…`: every action of some services, what it may be limited to, and whether CloudTrail records it.

use clap::Args;
use iam::service_reference::{Action, Service, ServiceReference};
use serde_json::{Value, json};

use super::Context;
use crate::error::{Exit, Failure, Message};
use crate::output::Table;

#[derive(Debug, Args)]
pub struct Flags {
    /// A service: its namespace, as s3, or its name, as "Amazon S3"; repeatable
    #[arg(value_name = "SERVICE", required = true)]
    services: Vec<String>,
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let reference = context.service_reference()?;
    let mut table = Table::new(&[
        "action",
        "access_level",
        "cloudtrail",
        "data_event_type",
        "last_accessed",
        "policy_generation",
        "resource_types",
        "condition_keys",
    ]);
    let mut services: Vec<Service> = Vec::new();
    for text in &flags.services {
        let text = context.unquoted(text);
        let service = reference.find_service(text).ok_or_else(|| unknown_service(&reference, text))?;
        if !services.contains(&service) {
            services.push(service);
        }
    }
    for service in services {
        let actions = reference.actions(service.namespace);
        table.rows.extend(actions.iter().map(|action| row(service, action)));
        if let Some(retirement) = reference.retirement(service.namespace) {
            let message = Message::note(format!("AWS has withdrawn {}", retirement.name));
            let since = retirement.since.map_or("when is not known".to_owned(), |since| format!("since {since}"));
            let message = message.why(format!("{since}; known by: {}", retirement.source));
            context.note(&match retirement.successor {
                Some(successor) => message.try_this(format!("tadoru actions {successor}")),
                None => message.try_this("tadoru services --retired"),
            });
        }
    }
    context.print(&table)?;
    Ok(Exit::Done)
}

fn row(service: Service, action: &Action) -> Vec<Value> {
    let recording = action.recording();
    let types =
        action.resource_types().map(|(name, is_required)| format!("{name}{}", if is_required { "*" } else { "" }));
    vec![
        json!(format!("{}:{}", service.namespace, action.name)),
        json!(action.access_level.name()),
        json!(recording.as_str()),
        json!(recording.data_event_type()),
        json!(action.is_tracked()),
        json!(action.is_generated()),
        json!(types.collect::<Vec<_>>()),
        json!(action.condition_keys().collect::<Vec<_>>()),
    ]
}

fn unknown_service(reference: &ServiceReference, text: &str) -> Failure {
    let message = Message::error(format!("there is no AWS service `{text}`"));
    Failure::usage(match reference.similar_services(text).as_slice() {
        [] => message.why("neither a namespace nor a name is like it").try_this("tadoru services"),
        near => {
            let names: Vec<String> = near
                .iter()
                .map(|namespace| format!("{namespace} ({})", reference.service_name(namespace).unwrap_or_default()))
                .collect();
            message.why(format!("similar: {}", names.join(", "))).try_this(format!("tadoru actions {}", near[0]))
        }
    })
}

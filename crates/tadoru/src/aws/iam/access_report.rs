//! A last-accessed report as it is kept with its job: made once when it is asked for, so that later events do not change it. Pages
//! and `…WithEntities` are cut from it.

use aws_wire::timestamp;
use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use questions::access_advisor::{self, EntityUse, Granularity, Input, Line, Listed};
use questions::access_window::AccessWindow;
use questions::coverage::Coverage;
use questions::inventory::Inventory;
use questions::subject::Subject;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::no_such_entity;
use crate::aws::job::{Job, JobKind, JobState};
use crate::aws::{OperationError, Request};

/// Access Advisor tracks so many days.
const TRACKING_DAYS: i64 = 400;
const DAY_US: i64 = 86_400_000_000;

/// What a job keeps.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccessReport {
    /// `SERVICE_LEVEL` or `ACTION_LEVEL`.
    pub granularity: String,
    /// In the order of namespaces.
    pub services: Vec<ReportedService>,
}

/// A service that the subject is permitted.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReportedService {
    pub namespace: String,
    /// The item of `ServicesLastAccessed`.
    pub item: Value,
    /// The items of `EntityDetailsList`.
    pub entities: Vec<Value>,
}

impl AccessReport {
    /// Asks the lake.
    pub fn make(
        request: &Request<'_>,
        inventory: &Inventory<'_>,
        subject: Subject,
        granularity: &str,
    ) -> Result<Self, OperationError> {
        let snapshot = request.snapshot()?;
        let coverage = Coverage::read(&snapshot)?;
        let since_us = request.limits.history.then_some(request.now.us - TRACKING_DAYS * DAY_US);
        let ask = |granularity, listed| {
            let window = AccessWindow { since_us, until_us: request.now.us };
            let input = Input {
                subjects: vec![subject.clone()],
                granularity,
                listed,
                window,
                regions: Vec::new(),
                granting: false,
            };
            access_advisor::ask(&snapshot, request.reference, inventory, &coverage, &input, request.now.us)
        };
        let services = ask(Granularity::Service, Listed::All)?.lines;
        let actions = match granularity {
            "ACTION_LEVEL" => ask(Granularity::Action, Listed::All)?.lines,
            _ => Vec::new(),
        };
        let entities = Entities { inventory, account: &request.caller.account };
        let services = services.iter().filter(|line| is_listed(line)).map(|line| {
            let of_service = |action: &&Line| action.service_namespace == line.service_namespace;
            let tracked: Vec<Value> = actions
                .iter()
                .filter(of_service)
                .filter(|action| is_listed(action) && is_tracked(request, action))
                .map(tracked_action)
                .collect();
            Ok(ReportedService {
                namespace: line.service_namespace.clone(),
                item: service(line, tracked),
                entities: line.entities.iter().map(|entity| entities.details(entity)).collect::<Result<_, _>>()?,
            })
        });
        let services = services.collect::<Result<Vec<_>, OperationError>>()?;
        Ok(Self { granularity: granularity.to_owned(), services })
    }
}

/// The job that the request names.
pub fn job(request: &Request<'_>) -> Result<Job, OperationError> {
    let id = request.required("JobId");
    let job = request.job(JobKind::LastAccessedReport, id)?;
    job.ok_or_else(|| no_such_entity(format!("Job {id} was not found.")))
}

/// What every answer about a job says of it; while it is in progress, AWS says nothing else.
pub fn job_members(job: &Job) -> Map<String, Value> {
    let members = match job.state {
        JobState::InProgress => json!({
            "JobStatus": "IN_PROGRESS",
            "JobCreationDate": job.created_at_us,
            "IsTruncated": false,
        }),
        _ => json!({
            "JobStatus": "COMPLETED",
            "JobCreationDate": job.created_at_us,
            "JobCompletionDate": job.ended_at_us,
        }),
    };
    crate::aws::answer(members)
}

/// AWS lists what is permitted; where permissions are not known, what was used.
fn is_listed(line: &Line) -> bool {
    match line.is_permitted {
        Some(permitted) => permitted,
        None => line.seen.is_some() && !line.is_unmapped,
    }
}

fn is_tracked(request: &Request<'_>, line: &Line) -> bool {
    let name = line.action_name.as_deref().unwrap_or_default();
    let action = request.reference.find_action(&line.service_namespace, name);
    action.is_some_and(|action| action.is_tracked() == Some(true))
}

fn service(line: &Line, tracked: Vec<Value>) -> Value {
    let users = line.entities.iter().filter(|entity| entity.seen.is_some()).count();
    let mut item = json!({
        "ServiceName": line.service_name,
        "ServiceNamespace": line.service_namespace,
        "TotalAuthenticatedEntities": users,
    });
    if let Some(seen) = &line.seen {
        item["LastAuthenticated"] = whole_seconds(seen.last_us);
        item["LastAuthenticatedEntity"] = json!(line.entities.first().map(|entity| &entity.arn));
        item["LastAuthenticatedRegion"] = json!(seen.last_region);
    }
    if !tracked.is_empty() {
        item["TrackedActionsLastAccessed"] = Value::Array(tracked);
    }
    item
}

fn tracked_action(line: &Line) -> Value {
    let mut item = json!({"ActionName": line.action_name});
    if let Some(seen) = &line.seen {
        item["LastAccessedEntity"] = json!(line.entities.first().map(|entity| &entity.arn));
        item["LastAccessedTime"] = whole_seconds(seen.last_us);
        item["LastAccessedRegion"] = json!(seen.last_region);
    }
    item
}

/// AWS tells last use to the second.
fn whole_seconds(us: i64) -> Value {
    Value::from(timestamp::iso8601(us - us.rem_euclid(1_000_000)))
}

/// Where names and ids of entities come from.
struct Entities<'i, 's> {
    inventory: &'i Inventory<'s>,
    account: &'i str,
}

impl Entities<'_, '_> {
    fn details(&self, used: &EntityUse) -> Result<Value, OperationError> {
        let arn = Arn::parse(&used.arn);
        let (kind, kind_name) = match arn.and_then(|arn| arn.user_name()) {
            Some(_) => (EntityKind::User, "USER"),
            None => (EntityKind::Role, "ROLE"),
        };
        let known = self.inventory.find(kind, self.account, &used.arn)?;
        let text = |name: &str| known.as_ref().and_then(|entity: &Entity| entity.text(name));
        let name = arn.and_then(|arn| arn.user_name().or_else(|| arn.role_name()));
        let mut details = json!({"EntityInfo": {
            "Arn": used.arn,
            "Name": name,
            "Type": kind_name,
            "Id": text("UserId").or_else(|| text("RoleId")),
            "Path": arn.and_then(|arn| arn.path()),
        }});
        if let Some(seen) = &used.seen {
            details["LastAuthenticated"] = whole_seconds(seen.last_us);
        }
        Ok(details)
    }
}

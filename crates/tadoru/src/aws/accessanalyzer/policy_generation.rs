//! What a policy generation keeps: the facts of the moment when its job began. The document is made of them when it is asked for,
//! since resource placeholders and the service-level template are wishes of the reader.

use std::collections::{BTreeMap, BTreeSet};

use iam::least_privilege;
use iam::service_reference::ServiceReference;
use lake::snapshot::Snapshot;
use questions::access_window::AccessWindow;
use questions::coverage::Coverage;
use questions::generate_policy::{self, Input, Place, Resources};
use questions::recorded_call::Calls;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::cloud_trail_details::{CloudTrailDetails, TrailView, WantedTrail};
use crate::aws::job::{Job, JobState};
use crate::aws::{OperationError, Request};

/// The facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyGeneration {
    pub principal: String,
    trails: Vec<WantedTrail>,
    start_us: i64,
    end_us: i64,
    /// Used actions with the formats of their resources.
    actions: BTreeMap<String, BTreeSet<String>>,
    /// Used services of which no action is among those.
    further_services: BTreeSet<String>,
    is_complete: bool,
}

impl PolicyGeneration {
    /// A generation that has seen nothing yet.
    pub fn new(principal: &str, details: &CloudTrailDetails) -> Self {
        Self {
            principal: principal.to_owned(),
            trails: details.trails.clone(),
            start_us: details.start_us,
            end_us: details.end_us,
            actions: BTreeMap::new(),
            further_services: BTreeSet::new(),
            is_complete: false,
        }
    }

    /// Adds what the trails saw of the principal.
    pub fn observe(
        &mut self,
        request: &Request<'_>,
        snapshot: &Snapshot,
        view: TrailView,
    ) -> Result<(), OperationError> {
        let coverage = Coverage::read(snapshot)?;
        let mut services = BTreeSet::new();
        for (accounts, regions) in view.parts() {
            let window = AccessWindow { since_us: Some(self.start_us), until_us: self.end_us.min(request.now.us) };
            let input = Input {
                calls: Calls { principals: vec![self.principal.clone()], window, regions, accounts },
                resources: Resources::Placeholder,
                companions: false,
                exclude_denied: false,
                exclude_data_events: true,
            };
            let answer = generate_policy::ask(snapshot, request.reference, &coverage, &input, request.now.us)?;
            for line in answer.lines {
                let namespace = line.action.split(':').next().unwrap_or_default().to_owned();
                match line.place {
                    Place::InPolicy if is_generated(request.reference, &line.action) => {
                        self.actions.entry(line.action).or_default().extend(line.resources);
                    }
                    Place::InPolicy | Place::DataEvent | Place::Unmapped => drop(services.insert(namespace)),
                    _ => {}
                }
            }
        }
        let own: BTreeSet<&str> = self.actions.keys().filter_map(|action| action.split(':').next()).collect();
        let is_further =
            |service: &String| !own.contains(service.as_str()) && request.reference.service_name(service).is_some();
        self.is_complete = !own.is_empty() && own.iter().all(|service| self.has_all_of(request.reference, service));
        self.further_services = services.into_iter().filter(is_further).collect();
        Ok(())
    }

    fn has_all_of(&self, reference: &ServiceReference, service: &str) -> bool {
        let mut actions = reference.actions(service).iter();
        actions.all(|action| self.actions.contains_key(&format!("{service}:{}", action.name)))
    }

    /// The document; `None` where there is nothing to allow.
    fn document(&self, with_placeholders: bool, with_template: bool) -> Option<Value> {
        let none: BTreeMap<String, BTreeSet<String>> =
            self.actions.keys().map(|action| (action.clone(), BTreeSet::new())).collect();
        let document = least_privilege::document(if with_placeholders { &self.actions } else { &none }, &[]);
        if !with_template || self.further_services.is_empty() {
            return document;
        }
        let actions: Vec<String> = self.further_services.iter().map(|service| format!("{service}:*")).collect();
        let template =
            json!({"Sid": "ServiceLevelTemplateSid0", "Effect": "Allow", "Action": actions, "Resource": "*"});
        let mut document = document.unwrap_or_else(|| json!({"Version": "2012-10-17", "Statement": []}));
        document["Statement"].as_array_mut().expect("a document has statements").push(template);
        Some(document)
    }

    /// `generatedPolicyResult`; what was found is told only of a generation that succeeded.
    pub fn result(&self, is_done: bool, with_placeholders: bool, with_template: bool) -> Value {
        let trails: Vec<Value> = self
            .trails
            .iter()
            .map(|trail| json!({"cloudTrailArn": trail.arn, "regions": trail.regions, "allRegions": trail.all_regions}))
            .collect();
        let mut result = json!({"properties": {
            "principalArn": self.principal,
            "cloudTrailProperties": {"trailProperties": trails, "startTime": self.start_us, "endTime": self.end_us},
        }});
        if is_done {
            result["properties"]["isComplete"] = Value::from(self.is_complete);
            let document = self.document(with_placeholders, with_template);
            let policies = document.map(|document| json!({"policy": document.to_string()}));
            result["generatedPolicies"] = policies.into_iter().collect();
        }
        result
    }
}

/// AWS leaves some actions out of policies that it generates, if a service reference of AWS's says which.
fn is_generated(reference: &ServiceReference, action: &str) -> bool {
    let (namespace, name) = action.split_once(':').unwrap_or((action, ""));
    reference.find_action(namespace, name).is_none_or(|action| action.is_said_to_be_generated() != Some(false))
}

/// What every answer says of a job.
pub fn job_members(job: &Job) -> Map<String, Value> {
    let (status, failure) = match &job.state {
        JobState::InProgress => ("IN_PROGRESS", None),
        JobState::Complete => ("SUCCEEDED", None),
        JobState::Failed(failure) => ("FAILED", Some(json!({"code": failure.code, "message": failure.message}))),
        JobState::Cancelled => ("CANCELED", None),
    };
    crate::aws::answer(json!({
        "jobId": job.id,
        "status": status,
        "startedOn": job.created_at_us,
        "completedOn": job.ended_at_us,
        "jobError": failure,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation() -> PolicyGeneration {
        let formats = |formats: &[&str]| formats.iter().map(|&format| format.to_owned()).collect();
        let bucket = "arn:aws:s3:::${BucketName}";
        PolicyGeneration {
            principal: "arn:aws:iam::111111111111:user/Alice".to_owned(),
            trails: Vec::new(),
            start_us: 0,
            end_us: 1,
            actions: BTreeMap::from([
                ("s3:GetBucketPolicy".to_owned(), formats(&[bucket])),
                ("s3:ListAllMyBuckets".to_owned(), formats(&[])),
                ("s3:PutBucketPolicy".to_owned(), formats(&[bucket])),
            ]),
            further_services: BTreeSet::from(["glue".to_owned()]),
            is_complete: false,
        }
    }

    #[test]
    fn the_document_is_what_its_reader_wants() {
        let check = |placeholders, template, expected: Value| {
            let result = generation().result(true, placeholders, template);
            let text = result["generatedPolicies"][0]["policy"].as_str().unwrap();
            assert_eq!(serde_json::from_str::<Value>(text).unwrap()["Statement"], expected);
        };
        let all = json!(["s3:GetBucketPolicy", "s3:ListAllMyBuckets", "s3:PutBucketPolicy"]);
        let statement = |sid: &str, actions: Value, resource: &str| json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource});
        let whole = statement("SupportedServiceSid0", all, "*");
        let template = statement("ServiceLevelTemplateSid0", json!(["glue:*"]), "*");
        check(false, false, json!([whole]));
        check(false, true, json!([whole, template]));
        let any = statement("SupportedServiceSid0", json!(["s3:ListAllMyBuckets"]), "*");
        let actions = json!(["s3:GetBucketPolicy", "s3:PutBucketPolicy"]);
        let bucket = statement("SupportedServiceSid1", actions, "arn:aws:s3:::${BucketName}");
        check(true, false, json!([any, bucket]));
    }

    #[test]
    fn nothing_used_is_no_policy() {
        let mut nothing = PolicyGeneration { actions: BTreeMap::new(), ..generation() };
        assert_eq!(nothing.result(true, true, false)["generatedPolicies"], json!([]));
        assert_eq!(nothing.result(true, false, true)["generatedPolicies"].as_array().unwrap().len(), 1);
        nothing.further_services.clear();
        assert_eq!(nothing.result(true, false, true)["generatedPolicies"], json!([]));
        let unfinished = nothing.result(false, false, false);
        assert!(unfinished.get("generatedPolicies").is_none() && unfinished["properties"].get("isComplete").is_none());
    }
}

//! What one account's APIs say about permissions: IAM, the organisation, IAM Identity Center and trails, by read-only calls
//! through `aws_api`. What is refused or absent is told beside what came; the import makes an inventory of the calls.

mod iam;
mod identity_center;
mod organization;
mod part;
pub mod permission;
mod trail;

use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};
use tokio::runtime::Builder;

pub use super::aws_api::{ApiFailure, ApiFailureKind, Call, Service, operation};
pub use super::aws_connection::AwsOptions;
pub use part::Refusal;

use super::aws_api::AwsApi;
use super::aws_connection::Connection;
use super::interruption::until;
use operation::{
    DESCRIBE_PERMISSION_SET, DESCRIBE_POLICY, DESCRIBE_TRAILS, GET_EVENT_SELECTORS,
    GET_INLINE_POLICY_FOR_PERMISSION_SET, GET_PERMISSIONS_BOUNDARY_FOR_PERMISSION_SET, GET_TRAIL_STATUS,
    LIST_ACCOUNT_ASSIGNMENTS, LIST_ACCOUNTS_FOR_PARENT, LIST_ACCOUNTS_FOR_PROVISIONED_PERMISSION_SET,
    LIST_CUSTOMER_MANAGED_POLICY_REFERENCES_IN_PERMISSION_SET, LIST_GROUP_MEMBERSHIPS, LIST_GROUPS,
    LIST_MANAGED_POLICIES_IN_PERMISSION_SET, LIST_ORGANIZATIONAL_UNITS_FOR_PARENT, LIST_PERMISSION_SETS, LIST_POLICIES,
    LIST_ROOTS, LIST_TARGETS_FOR_POLICY, Operation,
};
use part::Part;

/// Threads that talk to AWS: TLS is the work there is.
const THREADS: usize = 2;

/// Whose credentials were used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub account: String,
    pub arn: String,
    /// The regions that trails and IAM Identity Center are looked for in, the configured one where none was named.
    pub regions: Vec<String>,
}

/// Operations whose answers are right only together: an inventory of some of them would say that the rest was deleted.
const TOGETHER: [&[Operation]; 6] = [
    &[LIST_ROOTS, LIST_ORGANIZATIONAL_UNITS_FOR_PARENT, LIST_ACCOUNTS_FOR_PARENT],
    &[LIST_POLICIES, DESCRIBE_POLICY, LIST_TARGETS_FOR_POLICY],
    &[
        LIST_PERMISSION_SETS,
        DESCRIBE_PERMISSION_SET,
        GET_INLINE_POLICY_FOR_PERMISSION_SET,
        LIST_MANAGED_POLICIES_IN_PERMISSION_SET,
        LIST_CUSTOMER_MANAGED_POLICY_REFERENCES_IN_PERMISSION_SET,
        GET_PERMISSIONS_BOUNDARY_FOR_PERMISSION_SET,
    ],
    &[LIST_ACCOUNTS_FOR_PROVISIONED_PERMISSION_SET, LIST_ACCOUNT_ASSIGNMENTS],
    &[LIST_GROUPS, LIST_GROUP_MEMBERSHIPS],
    &[DESCRIBE_TRAILS, GET_TRAIL_STATUS, GET_EVENT_SELECTORS],
];

/// What one account answered.
#[derive(Debug)]
pub struct CollectedAccount {
    pub caller: Caller,
    /// In an order that does not depend on which answer came first.
    pub calls: Vec<Call>,
    /// What was refused, one for each operation.
    pub refusals: Vec<Refusal>,
    /// What was answered and left out all the same, since what belongs to it was refused.
    pub left_out: Vec<Operation>,
    /// What the account does not have, in words: no organisation, no IAM Identity Center.
    pub absences: Vec<String>,
    pub requests: u64,
}

/// An account whose credentials were accepted, ready to be asked.
#[derive(Debug)]
pub struct AwsAccount {
    runtime: tokio::runtime::Runtime,
    api: AwsApi,
    caller: Caller,
    identity: Call,
}

impl AwsAccount {
    /// Asks whose credentials these are. `regions` may be empty. `None` where `stop` came first.
    ///
    /// # Errors
    /// There are no credentials, or AWS does not accept them.
    pub fn open(
        options: &AwsOptions,
        regions: &[String],
        stop: &AtomicBool,
    ) -> std::io::Result<Option<Result<Self, ApiFailure>>> {
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).thread_name("aws").enable_all().build()?;
        let asked = runtime.block_on(until(stop, async {
            let options = AwsOptions { region: regions.first().cloned(), ..options.clone() };
            let api = AwsApi::new(Connection::new(&options).await);
            let identity = api.call(operation::GET_CALLER_IDENTITY, api.region(), &json!({})).await?;
            Ok((api, identity))
        }));
        let (api, identity) = match asked {
            Some(Ok(asked)) => asked,
            Some(Err(failure)) => return Ok(Some(Err(failure))),
            None => {
                // A request under way is given up: nobody waits for it.
                runtime.shutdown_background();
                return Ok(None);
            }
        };
        let text = |name: &str| identity.output[name].as_str().unwrap_or_default().to_owned();
        let regions = if regions.is_empty() { vec![api.region().to_owned()] } else { regions.to_vec() };
        let caller = Caller { account: text("Account"), arn: text("Arn"), regions };
        Ok(Some(Ok(Self { runtime, api, caller, identity })))
    }

    /// Whose credentials these are.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Makes all calls. `None` where `stop` came first.
    pub fn collect(self, stop: &AtomicBool, progress: &(dyn Fn(u64) + Sync)) -> Option<CollectedAccount> {
        let Self { runtime, api, caller, identity } = self;
        let parts = runtime.block_on(until(stop, collect(&api, &caller, progress)));
        runtime.shutdown_background();
        let mut collected = CollectedAccount {
            caller,
            calls: vec![identity],
            refusals: Vec::new(),
            left_out: Vec::new(),
            absences: Vec::new(),
            requests: api.requests(),
        };
        for part in parts? {
            collected.calls.extend(part.calls);
            collected.refusals.extend(part.refusals);
            collected.absences.extend(part.absences);
        }
        collected.leave_out_halves();
        Some(collected)
    }
}

/// IAM, the organisation and trails at once; then IAM Identity Center, whose region IAM's roles may tell.
async fn collect<'p>(api: &AwsApi, caller: &Caller, progress: &'p (dyn Fn(u64) + Sync)) -> [Part<'p>; 4] {
    let part = || Part::new(progress);
    let (mut iam, mut organization, mut trails, mut identity_center) = (part(), part(), part(), part());
    futures::join!(
        iam::collect(api, &mut iam),
        organization::collect(api, caller, &mut organization),
        trail::collect(api, caller, &mut trails)
    );
    let regions = identity_center::regions(caller, &iam);
    identity_center::collect(api, caller, &regions, &mut identity_center).await;
    [iam, organization, trails, identity_center]
}

impl CollectedAccount {
    fn leave_out_halves(&mut self) {
        for refusal in &self.refusals {
            let operation = refusal.failure.operation;
            let alone = [operation];
            let halves = TOGETHER.into_iter().find(|group| group.contains(&operation)).unwrap_or(&alone);
            for half in halves {
                let before = self.calls.len();
                self.calls.retain(|call| call.operation != *half);
                if self.calls.len() < before {
                    self.left_out.push(*half);
                }
            }
        }
    }

    /// The document that an import reads, and that can be kept or carried elsewhere.
    pub fn into_document(self, collected_at: &str) -> Value {
        let mut document = json!({
            "collected_at": collected_at,
            "account": self.caller.account,
            "region": self.caller.regions.first(),
        });
        // Whole answers are moved: those of a large account are large.
        let call = |call: Call| {
            let (service, operation) = (call.operation.service.name(), call.operation.name);
            let mut members = json!({ "service": service, "operation": operation, "region": call.region });
            members["input"] = call.input;
            members["output"] = call.output;
            members
        };
        document["calls"] = self.calls.into_iter().map(call).collect();
        document
    }
}

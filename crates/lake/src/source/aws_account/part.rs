//! One service's part of what is collected: the calls that were answered, in the order in which they were wanted, and what
//! was refused, once for each operation however often it was.

use futures::StreamExt;
use serde_json::Value;

use crate::source::aws_api::operation::Operation;
use crate::source::aws_api::{ApiFailure, ApiFailureKind, AwsApi, Call};

/// Calls of one operation that run at once.
const AT_ONCE: usize = 8;

/// An operation that was not answered as often as it was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The first of them.
    pub failure: ApiFailure,
    /// How many there were; more than were sent, since what is always refused is not tried to the end.
    pub times: usize,
}

pub(super) struct Part<'p> {
    pub calls: Vec<Call>,
    pub refusals: Vec<Refusal>,
    pub absences: Vec<String>,
    progress: &'p (dyn Fn(u64) + Sync),
}

impl<'p> Part<'p> {
    pub(super) fn new(progress: &'p (dyn Fn(u64) + Sync)) -> Self {
        Self { calls: Vec::new(), refusals: Vec::new(), absences: Vec::new(), progress }
    }

    /// Calls once and keeps the answer; a failure is for whoever calls to judge.
    pub(super) async fn try_call(
        &mut self,
        api: &AwsApi,
        operation: Operation,
        region: &str,
        input: Value,
    ) -> Result<&Value, ApiFailure> {
        let call = api.call(operation, region, &input).await;
        (self.progress)(api.requests());
        let call = call?;
        self.calls.push(call);
        Ok(&self.calls.last().expect("it was pushed").output)
    }

    /// Calls once; `None` where it was refused, which is noted.
    pub(super) async fn call(
        &mut self,
        api: &AwsApi,
        operation: Operation,
        region: &str,
        input: Value,
    ) -> Option<&Value> {
        if let Err(failure) = self.try_call(api, operation, region, input).await {
            self.refused(failure);
            return None;
        }
        self.calls.last().map(|call| &call.output)
    }

    /// Calls once for each input, several at once. The answers' places in `calls` stand where their inputs stood. What has
    /// gone since it was listed is no refusal. Where the first calls are all denied the others are not made.
    pub(super) async fn call_each(
        &mut self,
        api: &AwsApi,
        operation: Operation,
        region: &str,
        inputs: Vec<Value>,
    ) -> Vec<Option<usize>> {
        let mut places = Vec::with_capacity(inputs.len());
        let mut was_answered = false;
        let wanted = inputs.len();
        let progress = self.progress;
        let calls = futures::stream::iter(inputs).map(|input| async move {
            let call = api.call(operation, region, &input).await;
            progress(api.requests());
            call
        });
        let mut calls = std::pin::pin!(calls.buffered(AT_ONCE));
        while let Some(call) = calls.next().await {
            match call {
                Ok(call) => {
                    was_answered = true;
                    places.push(Some(self.calls.len()));
                    self.calls.push(call);
                }
                Err(failure) => {
                    places.push(None);
                    let is_denied = failure.kind == ApiFailureKind::Denied;
                    if failure.kind == ApiFailureKind::Gone {
                        was_answered = true;
                    } else {
                        self.refused(failure);
                    }
                    if is_denied && !was_answered && places.len() >= AT_ONCE {
                        break;
                    }
                }
            }
        }
        self.not_tried(operation, wanted - places.len());
        places.resize(wanted, None);
        places
    }

    /// Notes a refusal.
    pub(super) fn refused(&mut self, failure: ApiFailure) {
        match self.refusals.iter_mut().find(|refusal| refusal.failure.operation == failure.operation) {
            Some(refusal) => refusal.times += 1,
            None => self.refusals.push(Refusal { failure, times: 1 }),
        }
    }

    fn not_tried(&mut self, operation: Operation, times: usize) {
        if let Some(refusal) = self.refusals.iter_mut().find(|refusal| refusal.failure.operation == operation) {
            refusal.times += times;
        }
    }
}

/// The elements of a list in an answer.
pub(super) fn list<'v>(output: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    output[name].as_array().into_iter().flatten()
}

/// One text of each element of a list.
pub(super) fn texts<'v>(output: &'v Value, list_name: &str, name: &'v str) -> impl Iterator<Item = &'v str> {
    list(output, list_name).filter_map(move |element| element[name].as_str())
}

//! Jobs: what AWS answers later. Here the answer is made when the job begins, of the activity and the permissions of that moment,
//! and kept with it; the job says IN_PROGRESS until `--job-delay` is over. A restart changes nothing, and a crash leaves a whole
//! job or none. When a job began and ends is told by the clock, whatever *now* its answer is of.

use aws_wire::error::AwsError;
use lake::catalog::{AwsJob, AwsJobFailure, AwsJobQuota, AwsJobStart};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{OperationError, Request};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// AWS makes a credential report at most so often, and it is good for so long.
pub const CREDENTIAL_REPORT_US: i64 = 4 * HOUR_US;

/// Regions where AWS generates fewer policies a day.
const SMALL_REGIONS: [&str; 5] = ["af-south-1", "ap-east-1", "ap-southeast-3", "eu-south-1", "me-south-1"];

/// What a job makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    LastAccessedReport,
    CredentialReport,
    PolicyGeneration,
}

impl JobKind {
    /// The operation that starts it.
    fn operation(self) -> &'static str {
        match self {
            Self::LastAccessedReport => "GenerateServiceLastAccessedDetails",
            Self::CredentialReport => "GenerateCredentialReport",
            Self::PolicyGeneration => "StartPolicyGeneration",
        }
    }

    /// Older jobs are forgotten.
    fn kept_us(self) -> i64 {
        match self {
            Self::LastAccessedReport | Self::CredentialReport => 30 * DAY_US,
            Self::PolicyGeneration => 7 * DAY_US,
        }
    }

    /// How many an account may have, each with AWS's answer to one more.
    fn quotas(self, request: &Request<'_>) -> Vec<(AwsJobQuota, AwsError)> {
        let over = |what: &str| {
            AwsError::with_status(
                "ServiceQuotaExceededException",
                402,
                format!("Policy Generation limit exceeded: {what}"),
            )
        };
        let since = |span_us: i64| request.clock_us - span_us;
        match self {
            Self::PolicyGeneration if request.limits.quotas => {
                let a_day = if SMALL_REGIONS.contains(&request.caller.region.as_str()) { 5 } else { 50 };
                let at_once = AwsJobQuota { at_most: 1, since_us: since(self.kept_us()), in_progress: true };
                let of_a_day = AwsJobQuota { at_most: a_day, since_us: since(DAY_US), in_progress: false };
                vec![(at_once, over("concurrent policy generations")), (of_a_day, over("policy generations per day"))]
            }
            // Not one of the quotas that can be lifted: clients ask for a report until one is there.
            Self::CredentialReport => {
                let one = AwsJobQuota { at_most: 1, since_us: since(CREDENTIAL_REPORT_US) + 1, in_progress: false };
                vec![(one, AwsError::with_status("LimitExceeded", 409, "A credential report was just started."))]
            }
            Self::PolicyGeneration | Self::LastAccessedReport => Vec::new(),
        }
    }
}

/// What a job is to answer once it is over.
#[derive(Debug)]
pub struct JobResult {
    /// There also where the job failed or was cancelled: what AWS then says of it besides.
    pub answer: Value,
    /// Why it failed, if it did.
    pub failure: Option<AwsJobFailure>,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    InProgress,
    Complete,
    Failed(AwsJobFailure),
    Cancelled,
}

/// A job of the caller, or of the caller's account.
#[derive(Debug, Clone)]
pub struct Job {
    /// A UUID.
    pub id: String,
    /// Who started it.
    pub caller: String,
    /// µs UTC.
    pub created_at_us: i64,
    /// µs UTC; `None` while it is in progress.
    pub ended_at_us: Option<i64>,
    pub state: JobState,
    answer: String,
}

impl Job {
    fn of(kept: AwsJob, clock_us: i64) -> Self {
        let state = match (kept.cancelled_at_us, kept.failure) {
            (Some(_), _) => JobState::Cancelled,
            (None, _) if clock_us < kept.completed_at_us => JobState::InProgress,
            (None, Some(failure)) => JobState::Failed(failure),
            (None, None) => JobState::Complete,
        };
        let ended_at_us = match state {
            JobState::InProgress => None,
            _ => Some(kept.cancelled_at_us.unwrap_or(kept.completed_at_us)),
        };
        let AwsJob { id, caller, created_at_us, answer, .. } = kept;
        Self { id, caller, created_at_us, ended_at_us, state, answer }
    }

    /// What was kept with it. It is there while the job is in progress, too: the operation says how much of it may be told.
    pub fn answer<T: DeserializeOwned>(&self) -> Result<T, OperationError> {
        serde_json::from_str(&self.answer).map_err(|error| OperationError::Broken(error.to_string()))
    }
}

impl Request<'_> {
    /// Starts a job and returns its id; `make` is asked for what it will answer, unless the job is not to be: `parameters` that
    /// came with the same token before have their job already.
    ///
    /// # Errors
    /// A token that came with other parameters, or a quota that is used up.
    pub fn start_job(
        &self,
        kind: JobKind,
        parameters: Map<String, Value>,
        client_token: Option<&str>,
        make: impl FnOnce() -> Result<JobResult, OperationError>,
    ) -> Result<String, OperationError> {
        let (quotas, refusals): (Vec<_>, Vec<_>) = kind.quotas(self).into_iter().unzip();
        let mut parameters = Value::Object(parameters);
        parameters.sort_all_objects();
        let mut job = AwsJob {
            id: uuid::Uuid::new_v4().to_string(),
            operation: kind.operation().to_owned(),
            account: self.caller.account.clone(),
            caller: self.caller.arn.clone(),
            client_token: client_token.map(str::to_owned),
            parameters: parameters.to_string(),
            created_at_us: self.clock_us,
            completed_at_us: self.clock_us + self.job_delay_us,
            cancelled_at_us: None,
            failure: None,
            answer: String::new(),
        };
        let id = job.id.clone();
        let started = |start: AwsJobStart| match start {
            AwsJobStart::Started => Ok(None),
            AwsJobStart::Repeated(id) => Ok(Some(id)),
            AwsJobStart::TokenOfAnother => {
                let text = "The client token was used before, with other parameters.";
                Err(AwsError::with_status("ConflictException", 409, text))
            }
            AwsJobStart::OverQuota(index) => Err(refusals[index].clone()),
        };
        // Asked before the work, which may be much, and again with the insert, since others start jobs meanwhile.
        let start = self.catalog().may_start_aws_job(&job, &quotas)?;
        if let Some(earlier) = started(start)? {
            return Ok(earlier);
        }
        let result = make()?;
        (job.answer, job.failure) = (result.answer.to_string(), result.failure);
        let start = self.catalog().start_aws_job(&job, &quotas, self.clock_us - kind.kept_us())?;
        Ok(started(start)?.unwrap_or(id))
    }

    /// The caller's job of that id; one of somebody else is as unknown as none.
    pub fn job(&self, kind: JobKind, id: &str) -> Result<Option<Job>, OperationError> {
        let kept = self.catalog().aws_job(id, kind.operation(), &self.caller.arn)?;
        let kept = kept.filter(|kept| kept.created_at_us >= self.clock_us - kind.kept_us());
        Ok(kept.map(|kept| Job::of(kept, self.clock_us)))
    }

    /// The jobs of the caller's account that are not forgotten, the newest first.
    pub fn jobs_of_account(&self, kind: JobKind) -> Result<Vec<Job>, OperationError> {
        let since_us = self.clock_us - kind.kept_us();
        let kept = self.catalog().aws_jobs(kind.operation(), &self.caller.account, since_us)?;
        Ok(kept.into_iter().map(|kept| Job::of(kept, self.clock_us)).collect())
    }

    /// The caller's own jobs, the newest first.
    pub fn jobs(&self, kind: JobKind) -> Result<Vec<Job>, OperationError> {
        let mut jobs = self.jobs_of_account(kind)?;
        jobs.retain(|job| job.caller == self.caller.arn);
        Ok(jobs)
    }

    /// Cancels the caller's job if it is in progress, and returns it as it stands then; `None` where there is none.
    pub fn cancel_job(&self, kind: JobKind, id: &str) -> Result<Option<Job>, OperationError> {
        if self.job(kind, id)?.is_some() {
            self.catalog().cancel_aws_job(id, self.clock_us)?;
        }
        self.job(kind, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_stands_as_the_clock_says() {
        let kept = |cancelled_at_us, failure: Option<&str>| AwsJob {
            id: "a".to_owned(),
            operation: "Generate".to_owned(),
            account: "111111111111".to_owned(),
            caller: "alice".to_owned(),
            client_token: None,
            parameters: "{}".to_owned(),
            created_at_us: 10,
            completed_at_us: 20,
            cancelled_at_us,
            failure: failure.map(|code| AwsJobFailure { code: code.to_owned(), message: String::new() }),
            answer: "[7]".to_owned(),
        };
        let check = |kept: AwsJob, clock_us, state: JobState, ended_at_us| {
            let job = Job::of(kept, clock_us);
            assert_eq!((&job.state, job.ended_at_us), (&state, ended_at_us));
            assert_eq!(job.answer::<Vec<u8>>().unwrap(), [7]);
        };
        let failed = JobState::Failed(AwsJobFailure { code: "E".to_owned(), message: String::new() });
        check(kept(None, None), 19, JobState::InProgress, None);
        check(kept(None, None), 20, JobState::Complete, Some(20));
        check(kept(None, Some("E")), 19, JobState::InProgress, None);
        check(kept(None, Some("E")), 21, failed, Some(20));
        check(kept(Some(15), None), 15, JobState::Cancelled, Some(15));
        check(kept(Some(15), Some("E")), 99, JobState::Cancelled, Some(15));
    }
}

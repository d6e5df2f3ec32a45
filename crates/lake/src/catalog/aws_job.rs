//! The jobs of the AWS-compatible endpoint: what was asked, by whom, and the answer as it was when the job began. A job is written
//! once, with its answer, in one transaction; so there is none that a crash has left half done. It is in progress until its
//! `completed_at`, and may be cancelled until then. What the answer says is the operation's.

use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{Catalog, CatalogError};
use crate::stop_point;

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsJob {
    /// A UUID.
    pub id: String,
    /// The operation that started it.
    pub operation: String,
    /// The account of the caller.
    pub account: String,
    /// The ARN of the caller.
    pub caller: String,
    /// What the client calls this request, so that a second one starts nothing.
    pub client_token: Option<String>,
    /// JSON: what was asked.
    pub parameters: String,
    /// µs UTC.
    pub created_at_us: i64,
    /// µs UTC; the job is in progress before.
    pub completed_at_us: i64,
    /// µs UTC; before `completed_at_us`.
    pub cancelled_at_us: Option<i64>,
    /// Why it failed, if it did.
    pub failure: Option<AwsJobFailure>,
    /// JSON, whose form is the operation's.
    pub answer: String,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsJobFailure {
    pub code: String,
    pub message: String,
}

/// How many jobs of one operation an account may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsJobQuota {
    pub at_most: u32,
    /// Counts those that were made since then, µs UTC.
    pub since_us: i64,
    /// Counts only those that are in progress.
    pub in_progress: bool,
}

/// What came of a new job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsJobStart {
    Started,
    /// The same caller asked the same with the same token before: the id of that job.
    Repeated(String),
    /// The same caller asked something else with the same token.
    TokenOfAnother,
    /// The number of the quota in the given list.
    OverQuota(usize),
}

const COLUMNS: &str = "job_id, operation, account, caller, client_token, parameters, created_at, completed_at, cancelled_at, \
                       failure_code, failure_message, answer";

impl AwsJob {
    fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let failure: (Option<String>, Option<String>) = (row.get(9)?, row.get(10)?);
        Ok(Self {
            id: row.get(0)?,
            operation: row.get(1)?,
            account: row.get(2)?,
            caller: row.get(3)?,
            client_token: row.get(4)?,
            parameters: row.get(5)?,
            created_at_us: row.get(6)?,
            completed_at_us: row.get(7)?,
            cancelled_at_us: row.get(8)?,
            failure: failure.0.map(|code| AwsJobFailure { code, message: failure.1.unwrap_or_default() }),
            answer: row.get(11)?,
        })
    }
}

impl Catalog {
    /// Whether `job` could be started now. Its answer and failure are not looked at, so that they may be made after.
    pub fn may_start_aws_job(&mut self, job: &AwsJob, quotas: &[AwsJobQuota]) -> Result<AwsJobStart, CatalogError> {
        let transaction = self.connection.transaction()?;
        may_start(&transaction, job, quotas)
    }

    /// Keeps a job unless its token or a quota forbids it, and forgets those of its operation that were made before
    /// `keep_from_us`; all in one transaction.
    pub fn start_aws_job(
        &mut self,
        job: &AwsJob,
        quotas: &[AwsJobQuota],
        keep_from_us: i64,
    ) -> Result<AwsJobStart, CatalogError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "DELETE FROM aws_job WHERE operation = ? AND created_at < ?",
            params![job.operation, keep_from_us],
        )?;
        let start = may_start(&transaction, job, quotas)?;
        if start != AwsJobStart::Started {
            return Ok(start);
        }
        let failure = job.failure.as_ref();
        transaction.execute(
            &format!("INSERT INTO aws_job ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
            params![
                job.id,
                job.operation,
                job.account,
                job.caller,
                job.client_token,
                job.parameters,
                job.created_at_us,
                job.completed_at_us,
                job.cancelled_at_us,
                failure.map(|failure| &failure.code),
                failure.map(|failure| &failure.message),
                job.answer,
            ],
        )?;
        stop_point::reach("before_job");
        transaction.commit()?;
        stop_point::reach("after_job");
        Ok(AwsJobStart::Started)
    }

    /// The job of that id, if that operation started it for that caller.
    pub fn aws_job(&self, id: &str, operation: &str, caller: &str) -> Result<Option<AwsJob>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM aws_job WHERE job_id = ? AND operation = ? AND caller = ?");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([id, operation, caller], AwsJob::read).optional()?)
    }

    /// The jobs of an operation in an account that were made at `since_us` or later, the newest first.
    pub fn aws_jobs(&self, operation: &str, account: &str, since_us: i64) -> Result<Vec<AwsJob>, CatalogError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM aws_job WHERE operation = ? AND account = ? AND created_at >= ? \
             ORDER BY created_at DESC, job_id DESC"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let jobs = statement.query_map(params![operation, account, since_us], AwsJob::read)?;
        Ok(jobs.collect::<Result<_, _>>()?)
    }

    /// How many jobs there are, by operation and how they stand at `now_us`: `in_progress`, `succeeded`, `failed` or `cancelled`.
    pub fn aws_job_counts(&self, now_us: i64) -> Result<Vec<(String, String, u32)>, CatalogError> {
        let sql = "SELECT operation, CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' WHEN completed_at > ? THEN 'in_progress' \
                   WHEN failure_code IS NOT NULL THEN 'failed' ELSE 'succeeded' END, count(*) \
                   FROM aws_job GROUP BY 1, 2 ORDER BY 1, 2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let counts = statement.query_map([now_us], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    /// Cancels a job that is in progress at `now_us`; another one stays as it is.
    pub fn cancel_aws_job(&self, id: &str, now_us: i64) -> Result<(), CatalogError> {
        self.connection.execute(
            "UPDATE aws_job SET cancelled_at = ?2 WHERE job_id = ?1 AND cancelled_at IS NULL AND completed_at > ?2",
            params![id, now_us],
        )?;
        Ok(())
    }
}

fn may_start(transaction: &Transaction<'_>, job: &AwsJob, quotas: &[AwsJobQuota]) -> Result<AwsJobStart, CatalogError> {
    if let Some(token) = &job.client_token {
        let sql = "SELECT job_id, parameters FROM aws_job WHERE operation = ? AND caller = ? AND client_token = ?";
        let found: Option<(String, String)> = transaction
            .query_row(sql, params![job.operation, job.caller, token], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((id, parameters)) = found {
            let is_same = parameters == job.parameters;
            return Ok(if is_same { AwsJobStart::Repeated(id) } else { AwsJobStart::TokenOfAnother });
        }
    }
    for (index, quota) in quotas.iter().enumerate() {
        let sql = "SELECT count(*) FROM aws_job WHERE operation = ?1 AND account = ?2 AND created_at >= ?3 \
                   AND (NOT ?4 OR (completed_at > ?5 AND cancelled_at IS NULL))";
        let AwsJob { operation, account, created_at_us: now_us, .. } = job;
        let of_quota = params![operation, account, quota.since_us, quota.in_progress, now_us];
        let count: u32 = transaction.query_row(sql, of_quota, |row| row.get(0))?;
        if count >= quota.at_most {
            return Ok(AwsJobStart::OverQuota(index));
        }
    }
    Ok(AwsJobStart::Started)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str, created_at_us: i64) -> AwsJob {
        AwsJob {
            id: id.to_owned(),
            operation: "Generate".to_owned(),
            account: "111111111111".to_owned(),
            caller: "alice".to_owned(),
            client_token: None,
            parameters: "{}".to_owned(),
            created_at_us,
            completed_at_us: created_at_us + 5,
            cancelled_at_us: None,
            failure: None,
            answer: "[1]".to_owned(),
        }
    }

    #[test]
    fn a_job_is_its_callers_and_old_ones_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open_or_create(folder.path()).unwrap();
        let failure = AwsJobFailure { code: "AUTHORIZATION_ERROR".to_owned(), message: "no".to_owned() };
        let failed = AwsJob { failure: Some(failure), ..job("a", 10) };
        assert_eq!(catalog.start_aws_job(&failed, &[], 0).unwrap(), AwsJobStart::Started);
        let check = |catalog: &Catalog, id: &str, operation: &str, caller: &str, expected: Option<AwsJob>| {
            assert_eq!(catalog.aws_job(id, operation, caller).unwrap(), expected, "{id} {operation} {caller}");
        };
        check(&catalog, "a", "Generate", "alice", Some(failed));
        check(&catalog, "a", "Generate", "bob", None);
        check(&catalog, "a", "Other", "alice", None);
        catalog.start_aws_job(&AwsJob { operation: "Other".to_owned(), ..job("c", 30) }, &[], 30).unwrap();
        assert!(catalog.aws_job("a", "Generate", "alice").unwrap().is_some(), "another operation's are not forgotten");
        catalog.start_aws_job(&job("b", 20), &[], 15).unwrap();
        check(&catalog, "a", "Generate", "alice", None);
        check(&Catalog::open(folder.path()).unwrap(), "b", "Generate", "alice", Some(job("b", 20)));
        catalog.start_aws_job(&job("d", 21), &[], 15).unwrap();
        let listed = |since_us| {
            let jobs = catalog.aws_jobs("Generate", "111111111111", since_us).unwrap();
            jobs.into_iter().map(|job| job.id).collect::<Vec<_>>()
        };
        assert_eq!(listed(0), ["d", "b"]);
        assert_eq!(listed(21), ["d"]);
    }

    #[test]
    fn jobs_are_counted_as_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open_or_create(folder.path()).unwrap();
        let failure = AwsJobFailure { code: "AUTHORIZATION_ERROR".to_owned(), message: "no".to_owned() };
        let jobs = [
            job("a", 10),
            AwsJob { failure: Some(failure), ..job("b", 10) },
            job("c", 20),
            AwsJob { cancelled_at_us: Some(21), ..job("d", 20) },
            AwsJob { operation: "Other".to_owned(), ..job("e", 10) },
        ];
        for job in jobs {
            catalog.start_aws_job(&job, &[], 0).unwrap();
        }
        let found = catalog.aws_job_counts(22).unwrap();
        let found: Vec<String> = found.iter().map(|(name, state, count)| format!("{name} {state} {count}")).collect();
        let expected = [
            "Generate cancelled 1",
            "Generate failed 1",
            "Generate in_progress 1",
            "Generate succeeded 1",
            "Other succeeded 1",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_token_is_good_for_one_job() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open_or_create(folder.path()).unwrap();
        let with_token = |id: &str| AwsJob { client_token: Some("t".to_owned()), ..job(id, 10) };
        let none_left = [AwsJobQuota { at_most: 1, since_us: 0, in_progress: false }];
        let mut check = |job: &AwsJob, expected: AwsJobStart| {
            assert_eq!(catalog.may_start_aws_job(job, &none_left).unwrap(), expected);
            assert_eq!(catalog.start_aws_job(job, &none_left, 0).unwrap(), expected);
        };
        check(&with_token("a"), AwsJobStart::Started);
        // A repeated request is answered whatever the quotas say.
        check(&with_token("b"), AwsJobStart::Repeated("a".to_owned()));
        check(&AwsJob { parameters: "[]".to_owned(), ..with_token("c") }, AwsJobStart::TokenOfAnother);
        check(&AwsJob { caller: "bob".to_owned(), ..with_token("d") }, AwsJobStart::OverQuota(0));
        let elsewhere = AwsJob { account: "2".to_owned(), caller: "bob".to_owned(), ..with_token("e") };
        check(&elsewhere, AwsJobStart::Started);
    }

    #[test]
    fn quotas_count_what_runs_or_what_began() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open_or_create(folder.path()).unwrap();
        let quotas = |now_us: i64| {
            [
                AwsJobQuota { at_most: 1, since_us: 0, in_progress: true },
                AwsJobQuota { at_most: 2, since_us: now_us - 20, in_progress: false },
            ]
        };
        let start = |catalog: &mut Catalog, id: &str, now_us: i64| {
            catalog.start_aws_job(&job(id, now_us), &quotas(now_us), 0).unwrap()
        };
        assert_eq!(start(&mut catalog, "a", 10), AwsJobStart::Started);
        assert_eq!(start(&mut catalog, "b", 14), AwsJobStart::OverQuota(0));
        catalog.cancel_aws_job("a", 14).unwrap();
        assert_eq!(start(&mut catalog, "c", 14), AwsJobStart::Started);
        assert_eq!(start(&mut catalog, "d", 19), AwsJobStart::OverQuota(1), "cancelled ones count");
        assert_eq!(start(&mut catalog, "e", 31), AwsJobStart::Started);
        catalog.cancel_aws_job("c", 19).unwrap();
        catalog.cancel_aws_job("a", 13).unwrap();
        let cancelled = |id: &str| catalog.aws_job(id, "Generate", "alice").unwrap().unwrap().cancelled_at_us;
        assert_eq!((cancelled("a"), cancelled("c")), (Some(14), None), "what has ended stays as it ended");
    }
}

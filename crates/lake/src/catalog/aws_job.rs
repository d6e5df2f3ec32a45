//! The jobs of the AWS-compatible endpoint: what was asked, by whom, and the answer as it was when the job ended. A job is written
//! once, with its answer, in one transaction; so there is none that a crash has left half done.

use rusqlite::{OptionalExtension, params};

use super::{Catalog, CatalogError};

/// A finished job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsJob {
    /// A UUID.
    pub id: String,
    /// The operation that started it.
    pub operation: String,
    /// The ARN of the caller, who alone may read it.
    pub caller: String,
    /// µs UTC.
    pub created_at_us: i64,
    /// µs UTC.
    pub completed_at_us: i64,
    /// JSON, whose form is the operation's.
    pub answer: String,
}

impl Catalog {
    /// Keeps a job, and forgets those that were made before `keep_from_us`.
    pub fn add_aws_job(&mut self, job: &AwsJob, keep_from_us: i64) -> Result<(), CatalogError> {
        let AwsJob { id, operation, caller, created_at_us, completed_at_us, answer } = job;
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM aws_job WHERE created_at < ?", [keep_from_us])?;
        transaction.execute(
            "INSERT INTO aws_job (job_id, operation, caller, created_at, completed_at, answer) VALUES (?, ?, ?, ?, ?, ?)",
            params![id, operation, caller, created_at_us, completed_at_us, answer],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// The job of that id, if that operation started it for that caller.
    pub fn aws_job(&self, id: &str, operation: &str, caller: &str) -> Result<Option<AwsJob>, CatalogError> {
        let sql = "SELECT created_at, completed_at, answer FROM aws_job \
                   WHERE job_id = ? AND operation = ? AND caller = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let job = statement.query_row([id, operation, caller], |row| {
            Ok(AwsJob {
                id: id.to_owned(),
                operation: operation.to_owned(),
                caller: caller.to_owned(),
                created_at_us: row.get(0)?,
                completed_at_us: row.get(1)?,
                answer: row.get(2)?,
            })
        });
        Ok(job.optional()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_its_callers_and_old_ones_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open_or_create(folder.path()).unwrap();
        let job = |id: &str, created_at_us| AwsJob {
            id: id.to_owned(),
            operation: "Generate".to_owned(),
            caller: "alice".to_owned(),
            created_at_us,
            completed_at_us: created_at_us + 1,
            answer: "{}".to_owned(),
        };
        catalog.add_aws_job(&job("a", 10), 0).unwrap();
        let check = |catalog: &Catalog, id: &str, operation: &str, caller: &str, expected: Option<AwsJob>| {
            assert_eq!(catalog.aws_job(id, operation, caller).unwrap(), expected, "{id} {operation} {caller}");
        };
        check(&catalog, "a", "Generate", "alice", Some(job("a", 10)));
        check(&catalog, "a", "Generate", "bob", None);
        check(&catalog, "a", "Other", "alice", None);
        catalog.add_aws_job(&job("b", 20), 15).unwrap();
        check(&catalog, "a", "Generate", "alice", None);
        check(&Catalog::open(folder.path()).unwrap(), "b", "Generate", "alice", Some(job("b", 20)));
    }
}

//! Jobs of the endpoint: killed around its transaction a job is whole or not there; it is in progress until its time has come, also
//! across a restart; others than its caller do not know of it.

use super::refusals::{post, send, small_lake};
use super::running_server::RunningServer;
use crate::test_lake::TestLake;

/// A caller of the lake, and the ARN that reports are asked of.
struct Asked {
    lake: TestLake,
    arn: String,
}

impl Asked {
    fn new() -> Self {
        let lake = small_lake();
        let of_user =
            "SELECT principal FROM events WHERE principal LIKE 'arn:aws:iam::%:user/%' ORDER BY principal LIMIT 1";
        let arn = lake.value(of_user).as_str().unwrap().to_owned();
        Self { lake, arn }
    }

    fn serve(&self, caller: &str, further: &[&str], stop_point: Option<&str>) -> RunningServer {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--anonymous", "--as", caller];
        let mut command = self.lake.command(&arguments);
        command.args(further);
        if let Some(stop_point) = stop_point {
            command.env("TADORU_TEST_STOP_POINT", stop_point);
        }
        RunningServer::of(command)
    }

    fn generate(&self, server: &RunningServer) -> String {
        ask(server, &format!("Action=GenerateServiceLastAccessedDetails&Arn={}", self.arn))
    }

    fn jobs(&self) -> Vec<String> {
        let rows = self.lake.catalog("SELECT job_id FROM aws_job ORDER BY created_at");
        rows.into_iter().map(|row| row["job_id"].clone()).collect()
    }
}

fn ask(server: &RunningServer, form: &str) -> String {
    send(server, &post("127.0.0.1", "", &format!("{form}&Version=2010-05-08")))
}

fn report(server: &RunningServer, id: &str) -> String {
    ask(server, &format!("Action=GetServiceLastAccessedDetails&JobId={id}"))
}

#[test]
fn a_killed_server_leaves_a_whole_job_or_none() {
    let asked = Asked::new();
    for (stop_point, kept) in [("before_job:1", 0), ("after_job:1", 1)] {
        let server = asked.serve(&asked.arn, &[], Some(stop_point));
        assert_eq!(asked.generate(&server), "", "{stop_point}: nobody is left to answer");
        assert_eq!(server.ended_by(), Some(6), "{stop_point}");
        let jobs = asked.jobs();
        assert_eq!(jobs.len(), kept, "{stop_point}");
        let server = asked.serve(&asked.arn, &[], None);
        for id in jobs {
            let answer = report(&server, &id);
            assert!(answer.contains("<JobStatus>COMPLETED</JobStatus>"), "{answer}");
            assert!(answer.contains("<TotalAuthenticatedEntities>1</TotalAuthenticatedEntities>"), "{answer}");
        }
        assert!(server.stop());
    }
}

#[test]
fn a_job_is_in_progress_until_its_time_has_come() {
    let asked = Asked::new();
    let server = asked.serve(&asked.arn, &["--job-delay", "3600"], None);
    let started = asked.generate(&server);
    let [id] = asked.jobs().try_into().unwrap();
    assert!(started.contains(&id), "{started}");
    let in_progress = |server: &RunningServer| {
        let answer = report(server, &id);
        assert!(answer.contains("<JobStatus>IN_PROGRESS</JobStatus>"), "{answer}");
        for member in ["JobType", "ServicesLastAccessed", "JobCompletionDate"] {
            assert!(!answer.contains(member), "{answer}");
        }
    };
    in_progress(&server);
    assert!(server.stop());
    // What the lake keeps says when it ends, not what the next server is told.
    let server = asked.serve(&asked.arn, &[], None);
    in_progress(&server);
    let path = asked.lake.folder().join("catalog.sqlite");
    let hour_later = "UPDATE aws_job SET completed_at = completed_at - 3600000000";
    assert_eq!(rusqlite::Connection::open(path).unwrap().execute(hour_later, []).unwrap(), 1);
    let answer = report(&server, &id);
    assert!(answer.contains("<JobStatus>COMPLETED</JobStatus>"), "{answer}");
    assert!(answer.contains("<JobType>SERVICE_LEVEL</JobType>"), "{answer}");
    assert!(server.stop());
    let other = asked.arn.replace(":user/", ":user/not-");
    let answer = report(&asked.serve(&other, &[], None), &id);
    assert!(answer.contains("<Code>NoSuchEntity</Code>"), "{answer}");
}

#[test]
fn a_credential_report_is_good_for_four_hours() {
    let asked = Asked::new();
    let server = asked.serve(&asked.arn, &["--job-delay", "3600"], None);
    let check = |operation: &str, expected: &str| {
        let answer = ask(&server, &format!("Action={operation}CredentialReport"));
        assert!(answer.contains(expected), "{operation} instead of {expected}: {answer}");
    };
    let age = |hours: i64| {
        let made = "UPDATE aws_job SET created_at = created_at - ?1, completed_at = completed_at - ?1";
        let path = asked.lake.folder().join("catalog.sqlite");
        let older = rusqlite::Connection::open(path).unwrap().execute(made, [hours * 3_600_000_000]).unwrap();
        assert_eq!(older, 1);
    };
    check("Get", "<Code>ReportNotPresent</Code>");
    check("Generate", "<State>STARTED</State>");
    check("Generate", "<State>INPROGRESS</State>");
    check("Get", "<Code>ReportInProgress</Code>");
    age(1);
    check("Generate", "<State>COMPLETE</State>");
    check("Get", "<ReportFormat>text/csv</ReportFormat>");
    age(3);
    check("Get", "<Code>ReportExpired</Code>");
    check("Generate", "<State>STARTED</State>");
    check("Get", "<Code>ReportInProgress</Code>");
}

#[test]
fn a_delay_ends_by_itself() {
    let asked = Asked::new();
    let server = asked.serve(&asked.arn, &["--job-delay", "1"], None);
    asked.generate(&server);
    let [id] = asked.jobs().try_into().unwrap();
    while !report(&server, &id).contains("<JobStatus>COMPLETED</JobStatus>") {
        std::thread::yield_now();
    }
    let output = asked.lake.run(&["serve", "--job-delay", "3601"]);
    assert_eq!(output.status.code(), Some(2));
}

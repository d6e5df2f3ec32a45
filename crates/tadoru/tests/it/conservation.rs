//! Conservation: what comes in is new, a duplicate, rejected or expired; the rollup is the GROUP BY of the events; and
//! neither the order of files nor the number of threads changes what the lake holds.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::reference::{agrees, shared};
use crate::test_lake::{ROLLUP_KEYS, TestLake, sample, write_sample};

#[test]
fn the_sample_adds_up_to_its_truth() {
    let (organization, lake) = (sample(), TestLake::new());
    let logs = lake.beside("logs");
    write_sample(&organization, 0..60, &logs);
    let (summary, truth) = (lake.ingest(&[&logs]), organization.truth());
    for (name, expected) in [
        ("files", truth.totals.objects),
        ("records", truth.totals.records),
        ("new_events", truth.totals.events),
        ("duplicates", truth.totals.duplicates),
        ("conflicts", 0),
        ("rejected", 0),
        ("expired", 0),
    ] {
        assert_eq!(summary[name], expected, "{name}");
    }
    lake.assert_consistent();

    let count = |statement: &str| lake.value(statement).as_u64().unwrap();
    assert_eq!(count("SELECT count(*) AS n FROM events WHERE outcome = 'denied'"), truth.totals.denied);
    assert_eq!(count("SELECT count(*) AS n FROM events WHERE outcome = 'error'"), truth.totals.errors);
    let by_principal: BTreeMap<String, u64> = lake
        .rows("SELECT principal, sum(eventcount) AS events FROM access_daily GROUP BY 1")
        .iter()
        .map(|row| (row["principal"].as_str().unwrap().to_owned(), row["events"].as_u64().unwrap()))
        .collect();
    let expected: BTreeMap<String, u64> =
        truth.principals.iter().map(|(principal, used)| (principal.clone(), used.events)).collect();
    assert_eq!(by_principal, expected);

    let again = lake.ingest(&[&logs]);
    assert_eq!((&again["files"], &again["records"]), (&Value::from(0), &Value::from(0)));
    assert_eq!(again["files_skipped"], truth.totals.objects);
    rollup_is_the_group_by(&lake);
}

/// One ingest in one batch leaves no partial sums that a reader would have to join; several do, so sums are compared.
fn rollup_is_the_group_by(lake: &TestLake) {
    let keys = ROLLUP_KEYS.replace("eventmonth", "date_trunc('month', eventdate)");
    let events = lake.sql(&format!(
        "SELECT {ROLLUP_KEYS}, count(*) AS n, min(eventtimestamp) AS first, max(eventtimestamp) AS last
         FROM (SELECT *, cast({} AS date) AS eventmonth FROM events) GROUP BY {ROLLUP_KEYS} ORDER BY {ROLLUP_KEYS}",
        keys.rsplit_once(", date_trunc").map(|(_, rest)| format!("date_trunc{rest}")).unwrap()
    ));
    let rollup = lake.sql(&format!(
        "SELECT {ROLLUP_KEYS}, sum(eventcount) AS n, min(firsteventtimestamp) AS first, max(lasteventtimestamp) AS last
         FROM access_daily GROUP BY {ROLLUP_KEYS} ORDER BY {ROLLUP_KEYS}"
    ));
    assert!(events.lines().eq(rollup.lines()), "the rollup is not the sum of the events");
    let strangers = lake.value(
        "SELECT count(*) AS n FROM access_daily a LEFT JOIN events e ON e.eventid = a.lasteventid
         AND e.principal = a.principal AND e.eventtimestamp = a.lasteventtimestamp WHERE e.eventid IS NULL",
    );
    assert_eq!(strangers, 0, "each lasteventid is an event of that time");
}

#[test]
fn the_cases_are_deduplicated_as_truth_says() {
    let test = "the_cases_are_deduplicated_as_truth_says";
    let Some(cases) = shared("aws/cases", test) else { return };
    let lake = TestLake::new();
    let summary = lake.ingest(&[&cases.join("events")]);
    let truth: Value = serde_json::from_slice(&std::fs::read(cases.join("truth/dedup.json")).unwrap()).unwrap();
    assert_eq!(summary["records"], truth["records_in_files"]);
    assert_eq!(summary["new_events"], truth["unique_events"]);
    let twice = truth["duplicate_event_ids"].as_array().unwrap();
    assert_eq!(summary["duplicates"], twice.len());
    for id in twice {
        let found = lake.value(&format!("SELECT count(*) AS n FROM events WHERE eventid = '{}'", id.as_str().unwrap()));
        assert_eq!(found, 1, "{id}");
    }
    for copies in truth["shared_pairs"].as_object().unwrap().values().flat_map(|pair| pair.as_array().unwrap()) {
        let id = copies["eventID"].as_str().unwrap();
        let found = &lake.rows(&format!("SELECT account, copy FROM events WHERE eventid = '{id}'"))[0];
        assert_eq!(found["account"], copies["account"], "{id}");
        assert_eq!(found["copy"] == "own", copies["counted"].as_bool().unwrap(), "{id}");
    }
    lake.assert_consistent();
    rollup_is_the_group_by(&lake);
}

#[test]
fn order_and_threads_change_nothing() {
    let organization = sample();
    let lakes: Vec<TestLake> = (0..4).map(|_| TestLake::new()).collect();
    let logs = lakes[0].beside("logs");
    write_sample(&organization, 0..4, &logs);
    // Portions of a folder end in the middle of days and of batches.
    for (lake, jobs, portion_files) in [(&lakes[0], "1", "50000"), (&lakes[1], "2", "50000"), (&lakes[3], "2", "7")] {
        let output = lake
            .command(&["ingest", "--jobs", jobs])
            .arg(&logs)
            .env("TADORU_TEST_BATCH_BYTES", "200000")
            .env("TADORU_TEST_PORTION_FILES", portion_files)
            .output()
            .unwrap();
        assert!(output.status.success());
    }
    let mut folders: Vec<_> = std::fs::read_dir(logs.join("AWSLogs")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    for folder in folders.iter().rev() {
        lakes[2].ingest(&[folder]);
    }
    let expected = lakes[0].content();
    assert!(lakes[1].content() == expected, "two threads make another lake than one");
    assert!(lakes[3].content() == expected, "many portions make another lake than one");
    let files = |lake: &TestLake| lake.present_files().len();
    assert_eq!(files(&lakes[3]), files(&lakes[0]), "batches end where portions do");
    let keys =
        "SELECT eventid, recipientaccountid, eventcategory, fingerprint, principal, raw FROM events ORDER BY 1, 2, 4";
    assert!(lakes[2].sql(keys).lines().eq(lakes[0].sql(keys).lines()), "another order makes another lake");
    let test = "order_and_threads_change_nothing";
    agrees("same_rows.py", &[&lakes[0].folder(), &lakes[1].folder()], test);
}

//! Which spans follow from which texts; what a scan reads for each way of writing a filter; and that no way loses a row.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::engine::sample_files::{DAY_US as DAY, DAYS, START_US, event, iso, sample_table, write};
use crate::engine::{Answer, Engine, EngineLimits, Mode};
use crate::event_schema::EVENTS;
use crate::lake_table::LakeTable;
use crate::value::Value;

fn check_span(text: &str, letters: usize, expected: Option<(&str, &str)>) {
    let found = text_span(text, letters).map(|(a, b)| (iso(a), iso(b)));
    assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "{text}");
}

#[test]
fn a_text_spans_what_begins_like_it() {
    let all = usize::MAX;
    check_span("2024", all, Some(("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")));
    check_span("2024-02", all, Some(("2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z")));
    check_span("2024-02-29 10:00", all, Some(("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z")));
    check_span("2024-02-30", all, Some(("2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z")));
    check_span("2024-06-01T10:30:05.123Z", all, Some(("2024-06-01T10:30:05Z", "2024-06-01T10:30:06Z")));
    check_span("2024-06-01T10:30:05Z", 10, Some(("2024-06-01T00:00:00Z", "2024-06-02T00:00:00Z")));
    check_span("2024-06-01Tx", all, Some(("2024-06-01T00:00:00Z", "2024-06-02T00:00:00Z")));
    check_span("x", all, None);
    check_span("２０２４-06", all, None);
}

fn engine() -> Engine {
    let limits = EngineLimits { deadline: Duration::from_secs(600), partitions: Some(2), ..EngineLimits::default() };
    Engine::new(limits)
}

/// 2024-06-11, one day after the last sample event.
const NOW: i64 = START_US + DAYS * DAY;

fn run(engine: &Engine, table: &LakeTable, sql: &str) -> Answer {
    engine
        .query(vec![("events".into(), table.clone())], sql, NOW, Mode::Guarded)
        .unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// (files, row groups) that the scan of a filter reads; ten files of four row groups there are.
fn read(engine: &Engine, table: &LakeTable, filter: &str) -> (usize, usize) {
    let answer = run(engine, table, &format!("EXPLAIN ANALYZE SELECT eventid FROM events WHERE {filter}"));
    let Some(Value::Text(plan)) = answer.rows.first().and_then(|r| r.get(1)) else { panic!("no plan") };
    let files = plan.matches(".parquet").count();
    let metric = |name: &str| -> usize {
        let Some((_, rest)) = plan.split_once(name) else { return 0 };
        let Some((_, matched)) = rest.split_once("→ ") else { return 0 };
        matched.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    let groups = metric("row_groups_pruned_statistics=").min(metric("row_groups_pruned_bloom_filter="));
    (files, groups)
}

#[test]
fn each_way_of_writing_a_day_reads_that_day() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, table) = (engine(), sample_table(folder.path()));
    for filter in [
        "eventtime BETWEEN '2024-06-04T06:00:00Z' AND '2024-06-04T07:00:00Z'",
        "eventtime >= '2024-06-04T06' AND eventTime < '2024-06-04T07'",
        "eventtime LIKE '2024-06-04T06%'",
        "substr(eventtime, 1, 13) = '2024-06-04T06'",
        "substring(eventtime FROM 1 FOR 13) IN ('2024-06-04T06')",
        "from_iso8601_timestamp(eventtime) BETWEEN timestamp '2024-06-04 06:00:00' AND timestamp '2024-06-04 07:00:00'",
        "CAST(eventtime AS timestamp) BETWEEN timestamp '2024-06-04 06:00:00' AND timestamp '2024-06-04 07:00:00'",
        "to_timestamp(eventtime) BETWEEN timestamp '2024-06-04 06:00:00' AND timestamp '2024-06-04 07:00:00'",
        "date_parse(eventtime, '%Y-%m-%dT%H:%i:%sZ') BETWEEN timestamp '2024-06-04 06:00:00' AND timestamp '2024-06-04 07:00:00'",
        "date_trunc('hour', from_iso8601_timestamp(eventtime)) = timestamp '2024-06-04 06:00:00'",
    ] {
        let (files, groups) = read(&engine, &table, filter);
        assert!(files == 1 && groups <= 2, "{filter}: {files} files, {groups} row groups");
    }
}

#[test]
fn each_way_of_writing_days_reads_those_files() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, table) = (engine(), sample_table(folder.path()));
    for (filter, most) in [
        ("from_iso8601_timestamp(eventtime) > now() - interval '36' hour", 2),
        ("from_iso8601_timestamp(eventtime) > date_add('day', -1, now())", 2),
        ("CAST(eventtime AS timestamp) > current_timestamp - interval '1' day", 2),
        ("date(from_iso8601_timestamp(eventtime)) = date '2024-06-04'", 2),
        ("date_trunc('day', from_iso8601_timestamp(eventtime)) = timestamp '2024-06-04 00:00:00'", 2),
        ("eventtime < '2024-06-02'", 2),
        ("eventtime = '2024-06-04T06:00:00Z'", 1),
        ("eventdate = date '2024-06-04'", 1),
        ("eventtimestamp >= timestamp '2024-06-10 00:00:00'", 1),
        ("eventtime LIKE '2024-06-04%' OR eventtime LIKE '2024-06-08%'", 4),
        ("eventtime > '2024-07'", 0),
    ] {
        let (files, _) = read(&engine, &table, filter);
        assert!(files <= most, "{filter}: {files} files");
    }
    let nested =
        "eventid IN (SELECT eventid FROM (SELECT eventid, eventtime FROM events) WHERE eventtime > '2024-06-10T12')";
    let (files, _) = read(&engine, &table, nested);
    assert!(files <= 11, "a derived table is pruned too: {files} files");
}

#[test]
fn a_leaf_of_useridentity_reads_what_its_copy_would() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, table) = (engine(), sample_table(folder.path()));
    for filter in [
        "useridentity.accesskeyid = 'AKIAbob5'",
        "useridentity.accessKeyId LIKE 'AKIAbob5'",
        "useridentity.username IN ('bob5', 'nobody', 'noone', 'nowhere')",
        "userIdentity.arn = 'arn:aws:iam::111111111111:user/bob5'",
    ] {
        let (_, groups) = read(&engine, &table, filter);
        assert!(groups <= 4, "{filter}: {groups} of 40 row groups");
    }
}

/// Rows that a rule about ordinary ones might forget: no time, a fraction, a leap second, long ago, no identity.
fn odd_table(folder: &std::path::Path) -> LakeTable {
    let mut rows: Vec<_> = (0..60).map(|n| event(n * 8)).collect();
    for (n, (time, at)) in [
        (json!(null), json!(null)),
        (json!("2016-12-31T23:59:60Z"), json!(1_483_228_800_000_000_i64)),
        (json!("2016-12-31T23:59:59Z"), json!(1_483_228_799_999_999_i64)),
        (json!("1999-01-01T00:00:00Z"), json!(915_148_800_000_000_i64)),
        (json!("2024-06-04T23:59:59Z"), json!(START_US + 4 * DAY - 1)),
        (json!("2024-06-05T00:00:00Z"), json!(START_US + 4 * DAY + 999_999)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut row = event(1_000 + n as i64);
        row["eventtime"] = time;
        row["eventtimestamp"] = at;
        if n % 2 == 0 {
            row["useridentity"] = json!(null);
            row["accesskeyid"] = json!(null);
            row["username"] = json!(null);
            row["useridentityarn"] = json!(null);
        }
        rows.push(row);
    }
    let files = rows.chunks(9).enumerate().map(|(n, rows)| write(folder, n as i64, rows));
    let files = files.map(|f| crate::lake_table::LakeFile { event_date: None, ..f });
    LakeTable::new(EVENTS, files.collect())
}

fn time_text() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec![START_US, START_US + 4 * DAY, START_US + 9 * DAY, 1_483_228_800_000_000]),
        -90_000i64..90_000,
        4usize..=20,
    )
        .prop_map(|(at, seconds, letters)| iso(at + seconds * 1_000_000).chars().take(letters).collect())
}

fn moment() -> impl Strategy<Value = String> {
    (0..DAYS * 24).prop_map(|hour| iso(START_US + hour * 3_600_000_000).replace('T', " ").replace('Z', ""))
}

fn predicate() -> impl Strategy<Value = String> {
    let op = || prop::sample::select(vec!["=", "<", "<=", ">", ">=", "<>"]);
    let unit = prop::sample::select(vec!["minute", "hour", "day", "week", "month", "year"]);
    let leaf = prop::sample::select(vec!["accesskeyid", "username", "arn"]);
    let name = prop::sample::select(vec!["AKIAbob5", "alice3", "", "arn:aws:iam::111111111111:user/carol1", "AKIA"]);
    let simple = prop_oneof![
        (op(), time_text()).prop_map(|(op, t)| format!("eventtime {op} '{t}'")),
        (time_text(), op()).prop_map(|(t, op)| format!("'{t}' {op} eventtime")),
        (time_text(), time_text()).prop_map(|(a, b)| format!("eventtime BETWEEN '{a}' AND '{b}'")),
        time_text().prop_map(|t| format!("eventtime LIKE '{t}%'")),
        (1usize..20, op(), time_text()).prop_map(|(n, op, t)| format!("substr(eventtime, 1, {n}) {op} '{t}'")),
        (op(), moment()).prop_map(|(op, t)| format!("TRY_CAST(eventtime AS timestamp) {op} timestamp '{t}'")),
        (unit, op(), moment())
            .prop_map(|(u, op, t)| format!("date_trunc('{u}', TRY_CAST(eventtime AS timestamp)) {op} timestamp '{t}'")),
        (op(), moment())
            .prop_map(|(op, t)| format!("CAST(TRY_CAST(eventtime AS timestamp) AS date) {op} date '{}'", &t[..10])),
        (leaf.clone(), op(), name.clone()).prop_map(|(l, op, n)| format!("useridentity.{l} {op} '{n}'")),
        (leaf.clone(), name.clone()).prop_map(|(l, n)| format!("useridentity.{l} IN ('{n}', 'bob2', 'x', 'y', 'z')")),
        (leaf, name).prop_map(|(l, n)| format!("useridentity.{l} LIKE '{n}%'")),
    ];
    simple.prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("NOT ({a})")),
        ]
    })
}

#[test]
fn the_implied_filter_never_loses_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, with) = (engine(), odd_table(folder.path()));
    let without = with.clone().without_implied_filter();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 120,
        failure_persistence: None,
        ..Default::default()
    });
    let result = runner.run(&predicate(), |filter| {
        let sql = format!("SELECT eventid FROM events WHERE {filter} ORDER BY eventid");
        prop_assert_eq!(run(&engine, &with, &sql).rows, run(&engine, &without, &sql).rows, "{}", filter);
        Ok(())
    });
    assert!(result.is_ok(), "{result:?}");
}

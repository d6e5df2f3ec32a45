//! Statements as people write them, and statements as nobody should, over ten small files.

use super::sample_files::{DAY_US, DAYS, START_US, sample_table};
use super::*;
use crate::event_schema::{ACCESS_DAILY, EVENTS};

const NOW: i64 = START_US + DAYS * DAY_US;

struct Bench {
    _folder: tempfile::TempDir,
    table: LakeTable,
    engine: Engine,
}

fn bench(limits: EngineLimits) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    Bench { table: sample_table(folder.path()), engine: Engine::new(limits), _folder: folder }
}

impl Bench {
    fn run(&self, sql: &str) -> Result<Answer, SqlError> {
        let tables = vec![
            ("events".into(), self.table.clone()),
            ("access_daily".into(), LakeTable::new(ACCESS_DAILY, Vec::new())),
            ("nothing".into(), LakeTable::new(EVENTS, Vec::new())),
        ];
        self.engine.query(tables, sql, NOW, Mode::Guarded)
    }

    /// Labels and rows, cells parted by `|`, rows by newlines.
    fn check(&self, sql: &str, labels: &str, rows: &str) {
        let answer = self.run(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        assert_eq!(answer.columns.join("|"), labels, "{sql}");
        let shown: Vec<String> = answer.rows.iter().map(|r| r.iter().map(show).collect::<Vec<_>>().join("|")).collect();
        assert_eq!(shown.join("\n"), rows, "{sql}");
    }

    fn code(&self, sql: &str) -> &'static str {
        self.run(sql).map_or_else(|e| e.code(), |_| "OK")
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Text(text) => text.clone(),
        Value::Int(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Timestamp(us) | Value::TimestampWithZone(us, _) => super::sample_files::iso(*us),
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(",")),
        other => format!("{other:?}"),
    }
}

#[test]
fn labels_are_spelled_as_in_the_statement() {
    let b = bench(EngineLimits::default());
    b.check(
        "SELECT eventTime, userIdentity.userName, useridentity.userName AS Who, count(*) OVER (), \"eventid\" FROM events ORDER BY 1 LIMIT 1",
        "eventTime|userName|Who|_col3|eventid",
        "2024-06-01T00:00:00Z|NULL|NULL|480|id-0",
    );
    b.check(
        "SELECT x.username FROM (SELECT useridentity.username FROM events) x ORDER BY 1 LIMIT 1",
        "username",
        "alice0",
    );
    b.check("SELECT count(*), count(*) FROM events", "_col0|_col1", "480|480");
    b.check(
        "SELECT eventid, eventid, useridentity.username, username FROM events WHERE eventid = 'id-7'",
        "eventid|eventid|username|username",
        "id-7|id-7|bob0|bob0",
    );
    b.check(
        "SELECT a.eventid, b.eventid FROM events a JOIN events b ON a.eventid = b.eventid WHERE a.eventid = 'id-7'",
        "eventid|eventid",
        "id-7|id-7",
    );
    let wide = b.run("SELECT useridentity.username, * FROM events LIMIT 1").unwrap();
    assert_eq!(
        (wide.columns[0].as_str(), wide.columns[1].as_str(), wide.columns.len()),
        ("username", "eventversion", EVENTS.len() + 1)
    );
    b.check("SELECT eventname, count(*) FROM events GROUP BY eventname HAVING count(*) > 1 ORDER BY count(*) * -1, lower(eventname) LIMIT 1", "eventname|_col1", "ConsoleLogin|160");
    b.check(
        "SELECT DISTINCT substr(eventtime, 1, 10) FROM events ORDER BY substr(eventtime, 1, 10) LIMIT 1",
        "_col0",
        "2024-06-01",
    );
    b.check("SELECT eventid FROM events WHERE eventid = 'id-7' UNION SELECT 'x' ORDER BY 1", "eventid", "id-7\nx");
}

#[test]
fn now_is_what_the_question_says() {
    let b = bench(EngineLimits::default());
    b.check("SELECT now(), current_date = date '2024-06-11'", "_col0|_col1", "2024-06-11T00:00:00Z|true");
    b.check(
        "SELECT count(*) FROM events WHERE from_iso8601_timestamp(eventtime) > now() - interval '1' day",
        "_col0",
        "47",
    );
}

#[test]
fn a_table_without_files_is_empty() {
    let b = bench(EngineLimits::default());
    b.check("SELECT count(*), max(eventtime) FROM nothing", "_col0|_col1", "0|NULL");
    b.check("SELECT eventname FROM nothing WHERE eventtime > '2024' ORDER BY eventname", "eventname", "");
    b.check("SELECT sum(eventcount) FROM access_daily WHERE eventdate > date '2024-01-01'", "_col0", "NULL");
    b.check("SHOW TABLES", "tab_name", "events\naccess_daily\nnothing");
}

#[test]
fn athena_dialect() {
    let b = bench(EngineLimits::default());
    for (sql, labels, rows) in [
        (
            "SELECT pos, u.res.type AS kind, count(*) AS n FROM events CROSS JOIN UNNEST(resources) WITH ORDINALITY AS u(res, pos) GROUP BY 1, 2 ORDER BY 1",
            "pos|kind|n",
            "1|AWS::S3::Bucket|480\n2|AWS::S3::Object|480",
        ),
        (
            "SELECT kind, count(DISTINCT arn_) AS arns FROM events, UNNEST(resources) AS u(arn_, acct, kind) GROUP BY kind ORDER BY kind",
            "kind|arns",
            "AWS::S3::Bucket|4\nAWS::S3::Object|4",
        ),
        ("SELECT e.resources[1].arn FROM events e WHERE eventid = 'id-1'", "arn", "arn:aws:s3:::b1"),
        ("SELECT count(*) FROM events WHERE any_match(resources, r -> r.type = 'AWS::S3::Object')", "_col0", "480"),
        (
            "SELECT array_join(transform(CAST(json_extract(requestparameters, '$.tags') AS array(json)), x -> json_extract_scalar(x, '$.key')), ';') AS k FROM events LIMIT 1",
            "k",
            "k",
        ),
        ("WITH roster(username) AS (VALUES 'a', 'b') SELECT * FROM roster ORDER BY 1", "username", "a\nb"),
        ("SELECT DISTINCT useridentity.type FROM events ORDER BY useridentity.type", "type", "AssumedRole\nIAMUser"),
        (
            "SELECT max_by(eventname, eventtime), min_by(eventid, eventtime), count_if(errorcode IS NOT NULL), sum(if(eventname = 'GetObject', 1, 0)) FROM events",
            "_col0|_col1|_col2|_col3",
            "ConsoleLogin|id-0|48|160",
        ),
        (
            "SELECT try_cast('12x' AS integer) AS a, try(10 / (count(*) - count(*))) AS b, -7 / 2 FROM events",
            "a|b|_col2",
            "NULL|NULL|-3",
        ),
        ("SELECT date_diff('day', timestamp '2024-06-01 00:00:00', timestamp '2024-06-04 23:00:00')", "_col0", "3"),
        (
            "SELECT date_diff('month', date '2024-01-31', date '2024-03-30'), date_add('month', 1, date '2024-01-31') = date '2024-02-29'",
            "_col0|_col1",
            "1|true",
        ),
        ("SELECT date_format(timestamp '2024-06-01 07:08:09', '%Y/%c/%e %k:%i:%s')", "_col0", "2024/6/1 7:08:09"),
        ("SELECT date_parse('2024-06-01 07:08', '%Y-%m-%d %H:%i')", "_col0", "2024-06-01T07:08:00Z"),
        (
            "SELECT hour(from_iso8601_timestamp('2024-06-01T00:00:00+09:00')), day_of_week(date '2024-06-02')",
            "_col0|_col1",
            "15|7",
        ),
        (
            "SELECT to_iso8601(from_unixtime(0)), to_unixtime(timestamp '1970-01-01 00:00:01')",
            "_col0|_col1",
            "1970-01-01T00:00:00.000Z|1",
        ),
        (
            "SELECT element_at(split('a/b/c', '/'), -1), split('a/b/c', '/')[1], split_part('a.b', '.', 9)",
            "_col0|_col1|_col2",
            "c|a|NULL",
        ),
        (
            "SELECT contains(ARRAY['a', 'b'], 'b'), cardinality(ARRAY[1, 2]), strpos('ba', 'a'), position('a' IN 'ba')",
            "_col0|_col1|_col2|_col3",
            "true|2|2|2",
        ),
        (
            "SELECT regexp_extract('role/x', 'role/(.+)', 1), regexp_like('abc', 'b'), regexp_replace('a.b', '(\\w)\\.(\\w)', '$2,$1')",
            "_col0|_col1|_col2",
            "x|true|b,a",
        ),
        (
            "SELECT json_format(json_parse('{\"b\":1,\"a\":[1]}')), CAST(json_extract('{\"x\":2.5}', '$.x') AS double), json_array_length('[1,2]')",
            "_col0|_col1|_col2",
            "{\"a\":[1],\"b\":1}|2.5|2",
        ),
        (
            "SELECT json_array_contains('[\"s3:Get\"]', 's3:Get'), json_array_contains('[1]', 1), replace('aba', 'a')",
            "_col0|_col1|_col2",
            "true|true|b",
        ),
        (
            "SELECT 'a' || NULL, concat('a', 'b', 'c'), lower('AB'), reverse('ab'), length('日本')",
            "_col0|_col1|_col2|_col3|_col4",
            "NULL|abc|ab|ba|2",
        ),
        (
            "SELECT eventid FROM events WHERE eventname = 'ListUsers' AND errorcode LIKE 'Access%' AND eventid LIKE 'id-1_' ESCAPE '\\'",
            "eventid",
            "id-13",
        ),
        (
            "SELECT url_extract_host('https://example.com:8/x'), coalesce(NULL, 'a'), nullif('a', 'a')",
            "_col0|_col1|_col2",
            "example.com|a|NULL",
        ),
    ] {
        b.check(sql, labels, rows);
    }
}

#[test]
fn errors_name_what_is_wrong_and_no_file() {
    let b = bench(EngineLimits::default());
    for (sql, code, text) in [
        ("SELECT * FROM evnts", "UNKNOWN_TABLE", "there is no table 'evnts'; there is events, access_daily, nothing"),
        ("SELECT usr FROM events", "UNKNOWN_COLUMN", "Column 'usr' cannot be resolved"),
        ("SELECT frobnicate(1)", "UNKNOWN_FUNCTION", "there is no function 'frobnicate' here"),
        ("SELECT 1 / 0", "EXECUTION", "DIVISION_BY_ZERO: Division by zero"),
        (
            "SELECT * FROM events e JOIN events f ON e.eventid = f.eventid CROSS JOIN UNNEST(e.resources) AS u(r)",
            "NOT_SUPPORTED",
            "UNNEST together with other joins (put them into a subquery) is not supported",
        ),
        ("SELECT 9223372036854775807 + 1", "EXECUTION", "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow"),
        (
            "SELECT -9223372036854775807 - n FROM (VALUES 2) AS t(n)",
            "EXECUTION",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint subtraction overflow",
        ),
        (
            "SELECT max(eventtime) FROM events HAVING count(*) * 9223372036854775807 > 0",
            "EXECUTION",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint multiplication overflow",
        ),
        ("SELECT date_format(now(), '%Q')", "NOT_SUPPORTED", "the date format %Q is not supported"),
        ("SELECT json_extract('{}', 'x')", "EXECUTION", "Invalid JSON path: 'x'"),
    ] {
        let error = b.run(sql).expect_err(sql);
        assert_eq!((error.code(), error.to_string().as_str()), (code, text), "{sql}");
    }
    let mut file = b.table.files()[0].clone();
    file.path = "/nowhere/secret/x.parquet".into();
    let tables = vec![("events".into(), LakeTable::new(EVENTS, vec![file]))];
    let error = b.engine.query(tables, "SELECT eventid FROM events", NOW, Mode::Guarded).expect_err("no such file");
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("UNREADABLE_FILE", "the lake's file x.parquet cannot be read")
    );
    assert!(matches!(error, SqlError::UnreadableFile { reason: "it is missing", .. }), "{error:?}");
}

#[test]
fn hostile_statements_are_refused_and_the_engine_lives() {
    let b = bench(EngineLimits::default());
    let ors = format!("SELECT 1 WHERE {}1=1", "1=2 OR ".repeat(2000));
    let parentheses = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
    let doubling =
        (0..35).fold("SELECT 'x' AS x".to_owned(), |inner, _| format!("SELECT x || x AS x FROM ({inner}) t"));
    for (sql, code) in [
        ("COPY events TO '/tmp/x.parquet'", "STATEMENT_NOT_ALLOWED"),
        ("CREATE EXTERNAL TABLE t (a int) STORED AS CSV LOCATION '/etc/passwd'", "STATEMENT_NOT_ALLOWED"),
        ("SET datafusion.runtime.memory_limit = '100G'", "STATEMENT_NOT_ALLOWED"),
        ("SELECT * FROM '/etc/passwd'", "UNKNOWN_TABLE"),
        ("SELECT * FROM \"file:///etc/passwd\"", "UNKNOWN_TABLE"),
        ("SELECT * FROM read_csv('/etc/passwd')", "UNKNOWN_TABLE"),
        ("SELECT * FROM information_schema.df_settings", "UNKNOWN_TABLE"),
        ("EXPLAIN ANALYZE COPY events TO '/tmp/x.parquet'", "STATEMENT_NOT_ALLOWED"),
        ("SELECT 1; SELECT 2", "ONE_STATEMENT"),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r", "STATEMENT_NOT_ALLOWED"),
        ("SELECT length(repeat('x', 1500000000))", "MEMORY_LIMIT"),
        ("SELECT sum(length(repeat('x', 20000000))) FROM generate_series(1, 1000)", "MEMORY_LIMIT"),
        ("SELECT length(lpad('x', 2000000000, 'y'))", "MEMORY_LIMIT"),
        ("SELECT cardinality(generate_series(1, 100000000000))", "MEMORY_LIMIT"),
        ("SELECT cardinality(array_repeat('x', 1000000000))", "MEMORY_LIMIT"),
        (parentheses.as_str(), "SQL_DEPTH"),
        (ors.as_str(), "SQL_COMPLEXITY"),
        ("SELECT regexp_like(repeat('a', 50000), '(a{1,200}){1,200}b')", "SQL_COMPLEXITY"),
        ("SELECT regexp_like(repeat('a', 50000), concat('(a{1,200})', '{1,200}b'))", "SQL_COMPLEXITY"),
        (doubling.as_str(), "MEMORY_LIMIT"),
        ("INSERT INTO events VALUES (1)", "STATEMENT_NOT_ALLOWED"),
    ] {
        let shown: String = sql.chars().take(80).collect();
        assert_eq!(b.code(sql), code, "{shown}");
    }
    let long = format!("SELECT '{}'", "x".repeat(5 << 20));
    assert_eq!(b.code(&long), "SQL_LENGTH");
    b.check("SELECT count(*) FROM events", "_col0", "480");
}

#[test]
fn statements_as_large_as_allowed_are_answered() {
    let b = bench(EngineLimits::default());
    let ors = format!("SELECT count(*) FROM events WHERE {}eventname = 'x'", "eventname = 'GetObject' OR ".repeat(400));
    b.check(&ors, "_col0", "160");
    let sums = format!("SELECT {}1", "1 + ".repeat(900));
    b.check(&sums, "_col0", "901");
    let counted = format!("SELECT {}count(*) FROM events", "1 + ".repeat(100));
    b.check(&counted, "_col0", "580");
    assert_eq!(b.code(&format!("SELECT count(*){} FROM events", " + 1".repeat(900))), "SQL_COMPLEXITY");
    let list = format!("SELECT count(*) FROM events WHERE eventid IN ({}'id-1')", "'x', ".repeat(5000));
    b.check(&list, "_col0", "1");
    let nested = format!("SELECT {}1{}", "(".repeat(40), ")".repeat(40));
    b.check(&nested, "_col0", "1");
}

#[test]
fn a_statement_without_end_is_stopped_at_its_deadline() {
    let b = bench(EngineLimits { deadline: Duration::from_secs(2), ..EngineLimits::default() });
    let sql = "SELECT count(*) FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 1000000) b";
    assert_eq!(b.code(sql), "QUERY_TIMEOUT");
    assert_eq!(
        b.code(
            "SELECT sum(a.value * b.value) FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 1000000) b"
        ),
        "QUERY_TIMEOUT"
    );
}

#[test]
fn a_statement_is_stopped_from_outside_and_by_its_reader() {
    let b = bench(EngineLimits::default());
    let tables = || vec![("events".to_owned(), b.table.clone())];
    let cancellation = Cancellation::default();
    cancellation.cancel();
    let ended = b
        .engine
        .query_stream(tables(), "SELECT 1", NOW, Mode::Guarded, &cancellation, &mut |_, _| ControlFlow::Continue(()));
    assert!(matches!(ended, Ok(_) | Err(SqlError::Cancelled)));
    let mut seen = 0;
    let endless = "SELECT value FROM generate_series(1, 1000000000000)";
    let ended =
        b.engine.query_stream(tables(), endless, NOW, Mode::Guarded, &Cancellation::default(), &mut |head, rows| {
            assert_eq!(head.columns, ["value"]);
            seen += rows.len();
            if seen > 10_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    assert!(ended.is_ok() && seen > 10_000);
}

#[test]
fn memory_runs_out_for_the_statement_alone() {
    let b = bench(EngineLimits { memory_bytes: 1 << 20, ..EngineLimits::default() });
    let sql = "SELECT count(*) FROM (SELECT value, count(DISTINCT value) AS n FROM generate_series(1, 300000) GROUP BY value)";
    assert!(matches!(b.code(sql), "MEMORY_LIMIT" | "OK"));
    b.check("SELECT count(*) FROM events", "_col0", "480");
}

#[test]
fn a_plan_shows_files_without_their_folder() {
    let b = bench(EngineLimits::default());
    let answer = b.run("EXPLAIN SELECT eventid FROM events WHERE eventtime > '2024-06-10'").unwrap();
    let text: String = answer.rows.iter().flatten().map(show).collect();
    assert!(text.contains("day-9.parquet") && !text.contains("day-1.parquet"), "{text}");
    assert!(!text.contains(b._folder.path().to_string_lossy().trim_start_matches('/')), "{text}");
}

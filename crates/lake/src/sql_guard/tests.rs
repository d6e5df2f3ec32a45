//! What the guard lets through, what it straightens, and what it refuses before the planner sees it.

use super::*;

fn check_straight(input: &str, expected: &str) {
    assert_eq!(straighten_quotes(input), expected);
}

#[test]
fn pasted_quotes_become_straight() {
    check_straight("SELECT ‘a’, “B”", "SELECT 'a', \"B\"");
    check_straight("x LIKE '%role-name%’", "x LIKE '%role-name%'");
    check_straight("x = ’Alice’ AND y = 1", "x = 'Alice' AND y = 1");
}

#[test]
fn typographic_quotes_inside_a_literal_stay() {
    check_straight("x = 'it’s “so”'", "x = 'it’s “so”'");
    assert!(matches!(straighten_quotes("x = 'it’s'"), Cow::Borrowed(_)));
}

fn code(sql: &str) -> &'static str {
    parse(sql, Some(&EngineLimits::default())).map_or_else(|e| e.code(), |_| "OK")
}

#[test]
fn statements_that_read_pass() {
    for sql in [
        "SELECT 1",
        "select 1;",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1)",
        "VALUES (1)",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "SHOW TABLES",
        "SHOW COLUMNS FROM events",
        "DESCRIBE events",
        "SELECT regexp_like(eventtime, '[0-9]{4}-[0-9]{2}-[0-9]{2}')",
    ] {
        assert_eq!(code(sql), "OK", "{sql}");
    }
}

#[test]
fn statements_that_do_more_than_read_are_refused() {
    for sql in [
        "COPY (SELECT 1) TO '/tmp/x'",
        "CREATE EXTERNAL TABLE x (a int) LOCATION '/'",
        "SET datafusion.runtime.memory_limit = '1'",
        "EXPLAIN ANALYZE COPY events TO '/tmp/x'",
        "EXPLAIN INSERT INTO events VALUES (1)",
        "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT * FROM r",
        "DROP TABLE events",
        "PREPARE x AS SELECT 1",
        "SHOW ALL",
    ] {
        assert_eq!(code(sql), "STATEMENT_NOT_ALLOWED", "{sql}");
    }
    assert_eq!(code("SELECT 1; SELECT 2"), "ONE_STATEMENT");
    assert_eq!(code("SELEC 1"), "SYNTAX");
    assert_eq!(code(""), "SYNTAX");
}

#[test]
fn bombs_are_refused_before_the_parser() {
    let ors = |n: usize| format!("SELECT 1 WHERE {}1=1", "1=2 OR ".repeat(n));
    assert_eq!(code(&ors(2000)), "SQL_COMPLEXITY");
    assert_eq!(code(&format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000))), "SQL_DEPTH");
    assert_eq!(code(&format!("SELECT {}1", "NOT ".repeat(5000))), "SQL_COMPLEXITY");
    assert_eq!(code(&format!("SELECT 1 IN ({}1)", "1,".repeat(100_000))), "SQL_COMPLEXITY");
    assert_eq!(code(&" ".repeat(5 << 20)), "SQL_LENGTH");
    assert_eq!(code("SELECT regexp_like('x', '(a{1,200}){1,200}b')"), "SQL_COMPLEXITY");
    assert_eq!(code(&format!("SELECT a{}", ".b".repeat(5000))), "SQL_COMPLEXITY");
    assert_eq!(code(&format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(2000))), "SQL_COMPLEXITY");
}

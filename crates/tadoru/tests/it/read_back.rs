//! The lake is DuckLake: DuckDB reads the same rows, bounds and snapshots that Tadoru reads, and its aggregates over the
//! raw JSON agree with the lake. The comparisons themselves stand in `tests/duckdb`.

use std::path::Path;

use crate::reference::{agrees, shared};
use crate::test_lake::{TestLake, program, sample, write_sample};

fn reads_back(lake: &TestLake, test: &str) {
    let tadoru = program().get_program().to_owned();
    agrees("read_back.py", &[&lake.folder(), Path::new(&tadoru)], test);
}

#[test]
fn duckdb_reads_the_sample() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..60, &logs);
    lake.ingest(&[&logs]);
    reads_back(&lake, "duckdb_reads_the_sample");
    agrees("raw_json.py", &[&lake.folder(), &logs], "duckdb_reads_the_sample");
}

#[test]
fn duckdb_reads_a_real_trail() {
    let Some(trail) = shared("data/cloudtrail/invictus", "duckdb_reads_a_real_trail") else { return };
    reads_back(&TestLake::of(&[&trail]), "duckdb_reads_a_real_trail");
}

#[test]
fn duckdb_reads_the_cases() {
    let Some(events) = shared("aws/cases/events", "duckdb_reads_the_cases") else { return };
    let lake = TestLake::of(&[&events]);
    reads_back(&lake, "duckdb_reads_the_cases");
    agrees("raw_json.py", &[&lake.folder(), &events], "duckdb_reads_the_cases");
}

#[test]
fn an_older_snapshot_is_the_lake_of_that_time() {
    let (organization, lake, earlier) = (sample(), TestLake::new(), TestLake::new());
    let logs = lake.beside("logs");
    write_sample(&organization, 0..3, &logs);
    earlier.ingest(&[&logs]);
    lake.ingest(&[&logs]);
    let newest = lake.catalog("SELECT max(snapshot_id) AS id FROM ducklake_snapshot")[0]["id"].clone();
    write_sample(&organization, 3..6, &logs);
    assert!(lake.ingest(&[&logs])["new_events"].as_u64().unwrap() > 0);
    let arguments = [&*earlier.folder(), &lake.folder(), Path::new("--at"), Path::new(&newest)];
    agrees("same_rows.py", &arguments, "an_older_snapshot_is_the_lake_of_that_time");
    reads_back(&lake, "an_older_snapshot_is_the_lake_of_that_time");
}

/// Counts by source, name, ARN and error, last use, and each record's exact bytes.
#[test]
fn duckdb_over_the_raw_json_says_the_same() {
    for (set, records) in [
        ("invictus", 2_900),
        ("stratus-red-team", 310),
        ("cartographer", 9_226),
        ("traildiscover", 563),
        ("plaso", 6),
        ("cloud-custodian", 25),
        ("cloudgrep", 2),
        ("trailscraper", 7),
    ] {
        let test = "duckdb_over_the_raw_json_says_the_same";
        let Some(folder) = shared(&format!("data/cloudtrail/{set}"), test) else { return };
        let lake = TestLake::new();
        assert_eq!(lake.ingest(&[&folder])["records"], records, "{set}");
        lake.assert_consistent();
        agrees("raw_json.py", &[&lake.folder(), &folder], test);
    }
}

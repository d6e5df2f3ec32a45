//! Statements over small files.

use super::*;
use crate::engine::sample_files::sample_table;

#[test]
fn probe() {
    let folder = tempfile::tempdir().unwrap();
    let table = sample_table(folder.path());
    let engine = Engine::new(EngineLimits::default()).unwrap();
    let text = std::fs::read_to_string("/tmp/probe.sql").unwrap();
    for sql in text.lines() {
        let start = Instant::now();
        let answer = engine.query(vec![("events".into(), table.clone())], sql, 1_718_000_000_000_000, Mode::Guarded);
        let took = start.elapsed();
        println!("== {sql}  [{took:?}]");
        match answer {
            Ok(a) => {
                println!("   {:?} {:?}", a.columns, a.column_types);
                for r in a.rows.iter().take(6) {
                    println!("   {r:?}");
                }
            }
            Err(e) => println!("   ERR {} {e}", e.code()),
        }
    }
}

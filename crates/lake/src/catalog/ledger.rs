//! The ledger: which objects were ingested, and what became of their records. `status` asks it what the lake holds,
//! `object_verdict` which of the objects that a source lists are new.

use rusqlite::params;

use super::{Catalog, CatalogError};

/// What the ledger says of one object that logs came in: where from, when, and which time its events span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// log, digest, insight or other, as `NewObject::kind`.
    pub kind: &'a str,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// The stamp of a CloudTrail key, µs UTC; `None` for a loose file.
    pub delivered_at_us: Option<i64>,
    /// `None` where the object held no event.
    pub event_span_us: Option<(i64, i64)>,
}

/// Sums over the ledger. Conservation: records = new_events + duplicates + rejected + expired.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LakeCounts {
    pub objects: i64,
    pub records: i64,
    pub new_events: i64,
    pub duplicates: i64,
    pub conflicts: i64,
    pub rejected: i64,
    pub expired: i64,
    pub bytes_in: i64,
}

impl Catalog {
    /// The objects known at `snapshot`, ordered by account, region and time of delivery, each handed to `each`.
    pub fn deliveries(&self, snapshot: i64, mut each: impl FnMut(Delivery<'_>)) -> Result<(), CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, account, region, delivered_at, first_event_at, last_event_at FROM ingested_object
             WHERE snapshot_id <= ? ORDER BY account, region, delivered_at",
        )?;
        let mut rows = statement.query([snapshot])?;
        while let Some(row) = rows.next()? {
            each(Delivery {
                kind: row.get_ref(0)?.as_str().unwrap_or_default(),
                account: row.get_ref(1)?.as_str_or_null().unwrap_or_default(),
                region: row.get_ref(2)?.as_str_or_null().unwrap_or_default(),
                delivered_at_us: row.get(3)?,
                event_span_us: row.get::<_, Option<i64>>(4)?.zip(row.get(5)?),
            });
        }
        Ok(())
    }

    /// The sums of the whole ledger.
    pub fn counts(&self) -> Result<LakeCounts, CatalogError> {
        let sql =
            "SELECT count(*), total(records), total(new_events), total(duplicates), total(conflicts), total(rejected),
                   total(expired), total(bytes_in) FROM ingested_object";
        Ok(self.connection.query_row(sql, params![], |r| {
            let sum = |index| r.get::<_, f64>(index).map(|n| n as i64);
            Ok(LakeCounts {
                objects: r.get(0)?,
                records: sum(1)?,
                new_events: sum(2)?,
                duplicates: sum(3)?,
                conflicts: sum(4)?,
                rejected: sum(5)?,
                expired: sum(6)?,
                bytes_in: sum(7)?,
            })
        })?)
    }
}

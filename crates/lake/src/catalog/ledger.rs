//! The ledger: which objects were ingested, and what became of their records. `status` asks it what the lake holds,
//! `object_verdict` which of the objects that a source lists are new.

use super::{Catalog, CatalogError, minute_list};

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
    /// The object's name where it was rejected as a whole.
    pub rejected_name: Option<&'a str>,
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
    /// The objects known at `snapshot`, each handed to `each`; of folded log files one for each minute in which any was
    /// delivered, of other folded objects none. Within an account, region and day the times ascend.
    pub fn deliveries(&self, snapshot: i64, mut each: impl FnMut(Delivery<'_>)) -> Result<(), CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT account, region, delivered_minutes FROM folded_prefix WHERE kind = 'log' AND snapshot_id <= ?
             ORDER BY account, region, day",
        )?;
        let mut rows = statement.query([snapshot])?;
        while let Some(row) = rows.next()? {
            let (account, region) = (row.get_ref(0)?.as_str_or_null(), row.get_ref(1)?.as_str_or_null());
            let delivery = Delivery {
                kind: "log",
                account: account.unwrap_or_default(),
                region: region.unwrap_or_default(),
                delivered_at_us: None,
                event_span_us: None,
                rejected_name: None,
            };
            for us in minute_list::times_us(row.get_ref(2)?.as_blob().unwrap_or_default()) {
                each(Delivery { delivered_at_us: Some(us), ..delivery });
            }
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, account, region, delivered_at, first_event_at, last_event_at,
                    CASE WHEN reject_reason IS NOT NULL THEN name END
             FROM ingested_object WHERE snapshot_id <= ? ORDER BY account, region, delivered_at",
        )?;
        let mut rows = statement.query([snapshot])?;
        while let Some(row) = rows.next()? {
            each(Delivery {
                kind: row.get_ref(0)?.as_str().unwrap_or_default(),
                account: row.get_ref(1)?.as_str_or_null().unwrap_or_default(),
                region: row.get_ref(2)?.as_str_or_null().unwrap_or_default(),
                delivered_at_us: row.get(3)?,
                event_span_us: row.get::<_, Option<i64>>(4)?.zip(row.get(5)?),
                rejected_name: row.get_ref(6)?.as_str_or_null().unwrap_or_default(),
            });
        }
        Ok(())
    }

    /// The sums of the whole ledger.
    pub fn counts(&self) -> Result<LakeCounts, CatalogError> {
        let sums = "total(records), total(new_events), total(duplicates), total(conflicts), total(rejected),
                    total(expired), total(bytes_in)";
        let sums_of = |sql: &str| {
            self.connection.query_row(sql, [], |r| {
                let sum = |index| r.get::<_, f64>(index).map(|n| n as i64);
                Ok(LakeCounts {
                    objects: sum(0)?,
                    records: sum(1)?,
                    new_events: sum(2)?,
                    duplicates: sum(3)?,
                    conflicts: sum(4)?,
                    rejected: sum(5)?,
                    expired: sum(6)?,
                    bytes_in: sum(7)?,
                })
            })
        };
        let rows = sums_of(&format!("SELECT total(1), {sums} FROM ingested_object"))?;
        let folded = sums_of(&format!("SELECT total(objects), {sums} FROM folded_prefix"))?;
        Ok(LakeCounts {
            objects: rows.objects + folded.objects,
            records: rows.records + folded.records,
            new_events: rows.new_events + folded.new_events,
            duplicates: rows.duplicates + folded.duplicates,
            conflicts: rows.conflicts + folded.conflicts,
            rejected: rows.rejected + folded.rejected,
            expired: rows.expired + folded.expired,
            bytes_in: rows.bytes_in + folded.bytes_in,
        })
    }
}

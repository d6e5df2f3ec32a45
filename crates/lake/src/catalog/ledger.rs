//! The ledger: which objects were ingested, and what became of their records. `ingest` asks it what is new, `status` what
//! the lake holds.

use rusqlite::params;

use super::{Catalog, CatalogError};

/// A ledger row as `ingest` compares it with what it finds: same name, size and stamp means known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KnownObject {
    pub name: String,
    pub size_bytes: i64,
    pub stamp: String,
}

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
    /// The known objects whose names begin with `prefix`, in name order, each handed to `each`.
    pub fn known_objects(&self, prefix: &str, mut each: impl FnMut(KnownObject)) -> Result<(), CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, size_bytes, stamp FROM ingested_object WHERE name >= ?1 AND name < ?2 ORDER BY name, object_id",
        )?;
        let mut rows = statement.query([prefix, &format!("{prefix}{}", char::MAX)])?;
        while let Some(row) = rows.next()? {
            each(KnownObject { name: row.get(0)?, size_bytes: row.get(1)?, stamp: row.get(2)? });
        }
        Ok(())
    }

    /// Whether the very object is known: name, size and stamp.
    pub fn is_known(&self, object: &KnownObject) -> Result<bool, CatalogError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM ingested_object WHERE name = ? AND size_bytes = ? AND stamp = ?)";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params![object.name, object.size_bytes, object.stamp], |r| r.get(0))?)
    }

    /// Whether an object of that name is known, whatever its content.
    pub fn knows_name(&self, name: &str) -> Result<bool, CatalogError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM ingested_object WHERE name = ?)";
        Ok(self.connection.prepare_cached(sql)?.query_row([name], |r| r.get(0))?)
    }

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

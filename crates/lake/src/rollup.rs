//! The rollup `access_daily`: for each principal, event and day how often, first and last. It is the GROUP BY of the same
//! batch's events and is committed with them, so a question may read either. The rows are partial sums.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use foldhash::fast::RandomState;

use crate::event_batch::Row;
use crate::timestamp;

/// What one row of the rollup speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Group<'r> {
    month: i32,
    principal: &'r str,
    event_source: Option<&'r str>,
    event_name: Option<&'r str>,
    date: i32,
    principal_type: &'r str,
    variant: Option<&'r str>,
    event_category: Option<&'r str>,
    event_type: Option<&'r str>,
    aws_region: Option<&'r str>,
    account: &'r str,
    copy: &'r str,
    outcome: &'r str,
}

#[derive(Debug)]
struct Sum<'r> {
    count: i64,
    first_us: i64,
    last_us: i64,
    last_event_id: Option<&'r str>,
}

/// The rollup of `rows`, one batch a month, sorted as the table is.
pub fn monthly<'r>(rows: impl Iterator<Item = &'r Row<'r, 'r>>, schema: &SchemaRef) -> Vec<(i32, RecordBatch)> {
    let mut sums: HashMap<Group<'r>, Sum<'r>, RandomState> = HashMap::default();
    for row in rows {
        let record = row.record;
        let group = Group {
            month: timestamp::month_of(record.event_date_days),
            principal: &record.principal,
            event_source: record.event_source.as_deref(),
            event_name: record.event_name.as_deref(),
            date: record.event_date_days,
            principal_type: &record.principal_type,
            variant: row.variant.as_deref(),
            event_category: record.event_category.as_deref(),
            event_type: record.event_type.as_deref(),
            aws_region: record.aws_region.as_deref(),
            account: &record.account,
            copy: record.copy.as_str(),
            outcome: record.outcome.as_str(),
        };
        let (at, id) = (record.event_timestamp_us, record.event_id.as_deref());
        let sum = sums.entry(group).or_insert(Sum { count: 0, first_us: at, last_us: at, last_event_id: id });
        sum.count += 1;
        sum.first_us = sum.first_us.min(at);
        if (at, id) > (sum.last_us, sum.last_event_id) {
            (sum.last_us, sum.last_event_id) = (at, id);
        }
    }
    let mut sorted: Vec<_> = sums.into_iter().collect();
    sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    sorted.chunk_by(|a, b| a.0.month == b.0.month).map(|month| (month[0].0.month, batch(month, schema))).collect()
}

fn batch(groups: &[(Group<'_>, Sum<'_>)], schema: &SchemaRef) -> RecordBatch {
    fn texts<'a>(
        groups: &'a [(Group<'a>, Sum<'a>)],
        value: impl Fn(&'a (Group<'a>, Sum<'a>)) -> Option<&'a str>,
    ) -> ArrayRef {
        Arc::new(groups.iter().map(value).collect::<StringArray>())
    }
    let dates = |value: fn(&Group<'_>) -> i32| -> ArrayRef {
        Arc::new(groups.iter().map(|(g, _)| Some(value(g))).collect::<Date32Array>())
    };
    let times = |value: fn(&Sum<'_>) -> i64| -> ArrayRef {
        Arc::new(groups.iter().map(|(_, s)| Some(value(s))).collect::<TimestampMicrosecondArray>())
    };
    let columns = vec![
        texts(groups, |(g, _)| Some(g.principal)),
        texts(groups, |(g, _)| Some(g.principal_type)),
        texts(groups, |(g, _)| g.event_source),
        texts(groups, |(g, _)| g.event_name),
        texts(groups, |(g, _)| g.variant),
        texts(groups, |(g, _)| g.event_category),
        texts(groups, |(g, _)| g.event_type),
        texts(groups, |(g, _)| g.aws_region),
        texts(groups, |(g, _)| Some(g.account)),
        texts(groups, |(g, _)| Some(g.copy)),
        texts(groups, |(g, _)| Some(g.outcome)),
        dates(|g| g.date),
        dates(|g| g.month),
        Arc::new(groups.iter().map(|(_, s)| Some(s.count)).collect::<Int64Array>()),
        times(|s| s.first_us),
        times(|s| s.last_us),
        texts(groups, |(_, s)| s.last_event_id),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns).expect("columns in the order of the schema")
}

//! Small Parquet files for the engine's tests, written from JSON rows; ingest is not involved.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use serde_json::{Value as Json, json};

use crate::event_schema::{EVENTS, arrow_schema};
use crate::lake_table::{LakeFile, LakeTable};

/// 2024-06-01T00:00:00Z, where the sample begins.
pub(crate) const START_US: i64 = 1_717_200_000_000_000;
pub(crate) const DAY_US: i64 = 86_400_000_000;
pub(crate) const DAYS: i64 = 10;
const EVENTS_A_DAY: i64 = 48;

/// Ten days from 2024-06-01, a file each, 48 events a file, half an hour apart, in row groups of 12.
pub(crate) fn sample_table(folder: &std::path::Path) -> LakeTable {
    let files = (0..DAYS).map(|day| {
        let rows: Vec<Json> = (0..EVENTS_A_DAY).map(|n| event(day * EVENTS_A_DAY + n)).collect();
        write(folder, day, &rows)
    });
    LakeTable::new(EVENTS, files.collect())
}

/// Event `n`: users take turns, each with a key of their own per day; every fifth is a role's.
pub(crate) fn event(n: i64) -> Json {
    let at = START_US + n * 1_800_000_000 + n % 7 * 100_001;
    let day = n / EVENTS_A_DAY;
    let user = ["alice", "bob", "carol"][(n % 3) as usize];
    let is_role = n % 5 == 0;
    let role = format!("arn:aws:iam::111111111111:role/team/Deploy{day}");
    let arn = match is_role {
        true => format!("arn:aws:sts::111111111111:assumed-role/Deploy{day}/{user}"),
        false => format!("arn:aws:iam::111111111111:user/{user}{day}"),
    };
    let key = format!("AKIA{user}{day}");
    let issuer = is_role.then(|| json!({"arn": role, "type": "Role", "username": format!("Deploy{day}")}));
    let name = format!("{user}{day}");
    json!({
        "eventtime": iso(at), "eventtimestamp": at, "eventdate": day_of(at), "eventid": format!("id-{n}"),
        "eventsource": if n % 2 == 0 { "s3.amazonaws.com" } else { "iam.amazonaws.com" },
        "eventname": (["GetObject", "ListUsers", "ConsoleLogin"][(n % 3) as usize]),
        "useridentity": {"type": if is_role { "AssumedRole" } else { "IAMUser" }, "arn": arn, "accesskeyid": key,
            "username": if is_role { Json::Null } else { json!(name) }, "sessioncontext": {"sessionissuer": issuer}},
        "principal": if is_role { role } else { arn.clone() }, "useridentityarn": arn, "accesskeyid": key,
        "username": if is_role { Json::Null } else { json!(name) },
        "requestparameters": json!({"bucketName": format!("b{}", n % 4), "n": n, "tags": [{"key": "k"}]}).to_string(),
        "resources": [{"arn": format!("arn:aws:s3:::b{}", n % 4), "type": "AWS::S3::Bucket"},
            {"arn": format!("arn:aws:s3:::b{}/x", n % 4), "type": "AWS::S3::Object"}],
        "errorcode": if n % 10 == 3 { json!("AccessDenied") } else { Json::Null },
    })
}

/// The normalised text of a time: whole seconds.
pub(crate) fn iso(us: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(us).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn day_of(us: i64) -> i64 {
    us.div_euclid(DAY_US)
}

/// Writes one file of events and says about it what the catalog would.
pub(crate) fn write(folder: &std::path::Path, number: i64, rows: &[Json]) -> LakeFile {
    let schema = arrow_schema(EVENTS);
    let columns = schema.fields().iter().map(|field| {
        let values: Vec<&Json> = rows.iter().map(|row| &row[field.name()]).collect();
        array(field.data_type(), &values)
    });
    let batch = RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
    let path = folder.join(format!("day-{number}.parquet"));
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(12)).set_bloom_filter_enabled(true).build();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let times = || rows.iter().filter_map(|row| row["eventtimestamp"].as_i64());
    LakeFile {
        size_bytes: path.metadata().unwrap().len(),
        path,
        record_count: rows.len() as u64,
        event_timestamp_bounds: times().min().zip(times().max()),
        event_date: rows[0]["eventdate"].as_i64().map(|d| d as i32),
    }
}

fn array(data_type: &DataType, values: &[&Json]) -> ArrayRef {
    let nulls = || NullBuffer::from_iter(values.iter().map(|v| !v.is_null()));
    match data_type {
        DataType::Utf8 => Arc::new(StringArray::from_iter(values.iter().map(|v| v.as_str()))),
        DataType::Boolean => Arc::new(BooleanArray::from_iter(values.iter().map(|v| v.as_bool()))),
        DataType::Int64 => Arc::new(Int64Array::from_iter(values.iter().map(|v| v.as_i64()))),
        DataType::Date32 => Arc::new(Date32Array::from_iter(values.iter().map(|v| v.as_i64().map(|d| d as i32)))),
        DataType::Timestamp(..) => Arc::new(TimestampMicrosecondArray::from_iter(values.iter().map(|v| v.as_i64()))),
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|f| {
                let values: Vec<&Json> = values.iter().map(|v| &v[f.name()]).collect();
                array(f.data_type(), &values)
            });
            Arc::new(StructArray::new(fields.clone(), columns.collect(), Some(nulls())))
        }
        DataType::List(element) => {
            let lists: Vec<&[Json]> = values.iter().map(|v| v.as_array().map_or(&[][..], Vec::as_slice)).collect();
            let offsets = OffsetBuffer::from_lengths(lists.iter().map(|l| l.len()));
            let flat: Vec<&Json> = lists.into_iter().flatten().collect();
            Arc::new(ListArray::new(element.clone(), offsets, array(element.data_type(), &flat), Some(nulls())))
        }
        other => unreachable!("the event schema has no {other}"),
    }
}

//! The two tables of the lake, column by column: the one place where CloudTrail's field names meet Athena's spelling.
//! From this list come the Arrow schema, the Parquet field ids, DuckLake's column rows and the bloom and statistics
//! settings. `event_batch` fills `events`, `rollup` fills `access_daily`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};

/// The type of a column, in the words DuckLake and Arrow share.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnType {
    Text,
    Bool,
    BigInt,
    /// Microseconds, UTC, without a zone (DuckDB's TIMESTAMP).
    Timestamp,
    Date,
    Struct(&'static [Column]),
    List(&'static Column),
}

/// What a reader may prune by, and so what the writer keeps for a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistics {
    /// Smallest and largest value, null count.
    Bounds,
    /// Bounds and a bloom filter: columns that people look needles up by.
    Bloom,
    /// Null count only: long text, where a bound would cost space and prune nothing.
    NullCount,
}

/// One column: its SQL name, type and statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: &'static str,
    pub column_type: ColumnType,
    pub statistics: Statistics,
}

impl Column {
    /// Hardly a value comes twice in a file: a dictionary would only cost.
    pub fn is_mostly_distinct(&self) -> bool {
        let name = self.name;
        let own = ["raw", "requestparameters", "responseelements", "eventid", "requestid", "sharedeventid"];
        own.contains(&name) || matches!(name, "eventtime" | "eventtimestamp" | "fingerprint" | "lasteventid")
    }

    /// Makes up most of a file's bytes.
    pub fn is_large(&self) -> bool {
        let is_text = matches!(self.column_type, ColumnType::Text);
        is_text && (self.statistics == Statistics::NullCount || self.is_mostly_distinct() || self.name == "objectkey")
    }

    /// Hashes, and what a dictionary has made as small as it gets.
    pub fn is_incompressible(&self) -> bool {
        self.name == "fingerprint" || matches!(self.column_type, ColumnType::Bool | ColumnType::Date)
    }
}

const fn text(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::Text, statistics: Statistics::Bounds }
}
const fn needle(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::Text, statistics: Statistics::Bloom }
}
const fn long_text(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::Text, statistics: Statistics::NullCount }
}
const fn column(name: &'static str, column_type: ColumnType) -> Column {
    Column { name, column_type, statistics: Statistics::Bounds }
}

const ON_BEHALF_OF: &[Column] = &[text("userid"), text("identitystorearn")];
const SESSION_ATTRIBUTES: &[Column] = &[text("mfaauthenticated"), text("creationdate")];
const SESSION_ISSUER: &[Column] =
    &[text("type"), text("principalid"), text("arn"), text("accountid"), text("username")];
const WEB_ID_FEDERATION: &[Column] = &[text("federatedprovider"), text("attributes")];
const SESSION_CONTEXT: &[Column] = &[
    column("attributes", ColumnType::Struct(SESSION_ATTRIBUTES)),
    column("sessionissuer", ColumnType::Struct(SESSION_ISSUER)),
    text("ec2roledelivery"),
    column("webidfederationdata", ColumnType::Struct(WEB_ID_FEDERATION)),
    text("sourceidentity"),
];
const USER_IDENTITY: &[Column] = &[
    text("type"),
    text("principalid"),
    text("arn"),
    text("accountid"),
    text("invokedby"),
    text("accesskeyid"),
    text("username"),
    text("identityprovider"),
    text("credentialid"),
    column("onbehalfof", ColumnType::Struct(ON_BEHALF_OF)),
    column("sessioncontext", ColumnType::Struct(SESSION_CONTEXT)),
];
const RESOURCE: &[Column] = &[text("arn"), text("accountid"), text("type")];
const RESOURCE_ELEMENT: Column = column("element", ColumnType::Struct(RESOURCE));
const TLS_DETAILS: &[Column] = &[text("tlsversion"), text("ciphersuite"), text("clientprovidedhostheader")];
const WARNING_ELEMENT: Column = text("element");

/// `events`: one row per distinct event. Athena's documented CloudTrail columns first, in its spelling
/// (<https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html>), then Tadoru's own.
pub const EVENTS: &[Column] = &[
    text("eventversion"),
    column("useridentity", ColumnType::Struct(USER_IDENTITY)),
    text("eventtime"),
    text("eventsource"),
    text("eventname"),
    text("awsregion"),
    text("sourceipaddress"),
    long_text("useragent"),
    text("errorcode"),
    long_text("errormessage"),
    long_text("requestparameters"),
    long_text("responseelements"),
    long_text("additionaleventdata"),
    text("requestid"),
    needle("eventid"),
    text("readonly"),
    column("resources", ColumnType::List(&RESOURCE_ELEMENT)),
    text("eventtype"),
    text("apiversion"),
    text("recipientaccountid"),
    long_text("serviceeventdetails"),
    text("sharedeventid"),
    text("vpcendpointid"),
    text("vpcendpointaccountid"),
    text("eventcategory"),
    long_text("addendum"),
    text("sessioncredentialfromconsole"),
    long_text("edgedevicedetails"),
    column("tlsdetails", ColumnType::Struct(TLS_DETAILS)),
    long_text("insightdetails"),
    long_text("eventcontext"),
    column("eventtimestamp", ColumnType::Timestamp),
    column("eventdate", ColumnType::Date),
    column("deliverydate", ColumnType::Date),
    text("account"),
    needle("principal"),
    text("principaltype"),
    text("sessionname"),
    needle("accesskeyid"),
    needle("username"),
    needle("useridentityarn"),
    column("managementevent", ColumnType::Bool),
    text("outcome"),
    text("copy"),
    text("variant"),
    text("objectkey"),
    column("fingerprint", ColumnType::BigInt),
    column("warnings", ColumnType::List(&WARNING_ELEMENT)),
    long_text("raw"),
];

/// `access_daily`: partial sums of who called what, when, with which outcome; every reader groups.
pub const ACCESS_DAILY: &[Column] = &[
    needle("principal"),
    text("principaltype"),
    text("eventsource"),
    text("eventname"),
    text("variant"),
    text("eventcategory"),
    text("eventtype"),
    text("awsregion"),
    text("account"),
    text("copy"),
    text("outcome"),
    column("eventdate", ColumnType::Date),
    column("eventmonth", ColumnType::Date),
    column("eventcount", ColumnType::BigInt),
    column("firsteventtimestamp", ColumnType::Timestamp),
    column("lasteventtimestamp", ColumnType::Timestamp),
    text("lasteventid"),
];

/// The table's Arrow schema; each field carries its Parquet field id (depth first from 1, a list's element has its own).
pub fn arrow_schema(columns: &'static [Column]) -> SchemaRef {
    let mut next_id = 1;
    Arc::new(Schema::new(columns.iter().map(|c| field(c, &mut next_id)).collect::<Vec<_>>()))
}

fn field(column: &Column, next_id: &mut i64) -> FieldRef {
    let id = *next_id;
    *next_id += 1;
    let data_type = match &column.column_type {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::BigInt => DataType::Int64,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        ColumnType::Date => DataType::Date32,
        ColumnType::Struct(children) => {
            DataType::Struct(children.iter().map(|c| field(c, next_id)).collect::<Fields>())
        }
        ColumnType::List(element) => DataType::List(field(element, next_id)),
    };
    let metadata = HashMap::from([("PARQUET:field_id".to_owned(), id.to_string())]);
    Arc::new(Field::new(column.name, data_type, true).with_metadata(metadata))
}

/// A column with its DuckLake id and its parent's, as `ducklake_column` lists them.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberedColumn {
    pub id: i64,
    pub parent: Option<i64>,
    pub column: &'static Column,
    /// Names from the root to this column, as Parquet's leaf path has them (a list adds `list`).
    pub parquet_path: String,
}

impl NumberedColumn {
    /// True for a column that holds values itself (and so has statistics), not a struct or a list.
    pub fn is_leaf(&self) -> bool {
        !matches!(self.column.column_type, ColumnType::Struct(_) | ColumnType::List(_))
    }

    /// DuckLake's name of the type.
    pub fn ducklake_type(&self) -> &'static str {
        match self.column.column_type {
            ColumnType::Text => "varchar",
            ColumnType::Bool => "boolean",
            ColumnType::BigInt => "int64",
            ColumnType::Timestamp => "timestamp",
            ColumnType::Date => "date",
            ColumnType::Struct(_) => "struct",
            ColumnType::List(_) => "list",
        }
    }
}

/// All columns with nested ones, depth first: the order of the field ids.
pub fn numbered(columns: &'static [Column]) -> Vec<NumberedColumn> {
    fn walk(column: &'static Column, parent: Option<i64>, path: &str, out: &mut Vec<NumberedColumn>) {
        let id = out.len() as i64 + 1;
        let parquet_path = if path.is_empty() { column.name.to_owned() } else { format!("{path}.{}", column.name) };
        out.push(NumberedColumn { id, parent, column, parquet_path: parquet_path.clone() });
        match &column.column_type {
            ColumnType::Struct(children) => {
                for child in *children {
                    walk(child, Some(id), &parquet_path, out);
                }
            }
            ColumnType::List(element) => walk(element, Some(id), &format!("{parquet_path}.list"), out),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for column in columns {
        walk(column, None, "", &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrow_field_ids_are_the_numbers_of_the_columns() {
        fn ids(field: &Field, out: &mut Vec<(i64, String)>) {
            let id = field.metadata()["PARQUET:field_id"].parse().expect("a number");
            out.push((id, field.name().clone()));
            match field.data_type() {
                DataType::Struct(children) => children.iter().for_each(|f| ids(f, out)),
                DataType::List(element) => ids(element, out),
                _ => {}
            }
        }
        for table in [EVENTS, ACCESS_DAILY] {
            let mut from_arrow = Vec::new();
            arrow_schema(table).fields().iter().for_each(|f| ids(f, &mut from_arrow));
            let numbered: Vec<_> = numbered(table).into_iter().map(|n| (n.id, n.column.name.to_owned())).collect();
            assert_eq!(from_arrow, numbered);
        }
    }
}

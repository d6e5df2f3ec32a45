//! The lake's values as JSON, which all formats print: times RFC 3339 in UTC, structs and lists as JSON, never text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lake::value::Value as LakeValue;
use serde_json::{Map, Value};

/// A row of an answer.
pub fn row(values: Vec<LakeValue>) -> Vec<Value> {
    values.into_iter().map(value).collect()
}

/// One value. A float that JSON has no number for is its name, as Athena prints it.
pub fn value(value: LakeValue) -> Value {
    match value {
        LakeValue::Null => Value::Null,
        LakeValue::Bool(flag) => flag.into(),
        LakeValue::Int(number) => number.into(),
        LakeValue::UInt(number) => number.into(),
        LakeValue::Float(number) if number.is_finite() => number.into(),
        LakeValue::Float(number) if number.is_nan() => "NaN".into(),
        LakeValue::Float(number) => if number > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        LakeValue::Decimal(text) | LakeValue::Text(text) | LakeValue::Time(text) | LakeValue::Interval(text) => {
            text.into()
        }
        LakeValue::Bytes(bytes) => STANDARD.encode(bytes).into(),
        LakeValue::Timestamp(us) | LakeValue::TimestampWithZone(us, _) => time(us).into(),
        LakeValue::Date(day) => lake::timestamp::date_text(day).into(),
        LakeValue::List(values) => row(values).into(),
        LakeValue::Struct(fields) => {
            fields.into_iter().map(|(name, v)| (name, self::value(v))).collect::<Map<_, _>>().into()
        }
        LakeValue::Map(entries) => {
            let entry = |(key, v)| match self::value(key) {
                Value::String(key) => (key, self::value(v)),
                key => (key.to_string(), self::value(v)),
            };
            entries.into_iter().map(entry).collect::<Map<_, _>>().into()
        }
    }
}

/// RFC 3339 in UTC, with a fraction only where there is one.
pub fn time(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |time| time.to_string())
}

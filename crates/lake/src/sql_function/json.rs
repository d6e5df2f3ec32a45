//! Athena's functions over JSON text: paths, arrays, canonical form. JSON is plain text here, so `json_parse` checks and
//! normalises, and a cast of `json_extract` to another type is rewritten by `athena_query`.

use std::sync::Arc;

use arrow::array::cast::AsArray;
use arrow::array::{ArrayRef, BooleanArray, Int64Array, ListBuilder, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use serde_json::Value as Json;

use super::Argument::{Any, Text};
use super::Function;
use crate::sql_error::SqlError;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("json_extract_scalar", &[Text, Text], |_| DataType::Utf8, |a| by_path(a, scalar_text)),
    Function::new(
        "json_extract",
        &[Text, Text],
        |_| DataType::Utf8,
        |a| by_path(a, |json| Some(canonical(json).to_string())),
    ),
    Function::new("json_parse", &[Text], |_| DataType::Utf8, json_parse),
    Function::new("json_format", &[Text], |_| DataType::Utf8, |a| Ok(a[0].clone())),
    Function::new("json_array_length", &[Text], |_| DataType::Int64, json_array_length),
    Function::new("json_array_contains", &[Text, Any], |_| DataType::Boolean, json_array_contains),
    Function::new("json_array_get", &[Text, super::Argument::Integer], |_| DataType::Utf8, json_array_get),
    Function::new("json_elements", &[Text], |_| list_of_text(), json_elements),
    Function::new("json_size", &[Text, Text], |_| DataType::Int64, json_size),
];

fn list_of_text() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// `$.a.b[0]["c d"]`.
fn path(text: &str) -> Result<Vec<Step>, SqlError> {
    let bad = || SqlError::Execution(format!("Invalid JSON path: '{text}'"));
    let mut rest = text.trim().strip_prefix('$').ok_or_else(bad)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (key, after) = after.split_at(end);
            if key.is_empty() || key.contains(['*', '?', '@']) {
                return Err(bad());
            }
            steps.push(Step::Key(key.trim_matches('"').to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            if let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                let (key, after) = after[1..].split_once(quote).ok_or_else(bad)?;
                rest = after.strip_prefix(']').ok_or_else(bad)?;
                steps.push(Step::Key(key.to_owned()));
            } else {
                let (index, after) = after.split_once(']').ok_or_else(bad)?;
                match index.trim().parse() {
                    Ok(index) => steps.push(Step::Index(index)),
                    Err(_) => return Err(bad()),
                }
                rest = after;
            }
        } else {
            return Err(bad());
        }
    }
    Ok(steps)
}

fn walk<'a>(mut json: &'a Json, steps: &[Step]) -> Option<&'a Json> {
    for step in steps {
        json = match step {
            Step::Key(key) => json.as_object()?.get(key)?,
            Step::Index(index) => json.as_array()?.get(*index)?,
        };
    }
    Some(json)
}

/// Runs `each` over what the path finds in each text. Text that is no JSON finds nothing, as in Athena.
fn with_path<T>(arguments: &[ArrayRef], mut each: impl FnMut(Option<&Json>) -> T) -> Result<Vec<T>, SqlError> {
    let (texts, paths) = (arguments[0].as_string::<i32>(), arguments[1].as_string::<i32>());
    let mut known: Option<(&str, Vec<Step>)> = None;
    texts
        .iter()
        .zip(paths.iter())
        .map(|(text, wanted)| {
            let (Some(text), Some(wanted)) = (text, wanted) else { return Ok(each(None)) };
            let steps = match known.take() {
                Some((same, steps)) if same == wanted => steps,
                _ => path(wanted)?,
            };
            let json = serde_json::from_str::<Json>(text).ok();
            let result = each(json.as_ref().and_then(|json| walk(json, &steps)));
            known = Some((wanted, steps));
            Ok(result)
        })
        .collect()
}

fn by_path(arguments: &[ArrayRef], show: fn(&Json) -> Option<String>) -> Result<ArrayRef, SqlError> {
    Ok(Arc::new(StringArray::from(with_path(arguments, |json| json.and_then(show))?)))
}

/// A string without its quotes, a number or a boolean; nothing for the rest.
fn scalar_text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Keys sorted, as Athena prints JSON.
fn canonical(json: &Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(canonical).collect()),
        Json::Object(map) => {
            let mut pairs: Vec<_> = map.iter().map(|(k, v)| (k.clone(), canonical(v))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(pairs.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn json_parse(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let parse = |text: &str| {
        let json = serde_json::from_str::<Json>(text);
        json.map(|json| canonical(&json).to_string())
            .map_err(|_| SqlError::Execution("Cannot convert value to JSON".into()))
    };
    let texts = arguments[0].as_string::<i32>().iter().map(|text| text.map(parse).transpose());
    Ok(Arc::new(StringArray::from(texts.collect::<Result<Vec<_>, _>>()?)))
}

fn arrays(argument: &ArrayRef) -> impl Iterator<Item = Option<Vec<Json>>> + '_ {
    argument.as_string::<i32>().iter().map(|text| serde_json::from_str::<Vec<Json>>(text?).ok())
}

fn json_array_length(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    Ok(Arc::new(arrays(&arguments[0]).map(|array| array.map(|a| a.len() as i64)).collect::<Int64Array>()))
}

fn json_array_contains(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let wanted =
        arrow::compute::cast(&arguments[1], &DataType::Utf8).map_err(|e| SqlError::Execution(e.to_string()))?;
    let is_text = matches!(arguments[1].data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let wanted = wanted.as_string::<i32>();
    let is = |json: &Json, wanted: &str| match json {
        Json::String(text) => is_text && text == wanted,
        Json::Number(number) => !is_text && number.to_string() == wanted,
        Json::Bool(value) => !is_text && wanted.parse() == Ok(*value),
        _ => false,
    };
    let found = arrays(&arguments[0]).zip(wanted.iter()).map(|(array, wanted)| {
        let wanted = wanted?;
        Some(array?.iter().any(|json| is(json, wanted)))
    });
    Ok(Arc::new(found.collect::<BooleanArray>()))
}

fn json_array_get(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let indexes = arguments[1].as_primitive::<arrow::datatypes::Int64Type>();
    let found = arrays(&arguments[0]).zip(indexes.iter()).map(|(array, index)| {
        let (array, index) = (array?, index?);
        let index = if index < 0 { index + array.len() as i64 } else { index };
        array.get(usize::try_from(index).ok()?).map(|json| canonical(json).to_string())
    });
    Ok(Arc::new(found.collect::<StringArray>()))
}

/// The elements of a JSON array, each as JSON text: what a cast to `array(json)` gives.
fn json_elements(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let mut list = ListBuilder::new(StringBuilder::new());
    for array in arrays(&arguments[0]) {
        for json in array.iter().flatten() {
            list.values().append_value(canonical(json).to_string());
        }
        list.append(array.is_some());
    }
    Ok(Arc::new(list.finish()))
}

fn json_size(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let size = |json: &Json| match json {
        Json::Array(items) => items.len() as i64,
        Json::Object(map) => map.len() as i64,
        _ => 0,
    };
    Ok(Arc::new(Int64Array::from(with_path(arguments, |json| json.map(size))?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, path: &str, expected: Option<&str>) {
        let arguments: [ArrayRef; 2] =
            [Arc::new(StringArray::from(vec![json])), Arc::new(StringArray::from(vec![path]))];
        let found = by_path(&arguments, scalar_text).unwrap();
        assert_eq!(found.as_string::<i32>().iter().next().unwrap(), expected, "{json} {path}");
    }

    #[test]
    fn a_path_finds_a_scalar() {
        check(r#"{"a":{"b":[1,{"c d":"x"}]}}"#, "$.a.b[0]", Some("1"));
        check(r#"{"a":{"b":[1,{"c d":"x"}]}}"#, r#"$.a.b[1]["c d"]"#, Some("x"));
        check(r#"{"a":true}"#, "$['a']", Some("true"));
    }

    #[test]
    fn what_is_no_scalar_is_null() {
        check(r#"{"a":{}}"#, "$.a", None);
        check(r#"{"a":null}"#, "$.a", None);
        check("not json", "$.a", None);
        check("[1]", "$[5]", None);
    }

    #[test]
    fn a_path_that_is_not_understood_is_an_error() {
        for bad in ["a", "$.", "$.*", "$[?(@.x)]", "$[1"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }
}

//! Inputs by the shapes of the models, and how clients write them: a second writer beside botocore's, for as many as one likes.

use aws_wire::model::{Kind, Location, Model, Operation, Protocol, Reference, Service, Shape};
use aws_wire::timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::Random;

/// A request, to be changed.
#[derive(Debug, Clone)]
pub struct Written {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Written {
    /// All its bytes.
    pub fn len(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.path.len() + self.query.len() + headers + self.body.len()
    }

    /// Changes one part of it.
    pub fn change(&mut self, random: &mut Random) {
        let changed = |random: &mut Random, text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            random.change(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        match random.below(6) {
            0 => self.path = changed(random, &self.path),
            1 => self.query = changed(random, &self.query),
            2 => {
                for (_, value) in &mut self.headers {
                    *value = changed(random, value);
                }
            }
            _ => random.change(&mut self.body),
        }
    }
}

/// An operation with an input and the request that brings it.
pub fn make<'m>(model: &'m Model, random: &mut Random) -> (&'m str, &'m str, Map<String, Value>, Written) {
    let operations: Vec<(&Service, &str, &Operation)> = model
        .services()
        .flat_map(|service| service.operations.iter().map(move |(name, operation)| (service, name.as_str(), operation)))
        .collect();
    let (service, name, operation) = operations[random.below(operations.len())];
    let maker = Maker { service, protocol: service.metadata.protocol };
    let input = match &operation.input {
        Some(shape) => maker.members(service.shape(shape), 0, random),
        None => Map::new(),
    };
    let written = maker.written(name, operation, &input);
    (&service.name, name, input, written)
}

struct Maker<'m> {
    service: &'m Service,
    protocol: Protocol,
}

impl Maker<'_> {
    fn members(&self, shape: &Shape, depth: usize, random: &mut Random) -> Map<String, Value> {
        let mut members = Map::new();
        for (name, reference) in &shape.members {
            // A form has nothing of a structure without members, and a path needs its labels.
            let is_needed = depth > 0 && members.is_empty() || reference.location == Some(Location::Uri);
            if is_needed || random.below(3) > 0 {
                members.insert(name.clone(), self.value(reference, depth + 1, random));
            }
        }
        members
    }

    fn value(&self, reference: &Reference, depth: usize, random: &mut Random) -> Value {
        let shape = self.service.shape(&reference.shape);
        match shape.kind {
            Kind::Structure => Value::Object(self.members(shape, depth, random)),
            Kind::List => {
                let item = shape.member.as_ref().unwrap();
                (0..random.below(4)).map(|_| self.value(item, depth + 1, random)).collect()
            }
            Kind::Map => {
                let value = shape.value.as_ref().unwrap();
                let entries = (0..=random.below(2))
                    .map(|at| (format!("{at}{}", text(random)), self.value(value, depth + 1, random)));
                Value::Object(entries.collect())
            }
            Kind::Boolean => Value::from(random.below(2) == 0),
            Kind::Integer => Value::from(random.next() as i32),
            Kind::Long => Value::from(random.next() as i64),
            Kind::Float | Kind::Double => Value::from(random.next() as i32 as f64 / 8.0),
            // To the millisecond, as all protocols can tell.
            Kind::Timestamp => Value::from((random.next() % 4_000_000_000_000) as i64 * 1_000),
            Kind::Blob => Value::from("AAEC"),
            Kind::String => Value::from(format!("{}{}", char::from(b'a' + random.below(26) as u8), text(random))),
        }
    }

    fn written(&self, name: &str, operation: &Operation, input: &Map<String, Value>) -> Written {
        let mut written = Written {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let shape = operation.input.as_deref().map(|shape| self.service.shape(shape));
        match self.protocol {
            Protocol::Query => {
                let mut fields = vec![
                    ("Action".to_owned(), name.to_owned()),
                    ("Version".to_owned(), self.service.metadata.api_version.clone()),
                ];
                if let Some(shape) = shape {
                    self.form_members(shape, input, "", &mut fields);
                }
                written.body = form(&fields).into_bytes();
            }
            Protocol::Json => {
                let prefix = self.service.metadata.target_prefix.as_deref().unwrap();
                written.headers.push(("x-amz-target".to_owned(), format!("{prefix}.{name}")));
                let body = shape.map_or_else(|| Value::Object(Map::new()), |shape| self.json_members(shape, input));
                written.body = body.to_string().into_bytes();
            }
            Protocol::RestJson => {
                let http = operation.http.as_ref().unwrap();
                let shape = shape.unwrap();
                let mut parameters = Vec::new();
                (written.method, written.path) = (http.method.clone(), http.request_uri.clone());
                for (name, reference) in &shape.members {
                    let Some(value) = input.get(name) else { continue };
                    let (wire, text) = (Shape::wire_name(name, reference), self.scalar(reference, value));
                    match reference.location {
                        Some(Location::Uri) => {
                            written.path = written.path.replace(&format!("{{{wire}}}"), &encoded(&text));
                        }
                        Some(Location::QueryString) => parameters.push((wire.to_owned(), text)),
                        None => {}
                    }
                }
                written.query = form(&parameters);
                written.body = self.json_members(shape, input).to_string().into_bytes();
            }
        }
        written
    }

    fn json_members(&self, shape: &Shape, members: &Map<String, Value>) -> Value {
        let in_body = shape.members.iter().filter(|(_, reference)| reference.location.is_none());
        let written = in_body.filter_map(|(name, reference)| {
            Some((Shape::wire_name(name, reference).to_owned(), self.json(reference, members.get(name)?)))
        });
        Value::Object(written.collect())
    }

    fn json(&self, reference: &Reference, value: &Value) -> Value {
        let shape = self.service.shape(&reference.shape);
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(members)) => self.json_members(shape, members),
            (Kind::List, Value::Array(items)) => {
                items.iter().map(|item| self.json(shape.member.as_ref().unwrap(), item)).collect()
            }
            (Kind::Map, Value::Object(entries)) => {
                let reference = shape.value.as_ref().unwrap();
                Value::Object(entries.iter().map(|(name, value)| (name.clone(), self.json(reference, value))).collect())
            }
            (Kind::Timestamp, value) if self.protocol == Protocol::RestJson => {
                Value::from(timestamp::iso8601(value.as_i64().unwrap()))
            }
            (Kind::Timestamp, value) => timestamp::seconds(value.as_i64().unwrap()),
            (_, value) => value.clone(),
        }
    }

    fn form_members(
        &self,
        shape: &Shape,
        members: &Map<String, Value>,
        path: &str,
        fields: &mut Vec<(String, String)>,
    ) {
        for (name, reference) in &shape.members {
            if let Some(value) = members.get(name) {
                let dot = if path.is_empty() { "" } else { "." };
                self.form_value(reference, value, &format!("{path}{dot}{}", Shape::wire_name(name, reference)), fields);
            }
        }
    }

    fn form_value(&self, reference: &Reference, value: &Value, path: &str, fields: &mut Vec<(String, String)>) {
        let shape = self.service.shape(&reference.shape);
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(members)) => self.form_members(shape, members, path, fields),
            (Kind::List, Value::Array(items)) => {
                let item = shape.member.as_ref().unwrap();
                let middle =
                    if shape.flattened { String::new() } else { format!(".{}", Shape::wire_name("member", item)) };
                for (index, value) in items.iter().enumerate() {
                    self.form_value(item, value, &format!("{path}{middle}.{}", index + 1), fields);
                }
                if items.is_empty() {
                    fields.push((path.to_owned(), String::new()));
                }
            }
            (Kind::Map, Value::Object(entries)) => {
                let (key, value) = (shape.key.as_ref().unwrap(), shape.value.as_ref().unwrap());
                let middle = if shape.flattened { "" } else { ".entry" };
                for (index, (name, of_entry)) in entries.iter().enumerate() {
                    let entry = format!("{path}{middle}.{}", index + 1);
                    fields.push((format!("{entry}.{}", Shape::wire_name("key", key)), name.clone()));
                    self.form_value(value, of_entry, &format!("{entry}.{}", Shape::wire_name("value", value)), fields);
                }
            }
            (_, value) => fields.push((path.to_owned(), self.scalar(reference, value))),
        }
    }

    fn scalar(&self, reference: &Reference, value: &Value) -> String {
        match (self.service.shape(&reference.shape).kind, value) {
            (Kind::Timestamp, value) => timestamp::iso8601(value.as_i64().unwrap()),
            (_, Value::String(text)) => text.clone(),
            (_, value) => value.to_string(),
        }
    }
}

fn form(fields: &[(String, String)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    fields.join("&")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn text(random: &mut Random) -> String {
    const LETTERS: &[&str] =
        &["a", "Z", "0", " ", "+", "%", "&", "=", "/", "?", "\"", "\\", "<", "\n", "\0", "日", "\u{10ffff}"];
    (0..random.below(12)).map(|_| random.of(LETTERS)).collect()
}

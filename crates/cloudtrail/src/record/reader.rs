//! Field values out of a record slice, by the places the scan noted. A value of another type than AWS documents is
//! no error: it becomes its literal text or nothing, with FIELD_TYPE.

use std::borrow::Cow;

use crate::json::text::{compact, unescape};
use crate::json::walk::{elements, members};
use crate::log_file::RecordSlice;
use crate::record::field::Field;
use crate::record::{Resource, Text, TlsDetails};
use crate::reject::{Reason, Warning};

/// Longest text field that is read into a column of its own.
const TEXT_BYTES: usize = 64 * 1024;

pub(crate) struct FieldReader<'a> {
    pub raw: &'a str,
    places: [(u32, u32); Field::COUNT],
    spaced: bool,
    escaped: bool,
    warnings: Vec<Warning>,
}

impl<'a> FieldReader<'a> {
    pub fn new(slice: &'a RecordSlice<'a>) -> Result<Self, (Reason, String)> {
        let raw = simdutf8::basic::from_utf8(&slice.bytes).map_err(|_| (Reason::NotUtf8, String::new()))?;
        let mut places = [(0, 0); Field::COUNT];
        for member in &slice.members {
            places[member.field as usize] = (member.start, member.end);
        }
        Ok(FieldReader { raw, places, spaced: slice.spaced, escaped: slice.escaped, warnings: Vec::new() })
    }

    pub fn warn_if(&mut self, odd: bool, warning: Warning) {
        if odd && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    /// A field's JSON text.
    #[inline]
    pub fn value(&self, field: Field) -> Option<&'a str> {
        match self.places[field as usize] {
            (_, 0) => None,
            (start, end) => Some(&self.raw[start as usize..end as usize]),
        }
    }

    #[inline]
    pub fn text(&mut self, field: Field) -> Result<Text<'a>, (Reason, String)> {
        let Some(value) = self.value(field) else {
            return Ok(None);
        };
        if value.len() > TEXT_BYTES {
            return Err((Reason::FieldLimit, format!("{field:?} has {} bytes", value.len())));
        }
        Ok(self.text_of(value))
    }

    #[inline]
    fn text_of(&mut self, value: &'a str) -> Text<'a> {
        match value.as_bytes().first() {
            Some(b'"') if !self.escaped => Some(Cow::Borrowed(&value[1..value.len() - 1])),
            Some(b'"') => Some(unescape(&value[1..value.len() - 1])),
            Some(b'n') | None => None,
            Some(b'{' | b'[') => {
                self.warn_if(true, Warning::FieldType);
                None
            }
            Some(_) => {
                self.warn_if(true, Warning::FieldType);
                Some(Cow::Borrowed(value))
            }
        }
    }

    #[inline]
    pub fn json(&self, field: Field) -> Text<'a> {
        let value = self.value(field).filter(|value| *value != "null")?;
        Some(if self.spaced { compact(value) } else { Cow::Borrowed(value) })
    }

    pub fn boolean(&mut self, field: Field) -> Option<bool> {
        match self.value(field)? {
            "true" | "\"true\"" => Some(true),
            "false" | "\"false\"" => Some(false),
            "null" => None,
            _ => {
                self.warn_if(true, Warning::FieldType);
                None
            }
        }
    }

    /// resources, in today's spelling (`ARN`) and in older ones.
    pub fn resources(&mut self) -> Vec<Resource<'a>> {
        let Some(value) = self.value(Field::Resources).filter(|value| *value != "null") else {
            return Vec::new();
        };
        self.warn_if(!value.starts_with('['), Warning::FieldType);
        let mut resources = Vec::new();
        for element in elements(value) {
            self.warn_if(!element.starts_with('{'), Warning::FieldType);
            let mut resource = Resource::default();
            for (key, value) in members(element) {
                let place = match &*key {
                    "ARN" | "arn" => &mut resource.arn,
                    "accountId" => &mut resource.account_id,
                    "type" => &mut resource.resource_type,
                    _ => continue,
                };
                *place = self.text_of(value);
            }
            resources.push(resource);
        }
        resources
    }

    pub fn tls_details(&mut self) -> Option<TlsDetails<'a>> {
        let value = self.value(Field::TlsDetails).filter(|value| *value != "null")?;
        if !value.starts_with('{') {
            self.warn_if(true, Warning::FieldType);
            return None;
        }
        let mut details = TlsDetails::default();
        for (key, value) in members(value) {
            let place = match &*key {
                "tlsVersion" => &mut details.tls_version,
                "cipherSuite" => &mut details.cipher_suite,
                "clientProvidedHostHeader" => &mut details.client_provided_host_header,
                _ => continue,
            };
            *place = self.text_of(value);
        }
        Some(details)
    }
}

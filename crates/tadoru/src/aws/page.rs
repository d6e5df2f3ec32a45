//! Pages of answers in AWS's two ways: `Marker` with `IsTruncated`, and `NextToken`. A token is bound to the operation, the caller
//! and what the operation says must stay the same.

use aws_wire::error::AwsError;
use aws_wire::pagination_token;
use serde_json::{Map, Value};

use super::{OperationError, Request};

/// A part of what there is, and where the next part begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub items: Vec<Value>,
    next: Option<String>,
}

impl Page {
    /// The answer with `items` as its member of that name.
    pub fn answer(self, member: &str) -> Map<String, Value> {
        let (items, next) = (self.items, self.next);
        let mut answer = Map::new();
        answer.insert(member.to_owned(), Value::Array(items));
        answer.insert("IsTruncated".to_owned(), Value::Bool(next.is_some()));
        answer.extend(next.map(|marker| ("Marker".to_owned(), Value::String(marker))));
        answer
    }
}

impl Request<'_> {
    /// The page that `Marker` and `MaxItems` ask for, of at most `usual` items where nobody says; `bound_to` must stay the same
    /// from page to page.
    ///
    /// # Errors
    /// A marker that was not given out for this.
    pub(super) fn page(&self, items: Vec<Value>, usual: usize, bound_to: &[&str]) -> Result<Page, OperationError> {
        let bound_to = [&[self.operation, &self.caller.arn], bound_to].concat();
        let from = match self.text("Marker") {
            None => 0,
            Some(marker) => pagination_token::read(marker, &bound_to).ok_or_else(|| self.invalid_marker())?,
        };
        let count = self.number("MaxItems").and_then(|count| usize::try_from(count).ok()).unwrap_or(usual);
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(items.len());
        let until = from.saturating_add(count).min(items.len());
        let next = (until < items.len()).then(|| pagination_token::write(until as u64, &bound_to));
        Ok(Page { items: items.into_iter().take(until).skip(from).collect(), next })
    }

    fn invalid_marker(&self) -> AwsError {
        let code = if self.declares_invalid_input { "InvalidInput" } else { "ValidationError" };
        AwsError::new(code, "Invalid Marker.")
    }
}

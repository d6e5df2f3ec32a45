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

    /// The answer with `items` as its member of that name, in the way of JSON services.
    pub fn answer_with_token(self, member: &str) -> Map<String, Value> {
        let mut answer = Map::from_iter([(member.to_owned(), Value::Array(self.items))]);
        answer.extend(self.next.map(|token| ("NextToken".to_owned(), Value::String(token))));
        answer
    }

    /// The same in the spelling of rest-json services.
    pub fn answer_with_lower_case_token(self, member: &str) -> Map<String, Value> {
        let mut answer = Map::from_iter([(member.to_owned(), Value::Array(self.items))]);
        answer.extend(self.next.map(|token| ("nextToken".to_owned(), Value::String(token))));
        answer
    }

    /// The answer of a page that runs through several lists: each item is a pair of its list's member and itself.
    pub fn answer_of_lists(self, members: &[&str]) -> Map<String, Value> {
        let empty = Self { items: Vec::new(), next: self.next };
        let mut answer = empty.answer(members.first().copied().unwrap_or_default());
        answer.extend(members.iter().map(|member| ((*member).to_owned(), Value::Array(Vec::new()))));
        for item in self.items {
            let member = item[0].as_str().unwrap_or_default();
            let list = answer.get_mut(member).and_then(Value::as_array_mut);
            list.expect("an item belongs to one of the lists").push(item[1].clone());
        }
        answer
    }
}

impl Request<'_> {
    /// The page that `Marker` and `MaxItems`, or `NextToken` and `MaxResults` in either spelling, ask for, of at most `usual`
    /// items where nobody says; `bound_to` must stay the same from page to page.
    ///
    /// # Errors
    /// A marker that was not given out for this.
    pub(super) fn page(&self, items: Vec<Value>, usual: usize, bound_to: &[&str]) -> Result<Page, OperationError> {
        let bound_to = [&[self.operation, &self.caller.arn], bound_to].concat();
        let token = self.text("Marker").or(self.next_token());
        let from = match token {
            None => 0,
            Some(token) => pagination_token::read(token, &bound_to).ok_or_else(|| self.invalid_token())?,
        };
        let count = ["MaxItems", "MaxResults", "maxResults"].into_iter().find_map(|member| self.number(member));
        let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usual);
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(items.len());
        let until = from.saturating_add(count).min(items.len());
        let next = (until < items.len()).then(|| pagination_token::write(until as u64, &bound_to));
        Ok(Page { items: items.into_iter().take(until).skip(from).collect(), next })
    }

    fn next_token(&self) -> Option<&str> {
        self.text("NextToken").or(self.text("nextToken"))
    }

    fn invalid_token(&self) -> AwsError {
        if self.next_token().is_some() {
            return AwsError::new("ValidationException", "The NextToken is not valid.").because("other");
        }
        let code = if self.declares_invalid_input { "InvalidInput" } else { "ValidationError" };
        AwsError::new(code, "Invalid Marker.")
    }
}

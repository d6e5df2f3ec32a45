//! `iam:GetAccessKeyLastUsed`: when, where and for which service a key of the account was last used, as the logs say.

use aws_wire::error::AwsError;
use iam::event_action;
use iam::inventory::EntityKind;
use lake::engine::Mode;
use lake::value::Value as LakeValue;
use query_syntax::event_filter::{EventFilter, Field, Operator, Pattern, Piece, Term};
use questions::events::{self, Input, Selection};
use questions::question_error::QuestionError;
use serde_json::{Map, Value, json};

use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let id = request.required("AccessKeyId");
    let key = inventory.find(EntityKind::AccessKey, &request.caller.account, id)?.ok_or_else(|| {
        AwsError::with_status(
            "AccessDenied",
            403,
            format!("User: {} is not authorized to perform: iam:GetAccessKeyLastUsed", request.caller.arn),
        )
    })?;
    let of_key = Term {
        field: Field::AccessKey,
        operator: Operator::Equal,
        values: vec![Pattern { pieces: vec![Piece::Literal(id.to_owned())] }],
    };
    let columns = ["time", "region", "event_source"].map(str::to_owned).to_vec();
    let until_us = Some(request.now.us);
    let selection = Selection { columns, until_us, limit: Some(1), ..Selection::default() };
    let sql = events::statement(&Input { filter: EventFilter { terms: vec![of_key] }, selection, ..Input::default() })?;
    let rows = snapshot.query(&sql, request.now.us, Mode::Trusted).map_err(QuestionError::from)?.rows;
    let last = match rows.first().map(Vec::as_slice) {
        Some([LakeValue::Timestamp(us), region, source]) => json!({
            "LastUsedDate": us - us.rem_euclid(1_000_000),
            "Region": text(region),
            "ServiceName": event_action::service_namespace(text(source).unwrap_or_default()),
        }),
        _ => json!({"Region": "N/A", "ServiceName": "N/A"}),
    };
    Ok(answer(json!({"UserName": key.text("UserName"), "AccessKeyLastUsed": last})))
}

fn text(value: &LakeValue) -> Option<&str> {
    match value {
        LakeValue::Text(text) => Some(text),
        _ => None,
    }
}

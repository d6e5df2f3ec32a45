//! What CloudTrail answers: trails, their status and what they record. A trail belongs to its home region, and a listing is whole
//! for the region that was asked.

use super::super::EntityKind;
use super::super::content::{Call, Fault};
use super::{Said, needed, take_list, text};
use crate::arn::Arn;

pub(super) fn trails(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let scope = |arn: &str| Arn::parse(arn).map_or(String::new(), |arn| format!("{}/{}", arn.account, arn.region));
    let named = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
    match call.operation.as_str() {
        "DescribeTrails" | "ListTrails" => {
            if let (Some(account), Some(region)) = (&call.account, &call.region) {
                said.list(EntityKind::Trail, &format!("{account}/{region}"));
            }
            let list = if call.operation == "ListTrails" { "Trails" } else { "trailList" };
            for (index, fields) in take_list(&mut output, list)?.into_iter().enumerate() {
                let arn = needed(&fields, "TrailARN", &format!("{list}[{index}]"))?;
                said.list(EntityKind::Trail, &scope(&arn));
                said.add(EntityKind::Trail, &scope(&arn), &arn, &named(&arn), fields);
            }
        }
        operation => {
            let arn = text(&output, "TrailARN").or_else(|| text(&call.input, "Name")).map(str::to_owned);
            let arn = arn.filter(|arn| Arn::parse(arn).is_some()).ok_or_else(|| {
                Fault::new(format!("the output of {operation} does not say of which trail it is"))
                    .try_this("tadoru inventory collect, which keeps that beside each answer")
            })?;
            said.add(EntityKind::Trail, &scope(&arn), &arn, &named(&arn), output);
        }
    }
    Ok(())
}

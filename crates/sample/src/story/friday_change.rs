//! On a Friday night somebody tightens a policy; the nightly export loses two permissions and fails for three nights,
//! until a colleague mends the policy on Monday morning.

use serde_json::{Value, json};

use super::{Script, escaped};
use crate::account::{GLOBAL_REGION, HOME_REGION, PRODUCTION};
use crate::calendar::{DAY, HOUR, MINUTE, event_time_text, weekday};
use crate::caller::ADMINISTRATOR;

const POLICY_ARN: &str = "arn:aws:iam::222222222222:policy/jobs/NightlyExportPolicy";
const JOB: (usize, &str) = (PRODUCTION, "NightlyExport");
const BEFORE: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Export","Effect":"Allow","Action":["dynamodb:ExportTableToPointInTime","kms:GenerateDataKey","logs:CreateLogStream","s3:PutObject","ssm:GetParameter"],"Resource":"*"}]}"#;
const AFTER: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Export","Effect":"Allow","Action":["logs:CreateLogStream","s3:PutObject","ssm:GetParameter"],"Resource":"*"}]}"#;

/// The policy's versions, the last one in force.
pub(crate) fn documents() -> Vec<Value> {
    [BEFORE, AFTER, BEFORE].map(|document| serde_json::from_str(document).expect("the documents above are JSON")).into()
}

pub(super) fn act(script: &mut Script) {
    let (changed, mended) = times(script.end());
    let from = script.acts.len();
    change(script, changed, "daisuke.yamamoto", AFTER);
    change(script, mended, "emi.kobayashi", BEFORE);
    let mut denied_nights = 0;
    let first = script.end() - 59 * DAY;
    for midnight in (0..59).map(|day| first + day * DAY) {
        let start = midnight + 18 * HOUR;
        let broken = (changed..mended).contains(&start);
        denied_nights += u32::from(broken);
        night(script, start, broken);
    }
    script.tell(
        from,
        "friday_change",
        "Why did the nightly export fail over the weekend, and who changed what?",
        [
            ("policy_arn", json!(POLICY_ARN)),
            ("changed_by", json!("daisuke.yamamoto")),
            ("changed", json!(event_time_text(changed))),
            ("mended_by", json!("emi.kobayashi")),
            ("mended", json!(event_time_text(mended))),
            ("job", json!("arn:aws:iam::222222222222:role/jobs/NightlyExport")),
            ("lost_actions", json!(["dynamodb:ExportTableToPointInTime", "kms:GenerateDataKey"])),
            ("denied_nights", json!(denied_nights)),
            ("denied_calls", json!(denied_nights * 4)),
        ],
    );
}

/// Friday 22:40 and the next Monday 09:20, Japan's time, between 10 and 17 days before the end.
fn times(end: i64) -> (i64, i64) {
    let latest = end / DAY - 10;
    let friday = latest - (weekday(latest) - 4).rem_euclid(7);
    (friday * DAY + 13 * HOUR + 40 * MINUTE, (friday + 3) * DAY + 20 * MINUTE)
}

fn change(script: &mut Script, time: i64, who: &str, document: &str) {
    let caller = format!("{ADMINISTRATOR}/{who}");
    let document = escaped(document);
    script
        .act((PRODUCTION, GLOBAL_REGION), time, (PRODUCTION, &caller), "iam:CreatePolicyVersion")
        .parameters(format!(r#"{{"policyArn":"{POLICY_ARN}","policyDocument":"{document}","setAsDefault":true}}"#));
}

/// One run. A broken run tries each refused call twice.
fn night(script: &mut Script, start: i64, broken: bool) {
    let at = (PRODUCTION, HOME_REGION);
    script.act(at, start, JOB, "ssm:GetParameter");
    script.act(at, start + 2, JOB, "logs:CreateLogStream");
    for (seconds, call) in [(5, "kms:GenerateDataKey"), (9, "dynamodb:ExportTableToPointInTime")] {
        if broken {
            script.act(at, start + seconds, JOB, call).denied();
            script.act(at, start + seconds + 60, JOB, call).denied();
        } else {
            script.act(at, start + seconds, JOB, call);
        }
    }
    if !broken {
        script.act(at, start + 240, JOB, "s3:PutObject");
    }
}

//! A contractor worked for two weeks, then fell silent 45 days before the sample ends; the access is still there.

use serde_json::json;

use super::Script;
use super::routine::sign_in;
use crate::account::{DEVELOPMENT, HOME_REGION};
use crate::calendar::{DAY, HOUR, MINUTE, event_time_text};
use crate::caller::{CONTRACTOR, identity_center_user_id};

const NAME: &str = "kenji.mori";
/// Days before the end on which he worked.
const WORKED: [i64; 5] = [59, 57, 53, 50, 46];

pub(super) fn act(script: &mut Script) {
    let from = script.acts.len();
    let caller = format!("{CONTRACTOR}/{NAME}");
    let mut last_sign_in = 0;
    for before in WORKED {
        let morning = script.end() - before * DAY + 2 * HOUR;
        last_sign_in = sign_in(script, morning, NAME, DEVELOPMENT, CONTRACTOR);
        for (minutes, call) in
            [(4, "ec2:DescribeInstances"), (9, "logs:FilterLogEvents"), (31, "lambda:GetFunction20150331v2")]
        {
            let time = morning + minutes * MINUTE;
            script.act((DEVELOPMENT, HOME_REGION), time, (DEVELOPMENT, &caller), call);
        }
    }
    let last_activity = script.acts.iter().skip(from).map(|act| act.time).max().unwrap_or(last_sign_in);
    script.tell(
        from,
        "idle_contractor",
        "Who has not signed in for 45 days and still may?",
        [
            ("user_name", json!(NAME)),
            ("user_id", json!(identity_center_user_id(NAME))),
            ("permission_set", json!("ContractorReadOnly")),
            ("days_worked", json!(WORKED.len())),
            ("last_sign_in", json!(event_time_text(last_sign_in))),
            ("last_activity", json!(event_time_text(last_activity))),
            ("idle_days", json!((script.end() - last_activity) / DAY)),
        ],
    );
}

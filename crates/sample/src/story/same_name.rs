//! Two accounts have a user of the same name; the answers about them must not be merged.

use serde_json::json;

use super::Script;
use crate::account::{DEVELOPMENT, HOME_REGION, PRODUCTION};
use crate::calendar::{DAY, HOUR};

pub(super) fn act(script: &mut Script) {
    let from = script.acts.len();
    for (before, account, call) in [
        (30, PRODUCTION, "dynamodb:ListTables"),
        (29, PRODUCTION, "dynamodb:ListTables"),
        (28, DEVELOPMENT, "sns:ListTopics"),
        (2, DEVELOPMENT, "sns:ListTopics"),
        (2, DEVELOPMENT, "ssm:StartSession"),
    ] {
        let time = script.end() - before * DAY + 7 * HOUR;
        script.act((account, HOME_REGION), time, (account, "TestUser"), call);
    }
    script.tell(
        from,
        "same_name",
        "What did TestUser do, and which one?",
        [
            ("user_name", json!("TestUser")),
            ("arns", json!(["arn:aws:iam::222222222222:user/TestUser", "arn:aws:iam::333333333333:user/TestUser"])),
        ],
    );
}

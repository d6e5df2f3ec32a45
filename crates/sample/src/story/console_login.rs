//! One console login without a second factor among many with one, after two failed attempts.

use serde_json::json;

use super::Script;
use crate::account::{DEVELOPMENT, HOME_REGION, MANAGEMENT, PRODUCTION};
use crate::calendar::{DAY, HOUR, MINUTE, event_time_text};
use crate::caller::BROWSER;

const WITHOUT_MFA: &str = r#"{"LoginTo":"https://console.aws.amazon.com/console/home?region=ap-northeast-1","MobileVersion":"No","MFAUsed":"No"}"#;

pub(super) fn act(script: &mut Script) {
    with_mfa(script);
    let from = script.acts.len();
    let login = script.end() - 8 * DAY + 11 * HOUR;
    for minutes in [3, 2] {
        let act = script.act(
            (DEVELOPMENT, HOME_REGION),
            login - minutes * MINUTE,
            (DEVELOPMENT, "hogehoge"),
            "signin:ConsoleLogin",
        );
        act.denied().response(r#"{"ConsoleLogin":"Failure"}"#).detail.additional = Some(WITHOUT_MFA.to_owned());
    }
    let act = script.act((DEVELOPMENT, HOME_REGION), login, (DEVELOPMENT, "hogehoge"), "signin:ConsoleLogin");
    act.detail.additional = Some(WITHOUT_MFA.to_owned());
    script.tell(
        from,
        "console_login_without_mfa",
        "Who signed in to the console without MFA?",
        [
            ("user_name", json!("hogehoge")),
            ("account", json!("333333333333")),
            ("login", json!(event_time_text(login))),
            ("logins_without_mfa", json!(1)),
            ("failed_logins", json!(2)),
        ],
    );
}

fn with_mfa(script: &mut Script) {
    for midnight in script.workdays() {
        for (account, name) in [(PRODUCTION, "Alice"), (MANAGEMENT, "Bob"), (DEVELOPMENT, "hogehoge")] {
            let mut random = script.random(name, midnight);
            if random.permille(300) {
                let time = midnight + HOUR + i64::from(random.below(5 * 3600));
                let act = script.act((account, HOME_REGION), time, (account, name), "signin:ConsoleLogin");
                act.detail.agent = Some(BROWSER);
            }
        }
    }
}

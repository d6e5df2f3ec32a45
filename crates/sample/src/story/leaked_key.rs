//! A machine user's key leaks: seven minutes after its usual work in Tokyo it is tried from an address far away,
//! which looks around, is refused what it wants, and is shut out within the hour.

use serde_json::json;

use super::Script;
use crate::account::{DEVELOPMENT, GLOBAL_REGION, HOME_REGION};
use crate::calendar::{DAY, HOUR, MINUTE, event_time_text};
use crate::caller;

const USER: (usize, &str) = (DEVELOPMENT, "deploy-bot");
const HOME_IP: &str = "198.51.100.23";
const FOREIGN_IP: &str = "203.0.113.77";
const FOREIGN_AGENT: &str = "Boto3/1.26.90 Python/3.11.2 Linux/6.1.0-kali5-amd64 Botocore/1.29.90";
/// Seconds after the first foreign call, the call, permitted.
const TRIED: [(i64, &str, bool); 9] = [
    (0, "sts:GetCallerIdentity", true),
    (21, "s3:ListBuckets", true),
    (48, "iam:ListUsers", true),
    (77, "iam:ListRoles", false),
    (112, "iam:CreateUser", false),
    (131, "iam:CreateAccessKey", false),
    (158, "iam:AttachUserPolicy", false),
    (205, "secretsmanager:GetSecretValue", false),
    (266, "ec2:RunInstances", false),
];

pub(super) fn act(script: &mut Script) {
    for midnight in script.workdays() {
        for (seconds, call) in [(0, "ssm:GetParameter"), (6, "ecr:BatchGetImage")] {
            script.act((DEVELOPMENT, HOME_REGION), midnight + 5 * HOUR + seconds, USER, call);
        }
    }
    let leaked = script.end() - 20 * DAY + 6 * HOUR + 7 * MINUTE;
    let from = script.acts.len();
    let key = caller::all()[caller::find(USER.0, USER.1)].access_key_id();
    script.act((DEVELOPMENT, HOME_REGION), leaked - 7 * MINUTE, USER, "ssm:GetParameter");
    for (seconds, call, permitted) in TRIED {
        let act = script.act((DEVELOPMENT, GLOBAL_REGION), leaked + seconds, USER, call);
        act.detail.ip = Some(FOREIGN_IP);
        act.detail.agent = Some(FOREIGN_AGENT);
        match call {
            "iam:CreateUser" | "iam:CreateAccessKey" => act.parameters(r#"{"userName":"support-team"}"#),
            "iam:AttachUserPolicy" => act
                .parameters(r#"{"userName":"support-team","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}"#),
            _ => act,
        };
        if !permitted {
            act.denied();
        }
    }
    let disabled = leaked + 50 * MINUTE;
    script
        .act((DEVELOPMENT, GLOBAL_REGION), disabled, (DEVELOPMENT, "terraform"), "iam:UpdateAccessKey")
        .parameters(format!(r#"{{"userName":"deploy-bot","accessKeyId":"{key}","status":"Inactive"}}"#));
    script.tell(
        from,
        "leaked_key",
        "Was an access key used from two places at once, and what was done with it?",
        [
            ("access_key_id", json!(key)),
            ("user_name", json!("deploy-bot")),
            ("home_ip", json!(HOME_IP)),
            ("foreign_ip", json!(FOREIGN_IP)),
            ("first_foreign_call", json!(event_time_text(leaked))),
            ("foreign_calls", json!(TRIED.len())),
            ("foreign_denied", json!(TRIED.iter().filter(|(_, _, permitted)| !permitted).count())),
            ("disabled", json!(event_time_text(disabled))),
        ],
    );
}

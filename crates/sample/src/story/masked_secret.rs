//! Records that carry secrets. Real trails hide most of them; not all do. Each must be masked wherever it is shown.

use serde_json::json;

use super::Script;
use crate::account::{GLOBAL_REGION, PRODUCTION};
use crate::calendar::{DAY, HOUR};

const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLEsampletoken0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH==";
const SECRET_ACCESS_KEY: &str = "Sample+Secret/Access+Key/EXAMPLE0123456789";
const PASSWORD: &str = "Sample-Password-EXAMPLE-1";

pub(super) fn act(script: &mut Script) {
    let from = script.acts.len();
    let time = script.end() - 15 * DAY + 2 * HOUR;
    let (at, alice) = ((PRODUCTION, GLOBAL_REGION), (PRODUCTION, "Alice"));
    script.act(at, time, alice, "sts:GetSessionToken").response(format!(
        r#"{{"credentials":{{"accessKeyId":"ASIASAMPLE7TKEXAMPLE","secretAccessKey":"{SECRET_ACCESS_KEY}","sessionToken":"{SESSION_TOKEN}","expiration":"%E"}}}}"#
    ));
    script.act(at, time + 60, alice, "iam:CreateAccessKey").parameters(r#"{"userName":"metrics-exporter"}"#).response(
        format!(
            r#"{{"accessKey":{{"userName":"metrics-exporter","accessKeyId":"AKIASAMPLE2NWEXAMPLE","status":"Active","secretAccessKey":"{SECRET_ACCESS_KEY}","createDate":"%T"}}}}"#
        ),
    );
    script
        .act(at, time + 120, alice, "iam:CreateLoginProfile")
        .parameters(format!(r#"{{"userName":"TestUser","password":"{PASSWORD}","passwordResetRequired":true}}"#))
        .response(r#"{"loginProfile":{"userName":"TestUser","createDate":"%T","passwordResetRequired":true}}"#);
    script.tell(
        from,
        "masked_secret",
        "Do secrets in records stay hidden?",
        [("secrets", json!([SESSION_TOKEN, SECRET_ACCESS_KEY, PASSWORD]))],
    );
}

//! A bucket is gone. One user tried and was refused, another succeeded the next day.

use serde_json::json;

use super::Script;
use crate::account::{HOME_REGION, PRODUCTION};
use crate::calendar::{DAY, HOUR, event_time_text};

const BUCKET: &str = "hoge-archive-2024";

pub(super) fn act(script: &mut Script) {
    let from = script.acts.len();
    let deleted = script.end() - 5 * DAY + 3 * HOUR + 1234;
    let attempts = [(deleted - DAY - HOUR, "Bob", false), (deleted, "Alice", true)];
    for (time, who, permitted) in attempts {
        let act = script.act((PRODUCTION, HOME_REGION), time, (PRODUCTION, who), "s3:DeleteBucket");
        act.parameters(format!(r#"{{"bucketName":"{BUCKET}","Host":"{BUCKET}.s3.ap-northeast-1.amazonaws.com"}}"#))
            .resources(format!(
                r#"[{{"accountId":"222222222222","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{BUCKET}"}}]"#
            ));
        if !permitted {
            act.denied();
        }
    }
    script.tell(
        from,
        "bucket_deletion",
        "Who used s3:DeleteBucket?",
        [
            ("action", json!("s3:DeleteBucket")),
            ("bucket", json!(BUCKET)),
            ("deleted_by", json!("arn:aws:iam::222222222222:user/Alice")),
            ("deleted", json!(event_time_text(deleted))),
            ("denied_to", json!("arn:aws:iam::222222222222:user/Bob")),
        ],
    );
}

//! IAM's part: users, groups, roles and policies in one call, the account's name, access keys of each user, and the
//! credential report, which IAM makes when asked and hands out once it is done.

use std::time::Duration;

use serde_json::json;

use super::part::{Part, texts};
use crate::source::aws_api::operation::{
    GENERATE_CREDENTIAL_REPORT, GET_ACCOUNT_AUTHORIZATION_DETAILS, GET_CREDENTIAL_REPORT, LIST_ACCESS_KEYS,
    LIST_ACCOUNT_ALIASES,
};
use crate::source::aws_api::{ApiFailure, ApiFailureKind, AwsApi};

/// How often IAM is asked whether the report is done; the pauses between grow to `LONGEST_PAUSE`: about a minute in all.
const REPORT_ATTEMPTS: u32 = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn collect(api: &AwsApi, part: &mut Part<'_>) {
    let region = api.region();
    let details = part.call(api, GET_ACCOUNT_AUTHORIZATION_DETAILS, region, json!({})).await;
    let names = details.into_iter().flat_map(|details| texts(details, "UserDetailList", "UserName"));
    let users = names.map(|name| json!({ "UserName": name })).collect();
    part.call(api, LIST_ACCOUNT_ALIASES, region, json!({})).await;
    credential_report(api, part).await;
    part.call_each(api, LIST_ACCESS_KEYS, region, users).await;
}

/// Asks for a report until there is one. One that is younger than four hours is handed out again.
async fn credential_report(api: &AwsApi, part: &mut Part<'_>) {
    let region = api.region();
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=REPORT_ATTEMPTS {
        let asked = api.call(GENERATE_CREDENTIAL_REPORT, region, &json!({})).await;
        match asked.map(|call| call.output["State"] == "COMPLETE") {
            Ok(true) => {
                part.call(api, GET_CREDENTIAL_REPORT, region, json!({})).await;
                return;
            }
            Ok(false) if attempt < REPORT_ATTEMPTS => {}
            Ok(false) => break,
            Err(failure) => return part.refused(failure),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    part.refused(ApiFailure {
        kind: ApiFailureKind::Other,
        operation: GENERATE_CREDENTIAL_REPORT,
        region: region.to_owned(),
        resource: "*".to_owned(),
        code: String::new(),
        detail: format!("IAM was still making the report after {REPORT_ATTEMPTS} questions"),
    });
}

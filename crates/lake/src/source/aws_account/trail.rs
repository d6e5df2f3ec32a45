//! CloudTrail's part: the trails that the regions asked show, and of each, in its home region, whether it logs and what it
//! selects.

use std::collections::BTreeMap;

use serde_json::json;

use super::Caller;
use super::part::{Part, list};
use crate::source::aws_api::AwsApi;
use crate::source::aws_api::operation::{DESCRIBE_TRAILS, GET_EVENT_SELECTORS, GET_TRAIL_STATUS};

pub(super) async fn collect(api: &AwsApi, caller: &Caller, part: &mut Part<'_>) {
    // Trails of all regions are shown in each of them.
    let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for region in &caller.regions {
        let Some(trails) = part.call(api, DESCRIBE_TRAILS, region, json!({})).await else { continue };
        for trail in list(trails, "trailList") {
            let Some(arn) = trail["TrailARN"].as_str() else { continue };
            let home = homes.entry(trail["HomeRegion"].as_str().unwrap_or(region).to_owned()).or_default();
            if !home.iter().any(|known| known == arn) {
                home.push(arn.to_owned());
            }
        }
    }
    for (home, arns) in homes {
        let status = arns.iter().map(|arn| json!({ "Name": arn })).collect();
        part.call_each(api, GET_TRAIL_STATUS, &home, status).await;
        let selectors = arns.iter().map(|arn| json!({ "TrailName": arn })).collect();
        part.call_each(api, GET_EVENT_SELECTORS, &home, selectors).await;
    }
}

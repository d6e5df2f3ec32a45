//! `cloudTrailDetails` of a policy generation: which trails, which of their regions, when, and the role that is to read them. What
//! of it can be no good is refused at once; what only the account knows, its trails, is looked up when the job begins.

use std::collections::{BTreeMap, BTreeSet};

use aws_wire::error::AwsError;
use iam::inventory::Entity;
use questions::inventory::Inventory;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{entity_arn, invalid, not_of_form};
use crate::aws::cloudtrail::trail;
use crate::aws::organizations::organization::Organization;
use crate::aws::{OperationError, Request};

/// AWS analyzes no longer time.
const LONGEST_US: i64 = 90 * 86_400_000_000;
/// More than an account can have in all of its regions.
const MOST_TRAILS: usize = 200;
/// More than AWS has.
const MOST_REGIONS: usize = 100;

/// The details, checked.
#[derive(Debug, Clone)]
pub struct CloudTrailDetails {
    pub trails: Vec<WantedTrail>,
    pub access_role: String,
    /// µs UTC.
    pub start_us: i64,
    /// µs UTC.
    pub end_us: i64,
}

/// A trail as the caller named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedTrail {
    pub arn: String,
    pub regions: Vec<String>,
    pub all_regions: bool,
}

/// What trails see of a principal's calls: by accounts the regions; none of either is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailView {
    regions_by_accounts: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl TrailView {
    /// Accounts and regions that are seen together.
    pub fn parts(self) -> impl Iterator<Item = (Vec<String>, Vec<String>)> {
        self.regions_by_accounts.into_iter().map(|(accounts, regions)| (accounts, regions.into_iter().collect()))
    }

    /// Adds what one more trail sees.
    fn add(&mut self, accounts: Vec<String>, regions: BTreeSet<String>) {
        match self.regions_by_accounts.get_mut(&accounts) {
            Some(known) if known.is_empty() || regions.is_empty() => known.clear(),
            Some(known) => known.extend(regions),
            None => drop(self.regions_by_accounts.insert(accounts, regions)),
        }
    }

    /// Adds what a trail of the inventory sees of what was asked of it; nothing, where it records in another region.
    pub fn add_trail(
        &mut self,
        inventory: &Inventory<'_>,
        wanted: &WantedTrail,
        found: &Entity,
    ) -> Result<(), OperationError> {
        let mut regions: BTreeSet<String> = BTreeSet::new();
        if !wanted.all_regions {
            regions.extend(wanted.regions.iter().cloned());
        }
        if !trail::is_flagged(found, "IsMultiRegionTrail") {
            let home = trail::home_region(found).to_owned();
            if !regions.is_empty() && !regions.contains(&home) {
                return Ok(());
            }
            regions = BTreeSet::from([home]);
        }
        self.add(accounts(inventory, found)?, regions);
        Ok(())
    }
}

impl CloudTrailDetails {
    /// Reads the details of a request.
    ///
    /// # Errors
    /// AWS's for what is missing, not of its form, or more than AWS analyzes.
    pub fn of(request: &Request<'_>) -> Result<Self, OperationError> {
        let details = request.input.get("cloudTrailDetails").and_then(Value::as_object);
        let details = details.ok_or_else(|| invalid("Missing cloudTrailDetails"))?;
        let time = |member: &str| details.get(member).and_then(Value::as_i64);
        let start_us = time("startTime").expect("the input was compared with the model");
        let end_us = time("endTime").unwrap_or(request.now.us);
        check_window(request, start_us, end_us)?;
        let trails = details.get("trails").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        let trails = trails.enumerate().map(|(index, trail)| WantedTrail::of(trail, index + 1));
        let trails = trails.collect::<Result<Vec<_>, _>>()?;
        if trails.is_empty() || trails.len() > MOST_TRAILS {
            return Err(invalid(format!("Name at least one trail and at most {MOST_TRAILS} in cloudTrailDetails.")));
        }
        let access_role = details.get("accessRole").and_then(Value::as_str).unwrap_or_default();
        check_access_role(request, access_role)?;
        Ok(Self { trails, access_role: access_role.to_owned(), start_us, end_us })
    }
}

fn check_window(request: &Request<'_>, start_us: i64, end_us: i64) -> Result<(), OperationError> {
    if start_us > request.now.us.max(request.clock_us) {
        return Err(invalid("The startTime must not be in the future."));
    }
    if end_us <= start_us {
        return Err(invalid("The startTime must be before the endTime."));
    }
    if request.limits.history && end_us.saturating_sub(start_us) > LONGEST_US {
        let text = "Policy Generation limit exceeded: policy generation CloudTrail time range";
        return Err(AwsError::with_status("ServiceQuotaExceededException", 402, text).into());
    }
    Ok(())
}

fn check_access_role(request: &Request<'_>, text: &str) -> Result<(), OperationError> {
    let arn = entity_arn(text, &["role/"])
        .ok_or_else(|| not_of_form(text, "cloudTrailDetails.accessRole", "arn:[^:]*:iam::[^:]*:role/.{1,576}"))?;
    if arn.account == request.caller.account {
        return Ok(());
    }
    Err(AwsError::with_status("AccessDeniedException", 403, "Cross-account pass role is not allowed.").into())
}

impl WantedTrail {
    fn of(members: &Map<String, Value>, number: usize) -> Result<Self, OperationError> {
        let arn = members.get("cloudTrailArn").and_then(Value::as_str).unwrap_or_default();
        if !is_trail_arn(arn) {
            let member = format!("cloudTrailDetails.trails.{number}.member.cloudTrailArn");
            return Err(not_of_form(arn, &member, "arn:[^:]*:cloudtrail:[^:]*:[^:]*:trail/.{1,576}"));
        }
        let regions = members.get("regions").and_then(Value::as_array);
        let regions: Vec<String> =
            regions.into_iter().flatten().filter_map(|region| region.as_str().map(str::to_owned)).collect();
        if regions.len() > MOST_REGIONS {
            return Err(invalid(format!("Name at most {MOST_REGIONS} regions of the trail {arn}.")));
        }
        if let Some(wrong) = regions.iter().find(|region| !is_region(region)) {
            return Err(invalid(format!("The region {wrong} of the trail {arn} is not valid.")));
        }
        let all_regions = members.get("allRegions").and_then(Value::as_bool).unwrap_or(false);
        if !all_regions && regions.is_empty() {
            return Err(invalid(format!("Name regions of the trail {arn}, or allRegions.")));
        }
        Ok(Self { arn: arn.to_owned(), regions, all_regions })
    }
}

/// The accounts whose events a trail has: of an organization's trail all of the organization's, where it is known which.
fn accounts(inventory: &Inventory<'_>, found: &Entity) -> Result<Vec<String>, OperationError> {
    let own = iam::arn::Arn::parse(&found.key).map_or("", |arn| arn.account).to_owned();
    if !trail::is_flagged(found, "IsOrganizationTrail") {
        return Ok(vec![own]);
    }
    let organization = Organization::find(inventory, &own)?;
    Ok(organization.into_iter().flat_map(|found| found.accounts).map(|account| account.key).collect())
}

fn is_trail_arn(text: &str) -> bool {
    let arn = iam::arn::Arn::parse(text).filter(|arn| arn.service == "cloudtrail");
    let name = arn.and_then(|arn| arn.resource.strip_prefix("trail/"));
    name.is_some_and(|name| (1..=super::MOST_NAME_CHARACTERS).contains(&name.chars().count()))
}

/// `ap-northeast-1`, `us-gov-west-1`: parts of lower-case letters and a number.
fn is_region(text: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let (words, number) = text.rsplit_once('-').unwrap_or_default();
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && words.split('-').count() >= 2 && words.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trail_is_named_by_its_arn_and_regions() {
        let arn = "arn:aws:cloudtrail:eu-west-1:111111111111:trail/main";
        let check = |trail: Value, expected: Result<(&[&str], bool), &str>| {
            let found = WantedTrail::of(trail.as_object().unwrap(), 1);
            let found = found.map(|found| (found.regions, found.all_regions)).map_err(|error| error.to_string());
            match expected {
                Ok((regions, all)) => {
                    assert_eq!(found, Ok((regions.iter().map(|&region| region.to_owned()).collect(), all)));
                }
                Err(contains) => assert!(found.as_ref().is_err_and(|text| text.contains(contains)), "{found:?}"),
            }
        };
        check(json!({"cloudTrailArn": arn, "allRegions": true}), Ok((&[], true)));
        check(json!({"cloudTrailArn": arn, "regions": ["us-gov-west-1"]}), Ok((&["us-gov-west-1"], false)));
        check(json!({"cloudTrailArn": arn, "allRegions": false}), Err("or allRegions"));
        check(json!({"cloudTrailArn": arn, "regions": ["*"]}), Err("The region * of the trail"));
        check(json!({"cloudTrailArn": arn, "regions": ["eu-west-1", "mars"]}), Err("The region mars"));
        check(
            json!({"cloudTrailArn": "arn:aws:s3:::bucket", "allRegions": true}),
            Err("trails.1.member.cloudTrailArn"),
        );
    }

    #[test]
    fn what_several_trails_see_is_seen_once() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let set = |regions: &[&str]| texts(regions).into_iter().collect::<BTreeSet<_>>();
        let mut view = TrailView::default();
        view.add(texts(&["1"]), set(&["eu-west-1"]));
        view.add(texts(&["1"]), set(&["us-east-1", "eu-west-1"]));
        view.add(texts(&["1", "2"]), set(&["eu-west-1"]));
        view.add(texts(&["1", "2"]), set(&[]));
        view.add(texts(&["1", "2"]), set(&["us-east-1"]));
        let parts: Vec<_> = view.parts().collect();
        assert_eq!(parts, [(texts(&["1"]), texts(&["eu-west-1", "us-east-1"])), (texts(&["1", "2"]), Vec::new())]);
    }
}

//! Values of flags that have a form of their own, read as the command line is: account ids, regions, ARNs and numbers. What
//! cannot be one is refused there, with the form that is wanted; whether it exists in AWS is not asked.

use iam::arn::Arn;

/// An account id.
pub fn account(text: &str) -> Result<String, String> {
    if is_account(text) { Ok(text.to_owned()) } else { Err("an account is 12 digits, without wildcards".to_owned()) }
}

/// An account id, or a pattern of some.
pub fn account_pattern(text: &str) -> Result<String, String> {
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'?');
    let is_pattern = text.contains(['*', '?']) && text.bytes().all(is_part);
    if is_account(text) || is_pattern {
        return Ok(text.to_owned());
    }
    Err("an account is 12 digits, or some of them with * and ? for the others".to_owned())
}

/// A region's name, as CloudTrail's keys have it.
pub fn region(text: &str) -> Result<String, String> {
    let (place, number) = text.rsplit_once('-').unwrap_or_default();
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && place.contains('-') && place.split('-').all(is_word) {
        return Ok(text.to_owned());
    }
    Err("a region is written as ap-northeast-1, without wildcards".to_owned())
}

/// The ARN of a KMS key or of an alias.
pub fn kms_key_arn(text: &str) -> Result<String, String> {
    let is_key = |arn: &Arn<'_>| {
        let name = arn.resource.strip_prefix("key/").or_else(|| arn.resource.strip_prefix("alias/"));
        arn.service == "kms" && !arn.region.is_empty() && is_account(arn.account) && name.is_some_and(|n| !n.is_empty())
    };
    match Arn::parse(text).filter(is_key) {
        Some(_) => Ok(text.to_owned()),
        None => Err("a key is named by its ARN, as arn:aws:kms:eu-west-1:111122223333:key/…".to_owned()),
    }
}

/// The ARN of a role.
pub fn role_arn(text: &str) -> Result<String, String> {
    let is_role = |arn: &Arn<'_>| arn.service == "iam" && is_account(arn.account) && arn.role_name().is_some();
    match Arn::parse(text).filter(is_role) {
        Some(_) => Ok(text.to_owned()),
        None => Err("a role is named by its ARN, as arn:aws:iam::111122223333:role/NAME".to_owned()),
    }
}

/// How many at once.
pub fn jobs(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|jobs| *jobs > 0).ok_or_else(|| "it is a whole number from 1 on".to_owned())
}

/// How many days.
pub fn days(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "it is a whole number of days, 0 or more".to_owned())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_the_form_is_refused() {
        fn check<T>(parse: fn(&str) -> Result<T, String>, good: &[&str], bad: &[&str]) {
            good.iter().for_each(|text| assert!(parse(text).is_ok(), "{text}"));
            bad.iter().for_each(|text| assert!(parse(text).is_err(), "{text}"));
        }
        check(account, &["111122223333"], &["", "abc", "1111", "1111*", "1111222233334", "１１１１22223333"]);
        check(account_pattern, &["111122223333", "1111*", "*", "????22223333"], &["", "abc", "1111", "a*"]);
        let regions = ["eu-west-1", "us-gov-east-1", "us-iso-west-1", "eusc-de-east-1", "ap-southeast-12"];
        check(region, &regions, &["", "tokyo", "eu-*", "eu-west", "EU-west-1", "west-1", "eu--1"]);
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
        let alias = "arn:aws-cn:kms:cn-north-1:111122223333:alias/logs";
        let role = "arn:aws:iam::111122223333:role/path/Reader";
        check(kms_key_arn, &[key, alias], &["nope", role, "arn:aws:kms:eu-west-1:111122223333:key/", "1234"]);
        check(role_arn, &[role], &["nope", key, "arn:aws:iam::1:role/R", "arn:aws:iam::111122223333:user/U"]);
        check(jobs, &["1", "16"], &["", "0", "-1", "two"]);
        check(days, &["0", "400"], &["", "-1", "1.5", "99999999999"]);
    }
}

//! The days themselves, the same at every scale: people sign in through the portal, the build deploys across accounts,
//! AWS rotates a key, the root user is needed once.

use super::Script;
use crate::account::{ACCOUNTS, DEVELOPMENT, GLOBAL_REGION, HOME_REGION, MANAGEMENT, PRODUCTION};
use crate::calendar::{DAY, HOUR, MINUTE};
use crate::caller::{self, SIGN_INS};
use crate::random::Random;
use crate::template::write_access_key;

pub(super) fn act(script: &mut Script) {
    for (number, midnight) in script.workdays().into_iter().enumerate() {
        for &(name, account, role) in SIGN_INS {
            let mut random = script.random(name, midnight);
            if random.permille(850) {
                let time = midnight + 20 * MINUTE + i64::from(random.below(130 * 60));
                sign_in(script, time, name, account, role);
            }
        }
        for hour in [4, 7] {
            let minute = i64::from(script.random("deploy", midnight + hour).below(50));
            deploy(script, midnight + hour * HOUR + minute * MINUTE);
        }
        if number % 5 == 2 {
            aws_itself(script, midnight + 16 * HOUR);
        }
    }
    root_once(script);
}

/// The portal's four records of one sign-in, then the role session's first call. Returns the time of the federation.
pub(super) fn sign_in(script: &mut Script, time: i64, user_name: &str, account: usize, role: &str) -> i64 {
    let (portal, who) = ((MANAGEMENT, HOME_REGION), (MANAGEMENT, user_name));
    let step = |script: &mut Script, seconds: i64, call: &str, details: String| {
        script.act(portal, time + seconds, who, call).service_event_details(details);
    };
    step(script, 0, "signin:CredentialChallenge", r#"{"CredentialChallenge":"Success"}"#.to_owned());
    step(script, 9, "signin:UserAuthentication", r#"{"UserAuthentication":"Success"}"#.to_owned());
    step(script, 10, "sso:Authenticate", r#"{"Authenticate":"Success"}"#.to_owned());
    let permission_set = role.trim_start_matches("AWSReservedSSO_").rsplit_once('_').map_or(role, |(name, _)| name);
    let account_id = ACCOUNTS[account].id;
    step(script, 41, "sso:Federate", format!(r#"{{"role_name":"{permission_set}","account_id":"{account_id}"}}"#));
    let session = (account, &*format!("{role}/{user_name}"));
    script.act((account, HOME_REGION), time + 47, session, "sts:GetCallerIdentity");
    time + 41
}

/// AssumeRole as both accounts record it: the caller's copy, then the target's. Returns the new session's key.
pub(super) fn assume_role(script: &mut Script, time: i64, from: (usize, &str), to: (usize, &'static str)) -> String {
    let role = &caller::all()[caller::find(to.0, to.1)];
    let (arn, id, session) = (role.principal(), role.unique_id(), role.session);
    let account_id = ACCOUNTS[to.0].id;
    let mut key = String::new();
    write_access_key(&mut key, &mut Random::new(&[script.seed, script.acts.len() as u64]));
    let shared = script.random("shared", script.acts.len() as i64).next();
    let parameters = format!(r#"{{"roleArn":"{arn}","roleSessionName":"{session}","durationSeconds":3600}}"#);
    let response = format!(
        r#"{{"credentials":{{"accessKeyId":"{key}","sessionToken":"IQoJb3JpZ2luX2VjEXAMPLE{shared:016x}","expiration":"%E"}},"assumedRoleUser":{{"assumedRoleId":"{id}:{session}","arn":"arn:aws:sts::{account_id}:assumed-role/{}/{session}"}}}}"#,
        role.name
    );
    let resources = format!(r#"[{{"accountId":"{account_id}","type":"AWS::IAM::Role","ARN":"{arn}"}}]"#);
    let mut accounts = vec![from.0];
    if from.0 != to.0 {
        accounts.push(to.0);
    }
    for account in &accounts {
        let act = script.act((*account, HOME_REGION), time, from, "sts:AssumeRole");
        act.parameters(&*parameters).response(&*response).resources(&*resources);
        act.detail.shared = (accounts.len() > 1).then_some(shared);
    }
    key
}

fn deploy(script: &mut Script, time: i64) {
    let key = assume_role(script, time, (DEVELOPMENT, "BuildRunner"), (PRODUCTION, "DeployTarget"));
    for (seconds, call) in
        [(12, "cloudformation:UpdateStack"), (55, "lambda:UpdateFunctionCode20150331v2"), (80, "ecs:UpdateService")]
    {
        script
            .act((PRODUCTION, HOME_REGION), time + seconds, (PRODUCTION, "DeployTarget"), call)
            .access_key(&key, time);
    }
}

/// Once a week: a key rotation by KMS, a call through a VPC endpoint, a stranger at a bucket's door.
fn aws_itself(script: &mut Script, time: i64) {
    let at = (PRODUCTION, HOME_REGION);
    script
        .act(at, time, (PRODUCTION, "AWS Internal"), "kms:RotateKey")
        .service_event_details(r#"{"keyId":"%k","rotationType":"AUTOMATIC"}"#);
    script.act(at, time + 10, (PRODUCTION, "LogShipper"), "kms:ListKeys");
    script.act(at, time + 20, (PRODUCTION, "anonymous"), "s3:GetObject").denied();
}

fn root_once(script: &mut Script) {
    let time = script.end() - 25 * DAY + 3 * HOUR;
    let (at, root) = ((MANAGEMENT, GLOBAL_REGION), (MANAGEMENT, "root"));
    script.act(at, time, root, "signin:ConsoleLogin");
    script.act(at, time + 90, root, "iam:GetAccountSummary");
    script.act(at, time + 240, root, "iam:UpdateAccountPasswordPolicy");
}

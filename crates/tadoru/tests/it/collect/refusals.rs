//! What AWS refuses and what an account does not have: each is told in three lines with what mends it, and the rest is done.

use std::process::{Command, Stdio};

use serde_json::json;

use super::scripted_aws::{ACCOUNT, Asked, Reply, ScriptedAws};
use super::{calls, collect, command, document, folder, row};
use crate::test_lake::{TestLake, text};

/// Collects; the exit code, and what stderr must contain.
fn check(
    script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    code: i32,
    expected: &[&str],
) -> (ScriptedAws, TestLake) {
    let server = ScriptedAws::start(None, script);
    let lake = TestLake::new();
    let output = collect(&lake, &server.endpoint(), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for part in expected {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    (server, lake)
}

#[test]
fn credentials_that_are_not_accepted() {
    let check = |code: &'static str, why: &str| {
        let reply = move |_: &Asked| Reply::Error(403, code, "x");
        let expected = ["error: cannot collect with the configured credentials\n  why: ", why, "\n  try: "];
        let (_, lake) = check(reply, 4, &expected);
        assert_eq!(std::fs::read_dir(folder(&lake)).unwrap().count(), 0);
    };
    check("ExpiredToken", "the AWS credentials have expired: ExpiredToken: x");
    check("InvalidClientTokenId", "AWS does not accept the credentials: InvalidClientTokenId: x");
    check("SignatureDoesNotMatch", "AWS does not accept the credentials");
}

#[test]
fn no_credentials_and_no_endpoint() {
    let server = ScriptedAws::start(None, |_| Reply::Usual);
    let run = |change: fn(&mut Command), endpoint: &str| {
        let mut command = command(&TestLake::new(), endpoint, &[]);
        change(&mut command);
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let without = |command: &mut Command| {
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    };
    let (code, said) = run(without, &server.endpoint());
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("why: there are no AWS credentials: ") && said.contains("try: --profile"), "{said}");
    let named = |command: &mut Command| {
        command.args(["--profile", "no-such-profile"]);
    };
    let (code, said) = run(named, &server.endpoint());
    assert_eq!(code, Some(4), "a profile that is named is not replaced by keys in the environment: {said}");
    assert!(said.contains("cannot collect with profile no-such-profile"), "{said}");
    assert!(server.asked().is_empty());

    // A port that was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, said) = run(|_| {}, &format!("http://{closed}"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("why: sts cannot be reached in us-east-1: ") && said.contains("try: look at"), "{said}");
    let fips = |command: &mut Command| {
        command.env("AWS_USE_FIPS_ENDPOINT", "true").env_remove("AWS_ENDPOINT_URL");
    };
    let (code, said) = run(fips, "");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("AWS_USE_FIPS_ENDPOINT"), "{said}");
}

#[test]
fn one_service_refused_the_rest_is_done() {
    let denied = |asked: &Asked| match asked.service.as_str() {
        "cloudtrail" => Reply::Error(400, "AccessDeniedException", "User: arn:aws:iam::1:user/c is not authorized"),
        _ => Reply::Usual,
    };
    let (server, lake) = check(
        denied,
        5,
        &["warning: not collected: cloudtrail:DescribeTrails on * in account 111111111111\n    why: AWS refused it: \
             AccessDeniedException: User: arn:aws:iam::1:user/c is not authorized\n    try: let the caller's policy allow \
             cloudtrail:DescribeTrails; tadoru permissions --for collect"],
    );
    assert_eq!(server.times("DescribeTrails"), 1, "a refusal is not repeated");
    let document = document(&lake, ACCOUNT);
    assert_eq!(calls(&document, "GetAccountAuthorizationDetails").len(), 1);
    assert!(calls(&document, "DescribeTrails").is_empty());
}

#[test]
fn everything_refused_is_not_permitted() {
    let denied = |asked: &Asked| match asked.operation.as_str() {
        "GetCallerIdentity" => Reply::Usual,
        _ => Reply::Error(403, "AccessDenied", "no"),
    };
    check(
        denied,
        4,
        &["iam:GetAccountAuthorizationDetails on *", "organizations:DescribeOrganization", "sso:ListInstances"],
    );
}

/// An account of many users, none of whose keys may be listed, or only those of one.
#[test]
fn where_everything_is_refused_not_everything_is_tried() {
    let users = || {
        let users: String = (0..40).map(|n| format!("<member><UserName>u{n:02}</UserName></member>")).collect();
        Reply::Xml(format!("<UserDetailList>{users}</UserDetailList>"))
    };
    let script = move |answered: Option<&'static str>| {
        move |asked: &Asked| match asked.operation.as_str() {
            "GetAccountAuthorizationDetails" => users(),
            "ListAccessKeys" if asked.value("UserName").as_deref() == answered => Reply::Usual,
            "ListAccessKeys" => Reply::Error(403, "AccessDenied", "no"),
            _ => Reply::Usual,
        }
    };
    let expected = ["not collected: iam:ListAccessKeys on UserName=u00 in account 111111111111, and 39 more"];
    let (server, _) = check(script(None), 5, &expected);
    assert!((8..=16).contains(&server.times("ListAccessKeys")), "{} of 40", server.times("ListAccessKeys"));
    let (server, lake) = check(
        script(Some("u05")),
        5,
        &[
            "on UserName=u00 in account 111111111111, and 38 more",
            "note: account 111111111111: left out what iam:ListAccessKeys answered\n why: ",
        ],
    );
    assert_eq!(server.times("ListAccessKeys"), 40);
    let halves = calls(&document(&lake, ACCOUNT), "ListAccessKeys").len();
    assert_eq!(halves, 0, "keys of one user of forty would say that the others have none");
}

#[test]
fn what_an_account_has_not_is_no_fault() {
    check(
        |_| Reply::Usual,
        0,
        &[
            "note: account 111111111111: the account is in no organization",
            "note: account 111111111111: there is no IAM Identity Center in us-east-1",
        ],
    );
    // A user that is deleted between the two calls, and a member account, which may not read the organisation.
    let member = |asked: &Asked| match asked.operation.as_str() {
        "DescribeOrganization" => Reply::Json(json!({ "Organization": { "MasterAccountId": "222222222222" } })),
        "ListRoots" | "ListPermissionSets" => Reply::Error(400, "AccessDeniedException", "no"),
        "ListAccessKeys" => Reply::Error(404, "NoSuchEntity", "The user with name alice cannot be found."),
        "ListInstances" => Reply::Json(json!({ "Instances": [
            { "InstanceArn": "arn:aws:sso:::instance/ssoins-1", "OwnerAccountId": "222222222222", "IdentityStoreId": "d-1" }
        ] })),
        _ => Reply::Usual,
    };
    check(
        member,
        0,
        &[
            "the organization can be read from its management account 222222222222 or a delegated administrator",
            "IAM Identity Center can be read from the account 222222222222 that owns it",
        ],
    );
}

#[test]
fn an_answer_that_cannot_be_read() {
    let broken = |asked: &Asked| match asked.operation.as_str() {
        "GetAccountAuthorizationDetails" => Reply::Raw(200, "<GetAccountAuthorizationDetailsResponse><Ge"),
        "DescribeTrails" => Reply::Raw(200, "{\"trailList\": ["),
        _ => Reply::Usual,
    };
    let expected =
        ["iam:GetAccountAuthorizationDetails", "cloudtrail:DescribeTrails", "why: the answer cannot be read: "];
    check(broken, 5, &expected);
}

#[test]
fn two_profiles_of_one_account_are_one_inventory() {
    let server = ScriptedAws::start(None, |_| Reply::Usual);
    let lake = TestLake::new();
    let settings = lake.beside("credentials");
    let keys = |name: &str| format!("[{name}]\naws_access_key_id = AKIA{name}\naws_secret_access_key = s\n");
    std::fs::write(&settings, keys("one") + &keys("two")).unwrap();
    let mut command = command(&lake, &server.endpoint(), &["--profile", "one", "--profile", "two"]);
    let output = command.env("AWS_SHARED_CREDENTIALS_FILE", &settings).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("note: profile two is account 111111111111 too, and was left out"), "{said}");
    assert_eq!(row(&output)["account"], ACCOUNT);
    assert_eq!(server.times("GetAccountAuthorizationDetails"), 1);
    assert!(server.asked().iter().any(|asked| asked.access_key == "AKIAtwo"));
}

#[test]
fn one_role_of_two_may_not_be_assumed() {
    let script = |asked: &Asked| match asked.value("RoleArn").as_deref() {
        Some("arn:aws:iam::222222222222:role/reader") => Reply::Error(403, "AccessDenied", "not authorized"),
        Some(_) => Reply::Xml(
            "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t\
             </SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
                .into(),
        ),
        None => Reply::Usual,
    };
    let server = ScriptedAws::start(None, script);
    let role = |account: &str| format!("arn:aws:iam::{account}:role/reader");
    let (denied, other) = (role("222222222222"), role(ACCOUNT));
    let lake = TestLake::new();
    let output = collect(&lake, &server.endpoint(), &["--role-arn", &denied, "--role-arn", &other]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(
        said.contains(&format!("error: cannot collect with role {denied}\n  why: the role cannot be assumed: ")),
        "{said}"
    );
    assert!(said.contains(&format!("allow sts:AssumeRole on {denied}")), "{said}");
    assert_eq!(row(&output)["account"], ACCOUNT);
    let alone = collect(&TestLake::new(), &server.endpoint(), &["--role-arn", &denied]);
    assert_eq!(alone.status.code(), Some(4), "{}", text(&alone.stderr));
}

#[test]
fn roles_take_one_profile() {
    let lake = TestLake::new();
    let role = "arn:aws:iam::111111111111:role/reader";
    let output = collect(&lake, "http://127.0.0.1:1", &["--role-arn", role, "--profile", "a", "--profile", "b"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: --role-arn takes one --profile at most\n  why: "));
}

#[test]
fn ctrl_c_ends_it() {
    for operation in ["GetCallerIdentity", "ListAccessKeys"] {
        let stalls = move |asked: &Asked| asked.operation == operation;
        let server = ScriptedAws::start(None, move |asked| if stalls(asked) { Reply::Never } else { Reply::Usual });
        let lake = TestLake::new();
        let mut run = command(&lake, &server.endpoint(), &[]);
        let child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        server.wait_for(stalls);
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{operation}: {}", text(&output.stderr));
        let files = std::fs::read_dir(folder(&lake)).unwrap().count();
        assert_eq!(files, 0, "{operation}: an account that was not read to its end is not kept");
    }
}

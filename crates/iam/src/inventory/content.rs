//! Recognises what a file holds by its content: what an `aws` command printed, the credential report as CSV or as `aws`
//! wraps it, several answers under their operations' names, and the calls that `tadoru inventory collect` recorded.
//! Each becomes calls, an operation with its input and output; what they say is read by `operation`.

use std::fmt;

use serde_json::{Map, Value, json};

use super::credential_report;

/// One call of an AWS operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// As AWS spells it: `GetAccountAuthorizationDetails`.
    pub operation: String,
    pub input: Map<String, Value>,
    pub output: Map<String, Value>,
    /// The account that was asked, where the file says so.
    pub account: Option<String>,
    /// The region that was asked, where the file says so.
    pub region: Option<String>,
}

/// Why a file cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, with the place in the file.
    pub what: String,
    /// What makes it right.
    pub try_this: Option<String>,
}

impl Fault {
    /// A fault that nothing but another file mends.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), try_this: None }
    }

    /// With what mends it.
    #[must_use]
    pub fn try_this(mut self, try_this: impl Into<String>) -> Self {
        self.try_this = Some(try_this.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

/// The calls that a file holds. UTF-8, or UTF-16 with a byte order mark as PowerShell writes it.
pub fn read(bytes: &[u8]) -> Result<Vec<Call>, Fault> {
    let text = text(bytes)?;
    if text.trim().is_empty() {
        return Err(Fault::new("it is empty"));
    }
    if credential_report::is_header(&text) {
        return Ok(vec![call("GetCredentialReport", json!({"Content": text}))]);
    }
    let mut calls = Vec::new();
    for (index, value) in serde_json::Deserializer::from_str(&text).into_iter::<Value>().enumerate() {
        let value = value.map_err(|error| Fault::new(format!("it is not JSON: {error}")))?;
        let place = if index == 0 { String::new() } else { format!("document {}: ", index + 1) };
        calls.extend(of_value(value).map_err(|fault| Fault { what: place + &fault.what, ..fault })?);
    }
    if calls.is_empty() {
        return Err(Fault::new("it holds no answer"));
    }
    Ok(calls)
}

fn text(bytes: &[u8]) -> Result<String, Fault> {
    let wide = |pair: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|unit| pair([unit[0], unit[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| Fault::new("it is not UTF-16"))
    };
    match bytes {
        [0xFF, 0xFE, ..] => wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => wide(u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => {
            std::str::from_utf8(rest).map(str::to_owned).map_err(|error| Fault::new(format!("it is not text: {error}")))
        }
    }
}

fn call(operation: &str, output: Value) -> Call {
    Call { operation: operation.to_owned(), input: Map::new(), output: fields(output), account: None, region: None }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn of_value(value: Value) -> Result<Vec<Call>, Fault> {
    match value {
        Value::Array(values) => {
            let mut calls = Vec::new();
            for (index, value) in values.into_iter().enumerate() {
                let found = of_value(value);
                calls.extend(found.map_err(|fault| Fault { what: format!("[{index}]: {}", fault.what), ..fault })?);
            }
            Ok(calls)
        }
        Value::Object(fields) => of_object(fields),
        _ => Err(Fault::new("it holds no JSON object")),
    }
}

fn of_object(mut object: Map<String, Value>) -> Result<Vec<Call>, Fault> {
    if let Some(Value::Array(calls)) = object.remove("calls") {
        let account = object.get("account").and_then(Value::as_str).map(str::to_owned);
        return calls.into_iter().enumerate().map(|(index, value)| recorded(value, index, account.clone())).collect();
    }
    if !object.is_empty() && object.keys().all(|name| KNOWN.iter().any(|known| known.operation == name)) {
        return Ok(by_operation(object));
    }
    let mut fitting = KNOWN.iter().filter(|known| (known.recognises)(&object));
    match (fitting.next(), fitting.next()) {
        (Some(known), None) => Ok(vec![call(known.operation, Value::Object(object))]),
        (Some(one), Some(other)) => Err(Fault::new(format!(
            "it may be what {} printed, or {}: its list is empty",
            one.operation, other.operation
        ))
        .try_this("leave the file out, or wrap it as {\"<operation>\": …}")),
        (None, _) => Err(unknown(&object)),
    }
}

/// A call as `tadoru inventory collect` writes it.
fn recorded(value: Value, index: usize, account: Option<String>) -> Result<Call, Fault> {
    let Value::Object(mut value) = value else {
        return Err(Fault::new(format!("calls[{index}] is not an object")));
    };
    let input = fields(value.remove("input").unwrap_or_default());
    let output = fields(value.remove("output").unwrap_or_default());
    let region = value.get("region").and_then(Value::as_str).map(str::to_owned);
    match value.remove("operation") {
        Some(Value::String(operation)) => Ok(Call { operation, input, output, account, region }),
        _ => Err(Fault::new(format!("calls[{index}] names no operation"))),
    }
}

/// `{"ListInstances": {…}, "DescribePermissionSet": [{…}, {…}]}`: outputs, or the lists that such an output holds.
fn by_operation(object: Map<String, Value>) -> Vec<Call> {
    let mut calls = Vec::new();
    for (operation, value) in object {
        let list = KNOWN.iter().find(|known| known.operation == operation).map_or("", |known| known.list);
        match value {
            Value::Array(items) => {
                let is_outputs = items.iter().all(|item| item.get(list).is_some());
                if is_outputs || list.is_empty() {
                    calls.extend(items.into_iter().map(|item| call(&operation, item)));
                } else {
                    calls.extend(unlisted(&operation, list, items));
                }
            }
            output => calls.push(call(&operation, output)),
        }
    }
    calls
}

/// The items of a list without the output around them: a single thing is an output each.
fn unlisted(operation: &str, list: &str, items: Vec<Value>) -> Vec<Call> {
    let wrap = |value: Value| call(operation, Value::Object(Map::from_iter([(list.to_owned(), value)])));
    if operation.starts_with("Describe") && operation != "DescribeTrails" {
        items.into_iter().map(wrap).collect()
    } else {
        vec![wrap(Value::Array(items))]
    }
}

fn unknown(object: &Map<String, Value>) -> Fault {
    let names: Vec<&str> = object.keys().take(5).map(String::as_str).collect();
    let first_user = object.get("Users").and_then(|users| users.get(0));
    if first_user.is_some_and(|user| user.get("Arn").is_some()) {
        return Fault::new("iam list-users says nothing of policies").try_this(AUTHORIZATION_DETAILS);
    }
    let is_iam_list =
        ["Roles", "Groups", "AttachedPolicies", "PolicyNames"].iter().any(|name| object.contains_key(*name));
    if is_iam_list {
        return Fault::new(format!("a list of {} is not enough", names.join(", "))).try_this(AUTHORIZATION_DETAILS);
    }
    Fault::new(format!("it is no answer that the inventory knows; it begins with {}", names.join(", ")))
        .try_this("tadoru inventory import --help, which lists them")
}

const AUTHORIZATION_DETAILS: &str = "aws iam get-account-authorization-details > iam.json";

/// An operation whose output can be recognised.
struct Known {
    operation: &'static str,
    /// The member of the output that holds what the operation lists or describes.
    list: &'static str,
    recognises: fn(&Map<String, Value>) -> bool,
}

const fn known(operation: &'static str, list: &'static str, recognises: fn(&Map<String, Value>) -> bool) -> Known {
    Known { operation, list, recognises }
}

/// Whether the list of that name is empty, or its first item has all these members.
fn lists(object: &Map<String, Value>, list: &str, members: &[&str]) -> bool {
    let Some(Value::Array(items)) = object.get(list) else { return false };
    items.first().is_none_or(|item| members.iter().all(|member| item.get(member).is_some()))
}

fn never(_: &Map<String, Value>) -> bool {
    false
}

const KNOWN: &[Known] = &[
    known("GetAccountAuthorizationDetails", "", |o| {
        ["UserDetailList", "GroupDetailList", "RoleDetailList"].iter().any(|name| o.contains_key(*name))
            || lists(o, "Policies", &["PolicyVersionList"]) && o.get("Policies") != Some(&json!([]))
    }),
    known("GetCredentialReport", "", |o| o.contains_key("Content") && o.contains_key("ReportFormat")),
    known("ListAccessKeys", "AccessKeyMetadata", |o| o.contains_key("AccessKeyMetadata")),
    known("ListAccountAliases", "AccountAliases", |o| o.contains_key("AccountAliases")),
    known("ListUsers", "Users", |o| lists(o, "Users", &["UserId", "IdentityStoreId"])),
    known("ListGroups", "Groups", |o| lists(o, "Groups", &["GroupId", "IdentityStoreId"])),
    known("ListGroupMemberships", "GroupMemberships", |o| lists(o, "GroupMemberships", &["GroupId", "MemberId"])),
    known("ListInstances", "Instances", |o| lists(o, "Instances", &["InstanceArn"])),
    known("ListPermissionSets", "PermissionSets", |o| o.contains_key("PermissionSets")),
    known("DescribePermissionSet", "PermissionSet", |o| o.contains_key("PermissionSet")),
    known("GetInlinePolicyForPermissionSet", "", |o| o.contains_key("InlinePolicy")),
    known("ListManagedPoliciesInPermissionSet", "", |o| o.contains_key("AttachedManagedPolicies")),
    known("ListCustomerManagedPolicyReferencesInPermissionSet", "", |o| {
        o.contains_key("CustomerManagedPolicyReferences")
    }),
    known("GetPermissionsBoundaryForPermissionSet", "", |o| o.len() == 1 && o.contains_key("PermissionsBoundary")),
    known("ListAccountsForProvisionedPermissionSet", "", |o| o.contains_key("AccountIds")),
    known("ListAccountAssignments", "AccountAssignments", |o| o.contains_key("AccountAssignments")),
    known("DescribeOrganization", "Organization", |o| o.contains_key("Organization")),
    known("ListAccounts", "Accounts", |o| lists(o, "Accounts", &["Id", "Arn"])),
    known("ListAccountsForParent", "Accounts", never),
    known("ListRoots", "Roots", |o| o.contains_key("Roots")),
    known("ListOrganizationalUnitsForParent", "OrganizationalUnits", |o| o.contains_key("OrganizationalUnits")),
    known("ListPolicies", "Policies", |o| {
        lists(o, "Policies", &["Id", "Type"]) && o.get("Policies") != Some(&json!([]))
    }),
    known("DescribePolicy", "Policy", |o| o.get("Policy").is_some_and(|policy| policy.get("PolicySummary").is_some())),
    known("ListTargetsForPolicy", "Targets", |o| lists(o, "Targets", &["TargetId"])),
    known("DescribeTrails", "trailList", |o| o.contains_key("trailList")),
    known("ListTrails", "Trails", |o| lists(o, "Trails", &["TrailARN"])),
    known("GetTrailStatus", "", |o| o.contains_key("IsLogging")),
    known("GetEventSelectors", "", |o| o.contains_key("TrailARN")),
    known("GetCallerIdentity", "", |o| o.contains_key("UserId") && o.contains_key("Account")),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(text: &str) -> Result<Vec<String>, String> {
        let calls = read(text.as_bytes()).map_err(|fault| fault.what)?;
        Ok(calls.into_iter().map(|call| call.operation).collect())
    }

    #[test]
    fn each_file_is_known_by_its_content() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(operations(text), Ok(expected.iter().map(|&name| name.to_owned()).collect()), "{text}");
        };
        check(
            r#"{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[],"Policies":[]}"#,
            &["GetAccountAuthorizationDetails"],
        );
        check("user,arn,user_creation_time,password_enabled\n", &["GetCredentialReport"]);
        check(r#"{"Content":"dXNlcg==","ReportFormat":"text/csv"}"#, &["GetCredentialReport"]);
        check(r#"{"Users":[{"UserId":"u","IdentityStoreId":"d-1"}]}"#, &["ListUsers"]);
        check(r#"{"Policies":[{"Id":"p-1","Type":"SERVICE_CONTROL_POLICY"}]}"#, &["ListPolicies"]);
        check(r#"{"Policies":[{"PolicyName":"p","PolicyVersionList":[]}]}"#, &["GetAccountAuthorizationDetails"]);
        check(r#"{"TrailARN":"arn","EventSelectors":[]}"#, &["GetEventSelectors"]);
        check(r#"{"trailList":[]} {"Instances":[]}"#, &["DescribeTrails", "ListInstances"]);
        check(r#"[{"PermissionSet":{}},{"PermissionSet":{}}]"#, &["DescribePermissionSet", "DescribePermissionSet"]);
        check(
            r#"{"ListInstances":{"Instances":[]},"DescribePermissionSet":[{"Name":"a"},{"Name":"b"}],"ListAccountAssignments":[{}]}"#,
            &["ListInstances", "DescribePermissionSet", "DescribePermissionSet", "ListAccountAssignments"],
        );
        check(
            r#"{"account":"111111111111","calls":[{"service":"iam","operation":"ListAccountAliases","input":{},"output":{"AccountAliases":[]}}]}"#,
            &["ListAccountAliases"],
        );
    }

    #[test]
    fn other_files_are_named_with_what_is_wrong() {
        let check = |text: &str, expected: &str| {
            let fault = operations(text).unwrap_err();
            assert!(fault.contains(expected), "{text} → {fault}");
        };
        check("", "it is empty");
        check("[1]", "[0]: it holds no JSON object");
        check("[]", "it holds no answer");
        check("{\"UserDetailList\": [", "it is not JSON: EOF while parsing a list at line 1 column 20");
        check(
            r#"{"Users":[{"UserId":"AIDA","Arn":"arn:aws:iam::1:user/a"}]}"#,
            "iam list-users says nothing of policies",
        );
        check(r#"{"Records":[]}"#, "it is no answer that the inventory knows; it begins with Records");
        check(r#"{"calls":[{"input":{}}]}"#, "calls[0] names no operation");
        check("{}", "no answer");
    }

    #[test]
    fn text_of_windows_is_read() {
        let json = r#"{"AccountAliases":["会社"]}"#;
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(json.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read(&wide).unwrap()[0].output["AccountAliases"][0], "会社");
        assert_eq!(read(format!("\u{feff}{json}").as_bytes()).unwrap()[0].output["AccountAliases"][0], "会社");
        assert!(read(&[0xFF, 0xFE, 0x00, 0xD8]).is_err() && read(b"\xC3\x28").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, json in "[\\[\\]{}\":,a-zA-Z0-9 ]{0,80}") {
            let _ = (read(&bytes), read(json.as_bytes()));
        }
    }
}

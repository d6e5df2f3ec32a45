//! Answers of IAM and STS: XML to the JSON that `aws … --output json` prints. XML knows no numbers, no empty lists and no
//! JSON inside, so the few members that are such are listed here by name, as botocore's models have them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::time;

/// Deeper answers are refused; those of IAM have about ten levels.
const DEPTH: usize = 64;

const LISTS: [&str; 15] = [
    "AccessKeyMetadata",
    "AccountAliases",
    "AttachedManagedPolicies",
    "GroupDetailList",
    "GroupList",
    "GroupPolicyList",
    "InstanceProfileList",
    "Policies",
    "PolicyVersionList",
    "RoleDetailList",
    "RolePolicyList",
    "Roles",
    "Tags",
    "UserDetailList",
    "UserPolicyList",
];
const STRUCTURES: [&str; 2] = ["PermissionsBoundary", "RoleLastUsed"];
const NUMBERS: [&str; 4] =
    ["AttachmentCount", "MaxSessionDuration", "PermissionsBoundaryUsageCount", "TemplateMinorVersion"];
const BOOLEANS: [&str; 3] = ["IsAttachable", "IsDefaultVersion", "IsTruncated"];
const TIMES: [&str; 4] = ["CreateDate", "GeneratedTime", "LastUsedDate", "UpdateDate"];
/// JSON that is percent-encoded.
const DOCUMENTS: [&str; 3] = ["AssumeRolePolicyDocument", "Document", "PolicyDocument"];
/// Bytes in base64; all of those that are asked for are text.
const BYTES: [&str; 1] = ["Content"];

#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

/// The members of a result; nothing where the operation has none.
///
/// # Errors
/// Not XML, or not the answer of an operation; says why.
pub(super) fn parse(body: &[u8]) -> Result<Value, String> {
    let root = element(body)?;
    let result = root.children.into_iter().find(|child| child.name.ends_with("Result"));
    Ok(result.map_or_else(|| Value::Object(Map::new()), |result| object(result.children)))
}

/// Code and message of an error; `None` where it is none of AWS's.
pub(super) fn error(body: &[u8]) -> Option<(String, String)> {
    fn find<'e>(element: &'e Element, name: &str) -> Option<&'e Element> {
        let children = element.children.iter();
        children.clone().find(|child| child.name == name).or_else(|| children.clone().find_map(|c| find(c, name)))
    }
    let root = element(body).ok()?;
    let text = |name: &str| find(&root, name).map(|found| found.text.clone());
    Some((text("Code")?, text("Message").unwrap_or_default()))
}

fn element(body: &[u8]) -> Result<Element, String> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).map_err(|error| error.to_string())?);
    let mut open: Vec<Element> = vec![Element::default()];
    let named = |name: &str| Element { name: name.to_owned(), ..Element::default() };
    loop {
        let depth = open.len();
        let current = open.last_mut().expect("the document itself is never closed");
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(_) if depth > DEPTH => return Err(format!("nested more than {DEPTH} deep")),
            Event::Start(start) => open.push(named(start.local_name().as_ref())),
            Event::Empty(start) => current.children.push(named(start.local_name().as_ref())),
            Event::End(_) => {
                let closed = open.pop().filter(|_| !open.is_empty()).ok_or("an element is closed that is not open")?;
                open.last_mut().expect("one was left").children.push(closed);
            }
            Event::Text(text) => current.text += &text.xml10_content(),
            Event::CData(text) => current.text += &text.xml10_content(),
            Event::GeneralRef(reference) => current.text.push_str(&resolved(&reference)?),
            Event::Eof => break,
            _ => {}
        }
    }
    let mut document = open.pop().filter(|_| open.is_empty()).ok_or("it ends within an element")?;
    document.children.pop().ok_or_else(|| "it is empty".to_owned())
}

fn resolved(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    let text = quick_xml::escape::resolve_predefined_entity(&name);
    text.map(str::to_owned).ok_or_else(|| format!("the entity {name} is not known"))
}

fn object(members: Vec<Element>) -> Value {
    Value::Object(members.into_iter().map(|member| (member.name.clone(), value(member))).collect())
}

fn value(element: Element) -> Value {
    let Element { name, text, children } = element;
    let is = |names: &[&str]| names.contains(&name.as_str());
    if is(&LISTS) {
        return Value::Array(children.into_iter().map(value).collect());
    }
    if !children.is_empty() || is(&STRUCTURES) {
        return object(children);
    }
    let read = if is(&NUMBERS) {
        text.parse::<i64>().ok().map(Value::from)
    } else if is(&BOOLEANS) {
        text.parse::<bool>().ok().map(Value::from)
    } else if is(&TIMES) {
        time::of_text(&text).map(Value::from)
    } else if is(&DOCUMENTS) {
        serde_json::from_str(&percent_decode_str(&text).decode_utf8_lossy()).ok()
    } else if is(&BYTES) {
        let bytes = BASE64_STANDARD.decode(text.split_whitespace().collect::<String>()).ok();
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(Value::from)
    } else {
        None
    };
    // What is not as the models say stays as it was sent.
    read.unwrap_or(Value::String(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn members_have_the_types_of_the_models() {
        let check = |members: &str, expected: Value| {
            let body = format!(
                "<XResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><XResult>{members}</XResult>\
                 <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></XResponse>"
            );
            assert_eq!(parse(body.as_bytes()), Ok(expected), "{members}");
        };
        check("", json!({}));
        check("<Tags/><Roles></Roles>", json!({ "Tags": [], "Roles": [] }));
        check("<GroupList><member>7</member><member/></GroupList>", json!({ "GroupList": ["7", ""] }));
        check("<RoleLastUsed/>", json!({ "RoleLastUsed": {} }));
        check("<AttachmentCount>7</AttachmentCount><Path>7</Path>", json!({ "AttachmentCount": 7, "Path": "7" }));
        check("<IsDefaultVersion>true</IsDefaultVersion>", json!({ "IsDefaultVersion": true }));
        check("<CreateDate>2020-08-25T01:53:35Z</CreateDate>", json!({ "CreateDate": "2020-08-25T01:53:35+00:00" }));
        check(
            "<Document>%7B%22Statement%22%3A%5B%5D%2C%22Id%22%3A%22a%2Bb+c%22%7D</Document>",
            json!({ "Document": { "Statement": [], "Id": "a+b+c" } }),
        );
        check("<Document>%7Bno</Document>", json!({ "Document": "%7Bno" }));
        check("<Content>dXNlcixhcm4K</Content>", json!({ "Content": "user,arn\n" }));
        check("<UserName>a&amp;b&#x3042;&lt;</UserName>", json!({ "UserName": "a&bあ<" }));
        check("<Value> kept  as it is </Value>", json!({ "Value": " kept  as it is " }));
        check(
            "<UserDetailList>\n <member>\n  <UserName>a</UserName>\n </member>\n</UserDetailList>",
            json!({ "UserDetailList": [{ "UserName": "a" }] }),
        );
    }

    #[test]
    fn what_is_no_answer_says_why() {
        let check = |body: &str| assert!(parse(body.as_bytes()).is_err(), "{body}");
        check("");
        check("plain text");
        check("<a><b></a></b>");
        check("<a>");
        check("</a>");
        check("<a>&unknown;</a>");
        check(&"<a>".repeat(100_000));
    }

    #[test]
    fn errors_have_a_code_and_a_message() {
        let body = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>AccessDenied</Code>\
                    <Message>User: a is not authorized</Message></Error><RequestId>r</RequestId></ErrorResponse>";
        assert_eq!(error(body.as_bytes()), Some(("AccessDenied".into(), "User: a is not authorized".into())));
        assert_eq!(error(b"<html><body>502</body></html>"), None);
        assert_eq!(error(b""), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            // Whatever it says, it says it.
            drop((parse(&body), error(&body)));
        }

        #[test]
        fn text_comes_back(text in "[^\u{0}-\u{1f}\u{fffe}\u{ffff}]{0,40}") {
            let escaped = quick_xml::escape::escape(&text);
            let body = format!("<R><XResult><UserName>{escaped}</UserName></XResult></R>");
            prop_assert_eq!(parse(body.as_bytes()), Ok(json!({ "UserName": text })));
        }
    }
}

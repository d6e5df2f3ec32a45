//! Writes an event as the record that CloudTrail would deliver: fields in AWS's order, compact JSON.
//! Where it is delivered, and how often, is `delivery`'s matter.

use crate::account::{ACCOUNTS, HOME_REGION, IDENTITY_STORE_ID, MANAGEMENT};
use crate::calendar;
use crate::call::{Call, EventType};
use crate::caller::{Caller, IdentityType, identity_center_user_id};
use crate::event::{Detail, Event, Outcome};
use crate::random::{Random, name_seed};
use crate::template::{Template, write_access_key};

static NO_DETAIL: Detail = Detail {
    parameters: None,
    response: None,
    additional: None,
    resources: None,
    service_event_details: None,
    shared: None,
    access_key_id: None,
    session_start: None,
    ip: None,
    agent: None,
    error_message: None,
};

/// Appends the record's JSON.
pub(crate) fn write(out: &mut String, event: &Event) {
    let detail = event.detail.unwrap_or(&NO_DETAIL);
    let (caller, call) = (event.caller, event.call);
    let session_arn = session_arn(event);
    let template = Template { event, session_arn: &session_arn };

    out.push_str(r#"{"eventVersion":""#);
    out.push_str(version(event));
    out.push_str(r#"","userIdentity":"#);
    write_user_identity(out, event, detail, &session_arn);
    out.push_str(r#","eventTime":""#);
    calendar::event_time(out, event.time);
    text(out, r#"","eventSource":""#, call.service);
    text(out, r#".amazonaws.com","eventName":""#, call.name);
    text(out, r#"","awsRegion":""#, event.region);
    text(out, r#"","sourceIPAddress":""#, detail.ip.unwrap_or(caller.ip));
    text(out, r#"","userAgent":""#, detail.agent.unwrap_or(caller.agent));
    out.push('"');
    write_error(out, event, detail, &template);
    out.push_str(r#","requestParameters":"#);
    template.write(out, detail.parameters.as_deref().unwrap_or(call.parameters), 1);
    out.push_str(r#","responseElements":"#);
    let failed = event.outcome != Outcome::Ok && detail.response.is_none();
    let response = if failed { "null" } else { detail.response.as_deref().unwrap_or(call.response) };
    template.write(out, response, 2);
    let optional = |out: &mut String, name: &str, own: &Option<String>, usual: &str, part: u64| {
        let value = own.as_deref().unwrap_or(usual);
        if !value.is_empty() {
            out.push_str(name);
            template.write(out, value, part);
        }
    };
    optional(out, r#","additionalEventData":"#, &detail.additional, call.additional, 3);
    out.push_str(r#","requestID":""#);
    Random::new(&[event.key, 0x2d]).uuid(out);
    out.push_str(r#"","eventID":""#);
    event.write_id(out);
    out.push_str(if call.read_only { r#"","readOnly":true"# } else { r#"","readOnly":false"# });
    optional(out, r#","resources":"#, &detail.resources, call.resources, 4);
    text(out, r#","eventType":""#, call.event_type.text());
    out.push_str(if call.data { r#"","managementEvent":false"# } else { r#"","managementEvent":true"# });
    text(out, r#","recipientAccountId":""#, ACCOUNTS[event.account].id);
    out.push('"');
    if let Some(shared) = detail.shared {
        out.push_str(r#","sharedEventID":""#);
        Random::new(&[shared, 0x3d]).uuid(out);
        out.push('"');
    }
    optional(out, r#","serviceEventDetails":"#, &detail.service_event_details, "", 5);
    write_network(out, event);
    out.push('}');
}

/// The principal under which a lake files the event: an ARN, else `Type:id`.
pub(crate) fn principal(event: &Event) -> String {
    let caller = event.caller;
    if caller.account == event.account || caller.identity != IdentityType::Role {
        return caller.principal();
    }
    format!("AWSAccount:{}/{}", ACCOUNTS[caller.account].id, caller.unique_id())
}

fn text(out: &mut String, before: &str, value: &str) {
    out.push_str(before);
    out.push_str(value);
}

/// Newer SDK paths write newer versions, so a trail holds several at a time.
fn version(event: &Event) -> &'static str {
    match Random::new(&[name_seed(event.call.name), name_seed(event.region)]).below(10) {
        0 => "1.08",
        1 | 2 => "1.09",
        3..=5 => "1.10",
        _ => "1.11",
    }
}

/// The ARN as userIdentity shows it: for a role the session's, without the role's path.
fn session_arn(event: &Event) -> String {
    let caller = event.caller;
    match caller.identity {
        IdentityType::User | IdentityType::Root => caller.principal(),
        IdentityType::Role => {
            let account = ACCOUNTS[caller.account].id;
            let mut arn = format!("arn:aws:sts::{account}:assumed-role/{}/", caller.name);
            write_session_name(&mut arn, event);
            arn
        }
        _ => String::new(),
    }
}

/// A session's name is drawn once for its session, not for each event.
fn write_session_name(out: &mut String, event: &Event) {
    let mut random = event.session();
    let mut pieces = event.caller.session.split('%');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        match piece.as_bytes().first() {
            Some(b'l') => random.hex(out, 17),
            _ => out.push_str(&(1000 + random.below(9000)).to_string()),
        }
        out.push_str(&piece[1..]);
    }
}

fn write_user_identity(out: &mut String, event: &Event, detail: &Detail, session_arn: &str) {
    let caller = event.caller;
    let account = ACCOUNTS[caller.account].id;
    // The copy in the target's trail knows of the caller only its id and account.
    if caller.account != event.account && caller.identity == IdentityType::Role {
        text(out, r#"{"type":"AWSAccount","principalId":""#, &caller.unique_id());
        out.push(':');
        write_session_name(out, event);
        text(out, r#"","accountId":""#, account);
        out.push_str(r#""}"#);
        return;
    }
    match caller.identity {
        IdentityType::User => {
            text(out, r#"{"type":"IAMUser","principalId":""#, &caller.unique_id());
            text(out, r#"","arn":""#, session_arn);
            text(out, r#"","accountId":""#, account);
            if event.call.event_type == EventType::ApiCall {
                let key = detail.access_key_id.clone().unwrap_or_else(|| caller.access_key_id());
                text(out, r#"","accessKeyId":""#, &key);
            }
            text(out, r#"","userName":""#, caller.name);
            out.push_str(r#""}"#);
        }
        IdentityType::Role => write_assumed_role(out, event, detail, session_arn),
        IdentityType::Root => {
            text(out, r#"{"type":"Root","principalId":""#, account);
            text(out, r#"","arn":""#, session_arn);
            text(out, r#"","accountId":""#, account);
            out.push_str(r#"","accessKeyId":""}"#);
        }
        IdentityType::Service if event.call.event_type == EventType::ServiceEvent => {
            text(out, r#"{"accountId":""#, account);
            out.push_str(r#"","invokedBy":"AWS Internal"}"#);
        }
        IdentityType::Service => {
            text(out, r#"{"type":"AWSService","invokedBy":""#, caller.name);
            out.push_str(r#""}"#);
        }
        IdentityType::OtherAccount => {
            text(out, r#"{"type":"AWSAccount","principalId":"","accountId":""#, caller.name);
            out.push_str(r#""}"#);
        }
        IdentityType::UnknownUser => {
            text(out, r#"{"type":"Unknown","principalId":""#, account);
            text(out, r#"","arn":"","accountId":""#, account);
            text(out, r#"","accessKeyId":"","userName":""#, caller.name);
            out.push_str(r#""}"#);
        }
        IdentityType::IdentityCenterUser => write_identity_center_user(out, event),
    }
}

fn write_assumed_role(out: &mut String, event: &Event, detail: &Detail, session_arn: &str) {
    let caller = event.caller;
    let account = ACCOUNTS[caller.account].id;
    let id = caller.unique_id();
    text(out, r#"{"type":"AssumedRole","principalId":""#, &id);
    out.push(':');
    write_session_name(out, event);
    text(out, r#"","arn":""#, session_arn);
    text(out, r#"","accountId":""#, account);
    out.push_str(r#"","accessKeyId":""#);
    match &detail.access_key_id {
        Some(key) => out.push_str(key),
        None => write_access_key(out, &mut event.session()),
    }
    text(out, r#"","sessionContext":{"sessionIssuer":{"type":"Role","principalId":""#, &id);
    text(out, r#"","arn":""#, &caller.principal());
    text(out, r#"","accountId":""#, account);
    text(out, r#"","userName":""#, caller.name);
    out.push_str(r#""},"attributes":{"creationDate":""#);
    calendar::event_time(out, event.session_start());
    out.push_str(r#"","mfaAuthenticated":"#);
    out.push_str(if caller.mfa { r#""true"}}"# } else { r#""false"}}"# });
    if caller.path.starts_with("/aws-service-role/") {
        text(out, r#","invokedBy":""#, caller.ip);
        out.push('"');
    }
    out.push('}');
}

fn write_identity_center_user(out: &mut String, event: &Event) {
    let account = ACCOUNTS[MANAGEMENT].id;
    text(out, r#"{"type":"IdentityCenterUser","accountId":""#, account);
    text(out, r#"","onBehalfOf":{"userId":""#, &identity_center_user_id(event.caller.name));
    text(out, r#"","identityStoreArn":"arn:aws:identitystore::"#, account);
    text(out, ":identitystore/", IDENTITY_STORE_ID);
    out.push_str(r#""},"credentialId":""#);
    event.session().uuid(out);
    out.push_str(r#""}"#);
}

fn write_error(out: &mut String, event: &Event, detail: &Detail, template: &Template) {
    let (code, message) = match event.outcome {
        Outcome::Ok => return,
        Outcome::Denied if event.call.service == "signin" => ("", "Failed authentication"),
        Outcome::Denied => (event.call.denial(), ""),
        Outcome::Error => event.call.failure(),
    };
    if !code.is_empty() {
        text(out, r#","errorCode":""#, code);
        out.push('"');
    }
    out.push_str(r#","errorMessage":""#);
    match (detail.error_message, message) {
        (Some(message), _) => template.write(out, message, 6),
        (None, "") => write_denial(out, event.call, event.caller, template),
        (None, message) => template.write(out, message, 6),
    }
    out.push('"');
}

fn write_denial(out: &mut String, call: &Call, caller: &Caller, template: &Template) {
    if call.service == "ec2" {
        out.push_str("You are not authorized to perform this operation. ");
    }
    match caller.identity {
        IdentityType::OtherAccount => return out.push_str("Access Denied"),
        IdentityType::Service => text(out, "User: ", caller.name),
        _ => text(out, "User: ", template.session_arn),
    }
    text(out, " is not authorized to perform: ", call.namespace());
    text(out, ":", call.action);
    text(out, " on resource: * because no identity-based policy allows the ", call.namespace());
    text(out, ":", call.action);
    out.push_str(" action");
}

/// What follows serviceEventDetails: VPC endpoint, category, TLS. Calls from inside AWS have no TLS of their own.
fn write_network(out: &mut String, event: &Event) {
    let (caller, call) = (event.caller, event.call);
    let api_call = call.event_type == EventType::ApiCall && caller.ip.starts_with(|first: char| first.is_ascii_digit());
    if call.event_type == EventType::VpceEvent || (api_call && call.data && caller.robot_weight > 0) {
        out.push_str(r#","vpcEndpointId":"vpce-"#);
        Random::new(&[name_seed(event.region), event.account as u64]).hex(out, 17);
        out.push('"');
    }
    out.push_str(match (call.event_type, call.data) {
        (EventType::VpceEvent, _) => r#","eventCategory":"NetworkActivity""#,
        (_, true) => r#","eventCategory":"Data""#,
        _ => r#","eventCategory":"Management""#,
    });
    if api_call {
        out.push_str(r#","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":""#);
        text(out, call.service, ".");
        text(out, event.region, r#".amazonaws.com"}"#);
        let browser = caller.agent.starts_with("Mozilla");
        if browser && caller.mfa && event.region == HOME_REGION {
            out.push_str(r#","sessionCredentialFromConsole":"true""#);
        }
    }
}

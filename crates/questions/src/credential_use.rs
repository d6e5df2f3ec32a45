//! The last use of what users sign in with: access keys by their id, console passwords by their user. `unused_access` and the
//! endpoint ask here, so that both know the same.

use std::collections::BTreeMap;

use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::timestamp::duckdb_timestamp;
use lake::value::Value;

use crate::access_window::AccessWindow;
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};

/// Cost: five columns of events; statistics and bloom filters on accesskeyid leave out what holds none of the keys.
const ACCESS_KEYS_SQL: &str = "
SELECT accesskeyid, max(eventtimestamp) AS last_at, max_by(eventid, eventtimestamp) AS last_event_id,
       max_by(awsregion, eventtimestamp) AS last_region, max_by(eventsource, eventtimestamp) AS last_source
FROM events
WHERE accesskeyid IN (:keys) AND eventtimestamp < :until
GROUP BY accesskeyid";

/// Cost: four columns of access_daily, every month, and of at most one day of events.
const PASSWORDS_SQL: &str = "
SELECT principal, max(last_at) AS last_at
FROM (
    SELECT principal, lasteventtimestamp AS last_at
    FROM access_daily
    WHERE principal LIKE :users AND eventname = 'ConsoleLogin' AND outcome = 'ok' AND :whole_days
    UNION ALL
    SELECT principal, eventtimestamp
    FROM events
    WHERE principal LIKE :users AND eventname = 'ConsoleLogin' AND outcome = 'ok' AND :cut_days
) AS sign_ins
GROUP BY principal";

/// The last call that was signed with an access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// µs UTC.
    pub at_us: i64,
    pub event_id: Option<String>,
    pub region: Option<String>,
    /// As the record says it: `s3.amazonaws.com`.
    pub event_source: Option<String>,
}

/// The last use of access keys before `now_us`, by id; a key that no event names is left out.
pub fn of_access_keys(
    snapshot: &Snapshot,
    keys: &[String],
    now_us: i64,
) -> Result<BTreeMap<String, KeyUse>, QuestionError> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let until = format!("TIMESTAMP '{}'", duckdb_timestamp(now_us));
    let sql = bind(ACCESS_KEYS_SQL, &[("keys", Parameter::Texts(keys)), ("until", Parameter::Sql(&until))]);
    let mut found = BTreeMap::new();
    for row in snapshot.query(&sql, now_us, Mode::Trusted)?.rows {
        if let [Value::Text(key), Value::Timestamp(at_us), event_id, region, source] = row.as_slice() {
            let (event_id, region, event_source) = (text(event_id), text(region), text(source));
            found.insert(key.clone(), KeyUse { at_us: *at_us, event_id, region, event_source });
        }
    }
    Ok(found)
}

/// The last sign-in to the console before `now_us` of an account's users and its root user, by ARN, µs UTC.
pub fn of_passwords(snapshot: &Snapshot, account: &str, now_us: i64) -> Result<BTreeMap<String, i64>, QuestionError> {
    let window = AccessWindow { since_us: None, until_us: now_us };
    let (whole_days, cut_days) = (window.whole_days(), window.cut_days());
    let users = format!("arn:aws:iam::{account}:%");
    let parameters = [
        ("users", Parameter::Text(&users)),
        ("whole_days", Parameter::Sql(&whole_days)),
        ("cut_days", Parameter::Sql(&cut_days)),
    ];
    let mut found = BTreeMap::new();
    for row in snapshot.query(&bind(PASSWORDS_SQL, &parameters), now_us, Mode::Trusted)?.rows {
        if let [Value::Text(user), Value::Timestamp(at_us)] = row.as_slice() {
            found.insert(user.clone(), *at_us);
        }
    }
    Ok(found)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

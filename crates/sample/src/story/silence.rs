//! What the logs do not say: a region that delivered nothing for thirty hours, and names that never appear.
//! The gap itself is made in `delivery`; the last object before it and the first one after are found when counting.

use serde_json::json;

use super::Script;
use crate::account::ACCOUNTS;
use crate::calendar::event_time_text;
use crate::delivery::Gap;

/// For a later inventory: users that exist and were never seen.
const NEVER: [(&str, &str); 3] =
    [("identity-center", "yuki.hayashi"), ("111111111111", "break-glass"), ("222222222222", "legacy-ftp")];

pub(super) fn act(script: &mut Script) {
    let from = script.acts.len();
    let gap = Gap::new(script.end());
    script.tell(
        from,
        "region_gap",
        "Where are logs missing?",
        [
            ("account", json!(ACCOUNTS[gap.account].id)),
            ("region", json!(gap.region)),
            ("silent_from", json!(event_time_text(gap.from))),
            ("silent_until", json!(event_time_text(gap.until))),
        ],
    );
    let users: Vec<_> = NEVER.iter().map(|(source, name)| json!({"source": source, "user_name": name})).collect();
    script.tell(from, "never_seen", "Which users never used anything?", [("users", json!(users))]);
}

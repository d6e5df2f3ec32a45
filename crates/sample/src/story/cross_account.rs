//! A developer reaches production by a chain: portal, permission-set role, a role in the other account, and from there
//! a third role, which deletes a table. Each step hands its access key to the next.

use serde_json::{Value, json};

use super::Script;
use super::routine::{assume_role, sign_in};
use crate::account::{DEVELOPMENT, HOME_REGION, PRODUCTION};
use crate::calendar::{DAY, HOUR, MINUTE};
use crate::caller::DEVELOPER;

const TABLE: &str = "orders-table-2023";

pub(super) fn act(script: &mut Script) {
    let from = script.acts.len();
    let time = script.end() - 6 * DAY + 8 * HOUR;
    sign_in(script, time, "carol.sato", DEVELOPMENT, DEVELOPER);
    let first = format!("{DEVELOPER}/carol.sato");
    let into_production =
        assume_role(script, time + 10 * MINUTE, (DEVELOPMENT, &first), (PRODUCTION, "CrossAccountDeploy"));
    let at = (PRODUCTION, HOME_REGION);
    let second = (PRODUCTION, "CrossAccountDeploy");
    script
        .act(at, time + 11 * MINUTE, second, "sts:GetCallerIdentity")
        .access_key(&into_production, time + 10 * MINUTE);
    let admin = assume_role(script, time + 12 * MINUTE, second, (PRODUCTION, "DataAdmin"));
    script.acts.last_mut().expect("the assumption was just acted").access_key(&into_production, time + 10 * MINUTE);
    let third = (PRODUCTION, "DataAdmin");
    script.act(at, time + 13 * MINUTE, third, "dynamodb:ListTables").access_key(&admin, time + 12 * MINUTE);
    script
        .act(at, time + 14 * MINUTE, third, "dynamodb:DeleteTable")
        .access_key(&admin, time + 12 * MINUTE)
        .parameters(format!(r#"{{"tableName":"{TABLE}"}}"#))
        .response("null")
        .resources(format!(
            r#"[{{"accountId":"%a","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:%r:%a:table/{TABLE}"}}]"#
        ));
    let chain: Vec<Value> = vec![
        json!({"identity_center_user": "carol.sato"}),
        json!({"role": format!("arn:aws:iam::333333333333:role/aws-reserved/sso.amazonaws.com/ap-northeast-1/{DEVELOPER}")}),
        json!({"role": "arn:aws:iam::222222222222:role/deploy/CrossAccountDeploy", "access_key_id": into_production}),
        json!({"role": "arn:aws:iam::222222222222:role/DataAdmin", "access_key_id": admin}),
    ];
    script.tell(
        from,
        "cross_account_chain",
        "Who stands behind the session that deleted the table?",
        [("table", json!(TABLE)), ("chain", json!(chain)), ("cross_account_pairs", json!(1))],
    );
}

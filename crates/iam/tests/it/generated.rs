//! Thousands of generated requests and policies, from a seed: wildcards, Not… elements, denials, conditions, boundaries
//! and service control policies. What the two implementations are known to do otherwise is left out here and stands in
//! `known_difference`.

use iam::permitted_actions::ActionIndex;
use iam::service_reference::ServiceReference;
use serde_json::{Map, Value, json};

use crate::policy_case::PolicyCase;
use crate::reference;

const CASES: usize = 8_000;
const TEST: &str = "policies that were generated, against iam-simulate";
const SERVICES: [&str; 14] = [
    "s3",
    "ec2",
    "iam",
    "sqs",
    "sns",
    "dynamodb",
    "lambda",
    "logs",
    "kms",
    "sts",
    "rds",
    "ssm",
    "secretsmanager",
    "ecs",
];

#[test]
fn generated_requests_come_to_the_same() {
    let reference = ServiceReference::embedded();
    let index = ActionIndex::new(&reference);
    let mut random = Random(0x7ad0_2026);
    let cases: Vec<PolicyCase> = (0..CASES).map(|_| some_case(&mut random, &reference, &index)).collect();
    let lines: Vec<Value> = cases.iter().map(PolicyCase::line).collect();
    let Some(theirs) = reference::simulated(&reference::no_documents(), &lines, TEST) else { return };
    let mut counts = std::collections::BTreeMap::new();
    let mut differences = Vec::new();
    // It refuses an ARN that fits several types of the action.
    let mut undecided = 0;
    for (case, theirs) in cases.iter().zip(&theirs) {
        if theirs.contains("resource.types") {
            undecided += 1;
            continue;
        }
        let ours = case.outcome();
        *counts.entry(ours).or_insert(0) += 1;
        if ours != theirs {
            differences.push(format!("here {ours}, there {theirs}: {}", case.line()));
        }
    }
    println!("{CASES} generated requests: {counts:?}, {undecided} that iam-simulate does not decide");
    let shown = differences.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} differences, as\n{shown}", differences.len());
    assert!(undecided * 20 < CASES, "{undecided} requests were not compared");
    assert!(counts.values().all(|count| count * 20 > CASES), "one outcome is rare, nothing was compared: {counts:?}");
}

/// SplitMix64: the same cases on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

fn some_case(random: &mut Random, reference: &ServiceReference, index: &ActionIndex) -> PolicyCase {
    let mut case = PolicyCase::default();
    let partition = if random.chance(90) { "aws" } else { random.pick(&["aws-cn", "aws-us-gov"]) };
    // The key policy that the other side needs for KMS is that of the partition aws.
    let service = loop {
        let service = random.pick(&SERVICES);
        if service != "kms" || partition == "aws" {
            break service;
        }
    };
    let kind = random.pick(&["user/Alice", "user/people/Bob", "role/Deploy", "role/ops/Nightly"]);
    case.principal = format!("arn:{partition}:iam::111111111111:{kind}");
    let actions: Vec<_> = index.actions_of(service).map(|id| index.action(id).1.to_owned()).collect();
    let name = loop {
        let name = &actions[random.below(actions.len())];
        // Needs no permission here: see `known_difference`.
        if name != "GetSessionToken" {
            break name;
        }
    };
    case.action = format!("{service}:{name}");
    let action = reference.find_action(service, name).unwrap();
    let types: Vec<_> = action.resource_types().map(|(name, _)| name).collect();
    case.resource = match types.as_slice() {
        [] => "*".to_owned(),
        types => {
            let resource_type = random.pick(types);
            some_arn(random, partition, reference.arn_format(service, resource_type).unwrap())
        }
    };
    some_context(random, &mut case);
    case.identity = (0..1 + random.below(3)).map(|_| some_document(random, &case, 35)).collect();
    if random.chance(15) {
        case.boundary = Some(some_document(random, &case, 15));
    }
    if random.chance(20) {
        let levels = 1 + random.below(3);
        case.levels = (0..levels)
            .map(|_| {
                let all =
                    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
                let mut level = if random.chance(80) { vec![all] } else { Vec::new() };
                if random.chance(50) {
                    level.push(some_document(random, &case, 60));
                }
                level
            })
            .collect();
    }
    case
}

fn some_arn(random: &mut Random, partition: &str, format: &str) -> String {
    let mut arn = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap();
        arn.push_str(before);
        arn.push_str(match name {
            "Partition" => partition,
            "Region" => random.pick(&["eu-west-1", "us-east-1"]),
            "Account" => "111111111111",
            _ => random.pick(&["alpha", "Alice", "beta-2", "x"]),
        });
        rest = after;
    }
    arn + rest
}

fn some_context(random: &mut Random, case: &mut PolicyCase) {
    let mut set = |key: &str, values: &[&str]| {
        case.context.insert(key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect());
    };
    set("aws:PrincipalArn", &[&case.principal.clone()]);
    if random.chance(70) {
        set("aws:username", &[random.pick(&["Alice", "Bob", "*"])]);
    }
    if random.chance(70) {
        set("aws:PrincipalTag/team", &[random.pick(&["alpha", "beta-2", "x"])]);
    }
    if random.chance(70) {
        set("aws:SourceIp", &[random.pick(&["10.1.2.3", "203.0.113.9", "2001:db8::1"])]);
    }
    if random.chance(70) {
        set("aws:SecureTransport", &[random.pick(&["true", "false"])]);
    }
    if random.chance(70) {
        set("aws:CurrentTime", &[random.pick(&["2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z", "2026-01-01"])]);
    }
    if random.chance(70) {
        set("aws:MultiFactorAuthAge", &[random.pick(&["0", "300", "3600"])]);
    }
    if random.chance(70) {
        let keys: &[&str] = random.pick(&[&["a"] as &[&str], &["a", "b"], &["c"], &["a", "c"], &[]]);
        set("aws:TagKeys", keys);
    }
}

fn some_document(random: &mut Random, case: &PolicyCase, deny_percent: usize) -> Value {
    let mut statements: Vec<Value> =
        (0..1 + random.below(3)).map(|_| some_statement(random, case, deny_percent)).collect();
    let statement = if statements.len() == 1 && random.chance(50) { statements.remove(0) } else { statements.into() };
    json!({"Version": "2012-10-17", "Statement": statement})
}

fn some_statement(random: &mut Random, case: &PolicyCase, deny_percent: usize) -> Value {
    let mut statement = Map::new();
    let effect = if random.chance(deny_percent) { "Deny" } else { "Allow" };
    statement.insert("Effect".to_owned(), effect.into());
    let negated = random.chance(12);
    let actions: Vec<String> = (0..1 + random.below(3)).map(|_| action_pattern(random, &case.action)).collect();
    statement.insert(if negated { "NotAction" } else { "Action" }.to_owned(), single_or_list(random, actions));
    let negated = random.chance(15);
    let resources: Vec<String> = (0..1 + random.below(3)).map(|_| resource_pattern(random, &case.resource)).collect();
    statement.insert(if negated { "NotResource" } else { "Resource" }.to_owned(), single_or_list(random, resources));
    if random.chance(45) {
        let mut conditions = Map::new();
        for _ in 0..1 + random.below(2) {
            let (operator, key, values) = some_condition(random);
            let keys = conditions.entry(operator).or_insert_with(|| json!({}));
            keys.as_object_mut().unwrap().insert(key, single_or_list(random, values));
        }
        statement.insert("Condition".to_owned(), conditions.into());
    }
    statement.into()
}

fn single_or_list(random: &mut Random, mut values: Vec<String>) -> Value {
    if values.len() == 1 && random.chance(50) { values.remove(0).into() } else { values.into() }
}

fn action_pattern(random: &mut Random, action: &str) -> String {
    let (service, name) = action.split_once(':').unwrap();
    let at = 1 + random.below(name.len() - 1);
    match random.below(12) {
        0 => "*".to_owned(),
        1 | 2 => format!("{service}:*"),
        3 | 4 => format!("{service}:{}*", &name[..at]),
        5 => format!("{service}:*{}", &name[at..]),
        6 => format!("{service}:{}?{}", &name[..at], &name[at + 1..]),
        7 => action.to_ascii_uppercase(),
        8 => format!("{service}:{name}Batch"),
        9 => random.pick(&["s3:Get*", "ec2:Describe*", "iam:*", "sts:AssumeRole", "nothing:*"]).to_owned(),
        _ => action.to_owned(),
    }
}

fn resource_pattern(random: &mut Random, resource: &str) -> String {
    if resource == "*" {
        return random.pick(&["*", "*", "*", "arn:aws:s3:::alpha", "arn:aws:iam::*:role/*"]).to_owned();
    }
    let mut parts: Vec<String> = resource.splitn(6, ':').map(str::to_owned).collect();
    let last = parts[5].clone();
    // The other implementation takes no wildcards within the type, as in `key-p?ir/x`, and cuts variables at their
    // colon where there is no type: see `known_difference`. Names of resources here are ASCII, so that every place is
    // one between characters.
    let begin = last.find(['/', ':']).map_or(0, |at| at + 1);
    let at = begin + random.below(last.len() - begin + 1);
    match random.below(14) {
        0..=3 => return "*".to_owned(),
        4 => parts[5] = "*".to_owned(),
        5 => parts[5] = format!("{}*", &last[..at]),
        6 => parts[5] = format!("{}*{}", &last[..begin], &last[at..]),
        7 => parts[5] = format!("{}?{}", &last[..at], last.get(at + 1..).unwrap_or_default()),
        8..=10 if begin == 0 => {}
        8 => parts[5] = last.replace("Alice", "${aws:username}"),
        9 => parts[5] = format!("{}${{aws:PrincipalTag/team, 'x'}}", &last[..at]),
        10 => parts[5] = format!("{}${{aws:PrincipalTag/team}}*", &last[..at]),
        11 => {
            let part = 3 + random.below(2);
            parts[part] = random.pick(&["*", "?", "eu-*", "1*1", ""]).to_owned();
        }
        12 => parts[5] = last.to_ascii_uppercase(),
        _ => {}
    }
    parts.join(":")
}

fn some_condition(random: &mut Random) -> (String, String, Vec<String>) {
    let (operators, key, values): (&[&str], &str, &[&str]) = match random.below(9) {
        0 => (
            &["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"],
            "aws:username",
            &["Alice", "bob", "*", "${aws:PrincipalTag/team, 'Bob'}"],
        ),
        1 => (
            &["StringLike", "StringNotLike", "StringEquals", "StringNotEquals"],
            "aws:PrincipalTag/team",
            &["alpha", "*a*", "?", "${aws:username}", "beta*", ""],
        ),
        2 => (
            &["IpAddress", "NotIpAddress"],
            "aws:SourceIp",
            &["10.0.0.0/8", "10.1.2.3/32", "203.0.113.0/24", "2001:db8::/32", "no address", "10.1.2.99/16"],
        ),
        3 => (&["Bool"], "aws:SecureTransport", &["true", "false", "TRUE"]),
        4 => (
            &[
                "DateEquals",
                "DateNotEquals",
                "DateLessThan",
                "DateLessThanEquals",
                "DateGreaterThan",
                "DateGreaterThanEquals",
            ],
            "aws:CurrentTime",
            &["2026-01-01", "2026-01-01T00:00:00Z", "2026-06", "2026-06-01T21:00:00+09:00", "soon"],
        ),
        5 => (
            &[
                "NumericEquals",
                "NumericNotEquals",
                "NumericLessThan",
                "NumericLessThanEquals",
                "NumericGreaterThan",
                "NumericGreaterThanEquals",
            ],
            "aws:MultiFactorAuthAge",
            &["300", "0", "299.5", "300.0", "many"],
        ),
        6 => (
            &[
                "ForAllValues:StringEquals",
                "ForAllValues:StringNotEquals",
                "ForAnyValue:StringEquals",
                "ForAnyValue:StringNotEquals",
                "ForAllValues:StringLike",
                "ForAnyValue:StringNotLike",
            ],
            "aws:TagKeys",
            &["a", "b", "?", "*"],
        ),
        7 => (
            &["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"],
            "aws:PrincipalArn",
            &["arn:*:iam::*:user/*", "arn:aws:iam::111111111111:role/Deploy", "arn:aws:iam::1*:role/*", "arn:aws:*"],
        ),
        _ => (&["Null"], random.pick(&["aws:username", "aws:SourceIp", "aws:TokenIssueTime"]), &["true", "false"]),
    };
    let mut operator = random.pick(operators).to_owned();
    if !operator.starts_with("For") && operator != "Null" && random.chance(20) {
        operator.push_str("IfExists");
    }
    let values = (0..1 + random.below(2)).map(|_| random.pick(values).to_owned()).collect();
    let key = if random.chance(10) { key.to_ascii_uppercase() } else { key.to_owned() };
    (operator, key, values)
}

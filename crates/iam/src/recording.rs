//! How CloudTrail records the calls of an action: as a management event, which every trail delivers, as a data event, which
//! a trail delivers only where it is told to, or never. What may be said of an action that the logs do not show rests on
//! this. Facts about AWS as tables; where AWS does not say it, the answer is *unsure*, and silence then proves nothing.

use crate::service_reference::Action;

mod table;

/// How CloudTrail records the calls of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// A management event: in every trail, unless it leaves out reads, writes, or the events of KMS or the RDS Data API.
    Management,
    /// A data event of this resource type (`resources.type` of an advanced event selector): only where a trail asks for it.
    Data(&'static str),
    /// Not at all: the action is no call of its own, or not one that CloudTrail sees.
    Never,
    /// Not known: the service has data events and AWS does not say which operations they are, or no operation of AWS's
    /// public API bears the action's name.
    Unsure,
}

impl Recording {
    /// In a word, as answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Data(_) => "data",
            Self::Never => "never",
            Self::Unsure => "unsure",
        }
    }

    /// The resource type of its data events.
    pub fn data_event_type(self) -> Option<&'static str> {
        match self {
            Self::Data(resource_type) => Some(resource_type),
            _ => None,
        }
    }

    /// Whether the absence of events says that there were no calls; `data_events_come`: data events of the action's service
    /// were delivered.
    pub fn is_complete(self, data_events_come: bool) -> bool {
        match self {
            Self::Management => true,
            Self::Data(_) => data_events_come,
            Self::Never | Self::Unsure => false,
        }
    }
}

/// How CloudTrail records this action of the service with that namespace.
pub fn of_action(namespace: &str, action: &Action) -> Recording {
    if is_among(table::NEVER, namespace, action.name) {
        return Recording::Never;
    }
    let data = table::DATA_EVENTS.iter().find(|(of, _, names)| *of == namespace && names_action(names, action.name));
    if let Some((_, resource_type, _)) = data {
        return Recording::Data(resource_type);
    }
    let is_target = || crate::event_action::is_named_by_an_event(namespace, action.name);
    if is_among(table::UNDECIDED, namespace, action.name) || !(action.has_operation || is_target()) {
        return Recording::Unsure;
    }
    Recording::Management
}

/// Whether an action is one of a service with data events of which AWS does not say whether they are its calls.
pub fn is_undecided(namespace: &str, name: &str) -> bool {
    is_among(table::UNDECIDED, namespace, name)
}

fn is_among(table: &[(&str, &[&str])], namespace: &str, name: &str) -> bool {
    table.iter().any(|(of, names)| *of == namespace && names_action(names, name))
}

/// Whether a row's names hold this one; `*` at an end stands for any characters.
fn names_action(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| match (known.strip_prefix('*'), known.strip_suffix('*')) {
        (Some(_), Some(_)) => name.contains(known.trim_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(beginning)) => name.starts_with(beginning),
        (None, None) => *known == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service_reference::ServiceReference;

    #[test]
    fn every_action_of_the_tables_stands_in_the_reference() {
        let reference = ServiceReference::embedded();
        let data = table::DATA_EVENTS.iter().map(|(namespace, _, names)| (*namespace, *names));
        for (namespace, names) in data.chain([table::NEVER, table::UNDECIDED].concat()) {
            for name in names {
                let is_there = reference.actions(namespace).iter().any(|action| names_action(&[name], action.name));
                assert!(is_there, "{namespace}:{name}");
            }
        }
        assert!(table::UNDECIDED.is_sorted_by_key(|(namespace, _)| *namespace));
        assert!(table::DATA_EVENTS.is_sorted_by_key(|(namespace, resource_type, _)| (*namespace, *resource_type)));
    }

    #[test]
    fn calls_on_objects_are_data_events_and_calls_on_buckets_are_not() {
        let reference = ServiceReference::embedded();
        let check = |action: &str, expected: Recording| {
            let (namespace, name) = action.split_once(':').unwrap();
            assert_eq!(reference.find_action(namespace, name).unwrap().recording(), expected, "{action}");
        };
        check("s3:GetObject", Recording::Data("AWS::S3::Object"));
        check("s3:GetObjectVersion", Recording::Data("AWS::S3::Object"));
        check("s3:ListBucket", Recording::Data("AWS::S3::Object"));
        check("s3:PutBucketPolicy", Recording::Management);
        check("s3:PutEncryptionConfiguration", Recording::Management);
        check("s3:GetAccountPublicAccessBlock", Recording::Management);
        check("s3:ListAllMyBuckets", Recording::Management);
        check("s3:BypassGovernanceRetention", Recording::Never);
        check("lambda:InvokeFunction", Recording::Data("AWS::Lambda::Function"));
        check("lambda:CreateFunction", Recording::Management);
        check("dynamodb:PartiQLSelect", Recording::Data("AWS::DynamoDB::Table"));
        check("dynamodb:GetRecords", Recording::Data("AWS::DynamoDB::Stream"));
        check("dynamodb:DeleteTable", Recording::Management);
        check("sns:Publish", Recording::Data("AWS::SNS::Topic"));
        check("sqs:ReceiveMessage", Recording::Data("AWS::SQS::Queue"));
        check("sqs:CreateQueue", Recording::Management);
        check("iam:PassRole", Recording::Never);
        check("iam:CreateRole", Recording::Management);
        check("kms:ReEncryptFrom", Recording::Management);
        check("apigateway:PATCH", Recording::Management);
        check("execute-api:Invoke", Recording::Never);
        check("quicksight:CreateDataSet", Recording::Unsure);
        check("iam:GetAccountName", Recording::Unsure);
        check("ecs:Poll", Recording::Unsure);
        check("ecs:CreateCluster", Recording::Management);
        check("logs:PutLogEvents", Recording::Unsure);
        check("logs:CreateLogGroup", Recording::Management);
    }

    #[test]
    fn silence_proves_something_only_of_what_is_recorded() {
        let check = |recording: Recording, expected: (bool, bool)| {
            assert_eq!((recording.is_complete(false), recording.is_complete(true)), expected, "{recording:?}");
        };
        check(Recording::Management, (true, true));
        check(Recording::Data("AWS::S3::Object"), (false, true));
        check(Recording::Never, (false, false));
        check(Recording::Unsure, (false, false));
        assert!(is_undecided("logs", "PutLogEvents") && !is_undecided("logs", "CreateLogGroup"));
    }
}

//! To whom a generated policy is attached, as Terraform and `aws` name them.

use iam::arn::Arn;
use iam::inventory::EntityKind;
use questions::subject::Subject;

use crate::error::{Failure, Message};

/// A user, role or group that can have managed policies.
pub struct Holder {
    /// `user`, `role` or `group`.
    pub kind: &'static str,
    pub name: String,
    pub account: String,
    pub partition: String,
    /// Of the managed policy; the second document's has `-2` behind it.
    policy_name: String,
    /// The managed policies that it has now, by ARN.
    pub attached: Vec<String>,
    /// The inline policies that it has now, by name with their documents.
    pub inline: Vec<(String, String)>,
}

/// Inline policies of a user, role or group, all together, without white space
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const INLINE_LIMITS: [(&str, usize); 3] = [("user", 2_048), ("role", 10_240), ("group", 5_120)];

/// The longest name of a policy.
const MOST_NAME: usize = 128;

fn kind_of(subject: &Subject) -> Option<&'static str> {
    if subject.kind() == Some(EntityKind::Group) {
        return Some("group");
    }
    let arn = Arn::parse(&subject.arn)?;
    match (arn.user_name(), arn.role_name()) {
        (Some(_), _) => Some("user"),
        (_, Some(_)) => Some("role"),
        _ => None,
    }
}

/// What holds the policy, and how many characters its inline policies may have.
pub fn inline_limit(subject: &Subject) -> Option<(&'static str, usize)> {
    let kind = kind_of(subject)?;
    INLINE_LIMITS.into_iter().find(|(known, _)| *known == kind)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// A name that IAM takes for a policy.
pub fn policy_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > MOST_NAME || !text.chars().all(is_of_name) {
        return Err(format!("a policy's name has up to {MOST_NAME} letters, digits and _+=,.@-"));
    }
    Ok(text.to_owned())
}

impl Holder {
    /// The holder that a subject is.
    pub fn of(subject: &Subject, name: Option<&str>) -> Result<Self, Failure> {
        let (Some(kind), Some(arn)) = (kind_of(subject), Arn::parse(&subject.arn)) else {
            let message = Message::error(format!("no managed policy is attached to {}", subject.arn));
            let message = message.why("Terraform and scripts are made for one user, role or group");
            return Err(Failure::usage(message.try_this("without --format, for the document itself")));
        };
        let own = arn.resource.rsplit('/').next().unwrap_or(arn.resource);
        let made = || format!("Tadoru-{own}").chars().filter(|c| is_of_name(*c)).take(MOST_NAME - 3).collect();
        let entity = subject.entities.first();
        let attached = entity.into_iter().flat_map(|entity| entity.attached_policies());
        let inline = entity.into_iter().flat_map(|entity| entity.inline_policies());
        let inline = inline.map(|(name, document)| {
            let text = document.as_str().map_or_else(|| document.to_string(), str::to_owned);
            (name.to_owned(), text)
        });
        Ok(Self {
            kind,
            name: own.to_owned(),
            account: arn.account.to_owned(),
            partition: arn.partition.to_owned(),
            policy_name: name.map_or_else(made, str::to_owned),
            attached: attached.map(|policy| policy.arn.to_owned()).collect(),
            inline: inline.collect(),
        })
    }

    /// The name of the policy with that document.
    pub fn policy_name(&self, at: usize) -> String {
        if at == 0 { self.policy_name.clone() } else { format!("{}-{}", self.policy_name, at + 1) }
    }

    /// Its ARN once it exists.
    pub fn policy_arn(&self, at: usize) -> String {
        format!("arn:{}:iam::{}:policy/{}", self.partition, self.account, self.policy_name(at))
    }
}

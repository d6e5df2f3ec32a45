//! The permissions that ingest from S3 uses, each as the IAM statement that grants it: printed by `tadoru permissions`, and
//! one alone where AWS refused it. A test compares them with the calls that ingest makes.

use serde_json::{Value, json};

use super::url::S3Url;
use crate::source::SourceFault;

/// AWS refused to list; `SourceFault::reason`.
pub const LIST_DENIED: &str = "S3_LIST_DENIED";
/// AWS refused to hand over an object.
pub const GET_DENIED: &str = "S3_GET_DENIED";
/// AWS refused the key that an object is encrypted with.
pub const KMS_DENIED: &str = "S3_KMS_DENIED";

/// One permission, with what it is needed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// To list what lies below a prefix.
    List(S3Url),
    /// To read the objects below a prefix.
    Get(S3Url),
    /// To decrypt with this key.
    Decrypt { key_arn: String },
    /// To act as this role.
    AssumeRole { role_arn: String },
}

impl Permission {
    /// The permission whose absence `fault` tells of.
    pub fn missing(fault: &SourceFault) -> Option<Self> {
        let url = || fault.name.parse::<S3Url>().ok();
        match fault.reason {
            LIST_DENIED => url().map(Self::List),
            GET_DENIED => url().map(Self::Get),
            KMS_DENIED => Some(Self::Decrypt { key_arn: kms_key(&fault.detail).unwrap_or("KEY_ARN").to_owned() }),
            _ => None,
        }
    }

    /// The IAM action.
    pub fn action(&self) -> &'static str {
        match self {
            Self::List(_) => "s3:ListBucket",
            Self::Get(_) => "s3:GetObject",
            Self::Decrypt { .. } => "kms:Decrypt",
            Self::AssumeRole { .. } => "sts:AssumeRole",
        }
    }

    /// The statement that grants it, in the partition `aws`, `aws-cn` or `aws-us-gov`.
    pub fn statement(&self, partition: &str) -> Value {
        let resource = match self {
            Self::List(url) => format!("arn:{partition}:s3:::{}", url.bucket),
            Self::Get(url) => format!("arn:{partition}:s3:::{}/{}{}", url.bucket, url.key, star(&url.key)),
            Self::Decrypt { key_arn } => key_arn.clone(),
            Self::AssumeRole { role_arn } => role_arn.clone(),
        };
        let mut statement = json!({ "Effect": "Allow", "Action": self.action(), "Resource": resource });
        if let Self::List(url) = self
            && !url.key.is_empty()
        {
            let folder = url.key.trim_end_matches('/');
            statement["Condition"] = json!({ "StringLike": { "s3:prefix": [folder, format!("{folder}/*")] } });
        }
        statement
    }
}

/// A prefix stands for all below it, the key of an object for itself.
fn star(key: &str) -> &'static str {
    if key.is_empty() || key.ends_with('/') { "*" } else { "" }
}

/// A policy document that grants these.
pub fn policy(permissions: &[Permission], partition: &str) -> Value {
    let statements: Vec<Value> = permissions.iter().map(|permission| permission.statement(partition)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What `ingest URL` needs: to list and read below the prefix, and the keys and roles where there are such.
pub fn of_ingest(url: &S3Url, key_arns: &[String], role_arns: &[String]) -> Vec<Permission> {
    let folder = url.key.trim_end_matches('/');
    let below = |key: String| S3Url { bucket: url.bucket.clone(), key };
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let mut permissions = vec![Permission::List(below(prefix.clone())), Permission::Get(below(prefix))];
    permissions.extend(key_arns.iter().map(|arn| Permission::Decrypt { key_arn: arn.clone() }));
    permissions.extend(role_arns.iter().map(|arn| Permission::AssumeRole { role_arn: arn.clone() }));
    permissions
}

/// The partition that an ARN in `text` names, else the commercial one.
pub fn partition(text: &str) -> &'static str {
    ["aws-cn", "aws-us-gov"].into_iter().find(|name| text.contains(&format!("arn:{name}:"))).unwrap_or("aws")
}

/// The ARN of a KMS key in what AWS said.
pub(super) fn kms_key(message: &str) -> Option<&str> {
    message
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '(' | ')'))
        .map(|word| word.trim_end_matches('.'))
        .find(|word| word.starts_with("arn:aws") && word.contains(":kms:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_bounds_both_statements() {
        let url: S3Url = "s3://trail/org/AWSLogs".parse().unwrap();
        let found = policy(&of_ingest(&url, &["arn:aws:kms:eu-west-1:1:key/k".into()], &[]), "aws");
        let expected = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::trail",
              "Condition": { "StringLike": { "s3:prefix": ["org/AWSLogs", "org/AWSLogs/*"] } } },
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::trail/org/AWSLogs/*" },
            { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:1:key/k" },
        ] });
        assert_eq!(found, expected);
        let whole =
            policy(&of_ingest(&"s3://trail".parse().unwrap(), &[], &["arn:aws:iam::1:role/r".into()]), "aws-cn");
        let expected = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws-cn:s3:::trail" },
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws-cn:s3:::trail/*" },
            { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::1:role/r" },
        ] });
        assert_eq!(whole, expected);
    }

    #[test]
    fn the_key_is_found_in_what_aws_says() {
        let check = |message: &str, expected: Option<&str>| assert_eq!(kms_key(message), expected, "{message}");
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/0f1c2d3e-0000";
        check(&format!("not authorized to perform: kms:Decrypt on resource: {arn} because no policy"), Some(arn));
        check(&format!("{arn} is disabled."), Some(arn));
        check(&format!("the key '{arn}'."), Some(arn));
        check("The ciphertext refers to a customer master key that does not exist", None);
    }
}

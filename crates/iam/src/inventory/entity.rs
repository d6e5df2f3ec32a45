//! What the entities of IAM say of their permissions, read from AWS's fields: inline and attached policies, groups, the
//! boundary, the version of a managed policy that is in force.

use serde_json::Value;

use super::{Entity, EntityKind};

/// A managed policy attached to a user, group or role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachedPolicy<'a> {
    pub name: &'a str,
    pub arn: &'a str,
}

impl Entity {
    /// A member that is text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.document.get(member).and_then(Value::as_str)
    }

    fn items(&self, member: &str) -> impl Iterator<Item = &Value> {
        self.document.get(member).and_then(Value::as_array).into_iter().flatten()
    }

    /// The inline policies of a user, group or role, each name with its document.
    pub fn inline_policies(&self) -> impl Iterator<Item = (&str, &Value)> {
        let member = match self.extent.kind {
            EntityKind::User => "UserPolicyList",
            EntityKind::Group => "GroupPolicyList",
            _ => "RolePolicyList",
        };
        self.items(member)
            .filter_map(|policy| Some((policy.get("PolicyName")?.as_str()?, policy.get("PolicyDocument")?)))
    }

    /// The managed policies attached to a user, group, role or permission set.
    pub fn attached_policies(&self) -> impl Iterator<Item = AttachedPolicy<'_>> {
        self.items("AttachedManagedPolicies").filter_map(|policy| {
            let arn = policy.get("PolicyArn").or_else(|| policy.get("Arn"))?.as_str()?;
            let name = policy.get("PolicyName").or_else(|| policy.get("Name"))?.as_str()?;
            Some(AttachedPolicy { name, arn })
        })
    }

    /// The names of the groups that a user is in.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.items("GroupList").filter_map(Value::as_str)
    }

    /// The ARN of the permissions boundary.
    pub fn permissions_boundary(&self) -> Option<&str> {
        self.document.get("PermissionsBoundary")?.get("PermissionsBoundaryArn")?.as_str()
    }

    /// The document of a managed policy's version that is in force.
    pub fn default_version(&self) -> Option<&Value> {
        let wanted = self.text("DefaultVersionId");
        let mut versions = self.items("PolicyVersionList");
        let version = versions.find(|version| {
            version.get("IsDefaultVersion") == Some(&Value::Bool(true))
                || wanted.is_some() && version.get("VersionId").and_then(Value::as_str) == wanted
        })?;
        version.get("Document")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Extent;
    use super::*;

    fn entity(kind: EntityKind, document: Value) -> Entity {
        let extent = Extent { kind, scope: "111111111111".to_owned() };
        let Value::Object(document) = document else { panic!("not an object") };
        Entity { extent, key: "key".to_owned(), name: "name".to_owned(), document }
    }

    #[test]
    fn a_user_has_policies_of_three_kinds() {
        let user = entity(
            EntityKind::User,
            json!({
                "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17"}}],
                "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": "arn:aws:iam::aws:policy/p"}],
                "GroupList": ["Builders"],
                "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/b"},
            }),
        );
        assert_eq!(user.inline_policies().map(|(name, _)| name).collect::<Vec<_>>(), ["own"]);
        assert_eq!(
            user.attached_policies().map(|policy| policy.arn).collect::<Vec<_>>(),
            ["arn:aws:iam::aws:policy/p"]
        );
        assert_eq!(user.groups().collect::<Vec<_>>(), ["Builders"]);
        assert_eq!(user.permissions_boundary(), Some("arn:aws:iam::aws:policy/b"));
    }

    #[test]
    fn the_version_in_force_is_the_default_one() {
        let version = |id: &str| json!({"VersionId": id, "Document": {"Statement": [id]}});
        let policy = |default: Value| {
            let mut document = json!({"PolicyVersionList": [version("v1"), version("v2")]});
            if let (Some(known), Value::Object(default)) = (document.as_object_mut(), default) {
                known.extend(default);
            }
            entity(EntityKind::Policy, document).default_version().cloned()
        };
        assert_eq!(policy(json!({"DefaultVersionId": "v2"})), Some(json!({"Statement": ["v2"]})));
        assert_eq!(policy(json!({})), None);
    }
}

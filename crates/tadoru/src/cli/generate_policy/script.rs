//! A generated policy as one bash script of `aws` commands: `apply` makes or renews the managed policy and attaches it,
//! `rollback` undoes that. What the holder has besides is not touched; the commands that would take it away, and give it
//! back, stand in it as comments, for a person to decide.

use serde_json::Value;

use super::holder::Holder;
use crate::output::compact;

/// What is the same in every script.
const FUNCTIONS: &str = r#"set -euo pipefail

put_policy() { # NAME ARN DOCUMENT
  if aws iam get-policy --policy-arn "$2" >/dev/null 2>&1; then
    aws iam create-policy-version --policy-arn "$2" --policy-document "$3" --set-as-default
  else
    aws iam create-policy --policy-name "$1" --policy-document "$3"
  fi
}

take_back() { # ARN KIND NAME
  local current earlier
  current=$(aws iam get-policy --policy-arn "$1" --query Policy.DefaultVersionId --output text)
  earlier=$(aws iam list-policy-versions --policy-arn "$1" --output text \
    --query "sort_by(Versions, &CreateDate)[?VersionId!='$current'] | [-1].VersionId")
  if [ "$earlier" = None ]; then
    aws iam "detach-$2-policy" "--$2-name" "$3" --policy-arn "$1"
    aws iam delete-policy --policy-arn "$1"
  else
    aws iam set-default-policy-version --policy-arn "$1" --version-id "$earlier"
    aws iam delete-policy-version --policy-arn "$1" --version-id "$current"
  fi
}
"#;

/// How the script ends.
const COMMANDS: &str = r#"
case "${1:-}" in
  apply) apply ;;
  rollback) rollback ;;
  *)
    echo "usage: bash $0 apply|rollback" >&2
    exit 2
    ;;
esac
"#;

/// The script.
pub fn text(holder: &Holder, documents: &[Value]) -> String {
    let (kind, name) = (holder.kind, quoted(&holder.name));
    let whom = comment(&format!("{kind} {} in the account {}", holder.name, holder.account));
    let mut apply = String::new();
    let mut rollback = String::new();
    let (taken, given) = present(holder);
    if !given.is_empty() {
        rollback.push_str("  # What was taken away by hand:\n");
        rollback.push_str(&given);
    }
    for (at, document) in documents.iter().enumerate() {
        let (arn, policy) = (quoted(&holder.policy_arn(at)), quoted(&holder.policy_name(at)));
        apply.push_str(&format!("  put_policy {policy} {arn} {}\n", quoted(&compact(document))));
        apply.push_str(&format!("  aws iam attach-{kind}-policy --{kind}-name {name} --policy-arn {arn}\n"));
        rollback.push_str(&format!("  take_back {arn} {kind} {name}\n"));
    }
    if !taken.is_empty() {
        apply.push_str("  # What it has besides, to be taken away once the new policy has proved itself:\n");
        apply.push_str(&taken);
    }
    format!(
        "#!/usr/bin/env bash\n# Policies for the {whom}: bash FILE apply, bash FILE rollback\n{FUNCTIONS}\n\
         apply() {{\n{apply}}}\n\nrollback() {{\n{rollback}}}\n{COMMANDS}"
    )
}

/// The commands, as comments, that take away what the holder has now, and those that give it back.
fn present(holder: &Holder) -> (String, String) {
    let (kind, name) = (holder.kind, comment(&quoted(&holder.name)));
    let (mut taken, mut given) = (String::new(), String::new());
    for arn in &holder.attached {
        let arn = comment(&quoted(arn));
        taken.push_str(&format!("  # aws iam detach-{kind}-policy --{kind}-name {name} --policy-arn {arn}\n"));
        given.push_str(&format!("  # aws iam attach-{kind}-policy --{kind}-name {name} --policy-arn {arn}\n"));
    }
    for (policy, document) in &holder.inline {
        let (policy, document) = (comment(&quoted(policy)), comment(&quoted(document)));
        let of = format!("--{kind}-name {name} --policy-name {policy}");
        taken.push_str(&format!("  # aws iam delete-{kind}-policy {of}\n"));
        given.push_str(&format!("  # aws iam put-{kind}-policy {of} --policy-document {document}\n"));
    }
    (taken, given)
}

/// A word of bash that is this text and nothing else.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text that cannot end the comment it stands in.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_text_itself() {
        let check = |text: &str, expected: &str| assert_eq!(quoted(text), expected);
        check("Deploy", "'Deploy'");
        check("a'; rm $HOME", r"'a'\''; rm $HOME'");
        assert_eq!(comment("a\nrm"), "a rm");
    }
}

//! How principals are named, over their stored texts alone: which of them a short name fits, which ARN is the same but for
//! its path, which names look alike.

use iam::arn::Arn;
use iam::similar_name::distance;

/// The principals that a short name fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Users, roles, roots, services, foreign accounts.
    pub principals: Vec<String>,
    /// Sign-ins of an Identity Center user.
    pub identity_center: Vec<String>,
}

/// `AKIA…` or `ASIA…` as AWS makes them.
pub(super) fn is_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Is `principal` the user or role that `arn` names, whatever path either has?
pub(super) fn is_same_but_for_path(arn: &Arn<'_>, principal: &str) -> bool {
    let Some(other) = Arn::parse(principal) else { return false };
    let same_place = arn.account == other.account && arn.partition == other.partition && arn.service == other.service;
    let same_name = |a: Option<&str>, b: Option<&str>| a.is_some() && a == b;
    // Two different paths are two different principals; only an ARN that leaves the path out fits any.
    let path_left_out = arn.path() == Some("/");
    same_place
        && path_left_out
        && (same_name(arn.role_name(), other.role_name()) || same_name(arn.user_name(), other.user_name()))
}

/// Is `principal` the role of that name in that account?
pub(super) fn is_role_of_account(principal: &str, account: &str, role: &str) -> bool {
    Arn::parse(principal).is_some_and(|arn| arn.account == account && arn.role_name() == Some(role))
}

/// Is it a role that Identity Center made for a permission set?
pub(crate) fn is_permission_set_role(principal: &str) -> bool {
    Arn::parse(principal).is_some_and(|arn| arn.role_name().is_some_and(|name| name.starts_with("AWSReservedSSO_")))
}

/// `arn:aws:sts::1:assumed-role/Role/session` of a stored role.
pub(super) fn session_arn(principal: &str, session: &str) -> String {
    match Arn::parse(principal).and_then(|arn| Some((arn, arn.role_name()?))) {
        Some((arn, role)) => format!("arn:{}:sts::{}:assumed-role/{role}/{session}", arn.partition, arn.account),
        None => principal.to_owned(),
    }
}

/// Are these the sign-ins of more than one person? Two ids, or the same name in two accounts of older records.
pub(super) fn are_several_people(principals: &[String]) -> bool {
    let of = |kind: &str| principals.iter().filter(|principal| principal.starts_with(kind)).count();
    let with_id = principals.iter().filter(|p| p.starts_with("IdentityCenterUser:") && p.contains('/')).count();
    with_id > 1 || of("Unknown:") > 1
}

/// The principals that `name` fits: the last part of a user's or role's ARN, an account id, `root`, a service, a name or id
/// behind `Type:`.
pub(super) fn of_name(name: &str, known: &[String]) -> Named {
    let mut named = Named { principals: Vec::new(), identity_center: Vec::new() };
    for principal in known {
        let Some((kind, id)) = principal.split_once(':') else { continue };
        match kind {
            "arn" if fits_arn(principal, name) => named.principals.push(principal.clone()),
            "arn" => {}
            "IdentityCenterUser" | "Unknown" if fits_id(id, name) => named.identity_center.push(principal.clone()),
            "IdentityCenterUser" | "Unknown" => {}
            // A foreign account's users have no name; the account id means all of it.
            "AWSAccount" if id == name || id.split_once('/').is_some_and(|(_, unique_id)| unique_id == name) => {
                named.principals.push(principal.clone());
            }
            "AWSAccount" => {}
            _ if fits_id(id, name) => named.principals.push(principal.clone()),
            _ => {}
        }
    }
    let users: Vec<String> = named.principals.iter().filter_map(|principal| nameless_form(principal)).collect();
    named.principals.retain(|principal| !users.contains(principal));
    named
}

/// `IAMUser:<account>/<name>`: what a user's failed sign-in, which has no ARN, is stored as.
pub(crate) fn nameless_form(principal: &str) -> Option<String> {
    let arn = Arn::parse(principal)?;
    Some(format!("IAMUser:{}/{}", arn.account, arn.user_name()?))
}

fn fits_arn(principal: &str, name: &str) -> bool {
    let Some(arn) = Arn::parse(principal) else { return false };
    if arn.is_root() {
        return name == "root" || name == arn.account;
    }
    arn.resource.rsplit('/').next() == Some(name)
}

fn fits_id(id: &str, name: &str) -> bool {
    id == name || id.strip_suffix(name).is_some_and(|before| before.ends_with(['/', ':']))
}

/// Up to five principals whose names are like `name`: equal but for letter case, containing it, or few edits away.
pub(crate) fn similar(name: &str, known: &[String]) -> Vec<String> {
    let wanted = short(name).to_lowercase();
    let nameless: Vec<String> = known.iter().filter_map(|principal| nameless_form(principal)).collect();
    let mut near: Vec<(usize, &String)> = known
        .iter()
        .filter(|principal| !nameless.contains(principal))
        .filter_map(|principal| {
            let short = short(principal).to_lowercase();
            let contains =
                wanted.len() >= 3 && (short.contains(&wanted) || short.len() >= 3 && wanted.contains(&short));
            let edits = if contains { usize::from(short != wanted) } else { distance(&short, &wanted) };
            (edits <= 2 && edits < wanted.len().min(short.len())).then_some((edits, principal))
        })
        .collect();
    near.sort();
    near.into_iter().take(5).map(|(_, principal)| principal.clone()).collect()
}

/// The last part: the name of a user, role or service.
pub(crate) fn short(principal: &str) -> &str {
    principal.rsplit(['/', ':']).next().unwrap_or(principal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        [
            "arn:aws:iam::1:user/people/Alice",
            "arn:aws:iam::2:user/Alice",
            "arn:aws:iam::1:role/service-role/Deploy",
            "arn:aws:iam::1:root",
            "arn:aws:iam::1:user/bert-jan",
            "IAMUser:1/bert-jan",
            "IdentityCenterUser:d-1/u-7",
            "Unknown:1/hana",
            "AWSService:ec2.amazonaws.com",
            "AWSAccount:2/AROAEXAMPLE",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    #[test]
    fn a_short_name_fits_the_last_part() {
        fn check(name: &str, principals: &[&str], identity_center: &[&str]) {
            let named = of_name(name, &known());
            assert_eq!(named.principals, principals, "{name}");
            assert_eq!(named.identity_center, identity_center, "{name}");
        }
        check("Alice", &["arn:aws:iam::1:user/people/Alice", "arn:aws:iam::2:user/Alice"], &[]);
        check("lice", &[], &[]);
        check("Deploy", &["arn:aws:iam::1:role/service-role/Deploy"], &[]);
        check("root", &["arn:aws:iam::1:root"], &[]);
        check("1", &["arn:aws:iam::1:root"], &[]);
        check("bert-jan", &["arn:aws:iam::1:user/bert-jan"], &[]);
        check("u-7", &[], &["IdentityCenterUser:d-1/u-7"]);
        check("d-1/u-7", &[], &["IdentityCenterUser:d-1/u-7"]);
        check("hana", &[], &["Unknown:1/hana"]);
        check("ec2.amazonaws.com", &["AWSService:ec2.amazonaws.com"], &[]);
        check("AROAEXAMPLE", &["AWSAccount:2/AROAEXAMPLE"], &[]);
        check("2", &[], &[]);
    }

    #[test]
    fn an_arn_without_its_path_is_the_same_role() {
        fn check(arn: &str, principal: &str, expected: bool) {
            assert_eq!(is_same_but_for_path(&Arn::parse(arn).unwrap(), principal), expected, "{arn} {principal}");
        }
        check("arn:aws:iam::1:role/Deploy", "arn:aws:iam::1:role/service-role/Deploy", true);
        check("arn:aws:iam::1:role/other/Deploy", "arn:aws:iam::1:role/service-role/Deploy", false);
        check("arn:aws:iam::2:role/Deploy", "arn:aws:iam::1:role/service-role/Deploy", false);
        check("arn:aws:iam::1:user/Deploy", "arn:aws:iam::1:role/Deploy", false);
        check("arn:aws-cn:iam::1:role/Deploy", "arn:aws:iam::1:role/Deploy", false);
    }

    #[test]
    fn names_alike_are_offered() {
        assert_eq!(similar("alise", &known()), ["arn:aws:iam::1:user/people/Alice", "arn:aws:iam::2:user/Alice"]);
        assert_eq!(similar("DEPLOY", &known()), ["arn:aws:iam::1:role/service-role/Deploy"]);
        assert_eq!(similar("zzz", &known()), Vec::<String>::new());
    }

    #[test]
    fn one_name_may_be_several_people() {
        let check = |principals: &[&str], expected: bool| {
            let principals: Vec<String> = principals.iter().map(|p| (*p).to_owned()).collect();
            assert_eq!(are_several_people(&principals), expected, "{principals:?}");
        };
        check(&["Unknown:1/hana", "IdentityCenterUser:d-1/u-1"], false);
        check(&["Unknown:1/hana", "Unknown:2/hana"], true);
        check(&["IdentityCenterUser:d-1/u-1", "IdentityCenterUser:d-1/u-2"], true);
    }
}

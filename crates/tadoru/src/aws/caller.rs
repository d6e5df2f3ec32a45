//! Who calls: the principal that a key was issued for, or that `--as` names. What AWS would do with its permissions is not asked;
//! what it may see is its own account.

use iam::arn::Arn;

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub arn: String,
    pub account: String,
    /// As its signature says; of an unsigned request `us-east-1`.
    pub region: String,
}

/// Where a caller is whose request does not say it.
const USUAL_REGION: &str = "us-east-1";

impl Caller {
    /// The caller of that ARN; `None` if it is not one that can call.
    pub fn of(principal: &str) -> Option<Self> {
        let arn = Arn::parse(principal).filter(Arn::is_principal)?;
        let is_account = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
        is_account.then(|| Self {
            arn: principal.to_owned(),
            account: arn.account.to_owned(),
            region: USUAL_REGION.to_owned(),
        })
    }

    /// The same in a region.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self }
    }

    /// The account's root user.
    pub fn root_of(account: &str) -> Option<Self> {
        Self::of(&format!("arn:aws:iam::{account}:root"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_sign_can_call() {
        let check = |arn: &str, expected: Option<&str>| {
            assert_eq!(Caller::of(arn).map(|caller| caller.account).as_deref(), expected, "{arn}");
        };
        check("arn:aws:iam::111111111111:user/people/Alice", Some("111111111111"));
        check("arn:aws:iam::111111111111:root", Some("111111111111"));
        check("arn:aws:sts::111111111111:assumed-role/Deploy/i-0a", Some("111111111111"));
        check("arn:aws:iam::111111111111:group/Builders", None);
        check("arn:aws:iam::aws:policy/ReadOnlyAccess", None);
        check("arn:aws:iam::1:user/Alice", None);
        check("Alice", None);
    }
}

//! Exceptions: what is known to be unused and is to stay, said by whom, why and until when. An expired one counts again.

use query_syntax::event_filter::Pattern;

use super::{Answer, Finding};

/// One exception of the file that people review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// ARN or name, with `*` and `?`.
    pub principal: String,
    /// The name of a kind of finding; `*` for every kind.
    pub finding: String,
    /// Only this access key, service, action or permission set, with `*` and `?`.
    pub detail: Option<String>,
    pub owner: String,
    pub reason: String,
    /// The end of it, µs UTC, and as the file has it.
    pub until: (i64, String),
}

/// An exception that fits a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionUse {
    pub owner: String,
    pub reason: String,
    pub until: String,
    pub is_expired: bool,
}

impl Exception {
    fn fits(&self, finding: &Finding) -> bool {
        let is_principal = Pattern::of(&self.principal).matches(&finding.principal)
            || finding.principal.rsplit('/').next().is_some_and(|name| Pattern::of(&self.principal).matches(name));
        let is_detail = self
            .detail
            .as_ref()
            .is_none_or(|wanted| finding.detail.as_ref().is_some_and(|detail| Pattern::of(wanted).matches(detail)));
        is_principal && is_detail && (self.finding == "*" || self.finding == finding.kind.name())
    }
}

/// Notes at each finding the exception that fits it, one in force before an expired one, and which fit none.
pub(super) fn apply(exceptions: &[Exception], now_us: i64, answer: &mut Answer) {
    for exception in exceptions {
        let (until_us, until) = &exception.until;
        let is_expired = *until_us <= now_us;
        let mut fits_any = false;
        for finding in answer.findings.iter_mut().filter(|finding| exception.fits(finding)) {
            fits_any = true;
            if finding.exception.as_ref().is_none_or(|known| known.is_expired) {
                finding.exception = Some(ExceptionUse {
                    owner: exception.owner.clone(),
                    reason: exception.reason.clone(),
                    until: until.clone(),
                    is_expired,
                });
            }
        }
        if !fits_any {
            answer.unfitting_exceptions.push(exception.clone());
        }
    }
}

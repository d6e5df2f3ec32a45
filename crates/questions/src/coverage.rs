//! How far the logs reach: for each account the time they cover, and the gaps in it. Read from the ledger, that is from what
//! was delivered and when, and from digests, which list it; an hour without a file is no gap, because CloudTrail writes none
//! when nothing happened. Every question that says *unused* asks `reach` first: nothing is unused where logs are missing.
//! The rules are in `proof` (digests, rejects) and `silence` (where there are no digests).

mod gap;
mod proof;
mod retention;
mod silence;

use std::collections::{BTreeMap, BTreeSet};

use lake::catalog::{Catalog, ListedFile};
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::timestamp::rfc3339_seconds;
use lake::value::Value;

use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};
pub use gap::{Gap, GapRule};
use proof::{DIGEST_DELAY_US, Proof};
pub use retention::RetiredTime;
use silence::{silent_account, silent_regions};

const EVENT_ACCOUNTS: &str = include_str!("status/event_accounts.sql");
const KEY_ACCOUNTS: &str = include_str!("status/key_accounts.sql");

/// A window may end so long after an account's last delivery and still count as covered: a shorter silence is never a
/// gap, as an account in which nothing happens delivers nothing.
const QUIET_END_US: i64 = silence::SHORTEST_SILENCE_US;

/// What the lake's logs cover. Built once per question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// In order of the account ids.
    pub accounts: Vec<AccountCoverage>,
    /// What the lake no longer holds, of all accounts.
    pub retired: RetiredTime,
}

/// What the logs of one account cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCoverage {
    pub account: String,
    /// The first delivery (of loose files: the first event) or the beginning of the first digest's hour, µs UTC.
    pub from_us: i64,
    /// "Complete to": the last delivery (of loose files: the last event) or the end of the last digest's hour, µs UTC.
    pub until_us: i64,
    /// Regions that delivered anything, in order.
    pub regions: Vec<String>,
    /// In order of their beginnings.
    pub gaps: Vec<Gap>,
    /// The time that the digests of all regions span; `None` where a region has none.
    pub proven_us: Option<(i64, i64)>,
    /// Listed files that are there, but whose bytes could not be compared: their digests came too late.
    pub not_compared: i64,
    /// Files without CloudTrail keys: when they were delivered is not known, their events say what they cover.
    pub from_loose_files: bool,
}

/// What a coverage is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// From the files that are there: silences of the kinds that [`GapRule`] names were looked for.
    Presumed,
    /// From digest files, which list what was delivered. Their signatures are not checked.
    Proven,
}

impl Basis {
    /// `proven` or `presumed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Presumed => "presumed",
        }
    }
}

/// Whether the logs cover a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// No part of the window lies outside the covered time or in a gap.
    pub complete: bool,
    /// Sentences: why it is not complete, and what a complete one rests on where that is not the usual.
    pub why: Vec<String>,
    /// The gaps that overlap the window.
    pub gaps: Vec<Gap>,
    pub basis: Basis,
}

/// What one account delivered.
#[derive(Debug, Default)]
struct Delivered {
    /// Stamps by region, ascending.
    regions: BTreeMap<String, Vec<i64>>,
}

impl Delivered {
    fn add(&mut self, region: &str, at: i64) {
        match self.regions.get_mut(region) {
            Some(stamps) if stamps.last() == Some(&at) => {}
            Some(stamps) => stamps.push(at),
            None => drop(self.regions.insert(region.to_owned(), vec![at])),
        }
    }
}

impl Coverage {
    /// What the snapshot's ledger says. One pass over it, and one statement over the rollup.
    pub fn read(snapshot: &Snapshot) -> Result<Self, QuestionError> {
        let mut delivered: BTreeMap<String, Delivered> = BTreeMap::new();
        let mut loose: Vec<(i64, i64)> = Vec::new();
        let mut rejected: Vec<ListedFile> = Vec::new();
        let proof = snapshot.read_catalog(|catalog| {
            catalog.deliveries(snapshot.id(), |object| match (object.account, object.delivered_at_us) {
                (Some(account), Some(at)) if object.kind == "log" => {
                    let region = object.region.unwrap_or_default();
                    rejected.extend(object.rejected_name.map(|name| rejected_file(account, region, at, name)));
                    if !delivered.contains_key(account) {
                        delivered.insert(account.to_owned(), Delivered::default());
                    }
                    delivered.get_mut(account).expect("just inserted").add(region, at);
                }
                _ if object.kind == "log" || object.kind == "other" => loose.extend(object.event_span_us),
                _ => {}
            })?;
            Proof::read(catalog, &rejected)
        })?;
        let mut accounts: BTreeMap<String, AccountCoverage> =
            delivered.into_iter().map(|(account, of)| (account.clone(), of_deliveries(account, of.regions))).collect();
        for account in proof.accounts() {
            if !accounts.contains_key(account) {
                accounts.extend(proof.outline(account).map(|outline| (account.clone(), of_proof(account, outline))));
            }
        }
        accounts.values_mut().for_each(|coverage| proof.apply(coverage));
        let others = others(snapshot, &accounts, &loose)?;
        accounts.extend(others.into_iter().map(|other| (other.account.clone(), other)));
        let retired = RetiredTime::of(&snapshot.read_catalog(Catalog::retired)?);
        accounts.values_mut().for_each(|account| retired.shorten(account));
        Ok(Self { accounts: accounts.into_values().collect(), retired })
    }

    /// The same without the gaps of the regions that are not asked for.
    #[must_use]
    pub fn in_regions(&self, is_asked_for: impl Fn(&str) -> bool) -> Self {
        let mut coverage = self.clone();
        for account in &mut coverage.accounts {
            account.gaps.retain(|gap| gap.region.as_deref().is_none_or(&is_asked_for));
        }
        coverage
    }

    /// Whether the logs of `account` (of every account without one) cover the window from `since_us` to `until_us`.
    pub fn reach(&self, account: Option<&str>, since_us: i64, until_us: i64) -> Reach {
        let mut reach = Reach { complete: true, why: Vec::new(), gaps: Vec::new(), basis: Basis::Proven };
        let mut any = false;
        for coverage in self.accounts.iter().filter(|c| account.is_none_or(|account| c.account == account)) {
            any = true;
            coverage.bound(since_us, until_us, &mut reach);
        }
        self.retired.bound(since_us, until_us, &mut reach);
        if !any {
            reach.complete = false;
            reach.basis = Basis::Presumed;
            reach.why.push(match account {
                Some(account) => format!("account {account} is unknown to the lake"),
                None => "the lake holds no logs".to_owned(),
            });
        }
        reach
    }
}

impl AccountCoverage {
    /// The coverage of one whose events came in both accounts' files: complete only where both are.
    fn joined(mut self, other: Self) -> Self {
        self.from_us = self.from_us.max(other.from_us);
        self.until_us = self.until_us.min(other.until_us);
        self.gaps.extend(other.gaps);
        self.gaps.sort_by(|a, b| (a.from_us, &a.region).cmp(&(b.from_us, &b.region)));
        self.regions.extend(other.regions);
        self.regions.sort();
        self.regions.dedup();
        let both = self.proven_us.zip(other.proven_us);
        self.proven_us = both.map(|(a, b)| (a.0.max(b.0), a.1.min(b.1))).filter(|(from, until)| from < until);
        self.not_compared += other.not_compared;
        self
    }

    /// What the whole of it is known from.
    pub fn basis(&self) -> Basis {
        self.basis_between(self.from_us, self.until_us)
    }

    fn basis_between(&self, since_us: i64, until_us: i64) -> Basis {
        let is_within = |(from, until): (i64, i64)| {
            from <= since_us.max(self.from_us) && until_us.min(self.until_us) <= until + DIGEST_DELAY_US
        };
        if self.proven_us.is_some_and(is_within) { Basis::Proven } else { Basis::Presumed }
    }

    fn bound(&self, since_us: i64, until_us: i64, reach: &mut Reach) {
        let account = &self.account;
        reach.basis = reach.basis.min(self.basis_between(since_us, until_us));
        if since_us < self.from_us {
            reach.complete = false;
            reach.why.push(format!("no logs of {account} before {}", rfc3339_seconds(self.from_us)));
        }
        if until_us.saturating_sub(QUIET_END_US) > self.until_us {
            reach.complete = false;
            reach.why.push(format!("no logs of {account} after {}", rfc3339_seconds(self.until_us)));
        }
        for gap in self.gaps.iter().filter(|gap| gap.from_us < until_us && gap.until_us > since_us) {
            reach.complete = false;
            let rule = if gap.files.is_empty() { String::new() } else { format!(" ({})", gap.rule.as_str()) };
            reach.why.push(format!("gap in {gap} of {account}{rule}"));
            reach.gaps.push(gap.clone());
        }
        if self.from_loose_files {
            reach.why.push(format!("files without CloudTrail keys: that the logs of {account} are whole is presumed"));
        }
    }
}

fn of_deliveries(account: String, mut regions: BTreeMap<String, Vec<i64>>) -> AccountCoverage {
    let mut all: Vec<i64> = regions.values().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    for stamps in regions.values_mut() {
        stamps.sort_unstable();
        stamps.dedup();
    }
    let moments: Vec<(i64, i64)> = all.iter().map(|at| (*at, *at)).collect();
    let mut gaps: Vec<Gap> = silent_account(&moments);
    gaps.extend(regions.iter().flat_map(|(region, stamps)| silent_regions(region, stamps, &all)));
    gaps.sort_by(|a, b| (a.from_us, &a.region).cmp(&(b.from_us, &b.region)));
    AccountCoverage {
        account,
        from_us: *all.first().expect("an account is listed by its first delivery"),
        until_us: *all.last().expect("an account is listed by its first delivery"),
        regions: regions.into_keys().filter(|region| !region.is_empty()).collect(),
        gaps,
        proven_us: None,
        not_compared: 0,
        from_loose_files: false,
    }
}

/// An account of which there are digests or rejected files, and no other log file.
fn of_proof(account: &str, (first_us, regions): (i64, Vec<String>)) -> AccountCoverage {
    AccountCoverage {
        account: account.to_owned(),
        from_us: first_us,
        until_us: first_us,
        regions,
        gaps: Vec::new(),
        proven_us: None,
        not_compared: 0,
        from_loose_files: false,
    }
}

fn rejected_file(account: &str, region: &str, delivered_at: i64, name: &str) -> ListedFile {
    let file_name = name.rsplit('/').next().unwrap_or_default();
    ListedFile {
        account: account.to_owned(),
        region: region.to_owned(),
        delivered_at,
        name: file_name.to_owned(),
        ..ListedFile::default()
    }
}

/// When an account's events were, and where.
#[derive(Debug, Clone)]
struct Seen {
    account: String,
    from_us: i64,
    until_us: i64,
    regions: BTreeSet<String>,
}

/// The accounts of events that have no keys of their own: they came in another account's files, and are covered as that
/// one is; or in loose files.
fn others(
    snapshot: &Snapshot,
    keyed: &BTreeMap<String, AccountCoverage>,
    loose: &[(i64, i64)],
) -> Result<Vec<AccountCoverage>, QuestionError> {
    let seen: Vec<Seen> = seen(snapshot)?.into_iter().filter(|seen| !keyed.contains_key(&seen.account)).collect();
    if keyed.is_empty() || seen.is_empty() {
        return Ok(seen.into_iter().map(|seen| of_loose_files(seen, loose)).collect());
    }
    let accounts: Vec<String> = seen.iter().map(|seen| seen.account.clone()).collect();
    let sql = bind(KEY_ACCOUNTS, &[("accounts", Parameter::Texts(&accounts))]);
    let pairs = snapshot.query(&sql, 0, Mode::Trusted)?.rows;
    let coverage = |seen: Seen| {
        let keys = pairs.iter().filter(|row| matches!(&row[0], Value::Text(account) if *account == seen.account));
        let named = keys.filter_map(|row| if let Value::Text(key) = &row[1] { keyed.get(key) } else { None });
        named.cloned().reduce(AccountCoverage::joined).map_or_else(
            || of_loose_files(seen.clone(), loose),
            |coverage| AccountCoverage { account: seen.account.clone(), ..coverage },
        )
    };
    Ok(seen.into_iter().map(coverage).collect())
}

fn seen(snapshot: &Snapshot) -> Result<Vec<Seen>, QuestionError> {
    let mut all: Vec<Seen> = Vec::new();
    for row in snapshot.query(&bind(EVENT_ACCOUNTS, &[]), 0, Mode::Trusted)?.rows {
        let [Value::Text(account), region, Value::Timestamp(first), Value::Timestamp(last)] = row.as_slice() else {
            continue;
        };
        if all.last().is_none_or(|seen| seen.account != *account) {
            all.push(Seen { account: account.clone(), from_us: *first, until_us: *last, regions: BTreeSet::new() });
        }
        let seen = all.last_mut().expect("just pushed");
        seen.from_us = seen.from_us.min(*first);
        seen.until_us = seen.until_us.max(*last);
        if let Value::Text(region) = region {
            seen.regions.insert(region.clone());
        }
    }
    Ok(all)
}

/// An account of loose files is covered from its own first to its own last event: which file would have held its events
/// is not known, and no account is to be called covered by another's.
fn of_loose_files(seen: Seen, spans: &[(i64, i64)]) -> AccountCoverage {
    let Seen { account, from_us, until_us, regions } = seen;
    let mut gaps = silent_account(spans);
    gaps.retain(|gap| gap.from_us < until_us && gap.until_us > from_us);
    let regions = regions.into_iter().collect();
    let (proven_us, not_compared) = (None, 0);
    AccountCoverage { account, from_us, until_us, regions, gaps, proven_us, not_compared, from_loose_files: true }
}

#[cfg(test)]
mod tests;

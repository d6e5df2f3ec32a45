//! What digest files and rejects say of the coverage. A digest lists what its trail delivered in an hour, an hour without
//! deliveries too: where a trail's digests follow each other, nothing that is not listed was ever delivered. Holes between
//! digests, listed files that the lake lacks or has with other bytes, and files that were rejected whole are gaps. A
//! digest's signature is not checked: it proves what is missing, not that nobody forged it.

use std::collections::{BTreeMap, BTreeSet};

use lake::catalog::{Catalog, CatalogError, DigestSpan, FileFinding, ListedFile};

use super::{AccountCoverage, Gap, GapRule};

const HOUR_US: i64 = 3_600_000_000;
/// An event reaches its log file at most so long after it happened, so a missing hour of deliveries reaches back.
const DELIVERY_LAG_US: i64 = HOUR_US / 4;
/// The digest of an hour is written after the hour: so much at the end of the logs is not expected to be proven yet.
pub(super) const DIGEST_DELAY_US: i64 = 2 * HOUR_US;

/// What is proven and disproven, by account.
#[derive(Debug, Default)]
pub(super) struct Proof {
    spans: BTreeMap<String, Vec<DigestSpan>>,
    faults: BTreeMap<String, Vec<Gap>>,
}

impl Proof {
    /// What the ledger holds of digests. `rejected` are the log files that were rejected whole; one of which a sound copy
    /// was ingested is no gap.
    pub(super) fn read(catalog: &Catalog, rejected: &[ListedFile]) -> Result<Self, CatalogError> {
        let mut proof = Self::default();
        for span in catalog.digest_spans()? {
            proof.spans.entry(span.account.clone()).or_default().push(span);
        }
        for (file, finding) in catalog.unproven_files()? {
            let rule = match finding {
                FileFinding::Missing => GapRule::MissingFile,
                FileFinding::Altered => GapRule::AlteredFile,
                // Among `rejected`, whether a digest lists it or not.
                FileFinding::Rejected | FileFinding::NotCompared | FileFinding::Confirmed => continue,
            };
            proof.add_fault(&file, rule);
        }
        for file in rejected {
            if !catalog.holds_file(file)? {
                proof.add_fault(file, GapRule::RejectedFile);
            }
        }
        Ok(proof)
    }

    fn add_fault(&mut self, file: &ListedFile, rule: GapRule) {
        let (from_us, until_us) = match file.event_span_us {
            Some((oldest, newest)) => (oldest, newest + 1_000_000),
            None => (file.delivered_at - HOUR_US, file.delivered_at),
        };
        let gap = Gap { region: Some(file.region.clone()), from_us, until_us, rule, files: vec![file.name.clone()] };
        self.faults.entry(file.account.clone()).or_default().push(gap);
    }

    /// The accounts that it says anything of.
    pub(super) fn accounts(&self) -> BTreeSet<&String> {
        self.spans.keys().chain(self.faults.keys()).collect()
    }

    /// The first time it knows of an account, and the regions.
    pub(super) fn outline(&self, account: &str) -> Option<(i64, Vec<String>)> {
        let spans = self.spans.get(account).map(Vec::as_slice).unwrap_or_default();
        let faults = self.faults.get(account).map(Vec::as_slice).unwrap_or_default();
        let times = spans.iter().map(|span| span.starts_at).chain(faults.iter().map(|gap| gap.from_us));
        let regions: BTreeSet<&String> =
            spans.iter().map(|span| &span.region).chain(faults.iter().filter_map(|gap| gap.region.as_ref())).collect();
        Some((times.min()?, regions.into_iter().cloned().collect()))
    }

    /// Corrects what was presumed from deliveries.
    pub(super) fn apply(&self, coverage: &mut AccountCoverage) {
        let spans = self.spans.get(&coverage.account).map(Vec::as_slice).unwrap_or_default();
        let covers = |region: &str, gap: &Gap| {
            let mut of_region = spans.iter().filter(|span| span.region == region);
            of_region.any(|span| span.starts_at <= gap.from_us && gap.until_us <= span.ends_at)
        };
        coverage.gaps.retain(|gap| match &gap.region {
            Some(region) => !covers(region, gap),
            None => !coverage.regions.iter().all(|region| covers(region, gap)),
        });
        coverage.gaps.extend(holes(spans));
        coverage.gaps.extend(merged(self.faults.get(&coverage.account).cloned().unwrap_or_default()));
        coverage.gaps.sort_by(|a, b| (a.from_us, &a.region).cmp(&(b.from_us, &b.region)));
        coverage.proven_us = proven(spans, &coverage.regions);
        coverage.not_compared = spans.iter().map(|span| span.not_compared).sum();
        if let Some((from_us, until_us)) = coverage.proven_us {
            coverage.from_us = coverage.from_us.min(from_us);
            coverage.until_us = coverage.until_us.max(until_us);
        }
    }
}

/// The time that the digests of every one of `regions` span.
fn proven(spans: &[DigestSpan], regions: &[String]) -> Option<(i64, i64)> {
    let of_region = |region: &String| {
        let own = spans.iter().filter(|span| span.region == *region);
        own.map(|span| (span.starts_at, span.ends_at)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    };
    let each: Option<Vec<(i64, i64)>> = regions.iter().map(of_region).collect();
    let common = each?.into_iter().reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))?;
    (common.0 < common.1).then_some(common)
}

/// The stretches between the digests of one trail and region. `spans` are in order of region, trail and time.
fn holes(spans: &[DigestSpan]) -> Vec<Gap> {
    let pairs = spans.windows(2).filter(|pair| (&pair[0].region, &pair[0].trail) == (&pair[1].region, &pair[1].trail));
    pairs
        .map(|pair| Gap {
            region: Some(pair[0].region.clone()),
            from_us: pair[0].ends_at - DELIVERY_LAG_US,
            until_us: pair[1].starts_at,
            rule: GapRule::MissingDigest,
            files: Vec::new(),
        })
        .collect()
}

/// Gaps of one region and rule that touch each other are one.
fn merged(mut gaps: Vec<Gap>) -> Vec<Gap> {
    gaps.sort_by(|a, b| (&a.region, a.rule, a.from_us, &a.files).cmp(&(&b.region, b.rule, b.from_us, &b.files)));
    gaps.dedup();
    let mut merged: Vec<Gap> = Vec::new();
    for gap in gaps {
        match merged.last_mut() {
            Some(last) if (&last.region, last.rule) == (&gap.region, gap.rule) && gap.from_us <= last.until_us => {
                last.until_us = last.until_us.max(gap.until_us);
                last.files.extend(gap.files);
            }
            _ => merged.push(gap),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{Basis, Coverage};

    fn span(region: &str, trail: &str, from: i64, until: i64) -> DigestSpan {
        let (region, trail) = (region.to_owned(), trail.to_owned());
        let (starts_at, ends_at) = (from * HOUR_US, until * HOUR_US);
        DigestSpan { account: "1".to_owned(), region, trail, starts_at, ends_at, not_compared: 0 }
    }

    fn coverage(spans: Vec<DigestSpan>, regions: &[&str], from: i64, until: i64, gaps: Vec<Gap>) -> AccountCoverage {
        let mut coverage = AccountCoverage {
            account: "1".to_owned(),
            from_us: from * HOUR_US,
            until_us: until * HOUR_US,
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            gaps,
            proven_us: None,
            not_compared: 0,
            from_loose_files: false,
        };
        Proof { spans: [("1".to_owned(), spans)].into(), faults: BTreeMap::new() }.apply(&mut coverage);
        coverage
    }

    fn silent(region: &str, from: i64, until: i64) -> Gap {
        let (from_us, until_us) = (from * HOUR_US, until * HOUR_US);
        Gap { region: Some(region.to_owned()), from_us, until_us, rule: GapRule::SilentRegion, files: Vec::new() }
    }

    #[test]
    fn what_digests_span_is_proven_and_their_holes_are_gaps() {
        let spans = vec![span("a", "t", 0, 10), span("a", "t", 11, 24), span("b", "t", 0, 24)];
        let covered = coverage(spans, &["a", "b"], 1, 23, vec![silent("a", 2, 9), silent("a", 5, 20)]);
        let found: Vec<_> = covered.gaps.iter().map(|gap| (gap.rule, gap.until_us / HOUR_US)).collect();
        assert_eq!(found, [(GapRule::SilentRegion, 20), (GapRule::MissingDigest, 11)], "an hour without files is none");
        assert_eq!((covered.from_us, covered.until_us, covered.basis()), (0, 24 * HOUR_US, Basis::Proven));
    }

    #[test]
    fn a_region_without_digests_is_presumed() {
        let covered = coverage(vec![span("a", "t", 0, 24)], &["a", "b"], 1, 23, vec![silent("b", 2, 9)]);
        assert_eq!((covered.basis(), covered.gaps.len(), covered.from_us), (Basis::Presumed, 1, HOUR_US));
    }

    #[test]
    fn a_window_is_proven_where_digests_reach() {
        let covered = coverage(vec![span("a", "t", 10, 24)], &["a"], 1, 25, Vec::new());
        assert_eq!(covered.basis(), Basis::Presumed, "the logs begin before the digests");
        let lake = Coverage { accounts: vec![covered], ..Coverage::default() };
        let check = |from: i64, until: i64, expected: Basis| {
            assert_eq!(lake.reach(Some("1"), from * HOUR_US, until * HOUR_US).basis, expected, "{from} {until}");
        };
        check(10, 24, Basis::Proven);
        check(12, 90, Basis::Proven);
        check(9, 24, Basis::Presumed);
    }
}

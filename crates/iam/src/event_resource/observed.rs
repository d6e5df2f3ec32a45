//! Resources that were seen, generalised by one bounded rule, whatever their number and order. Of one resource type, in one
//! account and region: more than ten ARNs that differ only in their last part (objects of a bucket, functions) become
//! their common beginning, cut after its last separator, and `*`; what differs in an earlier part too (objects in more
//! than ten buckets) likewise. The service, region and account of an ARN always stay.

use std::collections::BTreeMap;

use super::EventResource;

/// As many ARNs stay as they are.
pub const MOST_ARNS: usize = 10;

/// Resources with what is counted of each; `join` adds up what is counted.
#[derive(Debug, Clone)]
pub struct Observed<T> {
    join: fn(&mut T, T),
    /// By type and the five parts of an ARN before the resource.
    scopes: BTreeMap<(&'static str, String), Scope<T>>,
}

#[derive(Debug, Clone)]
enum Scope<T> {
    /// By everything before the last part.
    Few(BTreeMap<String, Group<T>>),
    Many(Beginning<T>),
}

#[derive(Debug, Clone)]
enum Group<T> {
    Few(BTreeMap<String, T>),
    Many(Beginning<T>),
}

/// What many ARNs have in common, and never less than `least` bytes.
#[derive(Debug, Clone)]
struct Beginning<T> {
    least: usize,
    common: String,
    value: T,
}

impl<T> Beginning<T> {
    fn pattern(&self) -> String {
        let cut = self.common.rfind(['/', ':', '-', '_', '.', '=']).map_or(0, |at| at + 1);
        format!("{}*", &self.common[..cut.max(self.least)])
    }

    fn add(&mut self, arn: &str, value: T, join: fn(&mut T, T)) {
        let common = self.common.char_indices().zip(arn.chars()).find(|((_, a), b)| a != b);
        let end = common.map_or(self.common.len().min(arn.len()), |((at, _), _)| at);
        self.common.truncate(end);
        join(&mut self.value, value);
    }
}

impl<T> Group<T> {
    fn add(&mut self, arn: &str, least: usize, value: T, join: fn(&mut T, T)) {
        match self {
            Self::Many(many) => many.add(arn, value, join),
            Self::Few(few) => {
                match few.get_mut(arn) {
                    Some(known) => join(known, value),
                    None => drop(few.insert(arn.to_owned(), value)),
                }
                if few.len() > MOST_ARNS {
                    let all = std::mem::take(few).into_iter();
                    *self = Self::Many(joined(all, least, join).expect("there is more than one"));
                }
            }
        }
    }

    fn into_parts(self) -> Vec<(String, T)> {
        match self {
            Self::Few(few) => few.into_iter().collect(),
            Self::Many(many) => vec![(many.common.clone(), many.value)],
        }
    }
}

fn joined<T>(all: impl Iterator<Item = (String, T)>, least: usize, join: fn(&mut T, T)) -> Option<Beginning<T>> {
    let mut found: Option<Beginning<T>> = None;
    for (arn, value) in all {
        match &mut found {
            None => found = Some(Beginning { least, common: arn, value }),
            Some(known) => known.add(&arn, value, join),
        }
    }
    found
}

impl<T> Observed<T> {
    /// Nothing seen yet.
    pub fn new(join: fn(&mut T, T)) -> Self {
        Self { join, scopes: BTreeMap::new() }
    }

    /// Was nothing seen?
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Adds a resource.
    pub fn add(&mut self, resource: &EventResource, value: T) {
        let arn = resource.arn.as_str();
        let least = resource_start(arn);
        let container = &arn[..last_part(arn).max(least)];
        let join = self.join;
        let scope = self.scopes.entry((resource.resource_type, arn[..least].to_owned()));
        let scope = scope.or_insert_with(|| Scope::Few(BTreeMap::new()));
        match scope {
            Scope::Many(many) => many.add(arn, value, join),
            Scope::Few(few) => {
                let group = few.entry(container.to_owned()).or_insert_with(|| Group::Few(BTreeMap::new()));
                group.add(arn, container.len(), value, join);
                if few.len() > MOST_ARNS {
                    let all = std::mem::take(few).into_values().flat_map(Group::into_parts);
                    *scope = Scope::Many(joined(all, least, join).expect("there is more than one"));
                }
            }
        }
    }

    /// The ARNs and patterns, sorted, with what was counted of each.
    pub fn finish(self) -> Vec<(String, T)> {
        let mut found: BTreeMap<String, T> = BTreeMap::new();
        let mut add = |pattern: String, value: T| match found.get_mut(&pattern) {
            Some(known) => (self.join)(known, value),
            None => drop(found.insert(pattern, value)),
        };
        for scope in self.scopes.into_values() {
            match scope {
                Scope::Many(many) => add(many.pattern(), many.value),
                Scope::Few(few) => {
                    for group in few.into_values() {
                        match group {
                            Group::Few(few) => few.into_iter().for_each(|(arn, value)| add(arn, value)),
                            Group::Many(many) => add(many.pattern(), many.value),
                        }
                    }
                }
            }
        }
        found.into_iter().collect()
    }
}

/// Where the resource begins: after the fifth colon.
fn resource_start(arn: &str) -> usize {
    arn.match_indices(':').nth(4).map_or(arn.len(), |(at, _)| at + 1)
}

/// Where the last part begins, behind a bucket, a kind or whatever else stands first in the resource.
fn last_part(arn: &str) -> usize {
    let start = resource_start(arn);
    arn[start..].find(['/', ':']).map_or(start, |at| start + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(arn: &str) -> EventResource {
        EventResource { resource_type: "t", arn: arn.to_owned(), is_pattern: false }
    }

    fn observe(arns: impl IntoIterator<Item = String>) -> Vec<(String, usize)> {
        let mut observed = Observed::new(|sum: &mut usize, more| *sum += more);
        arns.into_iter().for_each(|arn| observed.add(&resource(&arn), 1));
        observed.finish()
    }

    #[test]
    fn many_become_their_common_beginning() {
        let check = |arns: Vec<String>, expected: &[(&str, usize)]| {
            let found = observe(arns);
            let found: Vec<(&str, usize)> = found.iter().map(|(arn, count)| (arn.as_str(), *count)).collect();
            assert_eq!(found, expected);
        };
        check(vec!["arn:aws:s3:::b/k".into(), "arn:aws:s3:::b/k".into()], &[("arn:aws:s3:::b/k", 2)]);
        check((0..11).map(|n| format!("arn:aws:s3:::b/in/2026/f{n}")).collect(), &[("arn:aws:s3:::b/in/2026/*", 11)]);
        check((10..40).map(|n| format!("arn:aws:s3:::b{n}/k")).collect(), &[("arn:aws:s3:::*", 30)]);
        check((10..40).map(|n| format!("arn:aws:s3:::log-{n}/k")).collect(), &[("arn:aws:s3:::log-*", 30)]);
        let table =
            |n: u32| format!("arn:aws:dynamodb:eu-west-1:1:table/{}{n}", if n.is_multiple_of(2) { "A" } else { "B" });
        check((0..12).map(table).collect(), &[("arn:aws:dynamodb:eu-west-1:1:table/*", 12)]);
        let places: Vec<String> =
            (0..11).flat_map(|n| ["1", "2"].map(|a| format!("arn:aws:sqs:eu-west-1:{a}:q-{n}"))).collect();
        check(places, &[("arn:aws:sqs:eu-west-1:1:q-*", 11), ("arn:aws:sqs:eu-west-1:2:q-*", 11)]);
    }

    proptest::proptest! {
        #[test]
        fn any_order_gives_the_same_and_every_arn_is_matched(arns in proptest::collection::vec("arn:aws:s3:[ab]?::[ab]{1,3}(/[xy日]{1,3}){0,2}", 0..80)) {
            let found = observe(arns.clone());
            let mut backwards = arns.clone();
            backwards.reverse();
            proptest::prop_assert_eq!(&observe(backwards), &found);
            proptest::prop_assert_eq!(found.iter().map(|(_, count)| count).sum::<usize>(), arns.len());
            for arn in arns {
                let is_matched = |(pattern, _): &(String, usize)| match pattern.strip_suffix('*') {
                    Some(beginning) => arn.starts_with(beginning),
                    None => *pattern == arn,
                };
                proptest::prop_assert!(found.iter().any(is_matched), "{}", arn);
            }
        }
    }
}

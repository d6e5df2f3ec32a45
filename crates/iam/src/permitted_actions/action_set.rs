//! A set of actions of the service reference, one bit for each.

use super::ActionId;

/// Actions of one [`super::ActionIndex`]; sets of different ones do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionSet {
    words: Vec<u64>,
    count: usize,
}

impl ActionSet {
    /// The empty set over `count` actions.
    pub(super) fn none(count: usize) -> Self {
        Self { words: vec![0; count.div_ceil(64)], count }
    }

    /// How many actions it has.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Does it have none?
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Does it have this action?
    pub fn contains(&self, action: ActionId) -> bool {
        self.words[action.0 / 64] >> (action.0 % 64) & 1 == 1
    }

    /// Adds one action.
    pub fn insert(&mut self, action: ActionId) {
        self.words[action.0 / 64] |= 1 << (action.0 % 64);
    }

    pub(super) fn remove(&mut self, action: ActionId) {
        self.words[action.0 / 64] &= !(1 << (action.0 % 64));
    }

    /// Adds all of another set.
    pub fn add(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// What it has and the other has not.
    pub fn without(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(word, other)| word & !other).collect();
        Self { words, count: self.count }
    }

    /// The actions that it does not have.
    pub(super) fn complement(&self) -> Self {
        let mut all = Self::none(self.count);
        all.insert_range(0..self.count);
        all.without(self)
    }

    pub(super) fn insert_range(&mut self, range: std::ops::Range<usize>) {
        range.for_each(|at| self.insert(ActionId(at)));
    }

    /// Its actions, in the order of the index.
    pub fn iter(&self) -> impl Iterator<Item = ActionId> {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.checked_ilog2().map(|_| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(ActionId(at * 64 + bit))
            })
        })
    }
}

//! Which actions of a statement can meet one of the resources that it names.

use super::{ActionIndex, ActionSet};
use crate::policy_document::pattern::Pattern;
use crate::policy_document::{Element, ResourcePattern, Statement};

/// The partition is left out of comparisons: it is not a property of the action.
const FIRST_PART: usize = 1;

/// The actions without those that no resource of the statement can belong to.
pub(super) fn narrowed(mut actions: ActionSet, statement: &Statement, index: &ActionIndex) -> ActionSet {
    let Some(resources) = &statement.resources else { return actions };
    let has_any = resources.patterns.iter().any(ResourcePattern::is_any);
    if has_any {
        return if resources.negated { index.none() } else { actions };
    }
    // Few of the formats are asked for, and many actions ask for the same.
    let mut known: Vec<Option<bool>> = vec![None; index.formats().len()];
    let unreached: Vec<_> = actions
        .iter()
        .filter(|action| {
            let formats = index.formats_of(*action);
            if formats.is_empty() {
                // `*` is what such an action is called on, and no ARN matches it.
                return !resources.negated;
            }
            !formats.iter().any(|format| *known[*format].get_or_insert_with(|| reaches(resources, *format, index)))
        })
        .collect();
    unreached.into_iter().for_each(|action| actions.remove(action));
    actions
}

/// Can a resource of this format be one that the statement speaks of?
fn reaches(resources: &Element<ResourcePattern>, format: usize, index: &ActionIndex) -> bool {
    let format = &index.formats()[format];
    let mut arns = resources.patterns.iter().filter_map(ResourcePattern::parts);
    if resources.negated {
        let covers = |part: &Pattern, unnamed: &str| part.variables().next().is_none() && part.may_match(unnamed);
        let covers_all = |parts: &[Pattern; 5]| (FIRST_PART..5).all(|at| covers(&parts[at], &format.unnamed[at]));
        !arns.any(covers_all)
    } else {
        arns.any(|parts| (FIRST_PART..5).all(|at| parts[at].overlaps(&format.parts[at])))
    }
}

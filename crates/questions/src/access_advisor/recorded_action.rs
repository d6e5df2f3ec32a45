//! How the actions of a service are recorded, looked up once a service: the lines of thousands of roles ask for the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use iam::permitted_actions::ActionId;
use iam::recording::{self, Recording};
use iam::service_reference::{AccessLevel, ServiceReference};

/// An action with how CloudTrail records it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordedAction {
    pub id: ActionId,
    pub recording: Recording,
    pub access_level: AccessLevel,
    /// AWS does not say whether its calls are data events.
    pub is_undecided: bool,
}

/// The actions of each service that was asked for.
pub(super) struct RecordedActions<'a> {
    reference: &'a ServiceReference,
    by_namespace: RefCell<HashMap<String, Rc<Vec<RecordedAction>>>>,
}

impl<'a> RecordedActions<'a> {
    pub fn new(reference: &'a ServiceReference) -> Self {
        Self { reference, by_namespace: RefCell::default() }
    }

    /// The actions of a service.
    pub fn of(&self, namespace: &str) -> Rc<Vec<RecordedAction>> {
        if let Some(known) = self.by_namespace.borrow().get(namespace) {
            return Rc::clone(known);
        }
        let actions = self.reference.actions(namespace).iter().filter_map(|action| {
            Some(RecordedAction {
                id: self.reference.action_index().find(namespace, action.name)?,
                recording: action.recording(),
                access_level: action.access_level,
                is_undecided: recording::is_undecided(namespace, action.name),
            })
        });
        let found = Rc::new(actions.collect::<Vec<_>>());
        self.by_namespace.borrow_mut().insert(namespace.to_owned(), Rc::clone(&found));
        found
    }
}

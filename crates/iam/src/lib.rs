//! The nouns and rules of IAM: ARNs, AWS's services and actions, which action an event stands for and how CloudTrail
//! records it, policy documents and what they allow. Pure: no IO, no clock. Events come from `cloudtrail`; `questions`
//! asks this crate when it answers, so that a better mapping also mends answers over records that were ingested long ago.

pub mod arn;
pub mod event_action;
pub mod event_resource;
pub mod inventory;
pub mod inventory_diff;
pub mod least_privilege;
mod percent_encoding;
pub mod permitted_actions;
pub mod policy_document;
pub mod policy_evaluation;
pub mod recording;
pub mod service_reference;
pub mod similar_name;

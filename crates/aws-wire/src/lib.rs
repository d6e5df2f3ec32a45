//! How AWS clients talk: bytes in, bytes out. A request is told apart by service and operation (`operation`), its signature is
//! checked (`sigv4`), its input is read by the service's protocol and compared with what the model asks for (`constraint`), and
//! the answer or error is written in the same protocol. What an operation answers is the matter of `tadoru::aws`.

pub mod constraint;
pub mod error;
pub mod json_protocol;
pub mod model;
pub mod operation;
pub mod pagination_token;
pub mod query_protocol;
pub mod rest_json_protocol;
pub mod sigv4;
pub mod timestamp;

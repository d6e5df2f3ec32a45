//! Why a question has no answer. An empty answer is an answer; these are not.

use lake::catalog::CatalogError;
use lake::sql_error::SqlError;

/// A question that could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Nothing in the logs bears that name.
    #[error("no principal in the logs is called `{name}`")]
    UnknownPrincipal { name: String, similar: Vec<String> },
    /// Several do; they are never merged by name.
    #[error("`{name}` is the name of {} principals", candidates.len())]
    AmbiguousPrincipal { name: String, candidates: Vec<String> },
    /// The input asks for something that does not exist.
    #[error("{what}")]
    Input { what: String, try_this: String },
}

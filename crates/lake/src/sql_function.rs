//! The functions of Athena's SQL that DataFusion lacks or spells otherwise, one file a family, and the list of those
//! that statements may call. All take and give plain Arrow arrays; NULL in is NULL out unless said.

use datafusion::common::Result;
use datafusion::execution::context::SessionState;

/// Adds the functions.
pub(crate) fn register(_state: &mut SessionState) -> Result<()> {
    Ok(())
}

//! The one rule of our own.

use datafusion::common::Result;
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::AnalyzerRule;

#[derive(Debug)]
pub(crate) struct ImpliedBounds;

impl AnalyzerRule for ImpliedBounds {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan)
    }

    fn name(&self) -> &str {
        "implied_bounds"
    }
}

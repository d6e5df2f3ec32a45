//! `+`, `-` and `*` of whole numbers: what does not fit into a bigint is an error, as in Athena. The engine's own operators
//! would wrap around and answer with a wrong number.

use std::sync::Arc;

use arrow::array::{ArrayRef, Datum};
use arrow::compute::kernels::numeric;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, ScalarUDF, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::{Argument, Function};
use crate::sql_error::SqlError;

const BOTH: &[Argument] = &[Argument::Integer, Argument::Integer];

/// The operators as functions, under names that nobody types.
pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("checked_add", BOTH, |_| DataType::Int64, |a| checked(a, numeric::add, "addition")),
    Function::new("checked_subtract", BOTH, |_| DataType::Int64, |a| checked(a, numeric::sub, "subtraction")),
    Function::new("checked_multiply", BOTH, |_| DataType::Int64, |a| checked(a, numeric::mul, "multiplication")),
];

/// Calls inside of each other: the planner's time grows faster than their number.
const NESTED_CALLS: usize = 100;

type Kernel = fn(&dyn Datum, &dyn Datum) -> Result<ArrayRef, ArrowError>;

fn checked(arguments: &[ArrayRef], kernel: Kernel, operation: &str) -> Result<ArrayRef, SqlError> {
    kernel(&arguments[0], &arguments[1]).map_err(|_| overflow(operation))
}

fn overflow(operation: &str) -> SqlError {
    SqlError::Execution(format!("NUMERIC_VALUE_OUT_OF_RANGE: bigint {operation} overflow"))
}

/// Plans the operators between whole numbers as these functions; everything else goes the planner's way.
#[derive(Debug)]
pub(super) struct CheckedArithmetic {
    pub(super) add: Arc<ScalarUDF>,
    pub(super) subtract: Arc<ScalarUDF>,
    pub(super) multiply: Arc<ScalarUDF>,
}

impl ExprPlanner for CheckedArithmetic {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> datafusion::common::Result<PlannerResult<RawBinaryExpr>> {
        let (function, constant, operation): (_, fn(i64, i64) -> Option<i64>, _) = match expr.op {
            BinaryOperator::Plus => (&self.add, i64::checked_add, "addition"),
            BinaryOperator::Minus => (&self.subtract, i64::checked_sub, "subtraction"),
            BinaryOperator::Multiply => (&self.multiply, i64::checked_mul, "multiplication"),
            _ => return Ok(PlannerResult::Original(expr)),
        };
        // A long sum of constants is one constant before it becomes a deep plan.
        if let (Expr::Literal(ScalarValue::Int64(Some(left)), _), Expr::Literal(ScalarValue::Int64(Some(right)), _)) =
            (&expr.left, &expr.right)
        {
            let value = constant(*left, *right).ok_or_else(|| overflow(operation).into_datafusion())?;
            return Ok(PlannerResult::Planned(lit(value)));
        }
        let is_whole = |side: &Expr| side.get_type(schema).is_ok_and(|data_type| data_type.is_integer());
        if !(is_whole(&expr.left) && is_whole(&expr.right)) {
            return Ok(PlannerResult::Original(expr));
        }
        if self.nested_calls(&expr.left) >= NESTED_CALLS {
            let what = format!("more than {NESTED_CALLS} additions, subtractions or multiplications in a row");
            return Err(SqlError::SqlComplexity(what).into_datafusion());
        }
        Ok(PlannerResult::Planned(function.call(vec![expr.left, expr.right])))
    }
}

impl CheckedArithmetic {
    /// How many of these calls stand in each other, along the left as `a + b + c` is read.
    fn nested_calls(&self, expr: &Expr) -> usize {
        let (mut at, mut count) = (expr, 0);
        while let Expr::ScalarFunction(call) = at
            && [&self.add, &self.subtract, &self.multiply].iter().any(|ours| ours.name() == call.func.name())
        {
            (at, count) = (&call.args[0], count + 1);
        }
        count
    }
}

//! The functions of Athena's SQL that DataFusion lacks or spells otherwise, one file a family. NULL in is NULL out.
//! What a macro-like rewriting can say (`if`, `count_if`, `max_by`, `hour`) is in `athena_query` instead. Functions whose
//! result may be far larger than their arguments are wrapped with a bound, because no memory pool sees a scalar function.

mod arithmetic;
mod bounded;
mod date_time;
mod json;
mod regular_expression;
mod text;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::sql_error::SqlError;

/// Adds the functions, and takes away those that tell about the machine or cannot be bounded.
pub(crate) fn register(state: &mut SessionState) -> Result<()> {
    const WITHDRAWN: &[&str] = &[
        "input_file_name",
        "file_row_index",
        "version",
        "arrow_metadata",
        "regexp_match",
        "regexp_count",
        "regexp_instr",
        "array_resize",
        "list_resize",
    ];
    for name in WITHDRAWN {
        state.deregister_udf(name)?;
    }
    for (name, other) in [("element_at", "array_element"), ("contains", "array_has")] {
        let udf = state.udf(other)?.as_ref().clone();
        state.deregister_udf(name)?;
        state.register_udf(Arc::new(udf.with_aliases([name])))?;
    }
    bounded::register(state)?;
    for family in
        [arithmetic::FUNCTIONS, json::FUNCTIONS, date_time::FUNCTIONS, text::FUNCTIONS, regular_expression::FUNCTIONS]
    {
        for function in family {
            state.register_udf(Arc::new(ScalarUDF::from(function.clone())))?;
        }
    }
    let (add, subtract) = (state.udf("checked_add")?, state.udf("checked_subtract")?);
    let arithmetic = arithmetic::CheckedArithmetic { add, subtract, multiply: state.udf("checked_multiply")? };
    state.register_expr_planner(Arc::new(arithmetic))?;
    let concat = state.udf("text_concat")?;
    state.register_expr_planner(Arc::new(text::TextConcatenation(concat)))
}

/// What an argument is made into before the function sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Argument {
    Text,
    Integer,
    Double,
    /// Microseconds, UTC; a time without a zone is UTC.
    Instant,
    /// A date, a time or an instant, as it is.
    DateOrInstant,
    Any,
}

/// A function over arrays of equal length.
#[derive(Debug, Clone)]
struct Function {
    name: &'static str,
    arguments: &'static [Argument],
    /// So many of the last arguments may be left out.
    optional: usize,
    returns: fn(&[DataType]) -> DataType,
    call: fn(&[ArrayRef]) -> std::result::Result<ArrayRef, SqlError>,
    signature: fn() -> Signature,
}

impl Function {
    const fn new(
        name: &'static str,
        arguments: &'static [Argument],
        returns: fn(&[DataType]) -> DataType,
        call: fn(&[ArrayRef]) -> std::result::Result<ArrayRef, SqlError>,
    ) -> Self {
        Self { name, arguments, optional: 0, returns, call, signature }
    }

    const fn optional(self, optional: usize) -> Self {
        Self { optional, ..self }
    }
}

fn signature() -> Signature {
    Signature::user_defined(Volatility::Immutable)
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl Eq for Function {}
impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// A function as the planner sees it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Udf {
    function: Function,
    signature: Signature,
}

impl From<Function> for ScalarUDF {
    fn from(function: Function) -> Self {
        let signature = (function.signature)();
        ScalarUDF::from(Udf { function, signature })
    }
}

impl ScalarUDFImpl for Udf {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, argument_types: &[DataType]) -> Result<DataType> {
        Ok((self.function.returns)(argument_types))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let Function { name, arguments, optional, .. } = self.function;
        if given.len() > arguments.len() || given.len() + optional < arguments.len() {
            return plan_err!("{name}() takes {} arguments, not {}", arguments.len(), given.len());
        }
        given.iter().zip(arguments).map(|(given, wanted)| coerce(name, given, *wanted)).collect()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let result = (self.function.call)(&arrays).map_err(SqlError::into_datafusion)?;
        Ok(match constant && result.len() == 1 {
            true => ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&result, 0)?),
            false => ColumnarValue::Array(result),
        })
    }
}

fn coerce(name: &str, given: &DataType, wanted: Argument) -> Result<DataType> {
    use DataType as T;
    let is_text = matches!(given, T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Null)
        || matches!(given, T::Dictionary(_, values) if matches!(values.as_ref(), T::Utf8 | T::LargeUtf8 | T::Utf8View));
    let is_time = matches!(given, T::Timestamp(..) | T::Date32 | T::Date64 | T::Null);
    Ok(match wanted {
        Argument::Text if is_text => T::Utf8,
        Argument::Integer if given.is_numeric() || given.is_null() => T::Int64,
        Argument::Double if given.is_numeric() || given.is_null() => T::Float64,
        Argument::Instant if is_time => instant_type(given),
        Argument::DateOrInstant if is_time => match given {
            T::Timestamp(..) => instant_type(given),
            _ => T::Date32,
        },
        Argument::Any => given.clone(),
        _ => return plan_err!("{name}() does not take a {}", crate::value::type_name(given)),
    })
}

/// Microseconds in the zone that was given.
fn instant_type(given: &DataType) -> DataType {
    match given {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        _ => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

//! What an expression sees of one person.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::{Context, ExecutionError, Program, Value};

use super::language::LANGUAGE;

/// The names of [`super::language::variables`], filled for one person.
pub(in crate::mapping) struct Scope {
    context: Context<'static, 'static>,
}

impl Scope {
    /// `user` has the fields that have a value. `attributes` is what was sent, as it was sent.
    pub(in crate::mapping) fn new<'a>(
        user: impl IntoIterator<Item = (&'a str, &'a str)>,
        groups: &[String],
        attributes: &BTreeMap<String, Vec<String>>,
        (idp, instance): (&str, &str),
    ) -> Self {
        let user: HashMap<String, Value> =
            user.into_iter().map(|(field, value)| (field.to_owned(), value.into())).collect();
        let attributes: HashMap<String, Value> =
            attributes.iter().map(|(name, values)| (name.clone(), list(values))).collect();
        let mut context = Context::with_env(Arc::clone(&LANGUAGE.env));
        context.add_variable_from_value("user", user);
        context.add_variable_from_value("groups", list(groups));
        context.add_variable_from_value("attrs", attributes);
        context.add_variable_from_value("idp", idp);
        context.add_variable_from_value("instance", instance);
        Self { context }
    }

    /// Adds `placement`: what the rules made of the person. What they did not set is empty.
    pub(in crate::mapping) fn add_placement(
        &mut self,
        security_profiles: &[String],
        routing_profile: &str,
        hierarchy: &[String],
    ) {
        let placement: HashMap<String, Value> = HashMap::from([
            ("security_profiles".to_owned(), list(security_profiles)),
            ("routing_profile".to_owned(), routing_profile.into()),
            ("hierarchy".to_owned(), list(hierarchy)),
        ]);
        self.context.add_variable_from_value("placement", placement);
    }

    /// The evaluator is young: whatever it does with a value, the gateway goes on.
    pub(super) fn compute(&self, program: &Program) -> Result<Value, ExecutionError> {
        let computed = catch_unwind(AssertUnwindSafe(|| program.execute(&self.context)));
        computed.unwrap_or_else(|_| Err(ExecutionError::InternalError("stopped".to_owned())))
    }
}

fn list(texts: &[String]) -> Value {
    Value::from(texts.iter().map(|text| Value::from(text.as_str())).collect::<Vec<Value>>())
}

/// A text, an optional one, or several; `None` for anything else.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.as_str().to_owned()]),
        Value::List(values) => {
            values.iter().map(|value| text(value).map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        Value::Null => Some(Vec::new()),
        Value::Opaque(opaque) => {
            let optional = opaque.downcast_ref::<cel::objects::OptionalValue>()?;
            optional.value().map_or(Some(Vec::new()), texts)
        }
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Whether it failed for something that this person was not sent.
pub(super) fn is_absence(error: &ExecutionError) -> bool {
    matches!(error, ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_))
}

/// The kind of failure. The error itself holds values.
pub(super) fn kind_of(error: &ExecutionError) -> &'static str {
    match error {
        ExecutionError::NoSuchKey(_) => "it looks at something that was not sent",
        ExecutionError::IndexOutOfBounds(_) => "it looks past the end of a list",
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::UnsupportedTargetType { .. }
        | ExecutionError::NotSupportedAsMethod { .. }
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::ValuesNotComparable(..) => "it mixes values of different types",
        ExecutionError::FunctionError { .. } => "a function does not take the value",
        _ => "it can't be computed",
    }
}

//! Made-up people, to find at load what would fail for a real one.

use std::collections::BTreeMap;

use cel::ExecutionError;

use super::language::USER_FIELDS;
use super::reading::Reading;
use super::scope::{self, Scope};
use super::{Expression, Mistake, Purpose};

/// Tries `expression` on people with nothing, with everything, and with what the expression asks for.
///
/// # Errors
/// When it fails for one of them, or does not yield what it is for.
pub(super) fn attempt(expression: &Expression, reading: &Reading, purpose: Purpose) -> Result<(), Mistake> {
    let wanted: Vec<String> = reading.texts.iter().cloned().collect();
    let sample = vec!["sample@example.org".to_owned()];
    let several = [sample.clone(), wanted.clone()].concat();
    for (values, is_known) in [(vec![], false), (sample, true), (wanted, true), (several, true)] {
        let attributes: BTreeMap<String, Vec<String>> = if is_known {
            reading.attributes.iter().map(|name| (name.clone(), values.clone())).collect()
        } else {
            BTreeMap::new()
        };
        let user = USER_FIELDS.iter().filter(|_| is_known).map(|field| (*field, "sample@example.org"));
        let mut scope = Scope::new(user, &values, &attributes, ("sample", "sample"));
        scope.add_placement(&values, values.first().map_or("", String::as_str), &values);
        attempt_on(expression, &scope, purpose)?;
    }
    Ok(())
}

fn attempt_on(expression: &Expression, scope: &Scope, purpose: Purpose) -> Result<(), Mistake> {
    let failure = match purpose {
        Purpose::Value => expression.texts(scope).err(),
        Purpose::Condition | Purpose::Check => expression.holds(scope).err(),
    };
    let Some(failure) = failure else { return Ok(()) };
    let message = match scope.compute(&expression.program) {
        Err(ExecutionError::NoSuchKey(name)) if USER_FIELDS.contains(&name.as_str()) => {
            format!("fails for people without `{name}`: write `user.?{name}.orValue('')`")
        }
        Err(ExecutionError::NoSuchKey(name)) => {
            format!("fails for people without `{name}`: write `attrs.?{name}[?0].orValue('')`")
        }
        Err(error) if scope::is_absence(&error) => {
            "fails for people with fewer values: write `[?0]` instead of `[0]`, and `.orValue('')` behind it"
                .to_owned()
        }
        _ => format!("can't work: {}", failure.0),
    };
    Err(Mistake::plain(message))
}

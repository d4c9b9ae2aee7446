//! Who the person is in Connect: user name, names, e-mail address.

use crate::model::{Denial, Problem, Username, code};

use super::expression::Failed;
use super::facts::Facts;
use super::names::{Names, UserField};
use super::value::Value;
use super::{UserConfig, denial, text};

/// Where user name, names and e-mail address come from.
#[derive(Debug)]
pub(super) struct PersonValues {
    username: Value,
    first_name: Value,
    last_name: Value,
    email: Value,
    lower_case: bool,
    strip_domains: Vec<String>,
}

impl PersonValues {
    /// Reads `[mapping.user]`.
    pub(super) fn new(config: &UserConfig, problems: &mut Vec<Problem>) -> Self {
        let mut value = |key: &str, config: &Option<super::ValueConfig>, usual| {
            let read = config.as_ref().map(|config| Value::new(&format!("mapping.user.{key}"), config));
            match read.transpose() {
                Ok(value) => value.unwrap_or(Value::Field(usual)),
                Err(problem) => {
                    problems.push(problem);
                    Value::Field(usual)
                }
            }
        };
        Self {
            username: value("username", &config.username, UserField::Username),
            first_name: value("first_name", &config.first_name, UserField::FirstName),
            last_name: value("last_name", &config.last_name, UserField::LastName),
            email: value("email", &config.email, UserField::Email),
            lower_case: config.lower_case,
            strip_domains: config.strip_domains.clone(),
        }
    }

    /// Whether this identity provider's values have a place for the user name.
    pub(super) fn has_username(&self, names: &Names) -> bool {
        match self.username {
            Value::Field(field) => !names.sources(field).is_empty(),
            _ => true,
        }
    }

    /// Every value.
    pub(super) fn values(&self) -> [&Value; 4] {
        [&self.username, &self.first_name, &self.last_name, &self.email]
    }

    /// The one user name. Several values are refused: which one is right would be a guess.
    pub(super) fn username(&self, facts: &Facts<'_>) -> Result<Username, Denial> {
        let mut values = self.username.texts(facts).map_err(|failed| refused("username", failed))?;
        values.dedup();
        match &values[..] {
            [value] => Username::new(self.shaped(value))
                .map_err(|why| denial(&code::MAPPING_BAD_VALUE, format!("username: {why}"))),
            [] => {
                let detail = format!(
                    "username: no value in {} (a transient NameID is none)",
                    self.username.origin(facts)
                );
                Err(denial(&code::MAPPING_MISSING_ATTRIBUTE, detail))
            }
            _ => {
                let detail = format!("username: several values in {}", self.username.origin(facts));
                Err(denial(&code::MAPPING_BAD_VALUE, detail))
            }
        }
    }

    pub(super) fn first_name(&self, facts: &Facts<'_>) -> Result<Option<String>, Denial> {
        name(&self.first_name, facts, "first_name", 255)
    }

    pub(super) fn last_name(&self, facts: &Facts<'_>) -> Result<Option<String>, Denial> {
        name(&self.last_name, facts, "last_name", 300)
    }

    pub(super) fn email(&self, facts: &Facts<'_>) -> Result<Option<String>, Denial> {
        name(&self.email, facts, "email", 265)
    }

    /// ASCII case only, and no Unicode normalisation: neither may turn one person's name into another's.
    fn shaped(&self, value: &str) -> String {
        let is_stripped = |domain: &str| self.strip_domains.iter().any(|d| d.eq_ignore_ascii_case(domain));
        let kept = match value.split_once('@') {
            Some((local, domain)) if is_stripped(domain) => local,
            _ => value,
        };
        if self.lower_case { kept.to_ascii_lowercase() } else { kept.to_owned() }
    }
}

/// The first value of a field that Connect doesn't need to find the user.
fn name(value: &Value, facts: &Facts<'_>, field: &str, longest: usize) -> Result<Option<String>, Denial> {
    let values = value.texts(facts).map_err(|failed| refused(field, failed))?;
    let Some(value) = values.iter().find(|value| !text::trimmed(value).is_empty()) else { return Ok(None) };
    text::connect_name(value, longest)
        .map(Some)
        .map_err(|why| denial(&code::MAPPING_BAD_VALUE, format!("{field} {why}")))
}

fn refused(field: &str, failed: Failed) -> Denial {
    denial(&code::MAPPING_RULE_FAILED, format!("mapping.user.{field}: {}", failed.0))
}

//! Examples kept beside the rules: made-up people, and what the rules must make of them.

use time::OffsetDateTime;

use crate::model::{
    Attributes, Denial, Identity, IdpName, InstanceName, NameId, Placement, Problem, advice, code,
};

use super::config::{ExpectConfig, TestConfig};
use super::place;
use super::rules::{Known, Rules};

/// A made-up person.
#[must_use]
pub fn person(idp: IdpName, name_id: Option<String>, attributes: Attributes) -> Identity {
    let name_id =
        name_id.map(|value| NameId { value, format: None, name_qualifier: None, sp_name_qualifier: None });
    person_named(idp, name_id, attributes)
}

/// The same with the whole subject: a person as far as rules look at it.
#[must_use]
pub fn person_named(idp: IdpName, name_id: Option<NameId>, attributes: Attributes) -> Identity {
    Identity {
        idp,
        issuer: String::new(),
        name_id,
        session_index: None,
        authn_context: None,
        authn_instant: OffsetDateTime::UNIX_EPOCH,
        session_not_on_or_after: None,
        attributes,
    }
}

/// A made-up person on the way to an instance, and what is expected.
#[derive(Debug)]
pub(super) struct Example {
    key: String,
    name: String,
    identity: Identity,
    instance: InstanceName,
    expect: ExpectConfig,
}

impl Example {
    /// Reads one `[[mapping.test]]`.
    pub(super) fn new(
        index: usize,
        config: &TestConfig,
        known: &Known,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let key = format!("mapping.test[{index}]");
        let before = problems.len();
        let idps: Vec<&str> = known.idps.keys().map(IdpName::as_str).collect();
        let idp = one_of(&format!("{key}.idp"), config.idp.as_deref(), &idps, problems);
        let instances: Vec<&str> = known.instances.keys().map(InstanceName::as_str).collect();
        let instance = one_of(&format!("{key}.instance"), config.instance.as_deref(), &instances, problems);
        if config.expect == ExpectConfig::default() {
            problems.push(Problem::new(format!("{key}.expect"), "expects nothing: write at least one field"));
        }
        if let Some(expected) = &config.expect.denied {
            let codes = code::ALL.iter().map(|code| code.id).filter(|id| id.starts_with("mapping."));
            let codes: Vec<&str> = codes.collect();
            one_of(&format!("{key}.expect.denied"), Some(expected), &codes, problems);
        }
        (problems.len() == before).then(|| Self {
            name: config.name.clone(),
            identity: person(IdpName::new(idp), config.name_id.clone(), config.attributes.clone()),
            instance: InstanceName::new(instance),
            expect: config.expect.clone(),
            key,
        })
    }

    /// What the rules make of the person that was not expected.
    fn differences(&self, rules: &Rules) -> Vec<String> {
        match (place(&self.identity, &self.instance, rules).outcome, &self.expect.denied) {
            (Ok(placement), None) => compared(&placement, &self.expect),
            (Ok(_), Some(expected)) => vec![format!("is let in, expected {expected}")],
            (Err(denial), Some(expected)) if denial.code.id == expected => Vec::new(),
            (Err(denial), expected) => {
                vec![format!(
                    "is refused with {} ({}), expected {}",
                    denial.code.id,
                    told(&denial),
                    expected.as_deref().unwrap_or("a place")
                )]
            }
        }
    }
}

impl Rules {
    /// How many examples there are.
    #[must_use]
    pub fn test_count(&self) -> usize {
        self.examples.len()
    }

    /// Every `[[mapping.test]]` whose person is not placed as expected, and how.
    #[must_use]
    pub fn failed_tests(&self) -> Vec<Problem> {
        let failed = self.examples.iter().flat_map(|example| {
            let differences = example.differences(self).into_iter();
            differences
                .map(|difference| Problem::new(&example.key, format!("\"{}\": {difference}", example.name)))
        });
        failed.collect()
    }
}

fn told(denial: &Denial) -> &str {
    &denial.detail
}

fn one_of(key: &str, written: Option<&str>, known: &[&str], problems: &mut Vec<Problem>) -> String {
    match (written, known) {
        (None, [only]) => (*only).to_owned(),
        (None, _) => {
            problems.push(Problem::new(key, format!("is missing: there are {}", known.join(", "))));
            String::new()
        }
        (Some(name), _) if known.contains(&name) => name.to_owned(),
        (Some(name), _) => {
            let advice = advice(name, known, "\"");
            problems.push(Problem::new(key, format!("there is no \"{name}\": {advice}")));
            String::new()
        }
    }
}

fn compared(placement: &Placement, expect: &ExpectConfig) -> Vec<String> {
    let profiles: Vec<String> = placement.security_profiles.iter().cloned().collect();
    let wanted = expect.security_profiles.clone().map(|mut names| {
        names.sort();
        names
    });
    let hierarchy = placement.hierarchy.as_ref().map(|path| path.0.join(" / ")).unwrap_or_default();
    let landing = placement.landing.as_ref().map(|landing| landing.as_str().to_owned()).unwrap_or_default();
    let phone = placement.phone.as_ref().and_then(|phone| phone.desk_number.clone()).unwrap_or_default();
    let fields = [
        ("username", placement.username.as_str().to_owned(), expect.username.clone()),
        ("security_profiles", profiles.join(", "), wanted.map(|names| names.join(", "))),
        (
            "routing_profile",
            placement.routing_profile.clone().unwrap_or_default(),
            expect.routing_profile.clone(),
        ),
        ("hierarchy", hierarchy, expect.hierarchy.as_ref().map(|path| path.join(" / "))),
        ("landing", landing, expect.landing.clone()),
        ("desk_number", phone, expect.desk_number.clone()),
    ];
    let differs = |(field, found, wanted): (&str, String, Option<String>)| {
        let wanted = wanted.filter(|wanted| *wanted != found)?;
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("\"{text}\"") };
        Some(format!("{field} is {}, expected {}", shown(&found), shown(&wanted)))
    };
    fields.into_iter().filter_map(differs).collect()
}

//! Rules in plain sentences, for people who don't read TOML.

use super::condition::Condition;
use super::glob::Glob;
use super::names::UserField;
use super::rules::{Action, Rule, Rules};
use super::set::Set;
use super::value::Value;

impl Rules {
    /// Every rule's name and one sentence about it, in order; then the checks'.
    #[must_use]
    pub fn sentences(&self) -> Vec<(String, String)> {
        let rules = self.ordered.iter().map(|rule| (rule.name.clone(), sentence(rule)));
        let checks = self.checks.iter().map(|check| {
            let source = check.expression.source();
            (check.name.clone(), format!("Everybody for whom `{source}` is not true in the end is refused."))
        });
        rules.chain(checks).collect()
    }
}

fn sentence(rule: &Rule) -> String {
    let who: Vec<String> = rule.conditions.iter().map(condition).collect();
    let who =
        if who.is_empty() { "Everybody".to_owned() } else { format!("Everybody {}", who.join(" and ")) };
    match &rule.action {
        Action::Deny(message) => format!("{who} is refused and reads: “{message}”"),
        Action::Set(set) => format!("{who} gets {}.", fields(set).join(", ")),
        Action::Lookup(lookup) => format!("{who} gets what {} says for their groups.", lookup.file),
    }
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::AnyGroup(groups) => format!("in {}", any(groups.iter().map(|group| format!("“{group}”")))),
        Condition::AnyGroupLike(globs) => {
            format!("in a group like {}", any(globs.iter().map(Glob::as_str).map(|glob| format!("“{glob}”"))))
        }
        Condition::Idp(idps) => format!("from {}", any(idps.iter().map(ToString::to_string))),
        Condition::Instance(names) => format!("on the way to {}", any(names.iter().map(ToString::to_string))),
        Condition::When(expression) => format!("for whom `{}` is true", expression.source()),
    }
}

fn fields(set: &Set) -> Vec<String> {
    let some = |word: &str, value: Option<String>| value.map(|value| format!("{word} {value}"));
    let listed = |values: &[Value]| all(values.iter().map(value));
    let profiles = Some(&set.security_profiles).filter(|profiles| !profiles.is_empty());
    let levels = all(set.proficiencies.iter().map(|(what, level)| format!("{} {level}", what.value())));
    let tags = all(set.tags.iter().map(|(key, tag)| format!("{key} = {}", value(tag))));
    let channels = all(set.channels.keys().map(|channel| channel.word().to_owned()));
    let phone =
        set.phone.as_ref().map(|phone| phone.desk_number.as_ref().map_or("in the browser".to_owned(), value));
    let fields = [
        some("the security profiles", profiles.map(|profiles| listed(profiles))),
        some("the routing profile", set.routing_profile.as_ref().map(value)),
        some(
            "the hierarchy group",
            set.hierarchy.as_ref().map(|path| path.iter().map(value).collect::<Vec<_>>().join(" / ")),
        ),
        some("a phone", phone),
        some("the proficiencies", Some(levels).filter(|text| !text.is_empty())),
        some("the tags", Some(tags).filter(|text| !text.is_empty())),
        some("settings for", Some(channels).filter(|text| !text.is_empty())),
        some("as landing place", set.landing.as_ref().map(|landing| format!("“{landing}”"))),
    ];
    fields.into_iter().flatten().collect()
}

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("“{text}”"),
        Value::Field(field) => {
            let name = UserField::ALL
                .into_iter()
                .find(|(_, other)| other == field)
                .map_or("value", |(name, _)| name);
            format!("their {name}")
        }
        Value::Attribute(source) => format!("what {} says", source.name()),
        Value::Expression(expression) => format!("what `{}` computes", expression.source()),
    }
}

fn any(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" or ")
}

fn all(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" and ")
}

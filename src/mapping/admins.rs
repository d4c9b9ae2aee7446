//! Who may use the console: the conditions of a rule, asked about somebody on the way to no instance.

use crate::model::{Identity, IdpName, InstanceName, Problem};

use super::compile::Reader;
use super::condition::{Condition, Held, check_all};
use super::facts::Facts;
use super::rules::{Known, Rules};
use super::{RuleConfig, known_groups, limits};

/// Conditions that passed every check at load.
#[derive(Debug)]
pub struct Admins(Vec<Condition>);

impl Admins {
    /// Compiles the conditions of `config`; whatever else is in it does not count. Problems are about `key`.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn new(key: &str, config: &RuleConfig, known: &Known) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if config.groups.is_none() && config.groups_glob.is_none() && config.when.is_none() {
            problems.push(Problem::new(key, "names nobody: write `groups`, `groups_glob` or `when`"));
        }
        let conditions = Reader { key: key.to_owned(), known, problems: &mut problems }.conditions(config);
        if problems.is_empty() { Ok(Self(conditions)) } else { Err(problems) }
    }

    /// Whether this person is one, where `rules` say what a missing list of groups means.
    ///
    /// # Errors
    /// Why not, without any of the person's values.
    pub fn check(&self, identity: &Identity, rules: &Rules) -> Result<(), String> {
        let names = rules.names.get(&identity.idp).ok_or("the identity provider is not configured")?;
        let groups = known_groups(identity, names, rules).map_err(|denial| denial.detail)?;
        if self.0.iter().any(|one| matches!(one, Condition::When(_))) {
            limits::check_size(identity, &groups).map_err(|denial| denial.detail)?;
        }
        let nowhere = InstanceName::new("");
        let facts = Facts::new(identity, &nowhere, names, groups);
        match check_all(&self.0, &facts) {
            Ok(Held::Yes(_)) => Ok(()),
            Ok(Held::No(why)) => Err(why),
            Err(failed) => Err(failed.0.to_owned()),
        }
    }

    /// Whether people of that identity provider may be among them.
    #[must_use]
    pub fn may_come_from(&self, idp: &IdpName) -> bool {
        self.0.iter().all(|condition| match condition {
            Condition::Idp(idps) => idps.contains(idp),
            _ => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ana, identity, profiles, rule, texts, with_rules};
    use super::*;

    fn check(config: &RuleConfig, identity: &Identity) -> Result<(), String> {
        let admins = Admins::new("admin", config, &Known::default()).unwrap();
        admins.check(identity, &with_rules(vec![rule("agents", &["cc"], profiles(&["Agent"]))]))
    }

    fn in_groups(groups: &[&str]) -> RuleConfig {
        RuleConfig { groups: Some(texts(groups)), ..RuleConfig::default() }
    }

    #[test]
    fn every_condition_must_hold() {
        let when = |when: &str| RuleConfig { when: Some(when.to_owned()), ..in_groups(&["cc"]) };
        assert_eq!(check(&in_groups(&["x", "cc"]), &ana()), Ok(()));
        assert_eq!(check(&when("user.?email.orValue('') == 'ana@acme.test'"), &ana()), Ok(()));
        assert!(check(&when("user.?email.orValue('') == 'bob@acme.test'"), &ana()).is_err());
        assert!(check(&in_groups(&["x"]), &ana()).is_err());
    }

    #[test]
    fn missing_groups_make_nobody_an_administrator() {
        let nobody = identity(&[("email", &["ana@acme.test"])]);
        let by_mail =
            RuleConfig { when: Some("user.?email.orValue('') != ''".to_owned()), ..RuleConfig::default() };
        assert!(check(&by_mail, &nobody).is_err());
        let stranger = Identity { idp: IdpName::new("other"), ..ana() };
        assert!(check(&in_groups(&["cc"]), &stranger).is_err(), "an identity provider that is gone");
    }
}

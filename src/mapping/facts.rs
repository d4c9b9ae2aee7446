//! What the rules see of one person on the way to one instance.

use std::cell::OnceCell;

use crate::model::{Identity, InstanceName};

use super::expression::Scope;
use super::names::{self, Names, UserField};

/// What the rules see. The expressions' view of it is made when the first one asks.
pub(super) struct Facts<'a> {
    pub(super) identity: &'a Identity,
    pub(super) instance: &'a InstanceName,
    pub(super) names: &'a Names,
    pub(super) groups: Vec<String>,
    scope: OnceCell<Scope>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        identity: &'a Identity,
        instance: &'a InstanceName,
        names: &'a Names,
        groups: Vec<String>,
    ) -> Self {
        Self { identity, instance, names, groups, scope: OnceCell::new() }
    }

    /// What the names layer found for a field.
    pub(super) fn field(&self, field: UserField) -> Vec<&'a str> {
        names::first_values(self.names.sources(field), self.identity)
    }

    pub(super) fn scope(&self) -> &Scope {
        self.scope.get_or_init(|| self.new_scope())
    }

    /// The view itself, to add something to.
    pub(super) fn into_scope(mut self) -> Scope {
        self.scope.take().unwrap_or_else(|| self.new_scope())
    }

    fn new_scope(&self) -> Scope {
        let user = UserField::ALL
            .into_iter()
            .filter_map(|(name, field)| self.field(field).first().map(|value| (name, *value)));
        let (idp, instance) = (self.identity.idp.as_str(), self.instance.as_str());
        Scope::new(user, &self.groups, &self.identity.attributes, (idp, instance))
    }
}

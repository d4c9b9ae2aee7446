//! Whether an instance has what rules name of it, for a check before they count.

use std::fmt;

use crate::model::{NamedObjects, Patience, nearest};

use super::directory::Kind;
use super::{Connect, Error, Removal};

/// A name that the instance does not have, and the rules or the configuration need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What it should be the name of.
    pub kind: &'static str,
    /// The name, or the path.
    pub name: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has no {} \"{}\": ", self.kind, self.name)?;
        match &self.nearest {
            Some(near) => write!(f, "did you mean \"{near}\"?"),
            None => f.write_str("create it there, or correct the name"),
        }
    }
}

impl Connect {
    /// Which of these names, and of those that people who leave are parked with, the instance does not have.
    ///
    /// # Errors
    /// When AWS does not answer, or not within `patience`.
    pub async fn unknown_names(
        &self,
        named: &NamedObjects,
        patience: Patience,
    ) -> Result<Vec<UnknownName>, Error> {
        let directory = &self.provision.directory;
        let mut unknown = Vec::new();
        let (mut security_profiles, mut routing_profiles) =
            (named.security_profiles.clone(), named.routing_profiles.clone());
        if let Some(Removal::Park { security_profile, routing_profile }) = self.removal() {
            security_profiles.insert(security_profile.clone());
            routing_profiles.insert(routing_profile.clone());
        }
        for (kind, names) in
            [(Kind::SecurityProfile, security_profiles), (Kind::RoutingProfile, routing_profiles)]
        {
            if names.is_empty() {
                continue;
            }
            // As sign-ins have them: a name that nobody has is no reason to read a listing again.
            let listed = directory.names(kind, patience).await?;
            let missing = names.iter().filter(|name| !listed.contains(name));
            unknown.extend(missing.map(|name| UnknownName {
                kind: kind.word(),
                name: name.clone(),
                nearest: nearest(name, listed.iter().map(String::as_str)).map(str::to_owned),
            }));
        }
        // What a sign-in would create is missing from nowhere; a level never is created.
        let creates = self.provision.settings.group_creation.allows(true);
        let levels = if creates { self.provision.calls.hierarchy_levels(patience).await?.len() } else { 0 };
        for path in named.hierarchies.iter().filter(|path| path.0.len() > levels) {
            let found = directory.group_id(path, patience).await;
            let leaf = path.0.last().map_or("", String::as_str);
            let missing = self.unless_known((Kind::HierarchyGroup, leaf), found, patience).await?;
            unknown.extend(missing.map(|missing| UnknownName {
                kind: if creates { "hierarchy level for" } else { missing.kind },
                name: path.to_string(),
                ..missing
            }));
        }
        Ok(unknown)
    }

    async fn unless_known(
        &self,
        (kind, name): (Kind, &str),
        found: Result<String, Error>,
        patience: Patience,
    ) -> Result<Option<UnknownName>, Error> {
        match found {
            Ok(_) => Ok(None),
            Err(Error::UnknownName { kind: word, .. }) => {
                let names = self.provision.directory.names(kind, patience).await?;
                let near = nearest(name, names.iter().map(String::as_str)).filter(|near| *near != name);
                Ok(Some(UnknownName { kind: word, name: name.to_owned(), nearest: near.map(str::to_owned) }))
            }
            Err(error) => Err(error),
        }
    }
}

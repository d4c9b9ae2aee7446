//! Whether an instance has what rules name of it, for a check before they count.

use std::time::Duration;

use crate::model::{NamedObjects, Patience, nearest};

use super::directory::Kind;
use super::{Connect, Error};

/// How long the listings of an instance may take: four of them, of hundreds of pages at AWS's pace.
const LISTINGS_TAKE: Duration = Duration::from_mins(5);

/// A name that the instance does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What it should be the name of.
    pub kind: &'static str,
    /// The name, or the path.
    pub name: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl Connect {
    /// Which of these names the instance does not have.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn unknown_names(&self, named: &NamedObjects) -> Result<Vec<UnknownName>, Error> {
        let directory = &self.provision.directory;
        let patience = Patience::lasting(LISTINGS_TAKE);
        let mut unknown = Vec::new();
        for (kind, names) in [
            (Kind::SecurityProfile, &named.security_profiles),
            (Kind::RoutingProfile, &named.routing_profiles),
        ] {
            for name in names {
                unknown
                    .extend(self.unless_known(kind, name, directory.id(kind, name, patience).await).await?);
            }
        }
        // What a sign-in would create is missing from nowhere; a level never is created.
        let creates = self.provision.settings.group_creation.allows(true);
        let levels = if creates { self.provision.calls.hierarchy_levels(patience).await?.len() } else { 0 };
        for path in named.hierarchies.iter().filter(|path| path.0.len() > levels) {
            let found = directory.group_id(path, patience).await;
            let leaf = path.0.last().map_or("", String::as_str);
            let missing = self.unless_known(Kind::HierarchyGroup, leaf, found).await?;
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
        kind: Kind,
        name: &str,
        found: Result<String, Error>,
    ) -> Result<Option<UnknownName>, Error> {
        match found {
            Ok(_) => Ok(None),
            Err(Error::UnknownName { kind: word, .. }) => {
                let names = self.provision.directory.names(kind, Patience::lasting(LISTINGS_TAKE)).await?;
                let near = nearest(name, names.iter().map(String::as_str)).filter(|near| *near != name);
                Ok(Some(UnknownName { kind: word, name: name.to_owned(), nearest: near.map(str::to_owned) }))
            }
            Err(error) => Err(error),
        }
    }
}

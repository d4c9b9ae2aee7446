//! How an identity provider's metadata stands, for monitoring.

use crate::model::IdpName;
use crate::saml::ServiceProvider;

/// How an identity provider's metadata stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataStanding {
    /// It can be used.
    Usable,
    /// The same, but it could not be read again when that was tried last.
    Stale,
    /// There is none, or its `validUntil` is over: nobody signs in there.
    Unusable,
}

impl MetadataStanding {
    /// For monitoring.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Stale => "stale",
            Self::Unusable => "unusable",
        }
    }
}

impl ServiceProvider {
    /// How each identity provider's metadata stands.
    #[must_use]
    pub fn metadata_standings(&self) -> Vec<(IdpName, MetadataStanding)> {
        let now = self.clock.now();
        let standing = |is_usable: bool, is_stale: bool| match (is_usable, is_stale) {
            (false, _) => MetadataStanding::Unusable,
            (true, true) => MetadataStanding::Stale,
            (true, false) => MetadataStanding::Usable,
        };
        self.idps
            .iter()
            .map(|idp| (idp.settings.name.clone(), standing(idp.metadata(now).is_ok(), idp.is_stale())))
            .collect()
    }
}

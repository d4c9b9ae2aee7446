//! The service provider's part in the identity provider discovery service protocol
//! (sstc-saml-idp-discovery, OASIS committee specification 01).

use url::Url;

use crate::model::IdpName;

use super::ServiceProvider;

/// Its namespace, and the binding of its answers. Section 2.5.
pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol";

impl ServiceProvider {
    /// Where a browser goes to choose an identity provider, if that is elsewhere. It comes back to our discovery
    /// response address with `and` in the query. Section 2.4.1.
    #[must_use]
    pub fn discovery(&self, and: &[(&str, &str)]) -> Option<Url> {
        let mut address = self.settings.discovery_service.clone()?;
        let mut back = Url::parse(&self.settings.discovery_response_url()).ok()?;
        back.query_pairs_mut().extend_pairs(and);
        let query = [("entityID", self.settings.entity_id.as_str()), ("return", back.as_str())];
        address.query_pairs_mut().extend_pairs(query);
        Some(address)
    }

    /// The identity provider with that entity id, exactly.
    #[must_use]
    pub fn idp_with(&self, entity_id: &str) -> Option<IdpName> {
        let now = self.clock.now();
        let is_it = |metadata: &super::IdpMetadata| metadata.entity_id == entity_id;
        let found = self.idps.iter().find(|idp| idp.metadata(now).is_ok_and(|metadata| is_it(&metadata)));
        found.map(|idp| idp.settings.name.clone())
    }
}

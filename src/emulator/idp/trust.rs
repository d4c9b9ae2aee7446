//! Service providers, from their metadata. SAML metadata 2.4.4.

use super::super::options::ServiceProvider;
use super::keys::DSIG;
use super::xml::{Element, parse};

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// The service provider that a metadata document describes; an error is a sentence.
pub(super) fn service_provider(metadata: &str) -> Result<ServiceProvider, String> {
    let root = parse(metadata).ok_or("the metadata cannot be read")?;
    let role = root.child(METADATA, "SPSSODescriptor").ok_or("the metadata has no SPSSODescriptor")?;
    let entity_id = root.attribute("entityID").ok_or("the metadata has no entityID")?;
    let mut services = role.children(METADATA, "AssertionConsumerService");
    let acs = services.find(|service| service.attribute("Binding") == Some(POST));
    let acs_url = acs.and_then(|acs| acs.attribute("Location")).ok_or("the metadata has no POST ACS")?;
    let signing = |key: &&Element| key.attribute("use").is_none_or(|purpose| purpose == "signing");
    let certificates =
        role.children(METADATA, "KeyDescriptor").filter(signing).flat_map(certificates).collect();
    let logout_url =
        role.child(METADATA, "SingleLogoutService").and_then(|service| service.attribute("Location"));
    Ok(ServiceProvider {
        entity_id: entity_id.to_owned(),
        acs_url: acs_url.to_owned(),
        logout_url: logout_url.map(str::to_owned),
        certificates,
    })
}

fn certificates(key: &Element) -> Vec<String> {
    let data = key.children(DSIG, "KeyInfo").flat_map(|info| info.children(DSIG, "X509Data"));
    data.flat_map(|data| data.children(DSIG, "X509Certificate")).map(Element::text).collect()
}

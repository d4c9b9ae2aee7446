//! Reads an identity provider's metadata. SAML metadata 2.4; metadata interoperability profile.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey};
use openssl::x509::X509;
use time::OffsetDateTime;
use url::Url;

use super::engine::SigningKeys;
use super::error::MetadataError;
use super::instant;
use super::metadata::parse_duration;
use super::settings::{Binding, IdpSettings, MetadataSource, MetadataTrust};
use super::xml::{DS, MD, Node, SAMLP, child, children, is, is_space};

/// Largest document: the aggregates of large federations are bigger, and have no place in a sign-in gateway.
pub(super) const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Most elements and texts of a document.
const MAX_NODES: u32 = 500_000;
/// Most signing keys: each one costs time when a signature is forged.
pub(super) const MAX_KEYS: usize = 4;

/// What we use of an identity provider's metadata.
pub(super) struct IdpMetadata {
    /// `entityID`: the only issuer its keys count for.
    pub(super) entity_id: String,
    /// Signing keys. Never empty.
    pub(super) keys: SigningKeys,
    /// Their certificates in DER.
    pub(super) certificates: Vec<Vec<u8>>,
    /// Single sign-on services that we can use, in the document's order.
    pub(super) endpoints: Vec<Endpoint>,
    /// Single logout services that we can use, in the document's order.
    pub(super) logout_endpoints: Vec<LogoutEndpoint>,
    /// Artifact resolution services over SOAP, by `index`.
    pub(super) artifact_endpoints: Vec<(u16, Url)>,
    /// When the document stops being valid.
    pub(super) valid_until: Option<OffsetDateTime>,
    /// For how long it wants to be kept without asking again.
    pub(super) cache_for: Option<Duration>,
    /// When it was read.
    pub(super) read_at: OffsetDateTime,
    /// The latest end of a signing certificate. It ends no trust, but identity providers change keys before it.
    pub(super) keys_end: Option<OffsetDateTime>,
}

/// A single sign-on service.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) binding: Binding,
    /// `Location` as it is written: what `Destination` repeats.
    pub(super) destination: String,
    /// `Location`, read.
    pub(super) location: Url,
}

/// A single logout service: where requests go, and where responses go.
#[derive(Debug, Clone)]
pub(super) struct LogoutEndpoint {
    pub(super) request: Endpoint,
    /// At `ResponseLocation`, or the same. Metadata 2.2.2.
    pub(super) response: Endpoint,
}

impl IdpMetadata {
    /// Reads the entity that `settings` name, or the only one.
    pub(super) fn read(
        document: &roxmltree::Document<'_>,
        settings: &IdpSettings,
        now: OffsetDateTime,
    ) -> Result<Self, MetadataError> {
        let entity = entity(document.root_element(), settings.entity_id.as_deref())?;
        let role = role(entity)?;
        let valid_until = valid_until(role)?;
        check_valid_until(valid_until, &settings.trust, now)?;
        let certificates = certificates(role)?;
        Ok(Self {
            entity_id: entity.attribute("entityID").ok_or(MetadataError::Entity)?.to_owned(),
            keys: SigningKeys::load(&certificates).ok_or(MetadataError::Key)?,
            endpoints: endpoints(role)?,
            logout_endpoints: children(role, MD, "SingleLogoutService").filter_map(logout_endpoint).collect(),
            artifact_endpoints: children(role, MD, "ArtifactResolutionService")
                .filter_map(artifact_endpoint)
                .filter(|(_, location)| may_be_called(location, &settings.metadata))
                .collect(),
            valid_until,
            cache_for: cache_duration(role),
            read_at: now,
            keys_end: certificates
                .iter()
                .filter_map(|der| end_of(X509::from_der(der).ok()?.not_after()))
                .max(),
            certificates,
        })
    }

    /// How long this copy was to be valid when it was read.
    pub(super) fn lifetime(&self) -> Option<time::Duration> {
        self.valid_until.map(|until| until - self.read_at)
    }

    /// The single sign-on service for `binding`, or the best: Redirect before POST.
    pub(super) fn endpoint(&self, binding: Option<Binding>) -> Option<&Endpoint> {
        let find = |wanted: Binding| self.endpoints.iter().find(|endpoint| endpoint.binding == wanted);
        match binding {
            Some(wanted) => find(wanted),
            None => find(Binding::Redirect).or_else(|| find(Binding::Post)),
        }
    }
}

/// Parses a document of bearable size, without document type.
pub(super) fn parse(xml: &str) -> Result<roxmltree::Document<'_>, MetadataError> {
    if xml.len() > MAX_BYTES {
        return Err(MetadataError::TooLarge);
    }
    let options =
        roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
    roxmltree::Document::parse_with_options(xml, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => MetadataError::TooLarge,
        _ => MetadataError::NotXml,
    })
}

/// The wanted entity of an `EntityDescriptor` or of (nested) `EntitiesDescriptor`s; there must be exactly one.
fn entity<'a, 'i>(root: Node<'a, 'i>, entity_id: Option<&str>) -> Result<Node<'a, 'i>, MetadataError> {
    if !is(root, MD, "EntityDescriptor") && !is(root, MD, "EntitiesDescriptor") {
        return Err(MetadataError::Entity);
    }
    let is_wanted = |node: &Node<'_, '_>| {
        is(*node, MD, "EntityDescriptor")
            && entity_id.is_none_or(|wanted| node.attribute("entityID") == Some(wanted))
    };
    let mut wanted = root.descendants().filter(is_wanted);
    match (wanted.next(), wanted.next()) {
        (Some(entity), None) => Ok(entity),
        _ => Err(MetadataError::Entity),
    }
}

/// The `IDPSSODescriptor` for SAML 2.0.
fn role<'a, 'i>(entity: Node<'a, 'i>) -> Result<Node<'a, 'i>, MetadataError> {
    let speaks_saml2 = |role: &Node<'_, '_>| {
        let protocols = role.attribute("protocolSupportEnumeration").unwrap_or("");
        protocols.split_ascii_whitespace().any(|protocol| protocol == SAMLP)
    };
    children(entity, MD, "IDPSSODescriptor").find(speaks_saml2).ok_or(MetadataError::Role)
}

/// The earliest `validUntil` of the role and everything around it. Metadata 2.3.1.
fn valid_until(role: Node<'_, '_>) -> Result<Option<OffsetDateTime>, MetadataError> {
    let texts = role.ancestors().filter_map(|node| node.attribute("validUntil"));
    let all: Result<Vec<_>, _> = texts.map(|text| instant_of(text).ok_or(MetadataError::Expired)).collect();
    Ok(all?.into_iter().min())
}

/// SAML times are UTC; some documents leave the zone out.
fn instant_of(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim_ascii();
    let has_zone = text.get(19..).is_some_and(|rest| rest.contains(['Z', '+', '-']));
    if has_zone { instant::parse(text) } else { instant::parse(&format!("{text}Z")) }
}

/// `validUntil` is ahead, and not further than it is trusted; a document whose age nothing else shows must have one.
/// Metadata 2.3.1; SAML V2.0 interoperability deployment profile 2.2.
fn check_valid_until(
    valid_until: Option<OffsetDateTime>,
    trust: &MetadataTrust,
    now: OffsetDateTime,
) -> Result<(), MetadataError> {
    match valid_until {
        None if trust.needs_valid_until => Err(MetadataError::NoValidUntil),
        Some(until) if until <= now => Err(MetadataError::Expired),
        Some(until) if trust.max_lifetime.is_some_and(|longest| until > now + longest) => {
            Err(MetadataError::Lifetime)
        }
        _ => Ok(()),
    }
}

/// The shortest `cacheDuration` of the role and everything around it; it is a wish, so that an unreadable one counts
/// as none. Metadata 2.3.1.
fn cache_duration(role: Node<'_, '_>) -> Option<Duration> {
    role.ancestors().filter_map(|node| parse_duration(node.attribute("cacheDuration")?)).min()
}

/// Certificates for signing: `use="signing"`, and those without `use`, which serve both. Metadata 2.4.1.1.
/// Their dates and issuers mean nothing; their keys do. The first certificate of an `X509Data` holds the key; others
/// in it are its chain, and what issues certificates does not sign answers. Several `X509Data` are several keys. A weak
/// key beside a good one is passed over: nothing that it signs counts.
fn certificates(role: Node<'_, '_>) -> Result<Vec<Vec<u8>>, MetadataError> {
    let for_signing = |key: &Node<'_, '_>| matches!(key.attribute("use"), None | Some("signing"));
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut passed_over = 0;
    for key in children(role, MD, "KeyDescriptor").filter(for_signing) {
        for certificate in key.descendants().filter_map(own_certificate) {
            match read_certificate(certificate) {
                Some(certificate) if !found.contains(&certificate) => found.push(certificate),
                Some(_) => {}
                None => passed_over += 1,
            }
        }
    }
    if passed_over > 0 {
        tracing::warn!(
            passed_over,
            usable = found.len(),
            "metadata has signing keys that are unreadable or weak: they do not count"
        );
    }
    match found.len() {
        0 if passed_over > 0 => Err(MetadataError::Key),
        0 => Err(MetadataError::NoSigningKey),
        1..=MAX_KEYS => Ok(found),
        _ => Err(MetadataError::TooManyKeys),
    }
}

/// The first certificate of an `X509Data`.
fn own_certificate<'a, 'i>(node: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    child(node, DS, "X509Certificate").filter(|_| is(node, DS, "X509Data"))
}

fn read_certificate(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let text: Vec<u8> = text_of(node)?.bytes().filter(|byte| !is_space(*byte)).collect();
    let der = STANDARD.decode(text).ok()?;
    let key = X509::from_der(&der).ok()?.public_key().ok()?;
    is_strong(&key).then_some(der)
}

/// The whole text of an element, comments or not; `None` when there are elements in it.
fn text_of(node: Node<'_, '_>) -> Option<String> {
    let has_elements = node.children().any(|child| child.is_element());
    (!has_elements)
        .then(|| node.children().filter(roxmltree::Node::is_text).filter_map(|text| text.text()).collect())
}

/// The moment that a certificate's time names.
pub(super) fn end_of(time: &Asn1TimeRef) -> Option<OffsetDateTime> {
    let since = Asn1Time::from_unix(0).ok()?.diff(time).ok()?;
    let days = time::Duration::days(since.days.into());
    OffsetDateTime::UNIX_EPOCH.checked_add(days + time::Duration::seconds(since.secs.into()))
}

/// RSA of 2048 bits or more, or an elliptic curve P-256 or P-384.
pub(super) fn is_strong<T: HasPublic>(key: &PKey<T>) -> bool {
    match key.id() {
        Id::RSA => key.bits() >= 2048,
        Id::EC => {
            let curve = key.ec_key().ok().and_then(|key| key.group().curve_name());
            matches!(curve, Some(Nid::X9_62_PRIME256V1 | Nid::SECP384R1))
        }
        _ => false,
    }
}

/// Single sign-on services at addresses that a person may be sent to.
fn endpoints(role: Node<'_, '_>) -> Result<Vec<Endpoint>, MetadataError> {
    let services = children(role, MD, "SingleSignOnService");
    let found: Vec<_> = services.filter_map(|service| endpoint(service, "Location")).collect();
    if found.is_empty() { Err(MetadataError::NoEndpoint) } else { Ok(found) }
}

fn endpoint(service: Node<'_, '_>, attribute: &str) -> Option<Endpoint> {
    let binding = match service.attribute("Binding")? {
        "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" => Binding::Redirect,
        "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" => Binding::Post,
        _ => return None,
    };
    let destination = service.attribute(attribute)?.trim().to_owned();
    let location = address(&destination)?;
    Some(Endpoint { binding, destination, location })
}

fn logout_endpoint(service: Node<'_, '_>) -> Option<LogoutEndpoint> {
    let request = endpoint(service, "Location")?;
    let response = if service.has_attribute("ResponseLocation") {
        endpoint(service, "ResponseLocation")?
    } else {
        request.clone()
    };
    Some(LogoutEndpoint { request, response })
}

fn artifact_endpoint(service: Node<'_, '_>) -> Option<(u16, Url)> {
    let is_soap = service.attribute("Binding") == Some("urn:oasis:names:tc:SAML:2.0:bindings:SOAP");
    let index = service.attribute("index")?.trim().parse().ok()?;
    let location = address(service.attribute("Location")?.trim())?;
    is_soap.then_some((index, location))
}

/// We call this address ourselves: what is on this machine is for whoever's metadata is from here, and no other
/// site's metadata makes us talk to our neighbours.
fn may_be_called(location: &Url, source: &MetadataSource) -> bool {
    match source {
        MetadataSource::Url(url) => location.scheme() == "https" || url.scheme() == "http",
        MetadataSource::Xml(_) => true,
    }
}

fn address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(is_safe)
}

/// https anywhere, or http on this machine. A host is a plain name or a number: it also stands in the policies of pages.
pub(super) fn is_safe(url: &Url) -> bool {
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) if !plain(name) => return false,
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" && url.has_host() || url.scheme() == "http" && loopback
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IdpName;

    #[test]
    fn a_host_that_could_end_a_policy_or_stand_for_many_is_not_safe() {
        for (address, safe) in [
            ("https://idp.example.org/sso", true),
            ("https://idp_1.b\u{fc}cher.example:8443/sso", true),
            ("https://[2001:db8::1]/sso", true),
            ("https://*.example.org/sso", false),
            ("https://a;script-src/sso", false),
            ("https://a,b/sso", false),
            ("http://idp.example.org/sso", false),
            ("http://127.0.0.1:8080/sso", true),
        ] {
            assert_eq!(is_safe(&Url::parse(address).unwrap()), safe, "{address}");
        }
    }

    #[test]
    fn only_metadata_from_this_machine_makes_us_call_this_machine() {
        let services = r#"<ArtifactResolutionService index="0" Location="http://127.0.0.1:9901/quit" Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP"/><ArtifactResolutionService index="1" Location="https://idp.test/artifact" Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP"/><SingleSignOnService"#;
        let services = services.replace('<', "<md:");
        let xml = include_str!("../../config/examples/idp-metadata.xml").replacen(
            "<md:SingleSignOnService",
            &services,
            1,
        );
        let url = |text: &str| MetadataSource::Url(Url::parse(text).unwrap());
        for (source, called) in [
            (MetadataSource::Xml(String::new()), &[0, 1][..]),
            (url("http://localhost:9000/metadata"), &[0, 1]),
            (url("https://idp.test/metadata"), &[1]),
        ] {
            let settings = IdpSettings::new(IdpName::new("company"), source);
            let now = OffsetDateTime::UNIX_EPOCH;
            let read = IdpMetadata::read(&parse(&xml).unwrap(), &settings, now).unwrap();
            let indexes: Vec<u16> = read.artifact_endpoints.iter().map(|(index, _)| *index).collect();
            assert_eq!(indexes, called, "{:?}", settings.metadata);
        }
    }
}

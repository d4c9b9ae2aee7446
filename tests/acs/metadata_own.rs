//! Our own metadata: what it says, in which order, signed or not, and with which keys while one follows another.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{Departure, IdpName, Requested, Secret};
use connect_gateway::saml::{AboutUs, Contact, Error, Logo, Organization, Settings};
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::gateway::{Gateway, NOW, Used, company, settings};
use crate::idp::{CURVE, GATEWAY, IDP, Key, NEXT, STRANGER, metadata};

fn gateway(change: impl FnOnce(&mut Settings)) -> Gateway {
    Gateway::build(changed(change), company(metadata(&[&IDP])), Used::default()).unwrap()
}

fn changed(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = settings();
    change(&mut settings);
    settings
}

/// Everything that can be said.
fn everything() -> AboutUs {
    let page = |path: &str| format!("https://example.org/{path}?a=1&b=2").parse().unwrap();
    AboutUs {
        sign: true,
        valid_for: Some(Duration::from_hours(48)),
        cache_for: Some(Duration::from_hours(6)),
        more_certificates: vec![NEXT.certificate_pem(), CURVE.certificate_pem()],
        name_id_formats: ["2.0:nameid-format:persistent", "1.1:nameid-format:emailAddress"]
            .map(|format| format!("urn:oasis:names:tc:SAML:{format}"))
            .to_vec(),
        language: "de".to_owned(),
        description: Some("Anmeldung <hier> & dort".to_owned()),
        information_url: Some(page("about")),
        privacy_url: Some(page("privacy")),
        logo: Some(Logo { url: page("logo.png"), width: 80, height: 60 }),
        organization: Some(Organization {
            name: "Acme GmbH".to_owned(),
            display_name: "Acme".to_owned(),
            url: page(""),
        }),
        contacts: ["technical", "support"]
            .map(|kind| Contact { kind, name: Some("Team".to_owned()), email: "team@example.org".to_owned() })
            .to_vec(),
    }
}

type Node<'a> = roxmltree::Node<'a, 'a>;

fn all<'a>(document: &'a roxmltree::Document<'a>, name: &'static str) -> Vec<Node<'a>> {
    document.descendants().filter(|node| node.tag_name().name() == name).collect()
}

fn only<'a>(document: &'a roxmltree::Document<'a>, name: &'static str) -> Node<'a> {
    let found = all(document, name);
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

fn texts(document: &roxmltree::Document<'_>, name: &'static str) -> Vec<String> {
    all(document, name).iter().map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

/// Content models of the metadata schema, as far as we use them.
const ORDER: [(&str, &[&str]); 5] = [
    ("EntityDescriptor", &["Signature", "Extensions", "SPSSODescriptor", "Organization", "ContactPerson"]),
    (
        "SPSSODescriptor",
        &[
            "Extensions",
            "KeyDescriptor",
            "Organization",
            "ContactPerson",
            "ArtifactResolutionService",
            "SingleLogoutService",
            "ManageNameIDService",
            "NameIDFormat",
            "AssertionConsumerService",
            "AttributeConsumingService",
        ],
    ),
    ("KeyDescriptor", &["KeyInfo", "EncryptionMethod"]),
    ("Organization", &["OrganizationName", "OrganizationDisplayName", "OrganizationURL"]),
    ("ContactPerson", &["Company", "GivenName", "SurName", "EmailAddress", "TelephoneNumber"]),
];

#[track_caller]
fn assert_order(xml: &str) {
    let document = roxmltree::Document::parse(xml).unwrap();
    for (parent, model) in ORDER {
        for node in all(&document, parent) {
            let inside = node.children().filter(roxmltree::Node::is_element);
            let places: Vec<_> = inside
                .map(|child| model.iter().position(|name| *name == child.tag_name().name()).unwrap())
                .collect();
            assert!(places.is_sorted(), "{parent}: {places:?}");
        }
    }
}

#[test]
fn everything_that_is_configured_is_said_in_the_order_of_the_schema() {
    let xml = gateway(|s| s.about = everything()).saml.metadata();
    assert_order(&xml);
    assert_order(&gateway(|_| ()).saml.metadata());
    let document = roxmltree::Document::parse(&xml).unwrap();
    let entity = document.root_element();
    assert_eq!(entity.attribute("cacheDuration"), Some("PT21600S"));
    assert_eq!(texts(&document, "Description"), ["Anmeldung <hier> & dort"]);
    assert_eq!(texts(&document, "InformationURL"), ["https://example.org/about?a=1&b=2"]);
    assert_eq!(texts(&document, "PrivacyStatementURL"), ["https://example.org/privacy?a=1&b=2"]);
    assert_eq!(only(&document, "Logo").attribute("height"), Some("60"));
    assert_eq!(texts(&document, "OrganizationName"), ["Acme GmbH"]);
    assert_eq!(texts(&document, "OrganizationDisplayName"), ["Acme"]);
    assert_eq!(texts(&document, "EmailAddress"), ["mailto:team@example.org"; 2]);
    let kinds: Vec<_> = all(&document, "ContactPerson").iter().map(|c| c.attribute("contactType")).collect();
    assert_eq!(kinds, [Some("technical"), Some("support")]);
    assert_eq!(texts(&document, "NameIDFormat").len(), 2);
    let language = ("http://www.w3.org/XML/1998/namespace", "lang");
    assert_eq!(only(&document, "DisplayName").attribute(language), Some("de"));
}

#[test]
fn our_metadata_names_the_algorithms_that_we_accept_and_no_others() {
    let xml = gateway(|_| ()).saml.metadata();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let algorithms = |name| {
        let named: Vec<_> =
            all(&document, name).iter().filter_map(|node| node.attribute("Algorithm")).collect();
        named.join(" ")
    };
    assert_eq!(all(&document, "SigningMethod").len(), 6);
    assert!(algorithms("SigningMethod").contains("xmldsig-more#rsa-sha256"));
    assert_eq!(all(&document, "DigestMethod").len(), 3);
    assert!(!algorithms("SigningMethod").contains("sha1") && !algorithms("DigestMethod").contains("sha1"));
}

#[test]
fn signed_metadata_verifies_with_the_key_that_signs_our_requests() {
    for key in [&GATEWAY, &CURVE] {
        let gateway = gateway(|s| {
            s.signing_key = Secret::new(key.key_pem());
            s.signing_certificate = key.certificate_pem();
            s.about = everything();
        });
        let xml = gateway.saml.metadata();
        let verify = |key: &Key| {
            let certificate = CertificateDer::from(key.certificate.to_der().unwrap());
            Crypto::reduce_xml_to_signed(&xml, &[certificate], ReduceMode::PreDigest)
        };
        let verified = verify(key).unwrap();
        assert!(
            verified.contains("AssertionConsumerService") && verified.starts_with("<md:EntityDescriptor")
        );
        assert!(verify(&STRANGER).is_err());
        assert!(!self::gateway(|_| ()).saml.metadata().contains("Signature>"));
    }
}

#[test]
fn valid_until_stays_ahead_while_the_gateway_runs() {
    let gateway = gateway(|s| s.about = everything());
    let until = || {
        let xml = gateway.saml.metadata();
        let document = roxmltree::Document::parse(&xml).unwrap();
        OffsetDateTime::parse(document.root_element().attribute("validUntil").unwrap(), &Rfc3339).unwrap()
    };
    assert_eq!(until(), NOW + Duration::from_hours(48));
    *gateway.clock.0.lock().unwrap() = NOW + Duration::from_mins(59);
    assert_eq!(until(), NOW + Duration::from_hours(48), "rendered at most hourly");
    *gateway.clock.0.lock().unwrap() = NOW + Duration::from_hours(30);
    assert_eq!(until(), NOW + Duration::from_hours(78));
}

#[test]
fn metadata_without_valid_until_stays_the_same() {
    let gateway = gateway(|_| ());
    let first = gateway.saml.metadata();
    assert!(!first.contains("validUntil") && !first.contains("cacheDuration"));
    *gateway.clock.0.lock().unwrap() = NOW + Duration::from_hours(1000);
    assert_eq!(gateway.saml.metadata(), first);
}

fn published(gateway: &Gateway) -> Vec<String> {
    texts(&roxmltree::Document::parse(&gateway.saml.metadata()).unwrap(), "X509Certificate")
}

fn with_keys(signing: &Key, more: &[&Key]) -> Gateway {
    gateway(|s| {
        s.signing_key = Secret::new(signing.key_pem());
        s.signing_certificate = signing.certificate_pem();
        s.about.more_certificates = more.iter().map(|key| key.certificate_pem()).collect();
    })
}

/// Whether an identity provider that trusts `trusted` accepts this gateway's request.
async fn is_accepted(gateway: &Gateway, trusted: &[String]) -> bool {
    let request =
        gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await.unwrap();
    let Departure::Redirect(url) = request.departure else { panic!("a redirect") };
    trusted.iter().any(|certificate| is_signed_by(&url, certificate))
}

fn is_signed_by(url: &Url, certificate: &str) -> bool {
    let query = url.query().unwrap();
    let (signed, _) = query[query.find("SAMLRequest=").unwrap()..].rsplit_once("&Signature=").unwrap();
    let (_, signature) = url.query_pairs().find(|(name, _)| name == "Signature").unwrap();
    let certificate = X509::from_der(&STANDARD.decode(certificate).unwrap()).unwrap();
    let key = certificate.public_key().unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    verifier.verify_oneshot(&STANDARD.decode(&*signature).unwrap(), signed.as_bytes()).unwrap()
}

#[tokio::test]
async fn our_key_is_replaced_without_a_request_that_the_identity_provider_refuses() {
    let steps = [
        with_keys(&GATEWAY, &[]),
        with_keys(&GATEWAY, &[&NEXT]),
        with_keys(&NEXT, &[&GATEWAY]),
        with_keys(&NEXT, &[]),
    ];
    for (place, step) in steps.iter().enumerate() {
        let own = published(step);
        assert!(is_accepted(step, &own[..1]).await, "the first certificate is that of the key that signs");
        // The identity provider reads our metadata at any time: it may still have that of the step before.
        let before = published(&steps[place.saturating_sub(1)]);
        assert!(is_accepted(step, &before).await, "step {place}");
        // Whoever has the metadata of the next step already understands this one too.
        let after = published(&steps[(place + 1).min(3)]);
        assert!(is_accepted(step, &after).await, "step {place}");
    }
    assert!(!is_accepted(&steps[2], &published(&steps[0])).await, "two steps at once are too many");
}

#[test]
fn a_certificate_is_published_once() {
    assert_eq!(published(&with_keys(&GATEWAY, &[&GATEWAY, &NEXT, &NEXT])).len(), 2);
}

#[test]
fn a_certificate_that_is_broken_or_weak_is_not_published() {
    let weak = Key::rsa(1024, 365).certificate_pem();
    for certificate in ["nonsense".to_owned(), weak] {
        let settings = changed(|s| s.about.more_certificates = vec![certificate]);
        let refused = Gateway::build(settings, company(metadata(&[&IDP])), Used::default()).map(|_| ());
        assert!(matches!(refused, Err(Error::OwnKey(_))), "{refused:?}");
    }
}

//! Our own requests and metadata, as an identity provider reads them.

use std::collections::BTreeSet;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra::{DsigContext, KeysManager};
use connect_gateway::model::{Departure, IdpName, RequestOptions, Requested, Secret};
use connect_gateway::saml::{Binding, Error, IdpSettings, Settings};
use flate2::read::DeflateDecoder;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::sign::Verifier;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};
use url::Url;

use crate::gateway::{Gateway, Used, company, settings};
use crate::idp::{ACS, CURVE, GATEWAY, IDP, Key, NEXT, SP_ENTITY_ID, metadata};

const RELAY_STATE: &str = "0123 &=+ä";

fn gateway(key: &Key, binding: Option<Binding>) -> Gateway {
    let settings = Settings {
        signing_key: Secret::new(key.key_pem()),
        signing_certificate: key.certificate_pem(),
        entity_id: format!("{SP_ENTITY_ID}?a=1&b=<2>"),
        ..settings()
    };
    let idp = IdpSettings { request_binding: binding, ..company(metadata(&[&IDP])) };
    Gateway::build(settings, idp, Used::default()).unwrap()
}

fn forced() -> Requested {
    Requested { force_authn: true, ..Requested::default() }
}

async fn redirect(key: &Key, requested: &Requested) -> Url {
    let gateway = gateway(key, None);
    let request = gateway.saml.authn_request(&IdpName::new("company"), requested, RELAY_STATE).await;
    match request.unwrap().departure {
        Departure::Redirect(url) => url,
        Departure::Post { .. } => panic!("POST"),
    }
}

pub(crate) fn parameter(url: &Url, name: &str) -> String {
    let found: Vec<_> = url.query_pairs().filter(|(key, _)| key == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0].1.to_string()
}

pub(crate) fn inflate(message: &str) -> String {
    let mut xml = String::new();
    DeflateDecoder::new(&*STANDARD.decode(message).unwrap()).read_to_string(&mut xml).unwrap();
    xml
}

#[tokio::test]
async fn a_redirect_keeps_the_addresss_own_parameters_and_signs_the_octets_as_they_stand() {
    for key in [&*GATEWAY, &*CURVE] {
        let url = redirect(key, &Requested::default()).await;
        let query = url.query().unwrap();
        let rest = query.strip_prefix("tenant=1&").unwrap();
        let (signed, signature) = rest.rsplit_once("&Signature=").unwrap();
        assert!(signed.starts_with("SAMLRequest=") && !signature.contains('&'));
        assert_eq!(parameter(&url, "RelayState"), RELAY_STATE);
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key.private).unwrap();
        verifier.update(signed.as_bytes()).unwrap();
        assert!(verifier.verify(&STANDARD.decode(parameter(&url, "Signature")).unwrap()).unwrap());
    }
}

#[tokio::test]
async fn a_request_says_what_the_profile_asks_for() {
    let url = redirect(&GATEWAY, &forced()).await;
    let xml = inflate(&parameter(&url, "SAMLRequest"));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let request = document.root_element();
    for (name, value) in [
        ("Version", "2.0"),
        ("IssueInstant", "2026-03-01T09:30:00Z"),
        ("Destination", "https://idp.test/sso?tenant=1"),
        ("AssertionConsumerServiceURL", ACS),
        ("ProtocolBinding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"),
        ("ForceAuthn", "true"),
    ] {
        assert_eq!(request.attribute(name), Some(value), "{name}");
    }
    let inside: Vec<_> = request.children().collect();
    assert_eq!(inside[0].tag_name().name(), "Issuer");
    assert_eq!(inside[0].text(), Some(&*format!("{SP_ENTITY_ID}?a=1&b=<2>")));
    assert_eq!(inside[1].attribute("AllowCreate"), Some("true"));
    assert_eq!(inside[1].attribute("Format"), None);
    assert_eq!(inside.len(), 2);
    let relaxed = inflate(&parameter(&redirect(&GATEWAY, &Requested::default()).await, "SAMLRequest"));
    for absent in ["ForceAuthn", "IsPassive", "RequestedAuthnContext"] {
        assert!(!relaxed.contains(absent), "{absent}");
    }
}

#[tokio::test]
async fn a_request_asks_for_what_is_configured_in_the_order_of_the_schema() {
    let requested = Requested {
        is_passive: true,
        authn_contexts: vec!["urn:a".to_owned(), "urn:b?x=1&y=<2>".to_owned()],
        name_id_format: Some("urn:format".to_owned()),
        ..forced()
    };
    let xml = inflate(&parameter(&redirect(&GATEWAY, &requested).await, "SAMLRequest"));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let request = document.root_element();
    assert_eq!(request.attribute("ForceAuthn"), Some("true"));
    assert_eq!(request.attribute("IsPassive"), Some("true"));
    let names: Vec<_> = request.children().map(|node| node.tag_name().name()).collect();
    assert_eq!(names, ["Issuer", "NameIDPolicy", "RequestedAuthnContext"]);
    let (policy, contexts) = (request.children().nth(1).unwrap(), request.children().nth(2).unwrap());
    assert_eq!(policy.attribute("Format"), Some("urn:format"));
    assert_eq!(policy.attribute("AllowCreate"), Some("true"));
    assert_eq!(contexts.attribute("Comparison"), Some("exact"));
    let classes: Vec<_> = contexts.children().map(|class| class.text().unwrap()).collect();
    assert_eq!(classes, ["urn:a", "urn:b?x=1&y=<2>"]);
}

#[tokio::test]
async fn a_name_id_policy_that_says_nothing_is_not_sent() {
    const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let policy = async |allow_create, format: Option<&str>| {
        let name_id_format = format.map(str::to_owned);
        let requested = Requested { allow_create, name_id_format, ..Requested::default() };
        let xml = inflate(&parameter(&redirect(&GATEWAY, &requested).await, "SAMLRequest"));
        let document = roxmltree::Document::parse(&xml).unwrap();
        let policy = document.descendants().find(|node| node.tag_name().name() == "NameIDPolicy");
        policy
            .map(|node| node.attributes().map(|a| format!("{}={}", a.name(), a.value())).collect::<Vec<_>>())
    };
    assert_eq!(policy(false, None).await, None);
    assert_eq!(policy(true, None).await.unwrap(), ["AllowCreate=true"]);
    assert_eq!(policy(false, Some("urn:a")).await.unwrap(), ["Format=urn:a"]);
    assert_eq!(policy(true, Some(TRANSIENT)).await.unwrap(), [format!("Format={TRANSIENT}")]);
}

#[test]
fn what_an_identity_provider_is_asked_for_anyway_is_asked_for_unless_the_instance_says_otherwise() {
    let request = RequestOptions { force_authn: Some(true), ..RequestOptions::default() };
    let idp = IdpSettings { request, ..company(metadata(&[&IDP])) };
    let gateway = Gateway::build(settings(), idp, Used::default()).unwrap();
    let requested = |instance| gateway.saml.requested(&IdpName::new("company"), &instance).unwrap();
    assert!(requested(RequestOptions::default()).force_authn);
    let relaxed = RequestOptions { force_authn: Some(false), ..RequestOptions::default() };
    assert!(!requested(relaxed).force_authn);
}

#[tokio::test]
async fn request_ids_are_160_random_bits() {
    let gateway = gateway(&GATEWAY, None);
    let name = IdpName::new("company");
    let mut ids = BTreeSet::new();
    for _ in 0..20 {
        ids.insert(
            gateway
                .saml
                .authn_request(&name, &Requested::default(), "r")
                .await
                .unwrap()
                .id
                .as_str()
                .to_owned(),
        );
    }
    assert_eq!(ids.len(), 20);
    for id in ids {
        let digits = id.strip_prefix('_').unwrap();
        assert!(digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[tokio::test]
async fn a_posted_request_carries_a_signature_that_two_verifiers_accept() {
    for key in [&*GATEWAY, &*CURVE, &Key::curve(Nid::SECP384R1)] {
        let gateway = gateway(key, Some(Binding::Post));
        let request =
            gateway.saml.authn_request(&IdpName::new("company"), &forced(), RELAY_STATE).await.unwrap();
        let Departure::Post { action, saml_request, relay_state } = request.departure else {
            panic!("redirect")
        };
        assert_eq!(action.as_str(), "https://idp.test/sso/post");
        assert_eq!(relay_state, RELAY_STATE);
        let xml = String::from_utf8(STANDARD.decode(saml_request).unwrap()).unwrap();
        assert!(xml.contains(request.id.as_str()));

        let certificate = key.certificate.to_der().unwrap();
        let trusted = [CertificateDer::from(certificate.clone())];
        assert!(Crypto::reduce_xml_to_signed(&xml, &trusted, ReduceMode::PreDigest).is_ok());
        let other = [CertificateDer::from(NEXT.certificate.to_der().unwrap())];
        assert!(Crypto::reduce_xml_to_signed(&xml, &other, ReduceMode::PreDigest).is_err());

        let mut keys = KeysManager::new();
        keys.add_key(bergshamra::keys::loader::load_x509_cert_der(&certificate).unwrap());
        let context = DsigContext::new(keys).with_insecure(true);
        assert!(bergshamra::verify(&context, &xml).unwrap().is_valid());
    }
}

#[tokio::test]
async fn a_wanted_binding_that_is_not_offered_is_an_error() {
    let only_post = metadata(&[&IDP]).replace("HTTP-Redirect", "HTTP-Artifact");
    let idp = IdpSettings { request_binding: Some(Binding::Redirect), ..company(only_post) };
    let gateway = Gateway::build(settings(), idp, Used::default()).unwrap();
    let request = gateway.saml.authn_request(&IdpName::new("company"), &Requested::default(), "r").await;
    assert!(matches!(request, Err(Error::NoEndpoint(_))));
}

#[test]
fn our_metadata_tells_who_we_are_how_we_sign_and_where_we_take_answers() {
    let gateway = gateway(&GATEWAY, None);
    let xml = gateway.saml.metadata();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let find = |name: &str| document.descendants().find(|node| node.tag_name().name() == name).unwrap();
    assert_eq!(find("EntityDescriptor").attribute("entityID"), Some(&*format!("{SP_ENTITY_ID}?a=1&b=<2>")));
    assert_eq!(find("SPSSODescriptor").attribute("AuthnRequestsSigned"), Some("true"));
    assert_eq!(find("SPSSODescriptor").attribute("WantAssertionsSigned"), Some("true"));
    assert_eq!(find("KeyDescriptor").attribute("use"), Some("signing"));
    assert_eq!(find("X509Certificate").text(), Some(&*GATEWAY.certificate_base64()));
    assert_eq!(find("AssertionConsumerService").attribute("Location"), Some(ACS));
    assert_eq!(find("DisplayName").text(), Some("Contact <centre>"));
    let parsed: samael::metadata::EntityDescriptor = xml.parse().unwrap();
    assert_eq!(parsed.sp_sso_descriptors.unwrap().len(), 1);
}

#[test]
fn a_weak_or_foreign_key_of_our_own_is_refused() {
    let build = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        Gateway::build(settings, company(metadata(&[&IDP])), Used::default()).map(|_| ())
    };
    let weak = Key::rsa(1024, 365);
    for refused in [
        build(&|s| s.signing_key = Secret::new("nonsense")),
        build(&|s| s.signing_certificate = "nonsense".to_owned()),
        build(&|s| s.signing_certificate = NEXT.certificate_pem()),
        build(&|s| {
            s.signing_key = Secret::new(weak.key_pem());
            s.signing_certificate = weak.certificate_pem();
        }),
    ] {
        assert!(matches!(refused, Err(Error::OwnKey(_))), "{refused:?}");
    }
}

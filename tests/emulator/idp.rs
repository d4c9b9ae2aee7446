//! The identity provider, as a service provider and a browser without JavaScript see it.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::emulator::{Emulator, Options, Sign};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::X509;

use crate::browser::{Page, browser, open};
use crate::{kind, start};

const SP: &str = "https://gateway.test/saml/metadata";
const ACS: &str = "https://gateway.test/saml/acs";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

async fn trusting(options: Options) -> Emulator {
    let emulator = start(options).await;
    emulator.trust_service_provider(SP, ACS);
    emulator
}

fn authn_request(emulator: &Emulator, acs: &str, attributes: &str) -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         AssertionConsumerServiceURL=\"{acs}\" Destination=\"{}/saml/sso\" ID=\"_request-1\" \
         IssueInstant=\"2026-01-01T00:00:00Z\" Version=\"2.0\"{attributes}>\
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{SP}</saml:Issuer></samlp:AuthnRequest>",
        emulator.idp_url()
    )
}

fn deflated(xml: &str) -> String {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(xml.as_bytes()).expect("written");
    STANDARD.encode(encoder.finish().expect("compressed"))
}

fn query(xml: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("SAMLRequest", &deflated(xml)).append_pair("RelayState", "relay 1&2");
    query.finish()
}

async fn by_redirect(emulator: &Emulator, query: &str, cookie: &str) -> Page {
    open(browser().get(format!("{}/saml/sso?{query}", emulator.idp_url())).header("cookie", cookie)).await
}

async fn by_post(emulator: &Emulator, xml: &str) -> Page {
    let form = [("SAMLRequest", STANDARD.encode(xml))];
    open(browser().post(format!("{}/saml/sso", emulator.idp_url())).form(&form)).await
}

async fn choose(emulator: &Emulator, page: &Page, uid: &str, remember: bool) -> Page {
    let mut form = page.hidden_fields();
    form.insert("uid".to_owned(), uid.to_owned());
    if remember {
        form.insert("remember".to_owned(), "on".to_owned());
    }
    open(browser().post(format!("{}{}", emulator.idp_url(), page.form_action())).form(&form)).await
}

fn response(page: &Page) -> String {
    let fields: BTreeMap<String, String> = page.hidden_fields();
    let bytes = STANDARD.decode(fields.get("SAMLResponse").expect("a response")).expect("base64");
    String::from_utf8(bytes).expect("text")
}

/// Ids that are left when all that no signature covers is taken out. libxml2 and libxmlsec1, which the
/// emulator does not use, verify every signature; none is left when one is wrong.
fn verified_ids(emulator_certificate: &str, xml: &str) -> Vec<String> {
    let der = STANDARD.decode(emulator_certificate).expect("base64");
    let key = samael::crypto::CertificateDer::from(der);
    let reduced = <samael::crypto::Crypto as samael::crypto::CryptoProvider>::reduce_xml_to_signed(
        xml,
        &[key],
        samael::crypto::ReduceMode::ValidateAndMarkNoAncestors,
    );
    reduced.map(|text| ids(&text)).unwrap_or_default()
}

fn ids(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    elements.filter_map(|node| node.attribute("ID")).map(str::to_owned).collect()
}

async fn certificate(emulator: &Emulator) -> String {
    let metadata = open(browser().get(emulator.idp_metadata_url())).await.text;
    let document = roxmltree::Document::parse(&metadata).expect("XML");
    let element = document.descendants().find(|node| node.tag_name().name() == "X509Certificate");
    element.and_then(|node| node.text()).expect("a certificate").to_owned()
}

#[tokio::test]
async fn a_person_is_picked_and_answered_at_the_registered_address() {
    let emulator = trusting(kind()).await;
    let page = by_redirect(&emulator, &query(&authn_request(&emulator, ACS, "")), "").await;
    for uid in ["ana", "ben", "cho", "dee", "eve"] {
        assert!(page.text.contains(&format!("id=\"user-{uid}\"")), "{uid}");
    }
    let answer = choose(&emulator, &page, "ana", false).await;
    assert_eq!(answer.form_action(), ACS);
    assert_eq!(answer.hidden_fields().get("RelayState").map(String::as_str), Some("relay 1&2"));
    assert!(answer.text.contains("<button"), "a button for browsers without scripts");
    let xml = response(&answer);
    for part in [
        "InResponseTo=\"_request-1\"",
        &format!("Recipient=\"{ACS}\""),
        &format!("<saml:Audience>{SP}</saml:Audience>"),
        &format!("<saml:Issuer>{}</saml:Issuer>", emulator.idp_metadata_url()),
        "nameid-format:emailAddress\">ana@acme.test</saml:NameID>",
        "<saml:AttributeValue>cc-billing-leads</saml:AttributeValue>",
    ] {
        assert!(xml.contains(part), "{part}");
    }
    assert_eq!(choose(&emulator, &page, "ana", false).await.status, 400, "a request is answered once");
}

#[tokio::test]
async fn signatures_verify_in_every_arrangement() {
    for (sign, signed) in [(Sign::Assertion, 1), (Sign::Response, 2), (Sign::Both, 2)] {
        let mut options = kind();
        options.idp.sign = sign;
        options.idp.session_lifetime = Some(Duration::from_hours(1));
        let emulator = trusting(options).await;
        assert!(emulator.put_attribute("ana", "odd", &["<&>\"' \u{e9}\ttab", ""]));
        let page = by_post(&emulator, &authn_request(&emulator, ACS, "")).await;
        let xml = response(&choose(&emulator, &page, "ana", false).await);
        assert!(xml.contains("SessionNotOnOrAfter"));
        let certificate = certificate(&emulator).await;
        assert_eq!(verified_ids(&certificate, &xml).len(), signed, "{sign:?}: {xml}");
        let forged = xml.replace("ana@acme.test", "eve@acme.test");
        assert_eq!(verified_ids(&certificate, &forged), Vec::<String>::new(), "{sign:?}");
    }
}

#[tokio::test]
async fn requests_of_strangers_and_to_other_addresses_are_refused() {
    let emulator = trusting(kind()).await;
    let sound = authn_request(&emulator, ACS, "");
    for xml in [
        sound.replace(SP, "https://stranger.test"),
        sound.replace(ACS, "https://evil.test/acs"),
        sound.replace("/saml/sso", "/saml/other"),
        sound.replace("AuthnRequest", "LogoutRequest"),
        sound.replace("<samlp:AuthnRequest", "<!DOCTYPE a []><samlp:AuthnRequest"),
    ] {
        assert_eq!(by_redirect(&emulator, &query(&xml), "").await.status, 403, "{xml}");
        assert_eq!(by_post(&emulator, &xml).await.status, 403, "{xml}");
    }
    assert_eq!(by_redirect(&emulator, "SAMLRequest=%00", "").await.status, 403);
    assert_eq!(by_redirect(&emulator, &query(&sound), "").await.status, 200);
}

#[tokio::test]
async fn a_remembered_person_is_asked_again_only_when_forced() {
    let emulator = trusting(kind()).await;
    let plain = query(&authn_request(&emulator, ACS, ""));
    let page = by_redirect(&emulator, &plain, "").await;
    let cookie = choose(&emulator, &page, "ben", true).await.cookies.join("; ");
    assert!(response(&by_redirect(&emulator, &plain, &cookie).await).contains("ben@acme.test"));
    let forced = query(&authn_request(&emulator, ACS, " ForceAuthn=\"true\""));
    assert!(by_redirect(&emulator, &forced, &cookie).await.text.contains("user-ben"));
    open(browser().get(format!("{}/logout", emulator.idp_url())).header("cookie", &cookie)).await;
    assert!(by_redirect(&emulator, &plain, &cookie).await.text.contains("user-ben"));
    let passive = query(&authn_request(&emulator, ACS, " IsPassive=\"true\""));
    assert!(response(&by_redirect(&emulator, &passive, "").await).contains("status:NoPassive"));
}

#[tokio::test]
async fn the_request_may_be_answered_with_a_redirect_to_another_host() {
    let mut options = kind();
    options.idp.login_url = Some("https://login.idp.test".to_owned());
    let emulator = trusting(options).await;
    let page = by_post(&emulator, &authn_request(&emulator, ACS, "")).await;
    assert_eq!(page.status, 303);
    let path = page.location.strip_prefix("https://login.idp.test").expect("the other host");
    let page = open(browser().get(format!("{}{path}", emulator.idp_url()))).await;
    assert!(response(&choose(&emulator, &page, "cho", false).await).contains("cho@acme.test"));
}

fn key_and_certificate() -> (PKey<Private>, String) {
    let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
    let mut builder = X509::builder().expect("a builder");
    let now = openssl::asn1::Asn1Time::days_from_now(0).expect("a time");
    builder.set_not_before(&now).expect("set");
    builder.set_not_after(&now).expect("set");
    builder.set_pubkey(&key).expect("set");
    builder.sign(&key, MessageDigest::sha256()).expect("signed");
    let der = builder.build().to_der().expect("DER");
    (key, STANDARD.encode(der))
}

fn signature(key: &PKey<Private>, text: &str) -> String {
    let mut signer = Signer::new(MessageDigest::sha256(), key).expect("a signer");
    signer.update(text.as_bytes()).expect("updated");
    STANDARD.encode(signer.sign_to_vec().expect("signed"))
}

fn sp_metadata(certificate: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{SP}\">\
         <md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{ACS}\" \
         index=\"0\"/></md:SPSSODescriptor></md:EntityDescriptor>"
    )
}

#[tokio::test]
async fn with_metadata_the_signature_of_a_redirect_is_verified() {
    let (key, certificate) = key_and_certificate();
    let emulator = start(kind()).await;
    emulator.trust_service_provider_metadata(&sp_metadata(&certificate)).expect("metadata");
    let unsigned = query(&authn_request(&emulator, ACS, ""));
    assert_eq!(by_redirect(&emulator, &unsigned, "").await.status, 403);
    let algorithm: String = url::form_urlencoded::byte_serialize(RSA_SHA256.as_bytes()).collect();
    let signed = format!("{unsigned}&SigAlg={algorithm}");
    let with = |key: &PKey<Private>| {
        let value = signature(key, &signed);
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        format!("{signed}&Signature={value}")
    };
    assert_eq!(by_redirect(&emulator, &with(&key), "").await.status, 200);
    assert_eq!(by_redirect(&emulator, &with(&key_and_certificate().0), "").await.status, 403);
    let changed = with(&key).replace("RelayState=relay", "RelayState=other");
    assert_eq!(by_redirect(&emulator, &changed, "").await.status, 403);
}

/// A `Signature` over `xml`, which must stand in canonical form.
fn enveloped(key: &PKey<Private>, xml: &str) -> String {
    use sha2::Digest as _;
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let dsig = "http://www.w3.org/2000/09/xmldsig#";
    let digest = STANDARD.encode(sha2::Sha256::digest(xml.as_bytes()));
    let info = format!(
        "<ds:SignedInfo xmlns:ds=\"{dsig}\"><ds:CanonicalizationMethod Algorithm=\"{exclusive}\">\
         </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#_request-1\"><ds:Transforms><ds:Transform Algorithm=\"{dsig}enveloped-signature\">\
         </ds:Transform><ds:Transform Algorithm=\"{exclusive}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    let value = signature(key, &info);
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{dsig}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
    );
    xml.replace("</saml:Issuer>", &format!("</saml:Issuer>{signature}"))
}

#[tokio::test]
async fn with_metadata_the_enveloped_signature_of_a_post_is_verified() {
    let (key, certificate) = key_and_certificate();
    let emulator = start(kind()).await;
    emulator.trust_service_provider_metadata(&sp_metadata(&certificate)).expect("metadata");
    let xml = authn_request(&emulator, ACS, "");
    assert_eq!(by_post(&emulator, &xml).await.status, 403, "unsigned");
    let signed = enveloped(&key, &xml);
    assert_eq!(by_post(&emulator, &signed).await.status, 200);
    // The same document, written otherwise: canonical form does not change.
    let rewritten =
        signed.replace("></ds:Transform>", " />").replace(" Version=\"2.0\"", "\n  Version='2.0'");
    assert_eq!(by_post(&emulator, &rewritten).await.status, 200);
    let changed = signed.replace(" Version=", " ForceAuthn=\"true\" Version=");
    assert_eq!(by_post(&emulator, &changed).await.status, 403, "changed");
    assert_eq!(
        by_post(&emulator, &enveloped(&key_and_certificate().0, &xml)).await.status,
        403,
        "another key"
    );
}

#[tokio::test]
async fn metadata_is_read_by_url_when_an_unknown_service_provider_asks() {
    let (_, certificate) = key_and_certificate();
    let metadata = sp_metadata(&certificate);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut options = kind();
    options.idp.metadata_urls = vec![format!("http://{}/", listener.local_addr().expect("an address"))];
    let router = axum::Router::new().fallback(move || async move { metadata });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let emulator = start(options).await;
    let page = by_post(&emulator, &authn_request(&emulator, ACS, "")).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("not signed by its sender"), "{}", page.text);
    let stranger = authn_request(&emulator, ACS, "").replace(SP, "https://stranger.test");
    assert!(by_post(&emulator, &stranger).await.text.contains("unknown service provider"));
}

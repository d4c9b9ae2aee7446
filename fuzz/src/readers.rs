//! The targets that read plain bytes. Each asserts what must hold whatever the bytes are.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{IdpName, InstanceName};
use connect_gateway::saml::Captured;
use connect_gateway::{saml, web};

use crate::gateway::{Gateway, company, pending};
use crate::idp::{CURVE, ENTITY_ID, IDP, metadata as idp_metadata};
use crate::limits::quietly;
use crate::tally::count;

static GATEWAY: LazyLock<Gateway> =
    LazyLock::new(|| quietly(Gateway::trusting(idp_metadata(&[&IDP, &CURVE]))));

/// Makes what every input needs.
pub fn prepare() {
    LazyLock::force(&GATEWAY);
    LazyLock::force(&PINNED);
}

/// `Cookie` headers, one a line.
pub fn cookies(bytes: &[u8]) {
    let instance = InstanceName::new("prod");
    let read = web::fuzzing::read_cookies(bytes.split(|byte| *byte == b'\n'), &instance);
    let kept = read.kept.clone().unwrap_or_default();
    for pair in kept.split(|byte| *byte == b';').filter(|pair| !pair.is_empty()) {
        assert!(pair.trim_ascii().starts_with(b"__Host-gateway-"), "somebody else's cookie is kept");
    }
    let secret_is_ours =
        |secret: &String| secret.len() == 40 && kept.windows(40).any(|w| w == secret.as_bytes());
    assert!(read.browser_secret.as_ref().is_none_or(secret_is_ours));
    let again = web::fuzzing::read_cookies(std::iter::once(&kept[..]), &instance);
    assert_eq!(again, read, "what is kept reads otherwise");
    if read.kept.is_some() {
        count("kept");
    }
}

/// The path and query of `GET /go/{instance}/{destination}`, as they are after routing, one a line.
pub fn way(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let (instance, query) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let location = web::fuzzing::read_way(instance, lines.next(), query);
    assert!(
        location.starts_with("/go/") && location.bytes().all(|byte| byte.is_ascii_graphic()),
        "{location}"
    );
}

/// The body of `POST /saml/acs` or `POST /saml/logout`, or the query of `GET /saml/acs`.
pub fn acs_form(bytes: &[u8]) {
    if web::fuzzing::reads_logout(bytes) {
        count("logout form");
    }
    let field = match web::fuzzing::read_answer(bytes) {
        Some(web::fuzzing::Brought::Response(field)) => field,
        Some(web::fuzzing::Brought::Artifact(text)) => {
            count("artifact field");
            if saml::fuzzing::reads_artifact(&text, ENTITY_ID) {
                count("artifact");
            }
            return;
        }
        None => return,
    };
    count("form");
    let outcome = GATEWAY.saml.verify_here(&field, &pending());
    assert!(outcome.is_err(), "nobody signed this");
    if saml::fuzzing::decode(&field).is_some_and(|xml| saml::fuzzing::passes_guard(&xml)) {
        count("guard");
    }
}

/// What an identity provider answers to an artifact.
pub fn soap(bytes: &[u8]) {
    let Ok(resolved) = GATEWAY.saml.open_envelope(bytes, &pending()) else { return };
    count("envelope");
    assert!(!resolved.is_vouched_for, "nobody signed this");
    assert!(GATEWAY.saml.verify_here(&resolved.saml_response, &pending()).is_err(), "nobody signed this");
}

/// The bytes of a document.
pub fn xml_guard(bytes: &[u8]) {
    if saml::fuzzing::passes_as_any(bytes) {
        count("guard");
    }
    if GATEWAY.saml.read_unverified(bytes, &pending()).is_ok() {
        count("acceptable but for its signature");
    }
    let captured = Captured { saml_response: STANDARD.encode(bytes), ..Captured::default() };
    let accepted = GATEWAY.saml.inspect(&captured).is_ok_and(|inspected| inspected.verdict.is_ok());
    assert!(!accepted, "nobody signed this");
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(instant) = saml::fuzzing::read_instant(text)
    {
        assert!((1969..=9001).contains(&instant.year()), "{instant}");
    }
}

/// The query of a message by the Redirect binding.
pub fn redirect_query(bytes: &[u8]) {
    let Ok(query) = std::str::from_utf8(bytes) else { return };
    let Ok(message) = GATEWAY.saml.read_redirect(query, &IdpName::new("company")) else { return };
    count("message");
    assert!(!message.is_signed, "nobody signed this");
    assert!(message.xml.len() <= 256 * 1024);
    if saml::fuzzing::passes_as_any(&message.xml) {
        count("guard");
    }
}

/// An identity provider's metadata, anybody's or pinned to a certificate.
pub fn metadata(bytes: &[u8]) {
    let Ok(xml) = std::str::from_utf8(bytes) else { return };
    let mut settings = company(xml.to_owned());
    if GATEWAY.saml.reads_metadata(settings.clone()) {
        count("read");
    } else {
        settings.entity_id = Some("https://idp.test/metadata".to_owned());
        if GATEWAY.saml.reads_metadata(settings.clone()) {
            count("read by entity id");
        }
    }
    if xml.contains("SignatureValue") {
        settings.trust.certificates = Some(PINNED.clone());
        assert!(!GATEWAY.saml.reads_metadata(settings), "nobody signed this");
        count("pinned");
    }
}

static PINNED: LazyLock<String> = LazyLock::new(|| CURVE.certificate_pem());

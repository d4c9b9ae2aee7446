//! `[saml]`: who we are.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use url::Url;

use crate::model::Secret;
use crate::outbound::Outbound;
use crate::saml::{DecryptionKey, Settings};

use super::files::Files;
use super::section::Section;
use super::{about, address};

const MAKE_A_KEY: &str = "make one with `connect-gateway keys new signing`";

/// SHA-256 of `config/examples/signing.key` without its last line break. Everybody has that key.
const EXAMPLE_KEY: &str = "0c66083f52af8b1623c0562f23f3b2cda5d3ebb960ceb68f0f8974384d160e1f";

/// Most keys for decryption: each of them is tried.
const MAX_DECRYPTION_KEYS: usize = 3;

/// What `[saml]` says.
pub(super) struct Saml {
    pub(super) settings: Option<Settings>,
    pub(super) pending_for: Duration,
}

pub(super) fn read(
    section: &mut Section<'_>,
    files: &Files<'_>,
    public_url: Option<&Url>,
    display_name: &str,
) -> Saml {
    let entity_id = section.parsed("entity_id", entity_id);
    let usual_entity_id = public_url.and_then(|url| Some(url.join("saml/metadata").ok()?.to_string()));
    if let Some(usual) = &usual_entity_id {
        section.instead("entity_id", usual.as_str());
    }
    let key = files.secret(section, "signing_key", "signing_key_file");
    let certificate = files.text(section, "signing_certificate", "signing_certificate_file");
    let certificate = certificate.map(|(text, _)| text);
    check_key(section, "signing_key_file", key.as_ref(), public_url);
    check_certificate(section, "signing_certificate_file", certificate.as_deref());
    let decryption_keys = decryption_keys(section, files, public_url);
    let clock_skew = section.seconds("clock_skew_seconds", 120, 0..=300);
    let max_assertion_lifetime = section.seconds("max_assertion_lifetime_seconds", 5400, 60..=86_400);
    let minutes = section.number("sign_in_minutes", 15, 1..=60);
    let about = about::read(section, files);
    let discovery_service = section.parsed("discovery_service_url", discovery_service);
    let settings = || {
        let public_url = public_url?.clone();
        Some(Settings {
            entity_id: entity_id.or(usual_entity_id)?,
            public_url,
            display_name: display_name.to_owned(),
            signing_key: key?,
            signing_certificate: certificate?,
            decryption_keys: decryption_keys?,
            clock_skew,
            max_assertion_lifetime,
            about,
            discovery_service,
            outbound: Outbound::default(),
        })
    };
    Saml { settings: settings(), pending_for: Duration::from_secs(minutes * 60) }
}

/// It may tell its guests apart in the query.
fn discovery_service(text: &str) -> Result<Url, String> {
    address::secure(Url::parse(text).map_err(|_| "is not a URL: write https://…".to_owned())?)
}

/// SAML core 8.3.6: an absolute URI of at most 1024 characters.
pub(super) fn entity_id(text: &str) -> Result<String, String> {
    let uri = Url::parse(text).is_ok() && text.bytes().all(|b| b.is_ascii_graphic());
    if uri && text.len() <= 1024 {
        Ok(text.to_owned())
    } else {
        Err("must be a URI of at most 1024 characters".to_owned())
    }
}

/// Keys for decryption with their certificates, which stand in the same order.
fn decryption_keys(
    section: &mut Section<'_>,
    files: &Files<'_>,
    public_url: Option<&Url>,
) -> Option<Vec<DecryptionKey>> {
    const KEYS: &str = "decryption_key_files";
    const CERTIFICATES: &str = "decryption_certificate_files";
    let paths = section.texts(KEYS).unwrap_or_default();
    let certificate_paths = section.texts(CERTIFICATES).unwrap_or_default();
    if paths.len() > MAX_DECRYPTION_KEYS {
        section.problem(KEYS, format!("names more than {MAX_DECRYPTION_KEYS} keys"));
    }
    if paths.len() != certificate_paths.len() {
        section.problem(CERTIFICATES, format!("must name one certificate for each of {KEYS}, in that order"));
    }
    let pairs = paths.iter().zip(&certificate_paths).map(|(key, certificate)| {
        let key = files.secret_at(section, KEYS, key);
        let certificate = files.read(certificate).map_err(|problem| section.problem(CERTIFICATES, problem));
        if key.is_some() {
            check_key(section, KEYS, key.as_ref(), public_url);
        }
        let certificate = certificate.ok().map(|(text, _)| text);
        if certificate.is_some() {
            check_certificate(section, CERTIFICATES, certificate.as_deref());
        }
        Some(DecryptionKey { key: key?, certificate: certificate? })
    });
    pairs.collect::<Vec<_>>().into_iter().collect()
}

fn check_key(section: &Section<'_>, name: &str, key: Option<&Secret>, public_url: Option<&Url>) {
    let Some(key) = key else {
        return section.problem(name, format!("is missing or unusable: {MAKE_A_KEY}"));
    };
    if !key.expose().contains("PRIVATE KEY-----") {
        return section.problem(name, format!("is not a private key in PEM form: {MAKE_A_KEY}"));
    }
    if hex::encode(Sha256::digest(key.expose().trim_end())) != EXAMPLE_KEY {
        return;
    }
    if public_url.is_some_and(address::is_reserved) {
        section.warning(name, "is the example key, which everybody has");
    } else {
        section.problem(name, format!("is the example key, which everybody has: {MAKE_A_KEY}"));
    }
}

fn check_certificate(section: &Section<'_>, key: &str, certificate: Option<&str>) {
    match certificate.map(|text| about::certificate(text.to_owned())) {
        None => section.problem(key, format!("is missing or unusable: {MAKE_A_KEY}")),
        Some(Err(message)) => section.problem(key, message),
        Some(Ok(_)) => {}
    }
}

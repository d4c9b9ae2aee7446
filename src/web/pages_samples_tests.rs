//! Sample pages: setting up an identity provider, and sessions that end.

use time::OffsetDateTime;

use super::super::*;
use crate::sign_in::{IdpInitiated, PublishedCertificate, Usage, WantSigned};
use crate::web::words;

/// The page of set-up.
pub(super) fn for_administrators(site: &Brand) -> Vec<(&'static str, askama::Result<String>)> {
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", "MIIB".repeat(16) + "\n");
    let certificate = PublishedCertificate {
        usage: Usage::Signing,
        pem,
        sha256: ["AB"; 32].join(":"),
        algorithm: "RSA 3072".to_owned(),
        start: Some(OffsetDateTime::UNIX_EPOCH),
        end: Some(OffsetDateTime::UNIX_EPOCH),
    };
    let own = OwnValues {
        entity_id: "https://gateway.test/saml/metadata".to_owned(),
        metadata_url: "https://gateway.test/saml/metadata".to_owned(),
        acs_url: "https://gateway.test/saml/acs".to_owned(),
        logout_url: "https://gateway.test/saml/logout".to_owned(),
        name_id_formats: vec!["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()],
        certificates: Vec::new(),
    };
    let view = |place: usize, is_signing| CertificateView {
        is_signing,
        ends: "2036-11-22".to_owned(),
        fingerprint_id: format!("fingerprint-{place}"),
        pem_id: format!("pem-{place}"),
        sha256: &certificate.sha256,
        pem: &certificate.pem,
    };
    let row = |value, names: &[&str]| AttributeRow {
        value,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let idp = IdpView {
        name: "okta".to_owned(),
        display_name: "Acme <staff>".to_owned(),
        guide: "docs/idp/okta.md".to_owned(),
        start_id: "start-okta".to_owned(),
        start_url: "https://gateway.test/sign-in?idp=okta".to_owned(),
        name_id_formats: Vec::new(),
        signed: words::signed(WantSigned::Either),
        answers: "HTTP-POST",
        unasked: words::unasked(IdpInitiated::Off),
        may_use_cbc: false,
        rows: vec![row("User name", &["name_id"]), row("First name", &["firstName", "urn:oid:2.5.4.42"])],
    };
    let certificates = vec![view(0, true), view(1, false)];
    vec![("setup", SetupPage { site, own: &own, encrypts: true, idps: vec![idp], certificates }.render())]
}

/// Sessions with hours left, with minutes left, and over.
pub(super) fn renewals(site: &Brand) -> Vec<(&'static str, askama::Result<String>)> {
    let page = |seconds: Option<u64>, refresh| RenewPage {
        site,
        instance: "Acme & <co>",
        left: seconds.map(|seconds| Left {
            ends: "2026-11-21 20:00 UTC".to_owned(),
            ends_iso: "2026-11-21T20:00:00Z".to_owned(),
            seconds,
            hours: seconds / 3600,
            minutes: seconds / 60 % 60,
            warning: 1800,
        }),
        refresh,
        renew: "/go/prod?hours=12".to_owned(),
        sign_in: "/go/prod".to_owned(),
        still: "/renew/prod?refresh=off".to_owned(),
    };
    vec![
        ("renew", page(Some(11_000), Some(600)).render()),
        ("renew-soon", page(Some(720), Some(60)).render()),
        ("renew-still", page(Some(720), None).render()),
        ("renew-ended", page(None, None).render()),
    ]
}

//! What is said about metadata, ours and theirs.

use std::time::Duration;

use super::*;

const CRT: &str = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";

/// The short configuration with `saml` below `[saml]` and `idp` below `[idp.okta]`, in a folder with `crt`, a
/// certificate, and `key`, a private key.
fn loaded(saml: &str, idp: &str) -> Result<Loaded, Vec<Problem>> {
    let folder = Folder::new();
    folder.write("crt", CRT, 0o600);
    folder.write("key", KEY, 0o600);
    let text = SHORT
        .replace("[idp.okta]", &format!("[saml]\n{saml}\n[idp.okta]"))
        .replace("preset =", &format!("{idp}\npreset ="));
    parse(&text, &folder.0, keys())
}

#[test]
fn our_metadata_says_little_by_default_and_has_no_end() {
    let about = config(SHORT).saml.about;
    assert!(!about.sign && about.valid_for.is_none() && about.cache_for.is_none());
    assert!(about.more_certificates.is_empty() && about.name_id_formats.is_empty());
    assert!(about.logo.is_none() && about.organization.is_none() && about.contacts.is_empty());
    assert_eq!(about.language, "en");
}

#[test]
fn everything_in_our_metadata_can_be_set() {
    let saml = r#"
        sign_metadata = true
        metadata_valid_days = 7
        metadata_cache_hours = 6
        additional_signing_certificate_files = ["crt", "crt"]
        name_id_formats = ["email", "persistent"]
        language = "de-CH"
        logo = { url = "https://acme.net/logo.png", width = 80, height = 60 }
        organization = { name = "Acme", url = "https://acme.net/" }
        contacts.technical = { name = "Team", email = "team@acme.net" }
        contacts.administrative.email = "boss@acme.net"
    "#;
    let about = loaded(saml, "").expect("usable").config.saml.about;
    assert!(about.sign);
    assert_eq!(about.valid_for, Some(Duration::from_hours(7 * 24)));
    assert_eq!(about.cache_for, Some(Duration::from_hours(6)));
    assert_eq!(about.more_certificates, [CRT.trim_end(); 2]);
    assert!(about.name_id_formats[0].ends_with("emailAddress"));
    assert_eq!(about.organization.expect("one").display_name, "Acme");
    let contacts: Vec<_> = about.contacts.iter().map(|c| (c.kind, &*c.email)).collect();
    assert_eq!(contacts, [("technical", "team@acme.net"), ("administrative", "boss@acme.net")]);
}

#[test]
fn signed_metadata_must_end_and_soon_unless_that_is_changed() {
    let trust = |idp: &str| loaded("", idp).expect("usable").config.idps[0].trust.clone();
    let plain = trust("");
    assert!(plain.certificates.is_none() && plain.max_lifetime.is_none() && !plain.needs_valid_until);
    let pinned = trust("metadata_certificate_file = \"crt\"");
    assert_eq!(pinned.certificates.as_deref(), Some(CRT.trim_end()));
    assert_eq!(pinned.max_lifetime, Some(Duration::from_hours(30 * 24)));
    assert!(pinned.needs_valid_until);
    let relaxed = "metadata_certificate_file = \"crt\"\nmax_metadata_days = 0\nrequire_valid_until = false";
    let relaxed = trust(relaxed);
    assert!(relaxed.certificates.is_some() && relaxed.max_lifetime.is_none() && !relaxed.needs_valid_until);
    let strict = trust("max_metadata_days = 2\nrequire_valid_until = true");
    assert_eq!(strict.max_lifetime, Some(Duration::from_hours(48)));
    assert!(strict.needs_valid_until);
}

#[test]
fn what_can_not_be_published_or_believed_is_refused_with_what_to_write() {
    for (saml, key, words) in [
        (
            "additional_signing_certificate_files = [\"key\"]",
            "additional_signing_certificate_files",
            "private",
        ),
        ("additional_signing_certificate_files = [\"none\"]", "additional_signing_certificate_files", "read"),
        (
            "additional_signing_certificate_files = [\"crt\", \"crt\", \"crt\", \"crt\"]",
            "additional_signing_certificate_files",
            "more than 3",
        ),
        ("additional_signing_certificate_files = \"crt\"", "additional_signing_certificate_files", "list"),
        ("metadata_valid_days = 366", "metadata_valid_days", "0 to 365"),
        ("name_id_formats = [\"e-mail\"]", "name_id_formats", "\"persistent\""),
        ("language = \"deutsch bitte\"", "language", "de-CH"),
        ("information_url = \"http://acme.net\"", "information_url", "https://"),
        ("privacy_url = \"javascript:alert(1)\"", "privacy_url", "https://"),
        ("logo.url = \"https://acme.net/logo.png\"", "logo", "width and height"),
        ("organization.name = \"Acme\"", "organization", "name and url"),
        ("contacts.support.name = \"Desk\"", "contacts.support.email", "missing"),
        ("contacts.technical.email = \"desk\"", "contacts.technical.email", "e-mail"),
        ("contacts.technical.email = \"mailto:desk@acme.net\"", "contacts.technical.email", "e-mail"),
        ("contacts.billing.email = \"desk@acme.net\"", "contacts.billing", "unknown"),
    ] {
        let problems = loaded(saml, "").expect_err(saml);
        assert_about(&problems, &format!("saml.{key}"), words);
    }
    for (idp, key, words) in [
        ("metadata_certificate_file = \"key\"", "metadata_certificate_file", "private"),
        ("metadata_certificate_file = \"none\"", "metadata_certificate_file", "read"),
        ("max_metadata_days = 3651", "max_metadata_days", "0 to 3650"),
        ("require_valid_until = \"yes\"", "require_valid_until", "true or false"),
    ] {
        let problems = loaded("", idp).expect_err(idp);
        assert_about(&problems, &format!("idp.okta.{key}"), words);
    }
}

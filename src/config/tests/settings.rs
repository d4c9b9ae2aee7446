//! What is in force, and where it comes from.

use super::*;
use crate::config::{Origin, Setting, Shown, load};

fn settings(text: &str) -> Vec<Setting> {
    config(text).settings
}

fn of<'s>(settings: &'s [Setting], key: &str) -> &'s Setting {
    settings.iter().find(|setting| setting.key == key).unwrap_or_else(|| panic!("{key} is not among them"))
}

/// Value and origin, as they are printed.
fn told(settings: &[Setting], key: &str) -> (String, String) {
    let setting = of(settings, key);
    (setting.text(), setting.origin.to_string())
}

#[test]
fn each_value_is_told_with_the_line_the_variable_or_the_default_it_comes_from() {
    let loaded = with(&[("SAML__CLOCK_SKEW_SECONDS", "60"), ("INSTANCE__PROD__IDPS", "[\"okta\"]")]);
    let settings = loaded.expect("usable").config.settings;
    for (key, value, origin) in [
        ("public_url", "\"https://sign-in.acme.net\"", "file (line 3)"),
        ("mapping.rule[0].groups", "[\"cc\"]", "file (line 13)"),
        ("mapping.rule[0].set.security_profiles", "[\"Agent\"]", "file (line 14)"),
        ("saml.clock_skew_seconds", "60", "environment (CONNECT_GATEWAY__SAML__CLOCK_SKEW_SECONDS)"),
        ("instance.prod.idps", "[\"okta\"]", "environment (CONNECT_GATEWAY__INSTANCE__PROD__IDPS)"),
        ("listen", "\"127.0.0.1:8080\"", "default"),
        ("saml.entity_id", "\"https://sign-in.acme.net/saml/metadata\"", "default"),
        ("idp.okta.display_name", "\"okta\"", "default"),
        ("idp.okta.attributes.groups", "[\"groups\"]", "default"),
        ("instance.prod.provisioning", "\"sync\"", "default"),
        ("instance.prod.destinations.ccp", "\"/ccp-v2/\"", "default"),
        ("aws.region", "\"eu-west-2\"", "default"),
        ("budget.connect.per_second", "2.0", "default"),
        ("support", "", "not set"),
        ("saml.logo.width", "", "not set"),
    ] {
        assert_eq!(told(&settings, key), (value.to_owned(), origin.to_owned()), "{key}");
    }
}

#[test]
fn every_key_of_every_table_that_is_read_is_told_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let settings = load(&root.join("gateway.toml"), []).expect("usable").config.settings;
    let mut keys: Vec<_> = settings.iter().map(|setting| setting.key.as_str()).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
    let tables: Vec<_> = settings.chunk_by(|one, next| one.table() == next.table()).collect();
    let mut names: Vec<_> = tables.iter().map(|table| table[0].table()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), tables.len(), "the keys of a table stand together");
    let elsewhere = ["admin.", "mapping.", "pages.footer_links."];
    for key in leaves(&explored().known().into_keys().collect::<Vec<_>>()) {
        let is_here = !key.contains("<name>") && !elsewhere.iter().any(|table| key.starts_with(table));
        assert!(!is_here || keys.binary_search(&&*key).is_ok(), "{key}");
    }
}

#[test]
fn a_table_that_is_not_written_has_no_defaults() {
    let settings = settings(SHORT);
    for table in ["admin.", "mapping.rule[0].set.phone.", "mapping.rule[0].set.channels."] {
        assert!(!settings.iter().any(|setting| setting.key.starts_with(table)), "{table}");
    }
}

#[test]
fn no_secret_is_ever_among_the_settings() {
    let (key, id) = ("hush-key", "hush-id");
    let text = SHORT
        .replace(
            "https://acme.okta.com/metadata",
            "https://me:hush-password@acme.okta.com/metadata?token=hush-token#hush",
        )
        .replace(
            "[idp.okta]",
            &format!("[saml]\nsigning_key = \"\"\"{}\"\"\"\n[idp.okta]", KEY.replace('x', key)),
        )
        .replace("role_arn =", &format!("external_id = \"{id}\"\nrole_arn ="))
        .replace("name = \"agents\"", &format!("name = \"\"\"{}\"\"\"", KEY.replace('x', "hush-rule")));
    // A name on several lines is refused, so that one on one line has to do.
    let text = text.replace(&KEY.replace('x', "hush-rule"), "-----BEGIN PRIVATE KEY----- hush-rule");
    let certificate = ("CONNECT_GATEWAY__SAML__SIGNING_CERTIFICATE".to_owned(), CERTIFICATE.to_owned());
    let inline = parse(&text, Path::new(""), [certificate]).expect("usable").config.settings;
    assert_eq!(told(&inline, "saml.signing_key"), ("(secret)".to_owned(), "file (line 5)".to_owned()));
    assert_eq!(of(&inline, "instance.prod.external_id").value, Some(Shown::Secret));
    assert_eq!(of(&inline, "mapping.rule[0].name").value, Some(Shown::Secret));
    assert_eq!(told(&inline, "idp.okta.metadata_url").0, "\"https://…@acme.okta.com/metadata?…\"");
    assert_eq!(told(&inline, "saml.signing_certificate").0, "\"-----BEGIN CERTIFICATE-----\"…");

    let variable = with(&[("INSTANCE__PROD__EXTERNAL_ID", "hush-variable")]).expect("usable").config.settings;
    let origin = Origin::Environment("CONNECT_GATEWAY__INSTANCE__PROD__EXTERNAL_ID".to_owned());
    assert_eq!(of(&variable, "instance.prod.external_id").origin, origin);

    let folder = Folder::new();
    folder.write("id", "hush-file", 0o600);
    let text = SHORT.replace("role_arn =", "external_id_file = \"id\"\nrole_arn =");
    let file = parse(&text, &folder.0, keys()).expect("usable").config.settings;
    assert_eq!(told(&file, "instance.prod.external_id_file").0, "\"id\"");
    for settings in [inline, variable, file] {
        assert!(!format!("{settings:?}").contains("hush"), "{settings:#?}");
    }
}

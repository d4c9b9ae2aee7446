//! Secrets: inline, in files, and never printed.

use super::*;
use crate::config::load;

#[test]
fn secrets_come_from_files_without_their_last_line_break() {
    let folder = Folder::new();
    folder.write("key", &format!("{KEY}\n"), 0o600);
    folder.write("crt", &format!("{CERTIFICATE}\r\n"), 0o644);
    folder.write("id", "abc\n", 0o640);
    let text = SHORT
        .replace(
            "[idp.okta]",
            "[saml]\nsigning_key_file = \"key\"\nsigning_certificate_file = \"crt\"\n[idp.okta]",
        )
        .replace("role_arn =", "external_id_file = \"id\"\nrole_arn =");
    let loaded = parse(&text, &folder.0, []).expect("usable");
    assert_eq!(loaded.config.saml.signing_key.expose(), KEY);
    assert_eq!(loaded.config.saml.signing_certificate, CERTIFICATE);
    let external_id = loaded.config.instances[0].federation.external_id.as_ref().map(Secret::expose);
    assert_eq!(external_id, Some("abc"));
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert_about(&loaded.warnings, "instance.prod.external_id_file", "chmod 600");
}

#[test]
fn a_secret_is_never_set_twice_and_never_from_a_missing_or_empty_file() {
    let folder = Folder::new();
    folder.write("empty", "\n", 0o600);
    let external = |lines: &str| {
        let text = SHORT.replace("role_arn =", &format!("{lines}\nrole_arn ="));
        parse(&text, &folder.0, keys()).expect_err("problems")
    };
    let twice = external("external_id = \"ab\"\nexternal_id_file = \"empty\"");
    assert_about(&twice, "instance.prod.external_id_file", "empty");
    assert_about(&external("external_id_file = \"none\""), "instance.prod.external_id_file", "can't be read");
    folder.write("id", "cd", 0o600);
    let twice = external("external_id = \"ab\"\nexternal_id_file = \"id\"");
    assert_about(&twice, "instance.prod.external_id", "twice");
}

#[test]
fn a_secret_in_a_file_that_others_can_read_is_warned_about() {
    let folder = Folder::new();
    let text = SHORT.replace("role_arn =", "external_id = \"abc\"\nrole_arn =");
    folder.write("gateway.toml", &text, 0o644);
    let loaded = load(&folder.0.join("gateway.toml"), keys()).expect("usable");
    assert_about(&loaded.warnings, "instance.prod.external_id", "chmod 600");
    folder.write("gateway.toml", &text, 0o600);
    let loaded = load(&folder.0.join("gateway.toml"), keys()).expect("usable");
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn the_published_certificate_is_never_a_private_key() {
    let found = with(&[("SAML__SIGNING_CERTIFICATE", KEY)]);
    // The later of two values of one variable wins nothing: it is refused.
    assert_about(&found.expect_err("twice"), "CONNECT_GATEWAY__SAML__SIGNING_CERTIFICATE", "same key");
    let swapped = [("SIGNING_KEY", CERTIFICATE), ("SIGNING_CERTIFICATE", KEY)]
        .map(|(key, value)| (format!("CONNECT_GATEWAY__SAML__{key}"), value.to_owned()));
    let found = parse(SHORT, Path::new(""), swapped).expect_err("swapped");
    assert_about(&found, "saml.signing_certificate_file", "private key");
    assert_about(&found, "saml.signing_key_file", "not a private key");
}

#[test]
fn the_example_key_is_refused_for_an_address_that_someone_can_own() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples");
    let saml =
        "[saml]\nsigning_key_file = \"signing.key\"\nsigning_certificate_file = \"signing.crt\"\n[idp.okta]";
    let text = SHORT.replace("[idp.okta]", saml);
    let found = parse(&text, &examples, []).expect_err("the example key");
    assert_about(&found, "saml.signing_key_file", "everybody has");
    for host in ["https://sign-in.example.org", "https://gateway.test", "http://localhost:8400"] {
        let loaded = parse(&text.replace("https://sign-in.acme.net", host), &examples, []).expect(host);
        assert_about(&loaded.warnings, "saml.signing_key_file", "everybody has");
    }
    let found = parse(&text.replace("https://sign-in.acme.net", "https://badexample.org"), &examples, []);
    assert!(found.is_err());
}

#[test]
fn decryption_keys_are_read_in_their_order_and_every_problem_is_told() {
    let folder = Folder::new();
    folder.write("new.key", KEY, 0o600);
    folder.write("old.key", &KEY.replace('x', "y"), 0o644);
    folder.write("crt", CERTIFICATE, 0o644);
    let with = |keys_of: &str, certificates: &str| {
        let lines = format!(
            "[saml]\ndecryption_key_files = [{keys_of}]\ndecryption_certificate_files = [{certificates}]\n[idp.okta]"
        );
        parse(&SHORT.replace("[idp.okta]", &lines), &folder.0, keys())
    };
    let loaded = with(r#""new.key", "old.key""#, r#""crt", "crt""#).expect("usable");
    let found: Vec<_> = loaded.config.saml.decryption_keys.iter().map(|own| own.key.expose()).collect();
    assert_eq!(found, [KEY, &KEY.replace('x', "y")]);
    assert_eq!(loaded.config.saml.decryption_keys[1].certificate, CERTIFICATE);
    assert_about(&loaded.warnings, "saml.decryption_key_files", "chmod 600");
    assert!(with("", "").expect("usable").config.saml.decryption_keys.is_empty());

    let (key_files, certificate_files) = ("saml.decryption_key_files", "saml.decryption_certificate_files");
    let found = with(r#""none", "crt""#, r#""new.key", "none""#).expect_err("problems");
    assert_about(&found, key_files, "can't be read");
    assert_about(&found, key_files, "not a private key");
    assert_about(&found, certificate_files, "private key");
    assert_about(&found, certificate_files, "can't be read");
    let fewer = with(r#""new.key", "old.key""#, r#""crt""#).expect_err("one certificate");
    assert_about(&fewer, certificate_files, "one certificate for each");
    let four = with(&[r#""new.key""#; 4].join(", "), &[r#""crt""#; 4].join(", ")).expect_err("four");
    assert_about(&four, key_files, "more than 3");
}

#[test]
fn aes_cbc_is_off_and_warned_about_when_it_is_on() {
    assert!(!config(SHORT).idps[0].allow_cbc);
    let loaded = with(&[("IDP__OKTA__ALLOW_CBC", "true")]).expect("usable");
    assert!(loaded.config.idps[0].allow_cbc);
    assert_about(&loaded.warnings, "idp.okta.allow_cbc", "AES-CBC");
}

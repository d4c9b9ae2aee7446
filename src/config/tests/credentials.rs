//! What lets the gateway assume the federation role.

use std::time::Duration;

use super::{SHORT, assert_about, changed, config};
use crate::federation::CredentialSource;

const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/okta";

/// `role_arn` with more lines before it.
fn with(lines: &str) -> String {
    format!("{lines}\nrole_arn = ")
}

fn assertion(more: &str) -> String {
    with(&format!("credentials = \"assertion\"\nsaml_provider_arn = \"{PROVIDER}\"\n{more}"))
}

#[test]
fn the_gateways_own_identity_is_used_unless_something_else_is_written() {
    assert_eq!(config(SHORT).instances[0].federation.credentials, CredentialSource::Base);
    let text = SHORT.replace("role_arn = ", &assertion("role_duration_seconds = 7200"));
    let expected =
        CredentialSource::Assertion { provider_arn: PROVIDER.to_owned(), duration: Duration::from_hours(2) };
    assert_eq!(config(&text).instances[0].federation.credentials, expected);
}

#[test]
fn what_does_not_go_together_is_refused() {
    for (lines, key, words) in [
        (with("credentials = \"assertion\""), "saml_provider_arn", "is missing"),
        (with(&format!("saml_provider_arn = \"{PROVIDER}\"")), "saml_provider_arn", "does nothing"),
        (with("role_duration_seconds = 900"), "role_duration_seconds", "does nothing"),
        (assertion("role_duration_seconds = 899"), "role_duration_seconds", "900"),
        (assertion("external_id = \"abc\""), "external_id", "does nothing"),
        (assertion("external_id_file = \"id\""), "external_id_file", "does nothing"),
        (assertion("source_identity = true"), "source_identity", "does nothing"),
        (assertion("session_tags = { a = \"b\" }"), "session_tags", "does nothing"),
        (assertion("").replace("123456789012", "210987654321"), "saml_provider_arn", "own account"),
        (assertion("").replace("arn:aws:iam", "arn:aws-cn:iam"), "saml_provider_arn", "own account"),
        (
            assertion("").replace("saml-provider/okta", "role/okta"),
            "saml_provider_arn",
            "saml-provider/<name>",
        ),
        (assertion("").replace("saml-provider/okta", "saml-provider/a/b"), "saml_provider_arn", "<name>"),
    ] {
        assert_about(&changed("role_arn = ", &lines), &format!("instance.prod.{key}"), words);
    }
}

#[test]
fn one_provider_in_iam_is_one_identity_provider() {
    let second = "[idp.other]\nmetadata_url = \"https://other.test/metadata\"\n[instance.prod]";
    let text = SHORT.replace("role_arn = ", &assertion("")).replace("[instance.prod]", second);
    let found = super::problems(&text);
    assert_about(&found, "instance.prod.idps", "one identity provider");
    let text = text.replace("role_arn = ", "idps = [\"okta\"]\nrole_arn = ");
    assert_eq!(config(&text).instances[0].idps.len(), 1);
}

#[test]
fn session_tags_are_what_sts_takes() {
    let tags = |tags: &str| with(&format!("session_tags = {{ {tags} }}"));
    let text = SHORT.replace("role_arn = ", &tags("\"Cost Centre\" = \"42\", team = \"\""));
    let found = &config(&text).instances[0].federation.session_tags;
    assert_eq!((found["Cost Centre"].as_str(), found["team"].as_str()), ("42", ""));
    for (written, key, words) in [
        ("a = \"x;y\"".to_owned(), "session_tags.a", "at most 256"),
        (format!("a = \"{}\"", "x".repeat(257)), "session_tags.a", "at most 256"),
        (format!("{} = \"x\"", "a".repeat(129)), &format!("session_tags.{}", "a".repeat(129)), "1 to 128"),
        ("\"a?\" = \"x\"".to_owned(), "session_tags.a?", "1 to 128"),
        ("\"AWS:a\" = \"x\"".to_owned(), "session_tags.AWS:a", "AWS's own"),
        ("Team = \"x\", team = \"y\"".to_owned(), "session_tags.team", "twice"),
    ] {
        assert_about(&changed("role_arn = ", &tags(&written)), &format!("instance.prod.{key}"), words);
    }
    let many: Vec<String> = (0..51).map(|number| format!("t{number} = \"x\"")).collect();
    assert_about(&changed("role_arn = ", &tags(&many.join(", "))), "instance.prod.session_tags", "50");
}

//! The whole file: what is accepted, and what is said about what is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::connect::Provisioning;
use crate::federation::HandOffMode;
use crate::model::{Problem, Secret};

use super::{Config, Loaded, LogFormat, parse, schema::explored};

mod admin;
mod credentials;
mod damage;
mod environment;
mod hierarchy;
mod listener;
mod mapping_file;
mod metadata;
mod operations;
mod pages;
mod removal;
mod schema;
mod secrets;
mod settings;
mod words;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";

const SHORT: &str = r#"
version = 1
public_url = "https://sign-in.acme.net"
[idp.okta]
metadata_url = "https://acme.okta.com/metadata"
preset = "okta"
[instance.prod]
arn = "arn:aws:connect:eu-west-2:123456789012:instance/i-1"
url = "https://acme.my.connect.aws"
role_arn = "arn:aws:iam::123456789012:role/gateway"
[[mapping.rule]]
name = "agents"
groups = ["cc"]
set = { security_profiles = ["Agent"] }
"#;

/// The key pair of a short configuration, from the environment.
fn keys() -> Vec<(String, String)> {
    [("SAML__SIGNING_KEY", KEY), ("SAML__SIGNING_CERTIFICATE", CERTIFICATE)]
        .map(|(key, value)| (format!("CONNECT_GATEWAY__{key}"), value.to_owned()))
        .to_vec()
}

fn with(overrides: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let own = overrides.iter().map(|(key, value)| (format!("CONNECT_GATEWAY__{key}"), (*value).to_owned()));
    parse(SHORT, Path::new(""), keys().into_iter().chain(own))
}

fn config(text: &str) -> Config {
    parse(text, Path::new(""), keys()).expect("usable").config
}

fn problems(text: &str) -> Vec<Problem> {
    parse(text, Path::new(""), keys()).expect_err("problems")
}

/// The problems of the short configuration with `old` replaced by `new`.
fn changed(old: &str, new: &str) -> Vec<Problem> {
    assert!(SHORT.contains(old), "{old}");
    problems(&SHORT.replacen(old, new, 1))
}

fn assert_about(problems: &[Problem], key: &str, words: &str) {
    let found = problems.iter().any(|p| p.key == key && p.message.contains(words));
    assert!(found, "{key}: {words} not in {problems:#?}");
}

/// A folder that is removed at the end of the test.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("connect-gateway-config-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(super) fn write(&self, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_short_file_is_enough_and_its_defaults_are_safe() {
    let config = config(SHORT);
    let instance = &config.instances[0];
    assert_eq!(config.saml.entity_id, "https://sign-in.acme.net/saml/metadata");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.aws_region, "eu-west-2");
    assert_eq!(config.session_max, Duration::from_hours(12));
    assert_eq!(config.pending_for, Duration::from_mins(15));
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(config.protected.is_username("admin") && config.protected.is_security_profile("ADMIN"));
    assert_eq!(instance.connect.provisioning, Provisioning::Sync);
    assert!(!instance.connect.send_email && instance.federation.source_identity);
    assert_eq!(instance.federation.hand_off, HandOffMode::Instance);
    assert_eq!(instance.idps, [config.idps[0].name.clone()]);
    assert_eq!(instance.default_destination, "/ccp-v2/");
    assert_eq!(instance.federation.issuer_url.as_str(), "https://sign-in.acme.net/go/prod");
    assert_eq!(instance.federation.signin_endpoint.as_str(), "https://signin.aws.amazon.com/federation");
    assert_eq!(instance.federation.console_url.as_str(), "https://eu-west-2.console.aws.amazon.com/");
}

#[test]
fn a_govcloud_instance_signs_in_at_govcloud() {
    let text = SHORT.replace("arn:aws:connect:eu-west-2", "arn:aws-us-gov:connect:us-gov-west-1");
    let config = config(&text.replace("arn:aws:iam", "arn:aws-us-gov:iam"));
    let federation = &config.instances[0].federation;
    assert_eq!(federation.signin_endpoint.host_str(), Some("signin.amazonaws-us-gov.com"));
    assert_eq!(federation.console_url.host_str(), Some("console.amazonaws-us-gov.com"));
}

#[test]
fn a_provisioning_role_is_another_role_of_the_instances_account() {
    let key = "instance.prod.provisioning_role_arn";
    let with = |lines: &str| SHORT.replace("role_arn = ", &format!("{lines}\nrole_arn = "));
    let role = |name: &str| format!("provisioning_role_arn = \"arn:aws:iam::{name}\"");
    assert_about(&problems(&with(&role("210987654321:role/users"))), key, "own account");
    assert_about(&problems(&with(&role("123456789012:role/gateway"))), key, "federation role");
    let alone = problems(&with("provisioning_external_id = \"abc\""));
    assert_about(&alone, "instance.prod.provisioning_external_id", "provisioning_role_arn");
    let good = with(&format!("{}\nprovisioning_external_id = \"abc\"", role("123456789012:role/users")));
    let found = config(&good).instances.remove(0).provisioning_role.unwrap();
    assert_eq!(found.role_arn, "arn:aws:iam::123456789012:role/users");
    assert_eq!(found.external_id.as_ref().map(Secret::expose), Some("abc"));
}

#[test]
fn unknown_keys_of_every_section_are_reported_at_once_with_their_lines() {
    let text = SHORT
        .replace("version = 1", "version = 1\ncolour = 1")
        .replace("preset =", "attributes.group = \"g\"\npreset =")
        .replace("url = \"https://acme.my", "urls = 1\nurl = \"https://acme.my")
        .replace("name = \"agents\"", "name = \"agents\"\nwhen = 1");
    let found = problems(&text);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert_about(&found, "colour", "(line 3)");
    assert_about(&found, "idp.okta.attributes.group", "email, first_name, groups, last_name, username");
    assert_about(&found, "instance.prod.urls", "role_arn");
    assert_about(&found, "mapping.rule[0].when", "(line 16)");
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let found = parse("", Path::new(""), []).expect_err("problems");
    for key in
        ["version", "public_url", "saml.signing_key_file", "saml.signing_certificate_file", "idp", "instance"]
    {
        assert!(found.iter().any(|p| p.key == key), "{key} not in {found:#?}");
    }
}

#[test]
fn every_syntax_error_is_reported_without_the_line_it_is_in() {
    let found = problems("version = 1\nexternal_id = \"hush-hush\nlisten = = 1\n");
    assert!(found.len() >= 2, "{found:#?}");
    assert!(found.iter().all(|p| !p.message.contains("hush-hush")), "{found:#?}");
    assert!(found.iter().any(|p| p.key == "line 2") && found.iter().any(|p| p.key == "line 3"), "{found:#?}");
}

#[test]
fn a_wrong_value_is_refused_with_what_to_write() {
    for (old, new, key, words) in [
        ("version = 1", "version = 2", "version", "write `version = 1`"),
        ("https://sign-in.acme.net", "http://sign-in.acme.net", "public_url", "https://"),
        ("https://sign-in.acme.net", "https://sign-in.acme.net/gateway", "public_url", "no path"),
        ("https://sign-in.acme.net", "https://sign-in.acme.net?x=1", "public_url", "query"),
        ("https://sign-in.acme.net", "https://me@sign-in.acme.net", "public_url", "user"),
        ("https://acme.okta.com", "http://acme.okta.com", "idp.okta.metadata_url", "https://"),
        ("metadata_url = \"https://acme.okta.com/metadata\"", "", "idp.okta.metadata_url", "metadata_file"),
        ("\"okta\"\n[inst", "\"octa\"\n[inst", "idp.okta.preset", "one of"),
        ("[idp.okta]", "[idp.Okta_1]", "idp.Okta_1", "a-z, 0-9"),
        ("[instance.prod]", "[instance.\"a/b\"]", "instance.a/b", "a-z, 0-9"),
        ("https://acme.my.connect.aws", "http://acme.my.connect.aws", "instance.prod.url", "https://"),
        (
            "https://acme.my.connect.aws",
            "https://acme.my.connect.aws/connect",
            "instance.prod.url",
            "access URL",
        ),
        ("arn:aws:connect:eu", "arn:aws-cn:connect:eu", "instance.prod.arn", "partition"),
        (":instance/i-1", ":instance/", "instance.prod.arn", "ARN"),
        ("arn:aws:iam::123456789012", "arn:aws:iam::210987654321", "instance.prod.role_arn", "own account"),
        ("role/gateway", "user/gateway", "instance.prod.role_arn", "role/<name>"),
        ("role_arn = ", "idps = [\"entra\"]\nrole_arn = ", "instance.prod.idps", "[idp.entra]"),
        ("role_arn = ", "idps = []\nrole_arn = ", "instance.prod.idps", "empty"),
        ("role_arn = ", "external_id = \"a b\"\nrole_arn = ", "instance.prod.external_id", "letters"),
        (
            "role_arn = ",
            "default_destination = \"x\"\nrole_arn = ",
            "instance.prod.default_destination",
            "\"x\"",
        ),
        ("role_arn = ", "force_authn = \"yes\"\nrole_arn = ", "instance.prod.force_authn", "true or false"),
        ("role_arn = ", "authn_contexts = [\"mfa\"]\nrole_arn = ", "instance.prod.authn_contexts", "URIs"),
        (
            "role_arn = ",
            "name_id_format = \"mail\"\nrole_arn = ",
            "instance.prod.name_id_format",
            "persistent",
        ),
        ("groups = [\"cc\"]", "groups = []", "mapping.rule[0].groups", "empty"),
        ("groups = [\"cc\"]", "idps = [\"entra\"]", "mapping.rule[0].idps", "[idp.entra]"),
        ("\"Agent\"", "\"admin\"", "mapping.rule[0].set.security_profiles", "protected"),
        ("set = {", "deny = \"no\"\nset = {", "mapping.rule[0].set", "one of"),
        ("name = \"agents\"", "", "mapping.rule[0].name", "empty"),
    ] {
        assert_about(&changed(old, new), key, words);
    }
}

#[test]
fn a_destination_stays_in_the_instance() {
    for path in ["//evil.example", "/\\evil.example", "https://evil.example", "ccp", "", "/a b", "/a\\u0000"]
    {
        let table = format!("destinations = {{ ccp = \"{path}\" }}\nrole_arn = ");
        assert_about(&changed("role_arn = ", &table), "instance.prod.destinations.ccp", "one /");
    }
    let config = config(&SHORT.replace("role_arn = ", "destinations = { ccp = \"/x?y=1\" }\nrole_arn = "));
    assert_eq!(config.instances[0].default_destination, "/x?y=1");
}

#[test]
fn numbers_outside_their_range_are_refused() {
    for (key, value) in [
        ("SAML__CLOCK_SKEW_SECONDS", "301"),
        ("SAML__MAX_ASSERTION_LIFETIME_SECONDS", "0"),
        ("SAML__SIGN_IN_MINUTES", "61"),
        ("SESSION__MAX_HOURS", "13"),
        ("BUDGET__CONNECT__PER_SECOND", "0"),
        ("BUDGET__CONNECT__PER_SECOND", "nan"),
        ("BUDGET__STS__BURST", "-1"),
        ("CACHE__TOKEN_MARGIN_SECONDS", "1"),
        ("CACHE__MAX_TOKEN_AGE_SECONDS", "600"),
    ] {
        let found = with(&[(key, value)]).expect_err(key);
        let key = key.replace("__", ".").to_ascii_lowercase();
        assert_about(&found, &key, "must be");
    }
}

#[test]
fn http_works_on_this_machine_only() {
    for host in ["localhost:8400", "127.0.0.1", "gateway.localhost", "[::1]:1"] {
        config(&SHORT.replace("https://sign-in.acme.net", &format!("http://{host}")));
    }
    for host in ["localhost.acme.net", "10.0.0.1", "notlocalhost"] {
        assert_about(
            &changed("https://sign-in.acme.net", &format!("http://{host}")),
            "public_url",
            "https://",
        );
    }
    assert!(with(&[("AWS__STS_ENDPOINT", "http://127.0.0.1:1")]).is_ok());
    assert_about(
        &with(&[("AWS__STS_ENDPOINT", "http://sts")]).expect_err("http"),
        "aws.sts_endpoint",
        "https://",
    );
}

#[test]
fn protecting_nobody_takes_an_empty_list_and_is_warned_about() {
    let more = with(&[("PROTECTED__USERNAMES", "[\"root\"]")]).expect("usable").config.protected;
    assert!(more.is_username("Root") && more.is_username("admin"));
    let none = with(&[("PROTECTED__USERNAMES", "[]")]).expect("usable");
    assert!(
        !none.config.protected.is_username("Admin") && none.config.protected.is_security_profile("Admin")
    );
    assert_about(&none.warnings, "protected.usernames", "empty");
}

#[test]
fn a_rate_for_a_call_that_is_never_made_is_a_typing_error() {
    let text = format!("{SHORT}\n[budget.operations.CreateUsers]\nburst = 1\n");
    assert_about(&problems(&text), "budget.operations.CreateUsers", "CreateUser");
}

#[test]
fn the_summary_names_what_is_configured_and_nothing_secret() {
    let loaded = with(&[("INSTANCE__PROD__EXTERNAL_ID", "hush-hush")]).expect("usable");
    let lines = super::summary(&loaded.config).join("\n");
    for word in ["https://sign-in.acme.net", "okta", "prod", "eu-west-2", "sync"] {
        assert!(lines.contains(word), "{word} not in {lines}");
    }
    assert!(!lines.contains("hush-hush") && !lines.contains("PRIVATE"));
    assert!(!format!("{:?}", loaded.config).contains("hush-hush"));
}

#[test]
fn every_key_is_documented_with_its_variable_in_both_places() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let reference = fs::read_to_string(root.join("config/gateway.toml")).expect("gateway.toml");
    let page = fs::read_to_string(root.join("docs/configuration.md")).expect("configuration.md");
    for key in leaves(&explored().known().into_keys().collect::<Vec<_>>()) {
        let in_file_only = ["mapping.rule.", "mapping.check.", "mapping.test."];
        if let Some(key) = in_file_only.iter().find_map(|list| key.strip_prefix(list)) {
            assert!(page.contains(&format!("`{key}`")), "{key} is not in configuration.md");
            continue;
        }
        if key.starts_with("pages.footer_links.") {
            assert!(page.contains(&format!("`{key}`")), "{key} is not in configuration.md");
            continue;
        }
        let variable = format!("CONNECT_GATEWAY__{}", key.replace('.', "__").to_uppercase());
        assert!(reference.contains(&variable), "{variable} is not in gateway.toml");
        assert!(page.contains(&format!("`{key}`")), "{key} is not in configuration.md");
    }
}

/// Keys that are no table; `destinations` and their like hold the operator's own names.
fn leaves(keys: &[String]) -> Vec<String> {
    let named = |key: &String| {
        ["voice", "chat", "task", "email"].iter().fold(key.clone(), |key, channel| {
            key.replace(&format!("channels.{channel}"), "channels.<channel>")
        })
    };
    let keys: &Vec<String> = &keys.iter().map(named).collect();
    let is_table = |key: &String| keys.iter().any(|other| other.starts_with(&format!("{key}.")));
    keys.iter()
        .filter(|key| !is_table(key))
        .map(|key| {
            if [".destinations", ".languages", ".session_tags"].iter().any(|table| key.ends_with(table)) {
                format!("{key}.<name>")
            } else {
                key.clone()
            }
        })
        .collect()
}

#[test]
fn a_thousand_damaged_files_are_refused_or_read_but_never_panic() {
    read_damaged(42);
}

#[test]
fn another_thousand_damaged_files_are_refused_or_read_but_never_panic() {
    read_damaged(4711);
}

/// A test of its own for each seed: they run side by side.
fn read_damaged(mut seed: u64) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let reference = fs::read(root.join("gateway.toml")).expect("gateway.toml");
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("31 bits") % below
    };
    let mut refused = 0;
    for _ in 0..1000 {
        let mut bytes = reference.clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = u8::try_from(next(256)).expect("a byte"),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"\"[]{}=.#\n'\\,0"[next(13)]),
            }
        }
        match parse(&String::from_utf8_lossy(&bytes), &root, []) {
            Ok(_) => {}
            Err(problems) => {
                assert!(!problems.is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

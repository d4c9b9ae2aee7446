//! `[state]` in the configuration: what is missing, what does not fit together, and what is dangerous.

use std::path::PathBuf;
use std::sync::LazyLock;

use connect_gateway::config::{self, Loaded};
use connect_gateway::model::Problem;
use connect_gateway::store::redis::{Mode, Transport};

use crate::gateway::key_pair;
use crate::redis_server::{write, written_key};

const REST: &str = r#"
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

/// Good settings of each kind.
const SINGLE: &str = "urls = [\"rediss://cache.internal\"]\nkey_file = \"state.key\"\n";
const SENTINEL: &str = "mode = \"sentinel\"\nsentinel_master = \"gateway\"\n";

/// Made once: tests that run at the same time read it.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("connect-gateway-state-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder, "state.key", &written_key(1));
    write(&folder, "same.key", &written_key(1));
    write(&folder, "other.key", &written_key(2));
    write(&folder, "short.key", "c2hvcnQ=");
    folder
});

fn read(state: &str) -> Result<Loaded, Vec<Problem>> {
    let (key, certificate) = key_pair();
    let keys = [("SIGNING_KEY", key), ("SIGNING_CERTIFICATE", certificate)]
        .map(|(name, value)| (format!("CONNECT_GATEWAY__SAML__{name}"), value));
    config::parse(&format!("{REST}[state]\n{state}"), &FOLDER, keys)
}

#[test]
fn memory_is_for_one_replica() {
    let state = read("").unwrap().config.state;
    assert_eq!((state.replicas, state.redis.is_none()), (1, true));
    assert_problem("replicas = 2\n", "state.replicas", "needs store = \"redis\"");
    let state = read(&format!("store = \"redis\"\nreplicas = 2\n{SINGLE}")).unwrap().config.state;
    assert_eq!((state.replicas, state.redis.is_some()), (2, true));
}

/// What a person's own answer brings stays where it was taken.
#[test]
fn credentials_by_peoples_own_answers_are_refused_with_what_to_write_instead() {
    let (key, certificate) = key_pair();
    let keys = [("SIGNING_KEY", key), ("SIGNING_CERTIFICATE", certificate)]
        .map(|(name, value)| (format!("CONNECT_GATEWAY__SAML__{name}"), value));
    let by_assertion = "credentials = \"assertion\"\nsaml_provider_arn = \"arn:aws:iam::123456789012:saml-provider/okta\"\nrole_arn";
    let rest = REST.replace("role_arn", by_assertion);
    let read = |state: &str| config::parse(&format!("{rest}[state]\n{state}"), &FOLDER, keys.clone());
    assert!(read("").is_ok());
    let problems = read(&format!("store = \"redis\"\n{SINGLE}")).expect_err("a problem");
    let [problem] = &problems[..] else { panic!("{problems:#?}") };
    assert_eq!(problem.key, "instance.prod.credentials");
    for words in ["store = \"redis\"", "write credentials = \"base\"", "store = \"memory\""] {
        assert!(problem.message.contains(words), "{problem:?}");
    }
}

#[test]
fn every_kind_is_read() {
    let redis = |more: &str| read(&format!("store = \"redis\"\n{more}")).unwrap().config.state.redis.unwrap();
    let single = redis(SINGLE);
    assert!(matches!(single.mode, Mode::Single));
    assert_eq!(single.addresses[0].transport, Transport::Tls("cache.internal".to_owned(), 6379));
    assert_eq!(single.prefix, "gateway");
    let sentinel = redis(&format!("{SENTINEL}sentinel_password = \"hunter2\"\n{SINGLE}"));
    assert!(
        matches!(sentinel.mode, Mode::Sentinel { master, login } if master == "gateway" && login.password.is_some())
    );
    let cluster = redis(&format!("mode = \"cluster\"\nother_key_file = \"other.key\"\n{SINGLE}"));
    assert!(matches!(cluster.mode, Mode::Cluster));
    assert!(cluster.other_key.is_some_and(|other| other != cluster.key));
}

#[test]
fn keys_are_values_as_well_as_files() {
    let urls = "store = \"redis\"\nurls = [\"rediss://cache.internal\"]\n";
    let redis = |more: String| read(&format!("{urls}{more}")).unwrap().config.state.redis.unwrap();
    let from_files = redis("key_file = \"state.key\"\nother_key_file = \"other.key\"\n".to_owned());
    let values = redis(format!("key = \"{}\"\nother_key = \"{}\"\n", written_key(1), written_key(2)));
    assert!(values.key == from_files.key && values.other_key == from_files.other_key);
    let same = format!("{urls}key = \"{0}\"\nother_key = \"{0}\"\n", written_key(1));
    assert_problem(&same, "state.other_key", "same key");
}

#[track_caller]
fn assert_problem(state: &str, key: &str, words: &str) {
    let problems = read(state).expect_err(state);
    let found = problems.iter().any(|problem| problem.key == key && problem.message.contains(words));
    assert!(found, "{state}: {key}: {words} not in {problems:#?}");
    assert!(!format!("{problems:?}").contains("hunter2"), "{problems:#?}");
}

#[test]
fn what_is_missing_or_does_nothing_is_a_problem() {
    assert_problem("store = \"redis\"\n", "state.urls", "is missing");
    assert_problem("store = \"redis\"\n", "state.key_file", "is missing");
    assert_problem(SINGLE, "state.urls", "does nothing without store = \"redis\"");
    assert_problem("password = \"hunter2\"\n", "state.password", "does nothing");
    assert_problem(&format!("key = \"{}\"\n", written_key(1)), "state.key", "does nothing");
    for (state, key, words) in [
        ("mode = \"sentinel\"\n", "state.sentinel_master", "is missing"),
        ("sentinel_master = \"a\"\n", "state.sentinel_master", "does nothing without mode"),
        ("client_certificate_file = \"state.key\"\n", "state.client_key_file", "is missing"),
        ("other_key_file = \"same.key\"\n", "state.other_key_file", "same key"),
        ("other_key = \"hunter2\"\n", "state.other_key", "base64"),
        ("other_key = \"c2hvcnQ=\"\n", "state.other_key", "32 bytes"),
        ("other_key = \"hunter2\"\nother_key_file = \"other.key\"\n", "state.other_key", "set twice"),
        ("key = \"hunter2\"\n", "state.key", "set twice"),
        ("other_key_file = \"short.key\"\n", "state.other_key_file", "32 bytes"),
        ("prefix = \"A b\"\n", "state.prefix", "small letters"),
    ] {
        assert_problem(&format!("store = \"redis\"\n{state}{SINGLE}"), key, words);
    }
    let urls = |urls: &str| format!("store = \"redis\"\nkey_file = \"state.key\"\nurls = [{urls}]\n");
    for (listed, words) in [
        ("", "at least one"),
        ("\"redis://:hunter2@cache.internal\"", "must not hold"),
        ("\"rediss://cache.internal/#insecure\"", "must end with"),
        ("\"rediss://a\", \"rediss://b\"", "must name one address"),
        ("\"rediss://a\", \"redis://b\"", "same scheme"),
    ] {
        assert_problem(&urls(listed), "state.urls", words);
    }
    let plain = format!("{}ca_file = \"state.key\"\n", urls("\"redis://127.0.0.1\""));
    assert_problem(&plain, "state.ca_file", "does nothing without rediss://");
}

#[test]
fn a_way_in_the_clear_is_a_warning_but_not_on_this_machine() {
    for (url, is_warned_of) in [
        ("redis://cache.internal", true),
        ("redis://localhost", false),
        ("redis://127.0.0.1:7000", false),
        ("rediss://cache.internal", false),
        ("unix:///run/redis.sock", false),
    ] {
        let state = format!("store = \"redis\"\nkey_file = \"state.key\"\nurls = [\"{url}\"]\n");
        let warnings = read(&state).unwrap().warnings;
        assert_eq!(warnings.iter().any(|warning| warning.key == "state.urls"), is_warned_of, "{url}");
    }
}

#[test]
fn an_old_place_is_told_of_the_new_one() {
    let problems = read("\n[budget]\nreplicas = 2\n").unwrap_err();
    assert!(problems.iter().any(|problem| problem.message.contains("[state]")), "{problems:#?}");
}

//! Plain HTTP to AWS never leaves this machine, whoever names the endpoint.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::gateway::key_pair;

/// What `check` says of an otherwise good configuration: whether it is usable, and why not.
fn check(name: &str, environment: &[(&str, &str)], profile: &str) -> (bool, String) {
    let folder = std::env::temp_dir().join(format!("proxies-endpoints-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/gateway.toml");
    let (key, certificate) = key_pair();
    for (file, text) in [("key.pem", key.as_str()), ("certificate.pem", &certificate), ("aws", profile)] {
        fs::write(folder.join(file), text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_connect-gateway"));
    command.args(["check", "--config"]).arg(config);
    command.env("CONNECT_GATEWAY__SAML__SIGNING_KEY_FILE", folder.join("key.pem"));
    command.env("CONNECT_GATEWAY__SAML__SIGNING_CERTIFICATE_FILE", folder.join("certificate.pem"));
    command.env("AWS_CONFIG_FILE", folder.join("aws")).envs(environment.iter().copied());
    let answer = command.output().unwrap();
    fs::remove_dir_all(folder).ok();
    (answer.status.success(), String::from_utf8(answer.stderr).unwrap())
}

#[test]
fn a_variable_of_the_sdk_may_name_https_or_this_machine() {
    for good in ["https://vpce-1.connect.eu-west-2.vpce.amazonaws.com", "http://127.0.0.1:4566", ""] {
        let (usable, said) = check("good", &[("AWS_ENDPOINT_URL", good)], "");
        assert!(usable, "{good}: {said}");
    }
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_CONNECT"] {
        let (usable, said) = check("bad", &[(variable, "http://10.0.0.9:4566")], "");
        assert!(!usable && said.contains(&format!("{variable}: must begin with https://")), "{said}");
    }
}

#[test]
fn a_profile_of_the_sdk_may_too() {
    let everything = "[default]\nendpoint_url = http://10.0.0.9:4566\n";
    let one = "[default]\nservices = ours\n[services ours]\nsts =\n  endpoint_url = http://10.0.0.9:4566\n";
    for profile in [everything, one] {
        let (usable, said) = check("profile", &[], profile);
        assert!(
            !usable && said.contains("endpoint_url of the AWS profile: must begin with https://"),
            "{profile}\n{said}"
        );
        let (usable, said) = check("profile-good", &[], &profile.replace("http:", "https:"));
        assert!(usable, "{profile}\n{said}");
    }
}

#[test]
fn an_endpoint_of_the_configuration_may_too() {
    let endpoint = [("CONNECT_GATEWAY__AWS__STS_ENDPOINT", "http://10.0.0.9:4566")];
    let (usable, said) = check("own", &endpoint, "");
    assert!(!usable && said.contains("must begin with https://"), "{said}");
}

#[test]
fn a_proxy_that_only_a_variable_names_is_said_to_be_unused() {
    let (usable, said) = check("variable", &[("HTTPS_PROXY", "http://proxy.test:3128")], "");
    assert!(usable && said.contains("HTTPS_PROXY: is set and not read"), "{said}");
    let both = [("HTTPS_PROXY", "http://a.test:1"), ("CONNECT_GATEWAY__OUTBOUND__PROXY", "http://b.test:1")];
    let (usable, said) = check("both", &both, "");
    assert!(usable && !said.contains("HTTPS_PROXY"), "{said}");
}

#[test]
fn a_proxy_with_a_password_in_its_address_or_certificates_that_are_none_are_refused() {
    let (usable, said) =
        check("password", &[("CONNECT_GATEWAY__OUTBOUND__PROXY", "http://me:pass-1@b.test:1")], "");
    assert!(!usable && said.contains("proxy_credentials_file") && !said.contains("pass-1"), "{said}");
    let (usable, said) = check("no-ca", &[("CONNECT_GATEWAY__OUTBOUND__CA_FILE", "gateway.toml")], "");
    assert!(!usable && said.contains("holds no usable PEM certificates"), "{said}");
    let (usable, said) = check("alone", &[("CONNECT_GATEWAY__OUTBOUND__NO_PROXY", "[\"a.test\"]")], "");
    assert!(!usable && said.contains("does nothing without proxy"), "{said}");
}

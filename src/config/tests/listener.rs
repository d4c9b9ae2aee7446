//! `listen`, `[listener]`, `[tls]` and `[shutdown]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{SHORT, assert_about, config, problems};
use crate::config::Listen;
use crate::config::listen::parse;

fn with(section: &str) -> String {
    format!("{SHORT}\n{section}\n")
}

#[test]
fn it_listens_at_an_address_at_a_path_or_where_systemd_does() {
    let read = |text| parse(Path::new("/etc/gateway"), text);
    assert_eq!(read("[::]:80"), Ok(Listen::Address("[::]:80".parse().unwrap())));
    assert_eq!(read("unix:/run/a.sock"), Ok(Listen::Unix(PathBuf::from("/run/a.sock"))));
    assert_eq!(read("unix:a.sock"), Ok(Listen::Unix(PathBuf::from("/etc/gateway/a.sock"))));
    assert_eq!(read("systemd:web"), Ok(Listen::Systemd("web".to_owned())));
    let long = format!("unix:/{}", "a".repeat(90));
    for wrong in ["", "80", "localhost:80", "unix:", &long, "systemd:", "systemd:a:b", "systemd:a b"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_connections_may_take_is_what_it_always_was() {
    let config = config(SHORT);
    let listener = &config.listener;
    assert_eq!((listener.proxies.as_ref(), listener.max_connections), (None, 4096));
    assert_eq!(listener.max_per_address, 2048);
    assert_eq!((listener.headers, listener.body_octets), (Duration::from_secs(75), 512 * 1024));
    assert_eq!(config.shutdown.drain, Duration::from_secs(25));
    assert_eq!(config.tls, None);
}

#[test]
fn one_address_has_half_of_the_connections_unless_it_is_said_otherwise() {
    let few = with("[listener]\nmax_connections = 100");
    assert_eq!(config(&few).listener.max_per_address, 50);
    let more = with("[listener]\nmax_connections = 100\nmax_connections_per_address = 100");
    assert_eq!(config(&more).listener.max_per_address, 100);
    let too_many = with("[listener]\nmax_connections = 100\nmax_connections_per_address = 101");
    assert_about(&problems(&too_many), "listener.max_connections_per_address", "100");
}

#[test]
fn a_proxy_header_is_believed_of_somebody_only() {
    let nobody = with("[client_address]\nmode = \"proxy_protocol\"");
    assert_about(&problems(&nobody), "client_address.trusted", "is missing");
    let right = with("[client_address]\nmode = \"proxy_protocol\"\ntrusted = [\"10.0.0.0/8\"]");
    let proxies = config(&right).listener.proxies.unwrap();
    assert!(proxies.trusts(Some("10.1.2.3".parse().unwrap())) && !proxies.trusts(None));
}

#[test]
fn a_certificate_needs_its_key_and_a_key_its_certificate() {
    for (written, missing) in [("certificate_file", "key_file"), ("key_file", "certificate_file")] {
        let problems = problems(&with(&format!("[tls]\n{written} = \"server.pem\"")));
        assert_about(&problems, &format!("tls.{missing}"), "is missing");
    }
    let config = config(&with("[tls]\ncertificate_file = \"server.crt\"\nkey_file = \"/etc/server.key\""));
    let tls = config.tls.unwrap();
    assert!(tls.certificate_file.ends_with("server.crt") && tls.key_file == Path::new("/etc/server.key"));
}

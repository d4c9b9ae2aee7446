//! The examples of `docs/proxies.md` are loaded by the programs that they are for.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::gateway::key_pair;
use crate::proxy_examples::{KEY, PEM, blocks};
use crate::server::{nginx, temporary};

/// A folder with a certificate, and `text` with its paths there.
fn prepared(name: &str, text: &str) -> (PathBuf, String) {
    let folder = std::env::temp_dir().join(format!("proxies-example-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (key, certificate) = key_pair();
    fs::write(folder.join("both.pem"), format!("{certificate}\n{key}")).unwrap();
    let both = folder.join("both.pem").display().to_string();
    let text = text.replace(PEM, &both).replace(KEY, &both);
    (folder, text)
}

fn check(name: &str, answer: &Output, folder: &PathBuf) {
    let said =
        String::from_utf8_lossy(&answer.stderr).into_owned() + &String::from_utf8_lossy(&answer.stdout);
    assert!(answer.status.success(), "{name}: {said}");
    assert!(!said.contains("[warn]") && !said.contains("[WARNING]"), "{name}: {said}");
    fs::remove_dir_all(folder).ok();
}

#[test]
fn nginx_takes_its_example() {
    let examples = blocks("nginx");
    assert_eq!(examples.len(), 1);
    let (folder, text) = prepared("nginx", examples[0]);
    // The real ports may be taken, or need rights that a test does not have.
    let text =
        text.replace("listen 443", "listen 127.0.0.1:18443").replace("listen 80", "listen 127.0.0.1:18080");
    let here = folder.display().to_string();
    let whole = format!("pid {here}/pid;\nevents {{}}\nhttp {{\n{}{text}\n}}\n", temporary(&here));
    fs::write(folder.join("nginx.conf"), whole).unwrap();
    let answer = nginx(&folder).arg("-t").output().unwrap();
    check("nginx", &answer, &folder);
}

#[test]
fn haproxy_takes_its_example() {
    let examples = blocks("haproxy");
    assert_eq!(examples.len(), 1);
    let (folder, text) = prepared("haproxy", examples[0]);
    // Diffie-Hellman parameters are nobody's business here.
    let whole = format!("global\n    tune.ssl.default-dh-param 2048\n{text}");
    fs::write(folder.join("haproxy.cfg"), whole).unwrap();
    let answer = Command::new("/usr/sbin/haproxy")
        .arg("-c")
        .arg("-f")
        .arg(folder.join("haproxy.cfg"))
        .output()
        .unwrap();
    check("haproxy", &answer, &folder);
}

#[test]
fn the_gateway_takes_what_the_page_says_about_client_addresses() {
    let sections = blocks("toml").into_iter().filter(|block| block.contains("[client_address]"));
    let mut count = 0;
    for block in sections {
        let section = block.split_once("[client_address]").unwrap().1;
        let short = include_str!("../../config/gateway.toml")
            .replace("[client_address]", &format!("[client_address]{section}"));
        let base = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
        let loaded = connect_gateway::config::parse(&short, base.as_ref(), []);
        assert!(loaded.is_ok(), "{section}\n{:?}", loaded.err());
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

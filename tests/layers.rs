//! Who may import whom. The two tables are the documentation; the tests hold the code to them.
//!
//! Test code of a room (`mod tests`, `tests.rs`) may use any room, except in the emulator, which
//! must never share code with what it checks.

#![expect(clippy::unwrap_used, reason = "a test stops where something is missing")]

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "support/rust_lines.rs"]
mod rust_lines;

use rust_lines::{code_lines, longest_super_chain, names_crate, rooms_named};

/// One room of `src/`: its layer and the rooms it may import.
struct Room {
    layer: u8,
    name: &'static str,
    imports: &'static [&'static str],
}

const fn room(layer: u8, name: &'static str, imports: &'static [&'static str]) -> Room {
    Room { layer, name, imports }
}

/// Layers go down only, and the rooms of layer 1 never import each other.
const ROOMS: &[Room] = &[
    room(0, "model", &[]),
    room(0, "outbound", &[]),
    room(1, "audit", &["model"]),
    room(1, "budget", &["model"]),
    room(1, "connect", &["model"]),
    room(1, "federation", &["model", "outbound"]),
    room(1, "mapping", &["model"]),
    room(1, "metrics", &["model"]),
    room(1, "saml", &["model", "outbound"]),
    room(1, "session", &["model"]),
    room(1, "store", &["model"]),
    room(2, "sign_in", &["audit", "connect", "federation", "mapping", "model", "saml"]),
    room(2, "admin", &["mapping", "model"]),
    // `metrics`: how a sign-in ended is known where its page is made, as for `audit`.
    room(3, "web", &["admin", "audit", "metrics", "model", "session", "sign_in"]),
    room(
        4,
        "config",
        &[
            "admin",
            "budget",
            "connect",
            "federation",
            "mapping",
            "model",
            "outbound",
            "saml",
            "session",
            "store",
        ],
    ),
    room(4, "telemetry", &["audit", "config", "model"]),
    room(
        4,
        "app",
        &[
            "admin",
            "audit",
            "budget",
            "config",
            "connect",
            "federation",
            "mapping",
            "metrics",
            "model",
            "outbound",
            "saml",
            "session",
            "sign_in",
            "store",
            "telemetry",
            "web",
        ],
    ),
    // The programs.
    room(5, "main", &["app", "config", "model", "telemetry"]),
    room(5, "bin", &["app", "config", "emulator", "model", "telemetry"]),
    // Aside: a bug shared with the gateway would hide itself.
    room(0, "emulator", &[]),
];

/// Every dependency of the library and the programs, and the rooms that may name it. Empty: all of them.
const CRATES: &[(&str, &[&str])] = &[
    ("async_trait", &[]),
    ("base64", &[]),
    ("hex", &[]),
    ("serde", &[]),
    ("sha2", &[]),
    ("thiserror", &[]),
    ("time", &[]),
    ("tokio", &[]),
    ("tracing", &[]),
    ("url", &[]),
    ("zeroize", &[]),
    // HTTP and pages.
    ("askama", &["web"]),
    ("axum", &["app", "emulator", "web"]),
    ("http_body_util", &["web"]),
    ("hyper", &["app"]),
    ("hyper_util", &["app"]),
    ("tower", &["app", "emulator", "web"]),
    ("tower_http", &["app", "emulator", "web"]),
    ("tower_sessions", &["app", "session", "store", "web"]),
    // AWS.
    ("aws_config", &["app", "connect", "federation"]),
    ("aws_credential_types", &["connect", "federation"]),
    ("aws_sdk_connect", &["connect", "federation"]),
    ("aws_sdk_sts", &["federation"]),
    ("aws_smithy_http_client", &["outbound"]),
    ("aws_smithy_runtime_api", &["connect", "federation", "outbound"]),
    ("aws_smithy_types", &["connect", "federation"]),
    ("aws_types", &["app"]),
    // Listeners and addresses.
    ("governor", &["web"]),
    ("ipnet", &["app", "config", "model", "web"]),
    ("listenfd", &["app"]),
    ("ppp", &["app"]),
    ("sd_notify", &["app"]),
    ("tokio_rustls", &["app"]),
    // Shared state.
    ("chacha20poly1305", &["store"]),
    ("redis", &["store"]),
    // Traces.
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("tracing_opentelemetry", &["telemetry"]),
    // XML and signatures.
    ("bergshamra", &["saml"]),
    ("flate2", &["emulator", "saml"]),
    ("openssl", &["emulator", "saml"]),
    ("quick_xml", &["emulator", "saml"]),
    ("roxmltree", &["saml"]),
    ("samael", &["saml"]),
    ("uppsala", &["saml"]),
    // The rest.
    ("cel", &["mapping"]),
    ("csv", &["mapping"]),
    ("clap", &["bin", "main"]),
    ("clap_complete", &["main"]),
    ("clap_mangen", &["main"]),
    ("hmac", &["audit", "emulator", "model", "store"]),
    ("icu_locale", &["model"]),
    ("icu_plurals", &["model"]),
    ("prometheus_client", &["metrics"]),
    ("moka", &["connect", "federation", "store"]),
    ("rand", &["emulator", "model"]),
    ("reqwest", &["app", "emulator", "federation", "outbound", "saml"]),
    (
        "serde_json",
        &[
            "admin",
            "app",
            "audit",
            "config",
            "connect",
            "emulator",
            "federation",
            "mapping",
            "store",
            "telemetry",
            "web",
        ],
    ),
    ("similar", &["admin"]),
    ("toml", &["bin", "config", "emulator"]),
    ("toml_edit", &["config"]),
    ("tracing_subscriber", &["telemetry"]),
    ("unicode_normalization", &["connect", "emulator", "mapping", "model"]),
];

/// An import that the tables don't list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Violation {
    Room { file: String, from: String, to: String },
    Crate { file: String, from: String, to: String },
    SuperLeavesTheRoom { file: String, line: usize },
    UnknownRoom { file: String, room: String },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room { file, from, to } => write!(f, "{file}: `{from}` may not import the room `{to}`"),
            Self::Crate { file, from, to } => write!(f, "{file}: `{from}` may not name the crate `{to}`"),
            Self::SuperLeavesTheRoom { file, line } => {
                write!(f, "{file}:{line}: `super` climbs out of the room; write `crate::`")
            }
            Self::UnknownRoom { file, room } => write!(f, "{file}: the room `{room}` is not in the table"),
        }
    }
}

/// Checks one file, named by its path under `src/`, against the tables.
fn check_file(file: &str, text: &str) -> BTreeSet<Violation> {
    let name = room_of(file);
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return BTreeSet::from([Violation::UnknownRoom { file: file.into(), room: name.into() }]);
    };
    let mut found = BTreeSet::new();
    for line in code_lines(text, is_test_file(file)) {
        let test_code = line.in_tests && room.name != "emulator";
        for to in rooms_named(&line.text, is_program(room.name)) {
            if to != room.name && !room.imports.contains(&to) && !test_code {
                found.insert(Violation::Room { file: file.into(), from: name.into(), to: to.into() });
            }
        }
        for (to, allowed) in CRATES {
            if !allowed.is_empty()
                && !allowed.contains(&room.name)
                && names_crate(&line.text, to)
                && !test_code
            {
                found.insert(Violation::Crate { file: file.into(), from: name.into(), to: (*to).into() });
            }
        }
        if longest_super_chain(&line.text) >= depth_of(file) + line.inline_modules && !is_program(room.name) {
            found.insert(Violation::SuperLeavesTheRoom { file: file.into(), line: line.number });
        }
    }
    found
}

/// `saml/response.rs` and `saml/mod.rs` are in `saml`, `sign_in.rs` is in `sign_in`.
fn room_of(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

fn is_program(room: &str) -> bool {
    matches!(room, "main" | "bin")
}

fn is_test_file(file: &str) -> bool {
    file.ends_with("tests.rs") || file.contains("/tests/")
}

/// How many modules deep the file is: `saml/mod.rs` is 1, `saml/response.rs` is 2.
fn depth_of(file: &str) -> usize {
    // `go_tests.rs` is the module `go::tests`.
    file.trim_end_matches("/mod.rs").split('/').count() + usize::from(file.ends_with("_tests.rs"))
}

/// Every file of `src/` but `lib.rs`, which only lists the rooms: its path there, and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.retain(|(name, _)| name != "lib.rs");
    files
}

#[test]
fn every_import_is_in_the_table() {
    let found: Vec<String> =
        sources().iter().flat_map(|(file, text)| check_file(file, text)).map(|v| v.to_string()).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_table_itself_goes_down_only() {
    let position = |name: &str| ROOMS.iter().position(|room| room.name == name);
    for room in ROOMS {
        for import in room.imports {
            let Some(imported) = ROOMS.iter().find(|other| other.name == *import) else {
                panic!("`{}` lists `{import}`, which is no room", room.name);
            };
            // The rooms of layer 4 may use what stands above them in the table.
            let above = imported.layer == 4 && room.layer == 4 && position(import) < position(room.name);
            assert!(
                imported.layer < room.layer || above,
                "`{}` must not import `{import}`: not below it",
                room.name
            );
        }
    }
    let emulator = ROOMS.iter().find(|room| room.name == "emulator").unwrap();
    assert!(emulator.imports.is_empty(), "the emulator shares no code with the gateway");
}

#[test]
fn every_dependency_is_in_the_table() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let listed: BTreeSet<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    for name in manifest["dependencies"].as_table().unwrap().keys() {
        let name = name.replace('-', "_");
        assert!(listed.contains(name.as_str()), "say in CRATES which rooms may name `{name}`");
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long: Vec<_> = sources().into_iter().filter(|(_, text)| text.lines().count() > 400).collect();
    assert!(long.is_empty(), "split {:?}", long.iter().map(|(file, _)| file).collect::<Vec<_>>());
}

#[test]
fn an_import_between_rooms_of_layer_1_is_found() {
    let found = check_file("saml/response.rs", "use crate::connect::Connect;\n");
    let edge = Violation::Room { file: "saml/response.rs".into(), from: "saml".into(), to: "connect".into() };
    assert_eq!(found, BTreeSet::from([edge]));
    let over_lines = "use crate::{\n    model::Secret,\n    connect::Connect,\n};\n";
    assert_eq!(check_file("saml/response.rs", over_lines), found);
}

#[test]
fn an_import_of_ours_by_the_emulator_is_found_even_in_its_tests() {
    let text = "#[cfg(test)]\nmod tests {\n    use crate::{model::Secret, saml};\n}\n";
    assert_eq!(check_file("emulator/sts.rs", text).len(), 2);
    assert!(check_file("federation/sts.rs", text).is_empty());
}

#[test]
fn a_crate_outside_its_room_is_found() {
    for line in
        ["use samael::crypto;", "use samael as s;", "    samael::crypto::verify(x);", "use ::samael::x;"]
    {
        assert_eq!(check_file("web/acs.rs", line).len(), 1, "{line}");
    }
    for line in ["// samael::crypto", "let samael = 1;", "self.samael::<u8>();", "use crate::model::samael;"]
    {
        assert!(check_file("web/acs.rs", line).is_empty(), "{line}");
    }
}

#[test]
fn a_super_path_out_of_the_room_is_found() {
    assert_eq!(check_file("saml/mod.rs", "use super::connect::Connect;").len(), 1);
    assert_eq!(check_file("saml/response.rs", "use super::super::connect::Connect;").len(), 1);
    assert!(check_file("saml/response.rs", "use super::metadata::Metadata;").is_empty());
    assert!(check_file("saml/mod.rs", "mod tests {\n    use super::metadata;\n}\n").is_empty());
}

#[test]
fn a_file_outside_the_table_is_found() {
    assert_eq!(check_file("utils.rs", "").len(), 1);
}

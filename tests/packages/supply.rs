//! What the gateway is made of: a reason for every direct dependency, and a licence that `deny.toml` allows for every crate.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::{project, run};

fn text(name: &str) -> String {
    std::fs::read_to_string(project().join(name)).expect("a file of the project")
}

/// Direct dependencies without a comment on their line or right above them, or above the lines that one comment is for.
fn without_reason(manifest: &str) -> Vec<&str> {
    let (mut found, mut depends, mut explained) = (Vec::new(), false, false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            depends = line.ends_with("dependencies]");
        }
        if line.starts_with("# --") || line.trim().is_empty() || line.starts_with('[') {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if depends && !explained && !line.contains(" # ") {
            found.extend(line.split(' ').next());
        }
    }
    found
}

#[test]
fn every_direct_dependency_has_a_reason() {
    assert_eq!(without_reason(&text("Cargo.toml")), [""; 0]);
    let bad = "[dependencies]\n# -- a heading --\none = \"1\"\n# why\ntwo = \"1\"\n\n[dev-dependencies]\nthree = \"1\" # why\nfour = \"1\"\n";
    assert_eq!(without_reason(bad), ["one", "four"]);
}

/// A licence expression, word by word. SPDX 2.3, annex D: AND binds more than OR.
struct Expression<'a> {
    words: std::iter::Peekable<std::vec::IntoIter<String>>,
    allowed: &'a BTreeSet<String>,
}

impl Expression<'_> {
    fn any(&mut self) -> bool {
        let mut met = self.all();
        while self.words.next_if(|word| word == "OR").is_some() {
            met |= self.all();
        }
        met
    }

    fn all(&mut self) -> bool {
        let mut met = self.one();
        while self.words.next_if(|word| word == "AND").is_some() {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        let word = self.words.next().unwrap_or_default();
        if word != "(" {
            return self.allowed.contains(&word);
        }
        let met = self.any();
        self.words.next_if(|word| word == ")").is_some() && met
    }
}

/// Whether a licence expression can be met with what is allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<String> = spaced.split_whitespace().map(str::to_owned).collect();
    let mut read = Expression { words: words.into_iter().peekable(), allowed };
    read.any() && read.words.next().is_none()
}

fn allowed() -> BTreeSet<String> {
    let policy: toml::Table = text("deny.toml").parse().expect("TOML");
    let listed = policy["licenses"]["allow"].as_array().expect("a list");
    listed.iter().map(|licence| licence.as_str().expect("text").to_owned()).collect()
}

#[test]
fn every_crate_of_the_build_has_an_allowed_licence() {
    let allowed = allowed();
    assert!(is_allowed("MIT OR GPL-3.0", &allowed) && is_allowed("(MIT OR GPL-3.0) AND ISC", &allowed));
    assert!(!is_allowed("GPL-3.0", &allowed) && !is_allowed("GPL-3.0 AND (MIT OR ISC)", &allowed));
    let folder = crate::scratch("supply");
    run(Command::new("python3").arg("scripts/third-party").arg(&folder));
    let bill: Value =
        serde_json::from_slice(&std::fs::read(folder.join("sbom.cdx.json")).expect("a bill")).expect("JSON");
    let components = bill["components"].as_array().expect("components");
    assert!(components.len() > 200, "{}", components.len());
    for component in components {
        let licence = component["licenses"][0]["expression"].as_str().unwrap_or("none");
        assert!(is_allowed(licence, &allowed), "{}: {licence}", component["purl"]);
    }
}

//! The pages for the administrators of identity providers: each preset has one, and what they tell us to write loads.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use connect_gateway::config;
use connect_gateway::mapping::Preset;

/// What every configuration needs beside its identity provider.
const REST: &str = r#"
[instance.prod]
arn = "arn:aws:connect:eu-west-2:123456789012:instance/10a4c4eb-f57e-4d4c-b602-bf39176ced07"
url = "https://acme.my.connect.aws"
role_arn = "arn:aws:iam::123456789012:role/connect-gateway-federation"
[[mapping.rule]]
name = "agents"
groups = ["cc-agents"]
set = { security_profiles = ["Agent"] }
"#;

const BEGINNING: &str = r#"
version = 1
public_url = "https://sign-in.example.org"
[saml]
signing_key_file = "examples/signing.key"
signing_certificate_file = "examples/signing.crt"
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The page's blocks of TOML.
fn blocks(page: &str) -> Vec<&str> {
    let blocks = page.split("```toml\n").skip(1);
    blocks.map(|rest| rest.split("```").next().expect("an end")).collect()
}

#[test]
fn every_preset_has_its_page_in_the_index_with_all_that_its_administrator_needs() {
    let index = page("docs/idp/README.md");
    for (name, preset) in Preset::ALL {
        let guide = preset.guide();
        let file = guide.rsplit('/').next().expect("a name");
        assert!(index.contains(&format!("]({file})")), "{file} is not in the index");
        let text = page(&guide);
        for part in [
            "## The application",
            "## Name ID",
            "## Attributes",
            "## Groups",
            "## Signing and encryption",
            "## Who may use it",
            "## This gateway's side",
            "## Test",
            "## When it does not work",
            "## Certificates",
            "## Logout",
            "## Removal",
            "https://sign-in.example.org/saml/acs",
            "https://sign-in.example.org/saml/metadata",
            "/saml/setup?idp=",
            &format!("preset = \"{name}\""),
        ] {
            assert!(text.contains(part), "{guide}: {part}");
        }
    }
}

#[test]
fn what_a_page_tells_to_write_loads() {
    for (_, preset) in Preset::ALL {
        let guide = preset.guide();
        let text = page(&guide);
        let blocks = blocks(&text);
        assert!(!blocks.is_empty(), "{guide}");
        for block in blocks {
            let text = format!("{BEGINNING}{block}{REST}");
            if let Err(problems) = config::parse(&text, &root().join("config"), []) {
                panic!("{guide}: {problems:#?}\n{block}");
            }
        }
    }
}

#[test]
fn a_page_names_every_attribute_that_its_preset_looks_for() {
    for (_, preset) in Preset::ALL {
        let (guide, sources) = (preset.guide(), preset.sources());
        let text = page(&guide);
        let told = [
            sources.username,
            sources.first_name,
            sources.last_name,
            sources.display_name,
            sources.email,
            sources.groups,
        ];
        // The first of each is what an administrator is told; the others are there for what exists already.
        for name in told.iter().filter_map(|names| names.first()) {
            let is_told = name == "name_id" || text.contains(&format!("`{name}`"));
            assert!(is_told, "{guide}: {name}");
        }
    }
}

#[test]
fn every_code_that_a_page_names_exists() {
    let known: Vec<&str> = connect_gateway::model::code::ALL.iter().map(|code| code.id).collect();
    for (_, preset) in Preset::ALL {
        let guide = preset.guide();
        let text = page(&guide);
        let table = text.split("## When it does not work").nth(1).expect("a table");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
        let codes: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        assert!(codes.len() >= 3, "{guide}: {codes:?}");
        for code in codes {
            assert!(known.contains(&code), "{guide}: {code}");
        }
    }
}

#[test]
fn links_in_these_pages_lead_to_files() {
    let folder = root().join("docs/idp");
    let pages: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert_eq!(pages.len(), Preset::ALL.len() + 1, "{pages:?}");
    for path in pages {
        let text = std::fs::read_to_string(&path).expect("a page");
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().expect("an end")) {
            let file = link.split('#').next().expect("a path");
            assert!(folder.join(file).exists(), "{}: {link}", path.display());
        }
    }
}

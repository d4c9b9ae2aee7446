//! The schema: it knows every key that a reader looks for, and says something about each.

use serde_json::{Value, json};

use super::*;
use crate::config::described::{Descriptions, REFERENCE};
use crate::config::files::Files;
use crate::config::report::Report;
use crate::config::section::Section;
use crate::config::{Drafts, root_section, schema, source};

/// What the schema says about a key.
fn about(path: &[&str]) -> Value {
    path.iter().fold(schema(), |schema, part| match *part {
        "*" => schema["additionalProperties"].clone(),
        "[]" => schema["items"].clone(),
        key => schema["properties"][key].clone(),
    })
}

#[test]
fn one_of_each_leads_to_every_key_that_the_reference_has_read() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let report = Report::default();
    let mut root = Section::root(source::table(REFERENCE).expect("TOML"), &report);
    assert!(root_section(&mut root, &Files::new(&config, None), Drafts::default()).is_some());
    root.finish();
    let (explored, read) = (explored().known(), report.known());
    assert!(read.len() > 100, "{}", read.len());
    for (key, found) in read {
        assert_eq!(explored.get(&key).map(|key| &key.shape), Some(&found.shape), "{key}");
    }
}

#[test]
fn something_is_said_about_every_key() {
    let report = explored();
    let descriptions = Descriptions::new(REFERENCE, &report);
    let keys = leaves(&report.known().into_keys().collect::<Vec<_>>());
    let silent: Vec<_> = keys.into_iter().filter(|key| !key.ends_with(".<name>")).collect();
    let silent: Vec<_> = silent.iter().map(|key| key.replace("<channel>", "voice")).collect();
    let silent: Vec<_> = silent.iter().filter(|key| descriptions.of(key).is_none()).collect();
    assert!(silent.is_empty(), "gateway.toml has no comment for {silent:#?}");
}

#[test]
fn a_key_has_its_type_its_default_and_the_comment_of_the_reference() {
    let description = "tolerated difference of clocks, 0 to 300";
    let expected = json!({
        "type": "integer", "minimum": 0, "maximum": 300, "default": 120, "description": description,
    });
    assert_eq!(about(&["saml", "clock_skew_seconds"]), expected);
    let preset = about(&["idp", "*", "preset"]);
    assert_eq!(preset["default"], "generic");
    assert!(preset["enum"].as_array().expect("words").contains(&json!("okta")), "{preset}");
    assert!(
        preset["description"].as_str().expect("text").starts_with("Where this provider puts"),
        "{preset}"
    );
    assert_eq!(about(&["public_url"])["type"], "string");
    assert_eq!(about(&["mapping", "rule", "[]", "groups"])["type"], "array");
    assert_eq!(about(&["budget", "connect", "per_second"])["exclusiveMinimum"], 0);
}

#[test]
fn what_must_be_there_is_required() {
    assert_eq!(about(&[])["required"], json!(["idp", "instance", "public_url", "version"]));
    assert_eq!(about(&["instance", "*"])["required"], json!(["arn", "role_arn", "url"]));
    assert_eq!(about(&["mapping", "check", "[]"])["required"], json!(["expr", "message", "name"]));
    assert_eq!(about(&["mapping", "rule", "[]", "set", "phone"])["required"], json!(["type"]));
    assert_eq!(about(&["idp"])["minProperties"], 1);
}

#[test]
fn a_default_that_depends_on_other_keys_is_no_default() {
    for path in [
        &["idp", "*", "max_metadata_days"][..],
        &["idp", "*", "require_valid_until"],
        &["budget", "operations", "*", "burst"],
        &["instance", "*", "display_name"],
        &["saml", "entity_id"],
        &["saml", "logo", "width"],
    ] {
        let about = about(path);
        assert!(about.is_object() && about.get("default").is_none(), "{path:?}: {about}");
    }
}

//! `mapping_file`: the rules in a file of their own, and who may publish them.

use super::*;
use crate::config::{load, load_with};

const RULES: &str = "# ours\n[mapping]\non_no_match = \"deny\"\n[[mapping.rule]]\nname = \"agents\"\ngroups = [\"cc\"]\n\
    set = { security_profiles = [\"Agent\"] }\n";

/// The short configuration with its rules in `mapping.toml`.
fn folder(rules: &str) -> Folder {
    let folder = Folder::new();
    let (rest, _) = SHORT.split_once("[[mapping.rule]]").expect("rules");
    let rest = rest.replace("version = 1", "version = 1\nmapping_file = \"mapping.toml\"");
    folder.write("gateway.toml", &rest, 0o600);
    folder.write("mapping.toml", rules, 0o600);
    folder
}

fn append(folder: &Folder, text: &str) {
    let path = folder.0.join("gateway.toml");
    let all = fs::read_to_string(&path).expect("text") + text;
    fs::write(&path, all).expect("written");
}

fn loaded(folder: &Folder, more: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let more = more.iter().map(|(key, value)| (format!("CONNECT_GATEWAY__{key}"), (*value).to_owned()));
    load(&folder.0.join("gateway.toml"), keys().into_iter().chain(more))
}

#[test]
fn rules_in_a_file_of_their_own_are_read_and_watched_like_the_section() {
    let folder = folder(RULES);
    let found = loaded(&folder, &[]).expect("usable");
    assert_eq!(found.config.rules.count(), 1);
    assert_eq!(found.mapping_file, Some(folder.0.join("mapping.toml")));
    assert!(found.files.iter().any(|seen| seen.path == folder.0.join("mapping.toml")), "{:?}", found.files);
    assert_eq!(crate::admin::Drafts::written(&found.config.drafts), RULES);
    let same = found.rest;
    folder.write("mapping.toml", &RULES.replace("Agent", "Other"), 0o600);
    assert_eq!(loaded(&folder, &[]).expect("usable").rest, same, "only the rules changed");
}

#[test]
fn a_mistake_in_it_is_told_with_its_line_there_and_its_name() {
    let mistaken = folder(&RULES.replace("[\"cc\"]", "[]").replace("on_no_match", "on_no_mach"));
    append(&mistaken, "[log]\nlevle = 1\n");
    let found = loaded(&mistaken, &[]).expect_err("problems");
    assert_about(&found, "mapping.rule[0].groups", "(mapping.toml line 6)");
    assert_about(&found, "mapping.on_no_mach", "(mapping.toml line 3)");
    assert_about(&found, "log.levle", "(line 13)");
    assert_eq!(found[0].key, "log.levle", "those of the configuration come first");

    let found = loaded(&folder("[mapping]\nx = = 1\n"), &[]).expect_err("problems");
    assert_about(&found, "mapping.toml line 2", "not TOML");
    let found = loaded(&folder(&format!("{RULES}[log]\nlevel = \"info\"\n")), &[]).expect_err("problems");
    assert_about(&found, "log", "(mapping.toml line 8)");
}

#[test]
fn it_is_this_file_or_the_section_never_both() {
    let both = folder(RULES);
    append(&both, "[mapping]\non_no_match = \"keep\"\n");
    assert_about(&loaded(&both, &[]).expect_err("problems"), "mapping_file", "written twice");
    let none = folder(RULES);
    fs::remove_file(none.0.join("mapping.toml")).expect("removed");
    assert_about(&loaded(&none, &[]).expect_err("problems"), "mapping_file", "there is no such file");
    assert_about(&loaded(&folder(""), &[]).expect_err("problems"), "mapping.rule", "is missing");
}

#[test]
fn variables_name_it_and_override_what_is_in_it() {
    let named = folder(RULES);
    named.write("other.toml", &RULES.replace("\"agents\"", "\"others\""), 0o600);
    let found = loaded(&named, &[("MAPPING_FILE", "other.toml"), ("MAPPING__ON_NO_MATCH", "never")]);
    let found = found.expect_err("problems");
    assert_about(&found, "mapping.on_no_match", "set by CONNECT_GATEWAY__MAPPING__ON_NO_MATCH");
    assert!(loaded(&named, &[("MAPPING_FILE", "other.toml"), ("MAPPING__USER__LOWER_CASE", "true")]).is_ok());
    let found = loaded(&named, &[("MAPPING__RULE", "x"), ("SAML", "x")]).expect_err("problems");
    assert_eq!(found.len(), 2, "problems of both kinds are told at once: {found:#?}");
}

#[test]
fn a_configuration_can_be_tried_with_other_rules_than_the_file_has() {
    let folder = folder("broken =");
    let (path, file) = (folder.0.join("gateway.toml"), folder.0.join("mapping.toml"));
    assert_eq!(load_with((&file, RULES), &path, keys()).expect("usable").config.rules.count(), 1);
    let bad = RULES.replace("[\"cc\"]", "[]");
    assert_about(
        &load_with((&file, &bad), &path, keys()).expect_err("problems"),
        "mapping.rule[0].groups",
        "empty",
    );
    assert_eq!(fs::read_to_string(&file).expect("text"), "broken =");
}

#[test]
fn publishers_need_rules_in_a_file_of_their_own_and_a_console() {
    let named = "[admin]\ngroups = [\"admins\"]\n[admin.publishers]\ngroups = [\"publishers\"]\n";
    assert_about(
        &problems(&format!("{SHORT}{named}")),
        "admin.publishers",
        "mapping_file = \"mapping.toml\"",
    );
    let usable = folder(RULES);
    append(&usable, named);
    let admin = loaded(&usable, &[]).expect("usable").config.admin.expect("a console");
    assert!(admin.publishers.is_some());
    assert!(!usable.0.join("mapping.toml.history").exists(), "reading a configuration writes nothing");

    for (text, key, words) in [
        ("[admin]\ngroups = [\"admins\"]\n[admin.publishers]\n", "admin.publishers", "names nobody"),
        ("[admin.publishers]\ngroups = [\"publishers\"]\n", "admin", "names nobody"),
        (
            "[admin]\ngroups = [\"admins\"]\n[admin.publishers]\nwhen = \"grups == []\"\n",
            "admin.publishers.when",
            "did you mean",
        ),
    ] {
        let folder = folder(RULES);
        append(&folder, text);
        assert_about(&loaded(&folder, &[]).expect_err("problems"), key, words);
    }
    let none = folder(RULES);
    append(&none, "[admin]\ngroups = [\"admins\"]\n");
    assert!(loaded(&none, &[]).expect("usable").config.admin.expect("a console").publishers.is_none());
}

//! `completions`, `man`, and docs/commands.md.

use std::fs;

use crate::Folder;

#[test]
fn the_documentation_has_every_command_as_it_is() {
    let folder = Folder::new("reference");
    let said = folder.run(&["man", "--markdown"]).succeeded().out();
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md")).unwrap();
    let (_, written) = page.split_once("\n## All commands\n").unwrap();
    assert!(
        written.trim() == said.trim(),
        "put what `connect-gateway man --markdown` prints below \"## All commands\" in docs/commands.md"
    );
    for command in
        ["serve", "check", "doctor", "config init", "config migrate", "healthcheck", "keys rotate", "man"]
    {
        assert!(said.contains(&format!("### `connect-gateway {command}`\n")), "{command}");
    }
}

#[test]
fn every_command_that_tells_something_can_tell_it_as_json_or_is_known_not_to() {
    let folder = Folder::new("json");
    let said = folder.run(&["man", "--markdown"]).succeeded().out();
    let sections = said.split("\n### ").skip(1);
    let without: Vec<&str> = sections
        .filter(|section| !section.contains("--json"))
        .map(|section| {
            section.lines().next().unwrap().trim_matches('`').trim_start_matches("connect-gateway ")
        })
        .collect();
    // They serve, print what only one reader understands, or ask on the way; `config schema` and `users export` are JSON.
    let known = [
        "serve",
        "config schema",
        "hierarchy apply",
        "users export",
        "users remove",
        "users apply",
        "completions",
        "man",
    ];
    assert_eq!(without, known);
}

#[test]
fn every_shell_gets_a_script_and_every_command_a_page() {
    let folder = Folder::new("man");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&["completions", shell]).succeeded().out();
        assert!(script.contains("healthcheck") && script.contains("rotate"), "{shell}");
    }
    folder.run(&["man", "--out", "."]).succeeded();
    let pages = folder.files();
    for page in ["connect-gateway.1", "connect-gateway-keys-rotate.1", "connect-gateway-users-plan.1"] {
        assert!(pages.iter().any(|name| name == page), "{pages:?}");
    }
    assert!(folder.run(&["man"]).succeeded().out().contains(".TH connect-gateway"));
    assert!(folder.run(&["man", "--out", "nowhere"]).ended_with(1).err().contains("nowhere"));
}

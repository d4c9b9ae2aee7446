//! `config migrate`.

use crate::{Folder, check};

const OLD: &str = "version = 1\n\n[budget]\n# both sites\nreplicas = 2\npatience_seconds = 8\n";

#[test]
fn what_moved_is_shown_and_written_only_when_that_is_asked_for() {
    let folder = Folder::new("migrate");
    folder.write("gateway.toml", OLD);
    let said = folder.run(&["config", "migrate", "gateway.toml"]).ended_with(2).out();
    assert!(said.contains("- budget.replicas\n+ state.replicas"), "{said}");
    assert_eq!(folder.read("gateway.toml"), OLD);
    let said = folder.run(&["config", "migrate", "gateway.toml", "--write", "--json"]).succeeded().json();
    assert_eq!(said["moved"][0]["to"], "state.replicas");
    assert_eq!(folder.read("gateway.toml.old"), OLD);
    assert!(folder.read("gateway.toml").contains("[state]\n# both sites\nreplicas = 2"));
    let said = folder.run(&["config", "migrate", "gateway.toml", "--write"]).succeeded().out();
    assert!(said.contains("nothing to do"), "{said}");
    assert_eq!(folder.files(), ["gateway.toml", "gateway.toml.old"]);
}

#[test]
fn an_old_file_that_is_kept_is_not_overwritten_and_has_the_same_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("migrate-again");
    folder.write("gateway.toml", OLD);
    folder.write("gateway.toml.old", "mine");
    std::fs::set_permissions(folder.path("gateway.toml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    folder.run(&["config", "migrate", "gateway.toml", "--write"]).succeeded();
    assert_eq!(folder.read("gateway.toml.old"), "mine");
    assert_eq!((folder.mode("gateway.toml"), folder.mode("gateway.toml.old.2")), (0o600, 0o600));
}

#[test]
fn a_file_of_a_newer_version_and_one_that_is_no_toml_are_refused_without_a_word_of_what_is_in_them() {
    let folder = Folder::new("migrate-newer");
    for (text, word) in [("version = 7\n", "newer"), ("signing_key = \"hush\n", "not TOML")] {
        folder.write("gateway.toml", text);
        let ran = folder.run(&["config", "migrate", "gateway.toml", "--write"]).ended_with(1);
        assert!(ran.err().contains(word) && !ran.err().contains("hush"), "{}", ran.err());
        assert_eq!(folder.read("gateway.toml"), text);
    }
    folder.run(&["config", "migrate", "nowhere.toml"]).ended_with(1);
}

#[test]
fn the_first_configuration_needs_nothing() {
    let folder = Folder::configured("migrate-first");
    folder.run(&["config", "migrate", "gateway.toml"]).succeeded();
    check(&folder).succeeded();
}

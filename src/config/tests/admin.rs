//! `[admin]`: who may use the console.

use super::{SHORT, assert_about, config, keys, parse, problems};
use std::path::Path;

fn with_admin(text: &str) -> String {
    format!("{SHORT}\n[admin]\n{text}")
}

#[test]
fn without_the_section_there_is_no_console() {
    assert!(config(SHORT).admin.is_none());
}

#[test]
fn the_section_must_name_somebody_and_only_what_there_is() {
    assert_about(&problems(&with_admin("")), "admin", "names nobody");
    assert_about(&problems(&with_admin("idps = [\"okta\"]")), "admin", "names nobody");
    assert_about(&problems(&with_admin("groups = []")), "admin.groups", "is empty");
    assert_about(&problems(&with_admin("groups = [\"a\"]\nidps = [\"octa\"]")), "admin.idps", "did you mean");
    let misspelt = problems(&with_admin("when = \"'a' in grups\""));
    assert_about(&misspelt, "admin.when", "did you mean `groups`?");
    assert!(misspelt[0].caret.is_some(), "{misspelt:?}");
    assert_about(
        &problems(&with_admin("groups = [\"a\"]\nkeep_sign_ins = 2001")),
        "admin.keep_sign_ins",
        "2000",
    );
    let admin = config(&with_admin("groups = [\"a\"]")).admin.unwrap();
    assert_eq!((admin.keep_sign_ins, admin.socket), (200, None));
}

#[test]
fn a_socket_is_off_until_it_has_a_path_that_the_system_takes() {
    let with_socket = |path: &str| with_admin(&format!("groups = [\"a\"]\nsocket = \"{path}\""));
    let path = "/run/connect-gateway/control.sock";
    assert_eq!(config(&with_socket(path)).admin.unwrap().socket.as_deref(), Some(Path::new(path)));
    for bad in [String::new(), format!("/run/{}", "x".repeat(90))] {
        assert_about(&problems(&with_socket(&bad)), "admin.socket", "1 to 90 bytes");
    }
}

#[test]
fn several_identity_providers_are_warned_of_unless_some_are_named() {
    let second = "[idp.partners]\nmetadata_url = \"https://partners.test/metadata\"\npreset = \"okta\"\n";
    let warned = |admin: &str| {
        let text = with_admin(&format!("{admin}\n{second}"));
        let loaded = parse(&text, Path::new(""), keys()).unwrap();
        loaded.warnings.iter().any(|warning| warning.key == "admin.idps")
    };
    assert!(warned("groups = [\"a\"]"));
    assert!(!warned("groups = [\"a\"]\nidps = [\"okta\"]"));
}

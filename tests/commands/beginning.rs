//! `config init`.

use crate::{Folder, KNOWN, check};

#[test]
fn what_is_known_makes_a_configuration_that_can_be_used_at_once() {
    let folder = Folder::new("known");
    let said = folder.run(&[&["config", "init"][..], &KNOWN[..]].concat()).succeeded().out();
    assert_eq!(folder.files(), ["gateway.toml", "signing.crt", "signing.key"]);
    assert_eq!(folder.mode("signing.key"), 0o600);
    assert!(said.contains("connect-gateway check") && !said.contains("still open"), "{said}");
    let checked = check(&folder).succeeded();
    assert!(checked.err().is_empty(), "no warnings: {}", checked.err());
    assert!(checked.out().contains("idps okta"), "{}", checked.out());
}

#[test]
fn what_is_not_known_is_told_and_once_it_is_filled_in_the_configuration_can_be_used() {
    let folder = Folder::new("blanks");
    let written = folder.run(&["config", "init", "--out", "new", "--json"]).succeeded().json();
    assert_eq!(written["written"][0], "new/gateway.toml");
    assert_eq!(written["still_open"].as_array().unwrap().len(), 5, "{written}");
    let mut text = folder.read("new/gateway.toml");
    for (key, value) in [
        ("public_url", "https://sign-in.example.org"),
        ("metadata_url", "https://idp.example.org/metadata"),
        ("arn", "arn:aws:connect:eu-west-2:123456789012:instance/10a4c4eb-f57e-4d4c-b602-bf39176ced07"),
        ("url", "https://acme.my.connect.aws"),
        ("role_arn", "arn:aws:iam::123456789012:role/federation"),
    ] {
        let blank = format!("\n{key} = \"\"");
        assert!(text.contains(&blank), "{key}: {text}");
        text = text.replace(&blank, &format!("\n{key} = \"{value}\""));
    }
    folder.write("new/gateway.toml", &text);
    folder.run(&["check", "--config", "new/gateway.toml"]).succeeded();
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_half_done() {
    for file in ["gateway.toml", "signing.key", "signing.crt"] {
        let folder = Folder::new(&format!("there-{file}"));
        folder.write(file, "mine");
        let reasons = folder.run(&["config", "init"]).ended_with(1).err();
        assert!(reasons.contains(file), "{reasons}");
        assert_eq!(folder.files(), [file]);
        assert_eq!(folder.read(file), "mine");
    }
}

#[test]
fn what_is_given_is_text_and_no_toml() {
    let folder = Folder::new("hostile");
    let hostile = "https://x.example/\"\nlisten = \"0.0.0.0:1\"#@PRESET@";
    folder.run(&["config", "init", "--public-url", hostile]).succeeded();
    let read: toml::Table = folder.read("gateway.toml").parse().unwrap();
    assert_eq!(read["public_url"].as_str(), Some(hostile));
    assert!(!read.contains_key("listen"));
    let reasons = folder.run(&["config", "init", "--out", "x", "--preset", "okto"]).ended_with(1).err();
    assert!(reasons.contains("okta") && !folder.path("x").exists(), "{reasons}");
}

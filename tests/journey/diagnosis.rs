//! From the support id on a person's page to what went wrong, as an administrator goes that way.

use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::plain_browser::{Page, PlainBrowser};
use crate::world::World;

fn program(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_connect-gateway")).args(arguments).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The support id on an error page.
fn support_id(page: &Page) -> String {
    let is_id = |word: &&str| {
        let groups: Vec<&str> = word.split('-').collect();
        groups.len() == 3
            && groups.iter().all(|group| group.len() == 4 && group.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    let mut words = page.body.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.rfind(|word| is_id(word)).unwrap_or_else(|| panic!("{}", page.body)).to_owned()
}

/// The identity provider's answer, about to be posted.
async fn answer(world: &World, browser: &PlainBrowser) -> (Page, String) {
    let page = world.answer_for(browser, "acme", "alice").await;
    let response = page.forms()[0].value("SAMLResponse").unwrap().to_owned();
    (page, response)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_support_id_leads_to_the_check_that_failed_and_what_it_found() {
    let world = World::start("").await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let (page, response) = answer(&world, &browser).await;
    let xml = String::from_utf8(STANDARD.decode(response).unwrap()).unwrap();
    let elsewhere = STANDARD.encode(xml.replace("/saml/acs", "/saml/old"));
    let refused = browser.submit(&page, &page.forms().remove(0).with("SAMLResponse", &elsewhere)).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(!refused.body.contains("/saml/old"), "the page is plain: {}", refused.body);

    let told = program(&["explain", &support_id(&refused), "--log", "stdout"], &world.gateway.folder);
    let told = said(&told);
    for part in
        ["sign_in: refused", "who must act: idp_owner", "idp: corporate", "≠ Response Destination: http"]
    {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(told.contains(&format!("expected: {}/saml/acs", world.gateway_url)), "{told}");
    for kept in ["alice", "cc-agents"] {
        assert!(!told.contains(kept), "{told}");
    }
    let unknown = program(&["explain", "0000-0000-0000", "--log", "stdout"], &world.gateway.folder);
    assert_eq!(unknown.status.code(), Some(1), "{}", said(&unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_captured_answer_is_explained_offline_and_never_taken_for_more_than_it_is() {
    let world = World::start("").await;
    let folder = &world.gateway.folder;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let (_, response) = answer(&world, &browser).await;
    let metadata = reqwest::get(world.emulator.idp_metadata_url()).await.unwrap().text().await.unwrap();
    std::fs::write(folder.join("idp.xml"), metadata).unwrap();
    std::fs::write(folder.join("answer"), &response).unwrap();
    let xml = String::from_utf8(STANDARD.decode(&response).unwrap()).unwrap();
    std::fs::write(folder.join("changed.xml"), xml.replace("alice", "carol")).unwrap();
    let inspect = |file: &str, more: &[&str]| {
        let arguments = ["saml", "inspect", file, "--config", "gateway.toml"];
        program(&[&arguments, more].concat(), folder)
    };
    let offline = ["--idp", "corporate", "--metadata", "idp.xml"];

    let accepted = inspect("answer", &offline);
    assert!(accepted.status.success(), "{}", said(&accepted));
    assert!(said(&accepted).contains("It would be accepted."), "{}", said(&accepted));
    assert!(!said(&accepted).contains("alice"), "{}", said(&accepted));
    let values = inspect("answer", &[&offline[..], &["--show-values"]].concat());
    assert!(said(&values).contains("alice"), "{}", said(&values));

    for (file, more, reason) in [
        ("changed.xml", &offline[..], "saml.signature"),
        ("answer", &[&offline[..], &["--at", "2020-01-01T00:00:00Z"]].concat(), "saml.expired"),
        ("answer", &[&offline[..], &["--request-id", "_other"]].concat(), "saml.in_response_to"),
        ("answer", &["--idp", "corporate"], "--metadata"),
        ("no-such-file", &offline[..], "no-such-file"),
    ] {
        let refused = inspect(file, more);
        assert_eq!(refused.status.code(), Some(1), "{file}: {}", said(&refused));
        assert!(said(&refused).contains(reason), "{file}: {}", said(&refused));
    }
}

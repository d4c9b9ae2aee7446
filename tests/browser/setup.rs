//! The page for the administrators of identity providers.

use crate::browser::Javascript;
use crate::tls::Answers;
use crate::world::{IdentityProvider, World};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_copies_the_values_by_keyboard() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/saml/setup", world.gateway_url)).await;
    browser.allow_clipboard(&world.gateway_url).await;
    browser.find("button[data-copy=acs]:not([hidden])").await;
    browser.screenshots("setup").await;
    for value in ["metadata", "entity-id", "acs"] {
        browser.key(TAB).await;
        let copies = "return document.activeElement.dataset.copy";
        assert_eq!(browser.script(copies).await, value, "each button in its turn");
    }
    browser.key(ENTER).await;
    let said = "button[data-copy=acs][data-done]";
    browser.find(said).await;
    let copied = browser.script("return navigator.clipboard.readText()").await;
    assert_eq!(copied, format!("{}/saml/acs", world.gateway_url));
    browser.find("#copied:not(:empty)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_javascript_everything_is_there_to_be_copied_and_no_button_is_dead() {
    let world = World::start(IdentityProvider::Demo, Answers::Untouched).await;
    let browser = world.browser(Javascript::Off).await;
    browser.open(&format!("{}/saml/setup?idp=corporate", world.gateway_url)).await;
    assert_eq!(browser.text("#acs").await, format!("{}/saml/acs", world.gateway_url));
    assert!(!browser.find("button[data-copy=acs]").await.is_displayed().await.unwrap());
    browser.click("summary").await;
    assert!(browser.text("pre").await.starts_with("-----BEGIN CERTIFICATE-----"));
    browser.screenshots("setup-no-javascript").await;
}

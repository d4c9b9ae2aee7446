//! Which identity provider: chosen on our page, by an e-mail address, by name, or by a discovery service.

use url::Url;

use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, is_inside};

fn browser() -> PlainBrowser {
    PlainBrowser::new(PlainBrowser::client())
}

/// A second identity provider, which serves all instances but `by-console`.
fn several(settings: &str) -> String {
    let corporate = "[idp.corporate]\ndisplay_name = \"Acme staff\"\nemail_domains = [\"acme.test\"]";
    let settings = settings.replace("[idp.corporate]", corporate);
    let settings = settings.replace("[instance.by-console]", "[instance.by-console]\nidps = [\"corporate\"]");
    format!(
        "{settings}\n[idp.partners]\ndisplay_name = \"Partners\"\nmetadata_url = \"http://127.0.0.1:9/\"\n"
    )
}

/// The same, and a chooser elsewhere.
fn elsewhere(settings: &str) -> String {
    let service = "saml.discovery_service_url = \"https://discovery.test/ds?federation=1\"\n";
    format!("{service}{}", several(settings))
}

async fn open(world: &World, browser: &PlainBrowser, path: &str) -> Page {
    browser.open(&format!("{}{path}", world.gateway_url)).await
}

/// Where `path` leads, without going there.
async fn location(world: &World, path: &str) -> Option<Url> {
    let request = PlainBrowser::client().get(format!("{}{path}", world.gateway_url));
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location")?.to_str().unwrap().to_owned();
    Some(answer.url().join(&location).unwrap())
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}

/// The identity provider asks who it is.
fn asks(page: &Page) -> bool {
    page.forms().iter().any(|form| form.action.path() == "/saml/choose")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_choice_is_made_once_and_offered_first_from_then_on() {
    let world = World::configured("", several).await;
    let browser = browser();
    let page = open(&world, &browser, "/go/acme/workspace").await;
    for name in ["corporate", "partners"] {
        assert!(page.body.contains(&format!("href=\"/go/acme/workspace?idp={name}\"")), "{}", page.body);
    }
    assert!(!page.body.contains("Continue with"), "{}", page.body);
    let page = open(&world, &browser, "/go/acme/workspace?idp=corporate").await;
    let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let page = browser.settle(browser.submit(&page, &people.with("uid", "alice")).await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let page = open(&world, &browser, "/sign-out").await;
    browser.submit(&page, &page.forms()[0]).await;
    let page = open(&world, &browser, "/go/acme").await;
    assert!(page.body.contains("href=\"/go/acme?idp=corporate\">Continue with Acme staff<"), "{}", page.body);
    assert!(page.body.contains("Use another account") && page.body.contains("Partners"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_e_mail_address_leads_to_the_identity_provider_of_its_domain_and_is_kept_nowhere() {
    let world = World::configured("", several).await;
    let browser = browser();
    let page = open(&world, &browser, "/go/acme/ccp").await;
    let form = page.forms().into_iter().find(|form| form.value("email").is_some()).unwrap();
    let found = browser.submit(&page, &form.clone().with("email", "Jo.Private@ACME.test")).await;
    assert!(found.body.contains("/go/acme/ccp?idp=corporate"), "{}", found.body);
    let found = browser.settle(found).await;
    assert!(asks(&found), "{}", found.body);
    let unknown = browser.submit(&page, &form.with("email", "jo.private@other.test")).await;
    assert_eq!(unknown.status, 200);
    assert!(unknown.body.contains("no sign-in for that address") && unknown.body.contains("Partners"));
    for text in [&found.body, &unknown.body, &world.gateway.log(), &found.url.to_string()] {
        assert!(!text.to_ascii_lowercase().contains("jo.private"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entity_id_names_an_identity_provider_too() {
    let world = World::configured("", several).await;
    let entity_id = format!("{}/saml/metadata", world.emulator.idp_url());
    let with = |path: &str, entity_id: &str| {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("entityID", entity_id).finish();
        format!("{path}{query}")
    };
    let page = open(&world, &browser(), &with("/go/acme?", &entity_id)).await;
    assert!(asks(&page), "{}", page.body);
    for (path, entity_id) in [
        ("/go/acme?", "https://evil.test"),
        ("/go/acme?", ""),
        ("/discovery?instance=acme&", "https://evil.test"),
        ("/discovery?instance=other&", &entity_id),
        ("/discovery?", &entity_id),
    ] {
        let page = open(&world, &browser(), &with(path, entity_id)).await;
        let chooser = entity_id.is_empty();
        assert_eq!(page.status / 100, if chooser { 2 } else { 4 }, "{path}{entity_id}: {}", page.body);
        assert_eq!(page.url.host_str(), Some("localhost"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discovery_service_chooses_in_place_of_our_page() {
    let world = World::configured("", elsewhere).await;
    let metadata = reqwest::get(format!("{}/saml/metadata", world.gateway_url)).await.unwrap();
    let metadata = metadata.text().await.unwrap();
    let address = location(&world, "/go/acme/ccp").await.unwrap();
    assert_eq!((address.host_str(), address.path()), (Some("discovery.test"), "/ds"));
    assert_eq!(parameter(&address, "federation"), "1");
    assert!(metadata.contains(&format!("entityID=\"{}\"", parameter(&address, "entityID"))), "{metadata}");
    let mut back = Url::parse(&parameter(&address, "return")).unwrap();
    let registered = format!(
        "{}://{}{}",
        back.scheme(),
        &back[url::Position::BeforeHost..url::Position::AfterPort],
        back.path()
    );
    assert!(metadata.contains("<idpdisc:DiscoveryResponse "), "{metadata}");
    assert!(metadata.contains(&format!("Location=\"{registered}\" index=\"0\"")), "{registered}\n{metadata}");

    let (chosen, none) = (browser(), browser());
    let page = none.open(back.as_str()).await;
    assert!(page.body.contains("Choose how to sign in"), "no answer: {}", page.body);
    back.query_pairs_mut().append_pair("entityID", &format!("{}/saml/metadata", world.emulator.idp_url()));
    let page = chosen.open(back.as_str()).await;
    let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
    let page = chosen.settle(chosen.submit(&page, &people.with("uid", "alice")).await).await;
    assert!(is_inside(&page, "alice") && page.url.path() == "/ccp-v2/", "{}: {}", page.url, page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_where_there_is_nothing_to_choose() {
    let world = World::configured("", elsewhere).await;
    for path in ["/go/by-console", "/go/acme?idp=corporate"] {
        let address = location(&world, path).await.unwrap();
        assert!(address.as_str().starts_with(&world.emulator.idp_url()), "{path}: {address}");
    }
}

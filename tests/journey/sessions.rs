//! What happens as time passes: the gateway in this process, with a clock that the test moves.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use connect_gateway::app::{App, Stops};
use connect_gateway::config;
use connect_gateway::emulator::Emulator;
use connect_gateway::model::{Clock, SystemClock, SystemRandom};
use time::OffsetDateTime;
use tokio::net::TcpListener;

use crate::gateway::{CREDENTIALS, key_pair};
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, emulator, is_inside, settings};

/// The machine's clock, moved ahead.
struct Ahead(Mutex<Duration>);

impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + *self.0.lock().unwrap()
    }
}

/// A gateway and an emulator whose clocks move together.
pub(crate) struct House {
    pub(crate) gateway_url: String,
    pub(crate) emulator: Emulator,
    clock: Arc<Ahead>,
}

impl House {
    /// Starts both, with `more` in the gateway's configuration.
    pub(crate) async fn start(more: &str) -> Self {
        Self::before(emulator("").await, more).await
    }

    /// The same, with a change to the rest of it.
    pub(crate) async fn changed(more: &str, change: impl Fn(&str) -> String) -> Self {
        Self::build(emulator("").await, more, change).await
    }

    /// Starts a gateway before `emulator`.
    pub(crate) async fn before(emulator: Emulator, more: &str) -> Self {
        Self::build(emulator, more, str::to_owned).await
    }

    pub(crate) async fn build(emulator: Emulator, more: &str, change: impl Fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let more = more.replace("SITE", &emulator.site_url("acme"));
        let settings = change(&settings(&emulator));
        let text = format!("version = 1\npublic_url = \"{gateway_url}\"\n{settings}{more}");
        let (key, certificate) = key_pair();
        let keys = [("SIGNING_KEY", key), ("SIGNING_CERTIFICATE", certificate)]
            .map(|(name, value)| (format!("CONNECT_GATEWAY__SAML__{name}"), value));
        let config = config::parse(&text, Path::new(""), keys).unwrap().config;
        let credentials = Credentials::new(CREDENTIALS.0, CREDENTIALS.1, None, None, "test");
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-west-2"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .load()
            .await;
        let clock = Arc::new(Ahead(Mutex::default()));
        let app = App::build(config, &sdk, clock.clone(), Arc::new(SystemRandom)).unwrap();
        tokio::spawn(app.run(listener.into(), Stops::never()));
        let metadata = reqwest::get(format!("{gateway_url}/saml/metadata")).await.unwrap();
        emulator.trust_service_provider_metadata(&metadata.text().await.unwrap()).unwrap();
        Self { gateway_url, emulator, clock }
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.clock.0.lock().unwrap() += by;
        self.emulator.advance(by);
    }

    pub(crate) async fn sign_in(&self, browser: &PlainBrowser, instance: &str, uid: &str) -> Page {
        let answer = World::pick(&self.gateway_url, browser, instance, uid).await;
        browser.settle(answer).await
    }

    /// Opens the bookmark; follows what goes on by itself.
    pub(crate) async fn open(&self, browser: &PlainBrowser, path: &str) -> Page {
        browser.settle(browser.open(&format!("{}{path}", self.gateway_url)).await).await
    }

    /// Who was asked for at this operation, in order.
    pub(crate) fn asked_for(&self, operation: &str) -> Vec<String> {
        let history = self.emulator.history().into_iter();
        let calls = history.filter(|call| call.operation == operation && call.status == 200);
        calls.map(|call| call.username.unwrap_or_default()).collect()
    }

    pub(crate) async fn sign_out(&self, browser: &PlainBrowser) -> Page {
        let page = browser.open(&format!("{}/sign-out", self.gateway_url)).await;
        browser.submit(&page, &page.forms()[0]).await
    }
}

pub(crate) fn browser() -> PlainBrowser {
    PlainBrowser::new(PlainBrowser::client())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_replaced_ahead_of_their_end_for_people_who_are_signed_in_and_for_nobody_else() {
    let house = House::start("").await;
    let (here, gone) = (browser(), browser());
    let page = house.sign_in(&gone, "acme", "newcomer").await;
    assert!(is_inside(&page, "newcomer"), "{}", page.body);
    let page = house.sign_in(&here, "acme", "alice").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    house.sign_out(&gone).await;
    house.emulator.clear_history();

    house.advance(Duration::from_mins(52));
    for _ in 0..300 {
        if !house.asked_for("GetFederationToken").is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(house.asked_for("GetFederationToken"), ["alice"], "the token is renewed before anybody asks");

    house.advance(Duration::from_mins(10));
    let page = house.open(&here, "/go/acme").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert_eq!(house.asked_for("GetFederationToken"), ["alice"], "and that token is served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_after_its_longest_time_and_the_identity_provider_is_asked_again() {
    let house = House::start("[session]\nmax_hours = 2\n").await;
    let browser = browser();
    house.sign_in(&browser, "acme", "alice").await;
    house.advance(Duration::from_mins(119));
    let page = house.open(&browser, "/go/acme").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    house.advance(Duration::from_mins(2));
    let page = house.open(&browser, "/go/acme").await;
    assert!(page.body.contains("user-alice"), "the identity provider asks: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_forces_authentication_asks_each_time_and_sign_out_ends_every_instance() {
    let house = House::start("").await;
    let browser = browser();
    house.sign_in(&browser, "acme", "alice").await;
    for _ in 0..2 {
        let page = house.open(&browser, "/go/strict").await;
        assert!(page.body.contains("user-alice"), "the identity provider asks: {}", page.body);
        let page = house.sign_in(&browser, "strict", "alice").await;
        assert!(is_inside(&page, "alice"), "{}", page.body);
    }
    let page = house.open(&browser, "/go/acme").await;
    assert!(is_inside(&page, "alice"), "elsewhere the new session is good: {}", page.body);
    let page = house.sign_out(&browser).await;
    assert!(page.body.contains("Acme, every day") && page.body.contains("Acme, strict"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_is_told_that_a_sign_in_is_needed_instead_of_being_sent_away() {
    let house = House::start("").await;
    let answer = PlainBrowser::client()
        .get(format!("{}/go/acme/ccp", house.gateway_url))
        .header("sec-fetch-mode", "cors")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body, serde_json::json!({ "error": "sign_in_needed", "sign_in": "/go/acme/ccp" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_ends_the_token_that_a_browser_asked_for_and_did_not_wait_for() {
    let house = House::start("").await;
    for wait in [400, 1500, 3000] {
        let gone = browser();
        let answer = World::pick(&house.gateway_url, &gone, "acme", "newcomer").await;
        let form = answer.forms().into_iter().find(|form| form.post).unwrap();
        let impatient = tokio::time::timeout(Duration::from_millis(wait), gone.submit(&answer, &form)).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        let page = house.sign_out(&gone).await;
        assert!(page.body.contains("You are signed out here"), "{impatient:?}: {}", page.body);
        let before = house.asked_for("GetFederationToken").len();
        let back = browser();
        let page = house.sign_in(&back, "acme", "newcomer").await;
        assert!(is_inside(&page, "newcomer"), "{}", page.body);
        assert_eq!(house.asked_for("GetFederationToken").len(), before + 1, "after {wait} ms");
        house.sign_out(&back).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_that_a_new_one_replaces_is_over() {
    let house = House::start("").await;
    let browser = browser();
    house.sign_in(&browser, "acme", "alice").await;
    let gateway = house.gateway_url.parse().unwrap();
    let replaced = browser.cookies_for(&gateway);
    house.sign_in(&browser, "strict", "alice").await;
    let with = async |cookies: String| {
        let request = PlainBrowser::client().get(format!("{}/go/acme", house.gateway_url));
        request.header("cookie", cookies).header("sec-fetch-mode", "cors").send().await.unwrap().status()
    };
    assert_eq!(with(replaced).await, 401);
    assert_eq!(with(browser.cookies_for(&gateway)).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_waits_three_minutes_for_its_answer() {
    let house = House::start("").await;
    let question = async |browser: &PlainBrowser| {
        let page = browser.open(&format!("{}/portal", house.emulator.idp_url())).await;
        let form = page.forms().remove(0).with("uid", "alice").with("relay_state", "acme");
        browser.settle(browser.submit(&page, &form).await).await
    };
    for (minutes, expected) in [(2, "<dd id=\"connect-user\">alice</dd>"), (3, "sign_in.not_pending")] {
        let browser = browser();
        let page = question(&browser).await;
        house.advance(Duration::from_mins(minutes));
        let page = browser.settle(browser.submit(&page, &page.forms()[0]).await).await;
        assert!(page.body.contains(expected), "after {minutes} minutes: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_person_is_not_stranded_at_the_console() {
    let house = House::start("").await;
    let page = house.sign_in(&browser(), "by-console", "newcomer").await;
    assert!(is_inside(&page, "newcomer"), "{}: {}", page.url, page.body);
}

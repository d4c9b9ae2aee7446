//! Single logout, both ways.

use std::time::Duration;

use connect_gateway::emulator::{Behaviour, Emulator, IdpOptions, Options, Outage, Seed};

use crate::plain_browser::{Page, PlainBrowser};
use crate::sessions::{House, browser};
use crate::world::{SEED, is_inside};

impl House {
    /// Where a page that goes on by itself ends, after its frames have loaded.
    async fn go_on(&self, browser: &PlainBrowser, page: Page) -> Page {
        for address in page.frames() {
            browser.open(address.as_str()).await;
        }
        browser.settle(page).await
    }

    /// Whether this browser is still signed in at the gateway.
    async fn is_signed_in(&self, browser: &PlainBrowser) -> bool {
        let cookies = browser.cookies_for(&self.gateway_url.parse().unwrap());
        let request = PlainBrowser::client().get(format!("{}/go/acme", self.gateway_url));
        let answer = request.header("cookie", cookies).header("sec-fetch-mode", "cors").send().await.unwrap();
        answer.status() != 401
    }

    async fn sign_out_everywhere(&self, browser: &PlainBrowser) -> Page {
        let page = browser.open(&format!("{}/sign-out", self.gateway_url)).await;
        let form = page.forms()[0].clone().with("where", "everywhere");
        browser.submit(&page, &form).await
    }

    /// An administrator of the identity provider ends all sessions of a person, in a browser of their own.
    async fn end_all(&self, uid: &str) -> Page {
        self.end_all_in(&browser(), uid).await
    }

    async fn end_all_in(&self, administrator: &PlainBrowser, uid: &str) -> Page {
        let page = administrator.open(&self.emulator.idp_url()).await;
        let form = page.forms()[0].clone().with("uid", uid);
        let page = administrator.submit(&page, &form).await;
        self.go_on(administrator, page).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_ends_the_session_here_in_connect_and_at_the_identity_provider() {
    let house = House::start("").await;
    let browser = browser();
    let page = house.sign_in(&browser, "acme", "alice").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let inside = page.url.clone();
    let page = house.sign_out_everywhere(&browser).await;
    assert!(!house.is_signed_in(&browser).await, "the session here ends before the browser leaves");
    let page = house.go_on(&browser, page).await;
    assert_eq!(page.url.path(), "/saml/logout");
    assert!(page.body.contains("says that you are signed out there"), "{}", page.body);
    assert!(page.body.contains("Sign out of Acme, every day"), "{}", page.body);
    let page = browser.open(inside.as_str()).await;
    assert!(!is_inside(&page, "alice"), "Connect's own session is over: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_provider_ends_the_session_of_its_own_browser_and_is_told_so() {
    let house = House::start("").await;
    let (browser, other) = (browser(), browser());
    for browser in [&browser, &other] {
        house.sign_in(browser, "acme", "alice").await;
    }
    let page = browser.open(&format!("{}/logout", house.emulator.idp_url())).await;
    assert!(!house.is_signed_in(&browser).await, "it ends before the browser goes on");
    assert!(page.frames().iter().any(|frame| frame.path() == "/logout"), "{}", page.body);
    let page = house.go_on(&browser, page).await;
    assert!(page.body.contains("signed out here and in the application"), "{}", page.body);
    assert!(house.is_signed_in(&other).await, "another SessionIndex is another session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_any_cookie_ends_the_sessions_of_every_browser_and_their_tokens() {
    let house = House::start("").await;
    let (first, second, bystander) = (browser(), browser(), browser());
    for browser in [&first, &second] {
        let page = house.sign_in(browser, "acme", "alice").await;
        assert!(is_inside(&page, "alice"), "{}", page.body);
    }
    house.sign_in(&bystander, "acme", "newcomer").await;
    let page = house.end_all("alice").await;
    assert!(page.body.contains("something of it may still be open"), "Connect lives on there: {}", page.body);
    assert!(!house.is_signed_in(&first).await && !house.is_signed_in(&second).await);
    assert!(house.is_signed_in(&bystander).await, "nobody else's session ends");

    house.emulator.clear_history();
    house.advance(Duration::from_mins(52));
    for _ in 0..300 {
        if !house.asked_for("GetFederationToken").is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(
        house.asked_for("GetFederationToken"),
        ["newcomer"],
        "nothing is renewed for who was signed out"
    );
    house.sign_in(&first, "acme", "alice").await;
    assert_eq!(house.asked_for("GetFederationToken"), ["newcomer", "alice"], "and no token was kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_persons_request_that_passes_through_a_browser_does_not_sign_that_browser_out() {
    let house = House::start("").await;
    let (victim, attacker) = (browser(), browser());
    house.sign_in(&victim, "acme", "newcomer").await;
    house.sign_in(&attacker, "acme", "alice").await;
    house.end_all_in(&victim, "alice").await;
    assert!(!house.is_signed_in(&attacker).await);
    assert!(house.is_signed_in(&victim).await, "the request was not about this browser's session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_is_not_signed_in_here_is_signed_out_already() {
    let house = House::start("").await;
    let page = house.end_all("alice").await;
    assert!(page.body.contains("signed out here and in the application"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partial_logout_is_told_and_an_answer_counts_once() {
    let mut options = Options::loopback(Seed::parse(SEED).unwrap());
    options.behaviour = Behaviour::kind();
    options.idp = IdpOptions { partial_logout: true, ..options.idp };
    let house = House::before(Emulator::start(options).await.unwrap(), "").await;
    let browser = browser();
    house.sign_in(&browser, "acme", "alice").await;
    let page = house.sign_out_everywhere(&browser).await;
    let page = house.go_on(&browser, page).await;
    assert!(page.body.contains("could not sign you out of every application"), "{}", page.body);
    let again = browser.open(page.url.as_str()).await;
    assert_eq!(again.status, 400);
    assert!(again.body.contains("saml.logout_not_pending"), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_can_not_be_believed_confirms_nothing_and_brings_nothing_back() {
    let house = House::start("").await;
    let browser = browser();
    house.sign_in(&browser, "acme", "alice").await;
    let page = house.sign_out_everywhere(&browser).await;
    let sent = page.onward().unwrap();
    let relay_state = sent.query_pairs().find(|(name, _)| name == "RelayState").unwrap().1.into_owned();
    let forged = format!("{}/saml/logout?SAMLResponse=AAAA&RelayState={relay_state}", house.gateway_url);
    let stranger = crate::sessions::browser().open(&forged).await;
    assert!(stranger.body.contains("saml."), "{}", stranger.body);
    let unsigned = sent.query().unwrap().split('&').next().unwrap().replace("SAMLRequest", "SAMLResponse");
    let forged = format!("{}/saml/logout?{unsigned}&RelayState={relay_state}", house.gateway_url);
    let stranger = crate::sessions::browser().open(&forged).await;
    assert!(stranger.body.contains("saml.logout_not_pending"), "{}", stranger.body);
    let page = browser.open(&forged).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("You are signed out here") && page.body.contains("did not confirm"));
    assert!(!house.is_signed_in(&browser).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_here_only_asks_nobody() {
    let house = House::start("").await;
    let browser = browser();
    house.sign_in(&browser, "acme", "alice").await;
    let page = house.sign_out(&browser).await;
    assert!(page.body.contains("You may still be signed in at your company"), "{}", page.body);
    assert!(!house.emulator.history().iter().any(|call| call.operation == "LogoutRequest"));
}

/// A gateway whose sign-outs end Amazon Connect's sessions too.
async fn ending_in_connect() -> House {
    let ends = "[instance.acme]\nend_connect_sessions = true\n";
    House::changed("", |settings| settings.replace("[instance.acme]\n", ends)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_wanted_an_identity_provider_ends_the_sessions_in_connect_of_every_browser() {
    let house = ending_in_connect().await;
    let (first, second, bystander) = (browser(), browser(), browser());
    let inside = house.sign_in(&first, "acme", "alice").await.url;
    house.sign_in(&second, "acme", "alice").await;
    house.sign_in(&bystander, "acme", "newcomer").await;
    let page = house.end_all("alice").await;
    assert!(page.body.contains("signed out here and in the application"), "nothing is left: {}", page.body);
    for browser in [&first, &second] {
        assert!(browser.open(inside.as_str()).await.body.contains("Session expired"));
    }
    assert!(is_inside(&bystander.open(inside.as_str()).await, "newcomer"), "nobody else's session ends");
    assert!(house.asked_for("DeleteAllEntitySessions").iter().all(|who| who == "alice"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_here_ends_connects_session_by_one_call_and_is_none_the_worse_when_that_fails() {
    let house = ending_in_connect().await;
    let browser = browser();
    let inside = house.sign_in(&browser, "acme", "alice").await.url;
    house.emulator.clear_history();
    let page = house.sign_out(&browser).await;
    assert!(!page.body.contains("Sign out of Acme, every day"), "nothing is left to do: {}", page.body);
    assert!(browser.open(inside.as_str()).await.body.contains("Session expired"));
    let calls: Vec<_> =
        house.emulator.history().into_iter().filter(|call| call.service == "connect").collect();
    assert_eq!(calls.iter().map(|call| &*call.operation).collect::<Vec<_>>(), ["DeleteAllEntitySessions"]);

    house.sign_in(&browser, "acme", "alice").await;
    house.emulator.adjust(|behaviour| {
        behaviour.outage = Some(Outage { after: 0, loses_answers: false });
    });
    let page = house.sign_out(&browser).await;
    assert!(page.body.contains("Sign out of Acme, every day"), "the person is told: {}", page.body);
    assert!(!house.is_signed_in(&browser).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_at_a_shared_desk_throws_nobody_out_who_sat_there_before() {
    let ends = "[instance.strict]\nend_connect_sessions = true\n";
    let house = House::changed("", |settings| settings.replace("[instance.strict]\n", ends)).await;
    let (desk, elsewhere) = (browser(), browser());
    house.sign_in(&desk, "strict", "alice").await;
    let inside = house.sign_in(&elsewhere, "strict", "alice").await.url;
    let page = house.sign_in(&desk, "strict", "newcomer").await;
    assert!(is_inside(&page, "newcomer"), "{}", page.body);
    let page = house.sign_out(&desk).await;
    assert_eq!(house.asked_for("DeleteAllEntitySessions"), ["newcomer"]);
    assert!(page.body.contains("Sign out of Acme, strict"), "the browser is left with hers: {}", page.body);
    assert!(desk.open(inside.as_str()).await.body.contains("Session expired"));
    assert!(is_inside(&elsewhere.open(inside.as_str()).await, "alice"), "she works on at another desk");
}

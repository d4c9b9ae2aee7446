//! Credentials by the person's own answer: from the bookmark to the instance, and what is refused on the way.

use std::time::Duration;

use connect_gateway::emulator::{Behaviour, Emulator, IdpOptions, Options, Seed, Sign};

use crate::gateway::CREDENTIALS;
use crate::plain_browser::{Page, PlainBrowser};
use crate::sessions::{House, browser};
use crate::world::{SEED, World, is_inside, pick};

const ROLE: &str = "https://aws.amazon.com/SAML/Attributes/Role";
const SESSION_NAME: &str = "https://aws.amazon.com/SAML/Attributes/RoleSessionName";
const ROLE_ARN: &str = "arn:aws:iam::111122223333:role/by-assertion";
const PROVIDER: &str = "arn:aws:iam::111122223333:saml-provider/emulated";
const FOR_AWS: &str = "urn:amazon:webservices";

/// Two instances whose role is assumed with answers; AWS knows one role and the gateway's own identity may not assume it.
const INSTANCES: &str = r#"
[instance.by-answer]
display_name = "By answer"
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "SITE"
role_arn = "arn:aws:iam::111122223333:role/by-assertion"
credentials = "assertion"
saml_provider_arn = "arn:aws:iam::111122223333:saml-provider/emulated"
[instance.also-by-answer]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "SITE"
role_arn = "arn:aws:iam::111122223333:role/by-assertion"
credentials = "assertion"
saml_provider_arn = "arn:aws:iam::111122223333:saml-provider/emulated"
"#;

const ROLES: &str = r#"
[[saml_provider]]
arn = "arn:aws:iam::111122223333:saml-provider/emulated"
[[role]]
arn = "arn:aws:iam::111122223333:role/by-assertion"
trusts = []
saml_providers = ["arn:aws:iam::111122223333:saml-provider/emulated"]
policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"connect:GetFederationToken","Resource":"*"}]}'
"#;

async fn emulator(change: impl FnOnce(&mut IdpOptions)) -> Emulator {
    let mut options = Options::loopback(Seed::parse(&format!("{SEED}\n{ROLES}")).unwrap());
    options.behaviour = Behaviour { fault_rate: 0.0, ..Behaviour::default() };
    options.idp.audiences = vec![FOR_AWS.to_owned()];
    change(&mut options.idp);
    let emulator = Emulator::start(options).await.unwrap();
    for uid in ["alice", "newcomer"] {
        assert!(emulator.put_attribute(uid, ROLE, &[&format!("{ROLE_ARN},{PROVIDER}")]));
        assert!(emulator.put_attribute(uid, SESSION_NAME, &[uid]));
    }
    emulator
}

/// A gateway whose clock can be moved, and an AWS that knows its assertion consumer service.
async fn house() -> House {
    trusted(House::before(emulator(|_| {}).await, INSTANCES).await)
}

fn trusted(house: House) -> House {
    assert!(house.emulator.put_saml_audience(ROLE_ARN, &format!("{}/saml/acs", house.gateway_url)));
    house
}

/// The identity provider's page with its answer, the one for `instance`.
async fn answer(house: &House, browser: &PlainBrowser, instance: &str, uid: &str) -> Page {
    World::pick(&house.gateway_url, browser, instance, uid).await
}

/// An error page with this code, and nothing of the answer.
fn refused(page: &Page, code: &str) {
    assert!(page.status >= 400 && page.body.contains(code), "{}: {}", page.status, page.body);
    for personal in ["alice", "SAMLResponse", FOR_AWS] {
        assert!(!page.body.contains(personal), "{personal}: {}", page.body);
    }
}

fn asked_the_idp(page: &Page) -> bool {
    page.body.contains("user-alice")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_is_federated_by_the_answer_alone_and_the_answer_is_used_once() {
    let house = house().await;
    let alice = browser();
    let page = house.sign_in(&alice, "by-answer", "alice").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"]);
    assert_eq!(house.asked_for("AssumeRole"), [""; 0], "no identity of ours was used");

    let page = house.open(&alice, "/go/by-answer").await;
    assert!(is_inside(&page, "alice"), "the token is kept: {}", page.body);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"], "and the answer is not shown again");
    let page = house.open(&alice, "/go/acme").await;
    assert!(is_inside(&page, "alice"), "elsewhere the session is as good as ever: {}", page.body);
    assert_eq!(house.asked_for("AssumeRole"), ["alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_renewed_until_the_credentials_end_and_then_the_identity_provider_is_asked() {
    let house = house().await;
    let alice = browser();
    house.sign_in(&alice, "by-answer", "alice").await;
    house.advance(Duration::from_mins(52));
    for _ in 0..300 {
        if house.asked_for("GetFederationToken").len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(house.asked_for("GetFederationToken").len(), 2, "renewed before anybody asks");
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"], "with the credentials that were there");

    house.advance(Duration::from_mins(70));
    let page = house.open(&alice, "/go/by-answer").await;
    assert!(asked_the_idp(&page), "no error page, but the identity provider: {}", page.body);
    let page = alice.settle(pick(&alice, &page, "alice").await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice", "alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_used_for_the_instance_that_was_asked_for_and_for_no_other() {
    let house = house().await;
    let alice = browser();
    // The answer arrives, and the person goes elsewhere instead of where it leads.
    let page = answer(&house, &alice, "by-answer", "alice").await;
    let form = page.forms().into_iter().find(|form| form.post).unwrap();
    let fields = form.fields.clone();
    let client = PlainBrowser::client();
    let cookies = alice.cookies_for(&house.gateway_url.parse().unwrap());
    let acs = client.post(form.action.clone()).header("cookie", cookies).form(&fields).send().await.unwrap();
    assert_eq!(acs.status(), 303);
    let session: Vec<String> = acs
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned())
        .filter(|cookie| cookie.starts_with("__Host-gateway-session="))
        .collect();
    let go = async |instance: &str| {
        let request = client.get(format!("{}/go/{instance}", house.gateway_url));
        let request = request.header("cookie", session.join("; ")).header("sec-fetch-mode", "navigate");
        request.send().await.unwrap()
    };
    let elsewhere = go("also-by-answer").await;
    assert!(elsewhere.status().is_redirection(), "the identity provider is asked");
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), [""; 0]);
    assert_eq!(go("by-answer").await.status(), 200);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"], "there it is good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_session_of_the_same_person_does_not_get_the_answer() {
    let house = house().await;
    let (first, second) = (browser(), browser());
    // Signed in, but with an answer that was for another instance.
    house.sign_in(&second, "acme", "alice").await;
    let page = answer(&house, &first, "by-answer", "alice").await;
    let form = page.forms().into_iter().find(|form| form.post).unwrap();
    let cookies = first.cookies_for(&house.gateway_url.parse().unwrap());
    let client = PlainBrowser::client();
    let acs = client.post(form.action.clone()).header("cookie", cookies).form(&form.fields);
    assert_eq!(acs.send().await.unwrap().status(), 303, "the answer waits for its own session");
    let page = house.open(&second, "/go/by-answer").await;
    assert!(asked_the_idp(&page), "{}", page.body);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_aws_would_not_take_any_more_is_not_shown_to_it() {
    let house = house().await;
    let alice = browser();
    let page = answer(&house, &alice, "by-answer", "alice").await;
    let form = page.forms().into_iter().find(|form| form.post).unwrap();
    let cookies = alice.cookies_for(&house.gateway_url.parse().unwrap());
    let client = PlainBrowser::client();
    let acs =
        client.post(form.action.clone()).header("cookie", cookies).form(&form.fields).send().await.unwrap();
    let cookies = acs.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let cookies = cookies.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>();
    let named = |name: &str| *cookies.iter().find(|cookie| cookie.starts_with(name)).unwrap();
    let (session, arrived) = (named("__Host-gateway-session="), named("__Host-gateway-arrived="));
    house.advance(Duration::from_secs(301));
    let go = async |cookies: &str| {
        let request = client.get(format!("{}/go/by-answer", house.gateway_url));
        let request = request.header("cookie", cookies).header("sec-fetch-mode", "navigate");
        request.send().await.unwrap()
    };
    // Where that was just done, asking again would not end.
    let again = go(&format!("{session}; {arrived}")).await;
    assert!(again.headers().get_all("set-cookie").iter().any(|cookie| {
        let cookie = cookie.to_str().unwrap();
        cookie.starts_with("__Host-gateway-arrived=;") && cookie.contains("Max-Age=0")
    }));
    let page = again.text().await.unwrap();
    assert!(page.contains("federation.answer_needed"), "{page}");
    assert!(go(session).await.status().is_redirection(), "the identity provider is asked");
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_name_that_is_not_exactly_the_users_is_refused_before_aws_is_asked() {
    let house = house().await;
    for names in [&["Alice"][..], &["newcomer"], &["alice", "newcomer"], &[]] {
        assert!(house.emulator.put_attribute("alice", SESSION_NAME, names));
        let page = house.sign_in(&browser(), "by-answer", "alice").await;
        refused(&page, "federation.session_name");
    }
    assert!(house.emulator.put_attribute("alice", SESSION_NAME, &["alice"]));
    for pair in [format!("{PROVIDER},{ROLE_ARN}"), format!("{ROLE_ARN}-2,{PROVIDER}"), ROLE_ARN.to_owned()] {
        assert!(house.emulator.put_attribute("alice", ROLE, &[&pair]));
        let page = house.sign_in(&browser(), "by-answer", "alice").await;
        refused(&page, "federation.assertion");
    }
    assert_eq!(house.emulator.history().iter().filter(|call| call.service == "sts").count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_by_the_answer_of_another_person_whom_the_rules_place_alike() {
    let house = house().await;
    let page = house.sign_in(&browser(), "by-answer", "alice").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    // The identity provider calls her `newcomer` at AWS still.
    let alice = [
        ("uid", "alice"),
        ("givenName", "Alice"),
        ("sn", "Lindström"),
        ("mail", "alice@example.com"),
        ("groups", "cc-agents"),
    ];
    for (attribute, value) in alice {
        assert!(house.emulator.put_attribute("newcomer", attribute, &[value]));
    }
    let (here, elsewhere) = (browser(), browser());
    refused(&house.sign_in(&here, "by-answer", "newcomer").await, "federation.session_name");
    let page = house.sign_in(&elsewhere, "acme", "newcomer").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    for browser in [&here, &elsewhere] {
        let page = house.open(browser, "/go/by-answer").await;
        assert!(asked_the_idp(&page), "not inside, and no error page: {}", page.body);
    }
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_aws_refuses_is_told_with_who_must_act() {
    let house = House::before(emulator(|_| {}).await, INSTANCES).await;
    let page = house.sign_in(&browser(), "by-answer", "alice").await;
    refused(&page, "federation.role");
    let for_us_alone = emulator(|idp| idp.audiences = Vec::new()).await;
    let house = trusted(House::before(for_us_alone, INSTANCES).await);
    let page = house.sign_in(&browser(), "by-answer", "alice").await;
    refused(&page, "federation.assertion");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_asked_for_is_never_shown_to_aws() {
    let house = house().await;
    let portal = async |browser: &PlainBrowser, relay_state: &str| {
        let page = browser.open(&format!("{}/portal", house.emulator.idp_url())).await;
        let form = page.forms().remove(0).with("uid", "alice").with("relay_state", relay_state);
        browser.settle(browser.submit(&page, &form).await).await
    };
    // It names the instance: the gateway begins a sign-in of its own.
    let alice = browser();
    let page = portal(&alice, "by-answer").await;
    assert!(asked_the_idp(&page), "{}", page.body);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), [""; 0]);
    let page = alice.settle(pick(&alice, &page, "alice").await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"]);

    // It names another one, is confirmed, and the person goes there afterwards.
    house.advance(Duration::from_mins(130));
    let alice = browser();
    let page = portal(&alice, "acme").await;
    let page = alice.settle(alice.submit(&page, &page.forms()[0]).await).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let page = house.open(&alice, "/go/by-answer").await;
    assert!(asked_the_idp(&page), "{}", page.body);
    assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_by_artifact_is_shown_to_aws_as_a_posted_one_is() {
    for sign in [Sign::Assertion, Sign::Response] {
        let emulator = emulator(|idp| idp.sign = sign).await;
        let by_artifact = |settings: &str| {
            settings.replacen("[idp.corporate]\n", "[idp.corporate]\nresponse_binding = \"artifact\"\n", 1)
        };
        let house = trusted(House::build(emulator, INSTANCES, by_artifact).await);
        let page = house.sign_in(&browser(), "by-answer", "alice").await;
        assert!(is_inside(&page, "alice"), "{}", page.body);
        assert_eq!(house.asked_for("AssumeRoleWithSAML"), ["alice"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_drops_the_credentials() {
    let house = house().await;
    let alice = browser();
    house.sign_in(&alice, "by-answer", "alice").await;
    house.sign_out(&alice).await;
    let other = browser();
    house.sign_in(&other, "acme", "alice").await;
    let page = house.open(&other, "/go/by-answer").await;
    assert!(asked_the_idp(&page), "nothing is left for the next one: {}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_the_answer_nor_what_came_of_it_is_logged() {
    let emulator = emulator(|_| {}).await;
    let site = emulator.site_url("acme");
    let world =
        World::around(emulator, |settings| format!("{settings}\n{}", INSTANCES.replace("SITE", &site)), &[])
            .await;
    assert!(world.emulator.put_saml_audience(ROLE_ARN, &format!("{}/saml/acs", world.gateway_url)));
    let alice = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&alice, "by-answer", "alice").await;
    let response = page.forms()[0].value("SAMLResponse").unwrap().to_owned();
    let page = alice.settle(page).await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    assert_eq!(world.calls("AssumeRoleWithSAML"), 1);

    assert!(world.emulator.put_attribute("newcomer", SESSION_NAME, &["alice"]));
    let other = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&other, "by-answer", "newcomer").await;
    let refused_response = page.forms()[0].value("SAMLResponse").unwrap().to_owned();
    let page = other.settle(page).await;
    assert!(page.body.contains("federation.session_name"), "{}", page.body);

    let log = world.gateway.log();
    assert!(log.contains("federation.session_name"), "the log is the one that is searched");
    for response in [response, refused_response] {
        for piece in response.as_bytes().chunks_exact(40) {
            let piece = String::from_utf8_lossy(piece).into_owned();
            assert!(!log.contains(&piece), "part of the answer is in the log: {piece}");
        }
    }
    for secret in ["alice", "newcomer", "SAMLAssertion", "SecretAccessKey", "SessionToken", CREDENTIALS.1] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

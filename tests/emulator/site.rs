//! The instance's site and the way to it through the AWS console.

use std::time::Duration;

use connect_gateway::emulator::Emulator;
use serde_json::{Value, json};

use crate::aws::{assume, credentials_field, token};
use crate::browser::{Page, browser, open};
use crate::{ACME, kind, start};

async fn sign_in(emulator: &Emulator, alias: &str, credentials: &Value, destination: &str) -> Page {
    let form = [("credentials", credentials.to_string()), ("destination", destination.to_owned())];
    open(browser().post(format!("{}/auth/sign-in", emulator.site_url(alias))).form(&form)).await
}

async fn visit(emulator: &Emulator, path: &str, cookies: &str) -> Page {
    open(browser().get(format!("{}{path}", emulator.site_url("acme"))).header("cookie", cookies)).await
}

#[tokio::test]
async fn a_token_opens_the_site_as_its_user() {
    let emulator = start(kind()).await;
    let credentials = credentials_field(&token(&emulator, "dee@acme.test").await);
    let page = sign_in(&emulator, "acme", &credentials, "/agent-app-v2?x=1").await;
    assert_eq!((page.status, page.location.as_str()), (303, "/agent-app-v2?x=1"));
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=None"] {
        assert!(page.set_cookies.iter().all(|cookie| cookie.contains(attribute)), "{attribute}");
    }
    let names: Vec<_> = page.cookies.iter().filter_map(|cookie| cookie.split('=').next()).collect();
    assert_eq!(names, ["lily-auth-emulated", "lily-auth-refresh-emulated"]);
    let home = visit(&emulator, &page.location, &page.cookies.join("; ")).await;
    assert_eq!(home.status, 200);
    assert_eq!(home.element("connect-user"), "dee@acme.test");
    assert_eq!(home.element("security-profiles"), "Agent");
    assert_eq!(home.element("routing-profile"), "Billing voice+chat");
    assert_eq!(home.element("hierarchy"), "EMEA / London / Billing");
    assert_eq!(home.element("destination"), "/agent-app-v2?x=1");
}

#[tokio::test]
async fn only_the_token_that_was_issued_is_taken() {
    let emulator = start(kind()).await;
    let sound = credentials_field(&token(&emulator, "dee@acme.test").await);
    let changed = |name: &str, value: Value| {
        let mut credentials = sound.clone();
        credentials[name] = value;
        credentials
    };
    let other = "x".repeat(96);
    for credentials in [
        changed("AccessToken", json!(other)),
        changed("RefreshToken", json!(other)),
        changed(
            "AccessTokenExpiration",
            json!(sound["AccessTokenExpiration"].as_i64().expect("a number") / 1000),
        ),
        changed("RefreshTokenExpiration", json!(0)),
    ] {
        let page = sign_in(&emulator, "acme", &credentials, "/home").await;
        assert_eq!((page.status, page.cookies.len()), (401, 0));
    }
    assert_eq!(sign_in(&emulator, "globex", &sound, "/home").await.status, 401, "another instance");
    assert_eq!(sign_in(&emulator, "acme", &json!("x"), "/home").await.status, 400);
    assert_eq!(sign_in(&emulator, "acme", &sound, "/home").await.status, 303);
    emulator.advance(Duration::from_secs(3601));
    assert_eq!(sign_in(&emulator, "acme", &sound, "/home").await.status, 401, "expired");
}

#[tokio::test]
async fn the_form_chooses_no_other_host() {
    let emulator = start(kind()).await;
    let credentials = credentials_field(&token(&emulator, "dee@acme.test").await);
    for destination in ["", "https://evil.test/", "//evil.test/", "/\\evil.test"] {
        assert_eq!(sign_in(&emulator, "acme", &credentials, destination).await.location, "/home");
    }
}

#[tokio::test]
async fn without_a_session_the_site_says_so_and_signing_in_is_no_get() {
    let emulator = start(kind()).await;
    let page = visit(&emulator, "/ccp-v2", "").await;
    assert_eq!(page.status, 401);
    assert!(page.text.contains("Session expired"));
    assert_eq!(visit(&emulator, "/ccp-v2", "lily-auth-emulated=guess").await.status, 401);
    assert_eq!(visit(&emulator, "/auth/sign-in", "").await.status, 404);
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let emulator = start(kind()).await;
    let credentials = credentials_field(&token(&emulator, "dee@acme.test").await);
    let cookies = sign_in(&emulator, "acme", &credentials, "/home").await.cookies.join("; ");
    assert_eq!(visit(&emulator, "/home", &cookies).await.status, 200);
    let page = visit(&emulator, "/logout", &cookies).await;
    assert!(
        page.set_cookies.iter().all(|cookie| cookie.contains("Max-Age=0")) && page.set_cookies.len() == 2
    );
    assert_eq!(visit(&emulator, "/home", &cookies).await.status, 401);
}

async fn signin_token(emulator: &Emulator, session: &Value) -> Page {
    let query = [("Action", "getSigninToken".to_owned()), ("Session", session.to_string())];
    open(browser().get(format!("{}/federation", emulator.signin_url())).query(&query)).await
}

async fn console_login(emulator: &Emulator, token: &str, destination: &str) -> Page {
    let query = [
        ("Action", "login"),
        ("Issuer", "https://gateway.test"),
        ("Destination", destination),
        ("SigninToken", token),
    ];
    open(browser().get(format!("{}/federation", emulator.signin_url())).query(&query)).await
}

async fn session(emulator: &Emulator, name: &str) -> Value {
    let credentials = assume(emulator, name).await;
    json!({
        "sessionId": credentials.access_key_id(),
        "sessionKey": credentials.secret_access_key(),
        "sessionToken": credentials.session_token().expect("a session token"),
    })
}

fn token_in(page: &Page) -> String {
    let body: Value = serde_json::from_str(&page.text).expect("JSON");
    body["SigninToken"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn the_console_leads_into_the_instance_as_the_session_name() {
    let emulator = start(kind()).await;
    let token = token_in(&signin_token(&emulator, &session(&emulator, "dee@acme.test").await).await);
    let federate =
        format!("{}/connect/federate/{ACME}?destination=%2Fccp-v2%3Fa%3Db", emulator.console_url());
    let login = console_login(&emulator, &token, &federate).await;
    assert_eq!((login.status, &login.location), (303, &federate));
    assert_eq!(console_login(&emulator, &token, &federate).await.status, 400, "a token counts once");
    let onward = open(browser().get(&federate).header("cookie", login.cookies.join("; "))).await;
    assert!(onward.location.starts_with(&emulator.site_url("acme")), "{}", onward.location);
    let arrival = open(browser().get(&onward.location)).await;
    assert_eq!(open(browser().get(&onward.location)).await.status, 401, "a code counts once");
    assert_eq!((arrival.status, arrival.location.as_str()), (303, "/ccp-v2?a=b"));
    let page = visit(&emulator, &arrival.location, &arrival.cookies.join("; ")).await;
    assert_eq!(page.element("connect-user"), "dee@acme.test");
    let calls = emulator.history();
    assert!(calls.iter().all(|call| call.operation != "GetFederationToken"));
    assert!(calls.iter().any(|call| call.operation == "Federate" && call.status == 303));
}

#[tokio::test]
async fn the_console_refuses_what_it_did_not_issue() {
    let emulator = start(kind()).await;
    let mut wrong = session(&emulator, "dee@acme.test").await;
    wrong["sessionToken"] = json!("another");
    assert_eq!(signin_token(&emulator, &wrong).await.status, 400);
    let federate = format!("{}/connect/federate/{ACME}", emulator.console_url());
    assert_eq!(console_login(&emulator, "guess", &federate).await.status, 400);
    let token = token_in(&signin_token(&emulator, &session(&emulator, "dee@acme.test").await).await);
    assert_eq!(console_login(&emulator, &token, "https://evil.test/connect/federate/x").await.status, 400);
    assert_eq!(open(browser().get(&federate)).await.status, 403, "no console session");
    let token = token_in(&signin_token(&emulator, &session(&emulator, "nobody@acme.test").await).await);
    let login = console_login(&emulator, &token, &federate).await;
    let page = open(browser().get(&federate).header("cookie", login.cookies.join("; "))).await;
    assert_eq!(page.status, 404, "not onboarded");
    let late = token_in(&signin_token(&emulator, &session(&emulator, "dee@acme.test").await).await);
    emulator.advance(Duration::from_secs(901));
    assert_eq!(console_login(&emulator, &late, &federate).await.status, 400, "fifteen minutes");
}

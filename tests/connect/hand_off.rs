//! How a browser enters the instance.

use connect_gateway::federation::{Federation, HandOffMode};
use connect_gateway::model::{Blamed, HandOff, Secret, code};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::house::{Calls, House};

fn browser() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

/// Follows a redirect with the cookies it came with, as a browser would: the emulated sites are plain HTTP.
async fn follow(answer: Response) -> Response {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let base = answer.url().clone();
    let to = base.join(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
    let cookies: Vec<_> = answer
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned())
        .collect();
    browser().get(to).header(COOKIE, cookies.join("; ")).send().await.unwrap()
}

async fn console(house: &House, destination: &str) -> (Federation, Secret) {
    let federation = house.federation_with(|settings| settings.hand_off = HandOffMode::Console);
    let user = house.user("Grace.Hopper").await;
    let hand_off = federation.hand_off(&user, destination, house.in_an_hour()).await.unwrap();
    let HandOff::Redirect(url) = hand_off else { panic!("console mode redirects") };
    (federation, url)
}

#[tokio::test]
async fn the_form_signs_the_user_in_to_the_instance() {
    let house = House::kind().await;
    let user = house.user("Grace.Hopper").await;
    let hand_off = house.federation().hand_off(&user, "/ccp-v2/chat", house.in_an_hour()).await.unwrap();
    let HandOff::Form { action, credentials, destination, .. } = hand_off else {
        panic!("instance mode posts")
    };
    assert_eq!(action.as_str(), format!("{}/auth/sign-in", house.emulator.site_url("acme")));
    let fields = [("credentials", credentials.expose()), ("destination", &destination)];
    let answer = browser().post(action).form(&fields).send().await.unwrap();
    let page = follow(answer).await.text().await.unwrap();
    assert!(page.contains("Grace.Hopper") && page.contains("/ccp-v2/chat"), "{page}");
}

#[tokio::test]
async fn the_console_address_signs_the_user_in_to_the_instance() {
    let house = House::kind().await;
    let (_, url) = console(&house, "/ccp-v2/chat").await;
    let login = browser().get(url.expose()).send().await.unwrap();
    let federate = follow(login).await;
    let arrive = follow(federate).await;
    let page = follow(arrive).await.text().await.unwrap();
    assert!(page.contains("Grace.Hopper") && page.contains("/ccp-v2/chat"), "{page}");
    assert_eq!(house.calls("GetFederationToken"), Calls { good: 0, bad: 0 });
}

#[tokio::test]
async fn the_console_address_names_where_to_come_back_to_and_counts_as_a_secret() {
    let house = House::kind().await;
    let (_, url) = console(&house, "/").await;
    let parsed = Url::parse(url.expose()).unwrap();
    assert!(parsed.query_pairs().any(|pair| pair == ("Issuer".into(), "https://gateway.test/".into())));
    assert_eq!(format!("{:?}", HandOff::Redirect(url)), "Redirect(Secret(..))");
}

#[tokio::test]
async fn the_credentials_are_good_for_one_instance_only() {
    let house = House::kind().await;
    let (_, url) = console(&house, "/").await;
    let login = browser().get(url.expose()).send().await.unwrap();
    let cookie = login.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let other = "22222222-2222-4222-8222-222222222222";
    let page = format!("{}/connect/federate/{other}", house.emulator.console_url());
    let answer = browser().get(page).header(COOKIE, cookie).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "the role may, but its session may not");
}

#[tokio::test]
async fn an_endpoint_that_fails_is_told_without_its_address() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    for endpoint in
        ["http://127.0.0.1:1/federation".to_owned(), format!("{}/nothing", house.emulator.idp_url())]
    {
        let federation = house.federation_with(|settings| {
            settings.hand_off = HandOffMode::Console;
            settings.signin_endpoint = endpoint.parse().unwrap();
        });
        let error = federation.hand_off(&user, "/", house.in_an_hour()).await.unwrap_err();
        assert_eq!(error.code(), &code::FEDERATION_UNAVAILABLE);
        assert!(!format!("{error} {error:?}").contains("127.0.0.1"), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_token() {
    let house = House::kind().await;
    let user = house.user("ada").await;
    let federation = house.federation();
    let token = federation.token_for(&user, house.in_an_hour()).await.unwrap();
    let form = federation.hand_off(&user, "/", house.in_an_hour()).await.unwrap();
    let printed = format!("{token:?} {form:?}");
    for secret in [token.access_token.expose(), token.refresh_token.expose()] {
        assert!(!printed.contains(secret));
    }
}

#[tokio::test]
async fn the_instance_ends_its_own_session() {
    let house = House::kind().await;
    let logout = house.federation().logout_url().unwrap();
    assert_eq!(browser().get(logout).send().await.unwrap().status(), StatusCode::OK);
}

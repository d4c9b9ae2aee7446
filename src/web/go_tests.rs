use axum::body::to_bytes;

use super::*;
use crate::model::Secret;
use crate::web::brands::acme;

fn header_of(response: &Response, name: header::HeaderName) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}

async fn body(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

#[tokio::test]
async fn a_token_is_in_the_hand_offs_form_and_in_no_header() {
    let hand_off = HandOff::Form {
        action: "https://acme.my.connect.aws/auth/sign-in".parse().unwrap(),
        credentials: Secret::new("{\"AccessToken\":\"t0ken\"}"),
        destination: "/agent-app-v2".to_owned(),
        ends: time::OffsetDateTime::UNIX_EPOCH,
    };
    let response = render(&acme(), &hand_off).unwrap();
    assert!(!format!("{:?}", response.headers()).contains("t0ken"));
    let csp = header_of(&response, header::CONTENT_SECURITY_POLICY);
    assert!(csp.contains("form-action https://acme.my.connect.aws;"), "{csp}");
    assert!(body(response).await.contains("t0ken"));
}

#[tokio::test]
async fn a_console_login_is_a_redirect_that_no_debug_output_shows() {
    let login = "https://signin.aws.amazon.com/federation?Action=login&SigninToken=t0ken";
    let response = render(&acme(), &HandOff::Redirect(Secret::new(login))).unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(header_of(&response, header::LOCATION), login);
    assert!(!format!("{response:?}").contains("t0ken"));
    assert_eq!(body(response).await, "");
}

#[tokio::test]
async fn a_login_address_that_would_split_the_header_is_refused() {
    let refused =
        render(&acme(), &HandOff::Redirect(Secret::new("https://x\r\nSet-Cookie: a=b"))).unwrap_err();
    assert_eq!(refused.code, &code::GATEWAY_INTERNAL);
}

#[tokio::test]
async fn an_authn_request_leaves_by_redirect_or_by_form() {
    let address = "https://idp.test/sso?SAMLRequest=x";
    let redirect = depart(&acme(), &Departure::Redirect(address.parse().unwrap())).unwrap();
    assert_eq!(
        (redirect.status(), header_of(&redirect, header::LOCATION)),
        (StatusCode::SEE_OTHER, address.into())
    );
    let post = Departure::Post {
        action: "https://idp.test/sso".parse().unwrap(),
        saml_request: "PHg+".to_owned(),
        relay_state: "abc".to_owned(),
    };
    let form = depart(&acme(), &post).unwrap();
    let csp = header_of(&form, header::CONTENT_SECURITY_POLICY);
    assert!(csp.contains("form-action https: https://idp.test;"), "{csp}");
    let html = body(form).await;
    assert!(
        html.contains(r#"name="SAMLRequest" value="PHg+""#)
            && html.contains(r#"name="RelayState" value="abc""#)
    );
}

#[tokio::test]
async fn waiting_is_no_error_and_says_how_long() {
    for (turn, again, told) in [(7, "7", "7 seconds"), (60, "60", "60 seconds"), (1501, "60", "26 minutes")] {
        let turn = Some(Duration::from_secs(turn));
        let response = waiting(&acme(), turn, "/go/prod").unwrap();
        assert_eq!(
            (response.status(), header_of(&response, header::RETRY_AFTER).as_str()),
            (StatusCode::OK, again)
        );
        assert!(body(response).await.contains(&format!("<strong>{told}</strong>")), "{told}");
    }
}

#[tokio::test]
async fn a_script_without_a_session_gets_401_and_no_redirect() {
    for (pairs, navigation) in [
        (&[("sec-fetch-mode", "cors")][..], false),
        (&[("sec-fetch-mode", "navigate"), ("accept", "application/json")], true),
        (&[("accept", "application/json")], false),
        (&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")], true),
        (&[], true),
    ] {
        assert_eq!(is_navigation(&headers(pairs)), navigation, "{pairs:?}");
    }
    let response = sign_in_needed(&ask("prod".to_owned(), None, &RawQuery(None)));
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(body(response).await, r#"{"error":"sign_in_needed","sign_in":"/go/prod"}"#);
}

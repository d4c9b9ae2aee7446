use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::watch;
use tower::ServiceExt as _;
use tower_sessions::Session;

use super::brands::{acme, german, in_language};
use super::refusal::Refusal;
use super::*;
use crate::model::session_record::REVISION;
use crate::model::{
    AddressSource, ClientAddressSettings, Phase, RateLimits, SystemClock, SystemRandom, TrustedPeers, code,
};
use crate::store::MemorySessions;

/// What `[listener]` says by default.
const LARGEST_FORM: usize = 512 * 1024;

/// A proxy on this machine is believed.
fn trusting_loopback() -> ClientAddressSettings {
    let trusted = TrustedPeers::new(vec!["127.0.0.0/8".parse().unwrap()], false);
    ClientAddressSettings { source: AddressSource::XForwardedFor, trusted }
}

fn generous() -> RateLimits {
    let limit = std::num::NonZeroU32::new(1000);
    RateLimits { sign_in: limit, acs: limit, choose: limit, logout: limit, admin: limit, idp: limit }
}

fn site(public_url: &str) -> Site {
    Site {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        brand: acme(),
        translated: vec![german(), in_language("ar", "")],
        support: Some("Service desk: 0800 555 0100".to_owned()),
        public_url: public_url.parse().unwrap(),
        console: None,
        metrics: Arc::new(Metrics::new([], [], SystemClock.now())),
        personal: crate::model::PersonalData::default(),
        pending_for: Duration::from_mins(15),
        taken: Limits { form: LARGEST_FORM, request: Duration::from_mins(2) },
        health: Health {
            phase: watch::Sender::new(Phase::Serving).subscribe(),
            certificate: None,
            store: None,
        },
        addresses: Arc::new(Addresses::new(trusting_loopback())),
        limits: Arc::new(AddressLimits::new(&generous())),
    }
}

/// The real boundary around a few small routes.
fn gateway_at(public_url: &str) -> Router {
    let routes = Router::new()
        .route("/panic", get(|| async { panics() }))
        .route("/form", post(|_: Bytes| async { "read" }))
        .route("/away", get(|| async { Redirect::to("/go/prod") }))
        .route("/out-of-aws", get(|| async { Refusal::new(&code::CONNECT_UNAVAILABLE, "secret cause 42") }))
        .route("/named/{name}", get(|_: axum::extract::Path<String>| async { "named" }))
        .route(
            "/enter",
            get(|session: Session| async move {
                session.insert(REVISION, "1").await.map_err(|_| ()).is_ok().to_string()
            }),
        )
        .route(
            "/leave",
            get(|session: Session| async move {
                cookies::forget_session(session.flush().await.map_err(|_| ()).is_ok().to_string())
            }),
        );
    bounded(routes, Arc::new(site(public_url)), MemorySessions::new(Arc::new(SystemClock)))
}

#[expect(unreachable_code, reason = "a handler has to have a return type")]
fn panics() -> &'static str {
    panic!("secret cause 42");
    ""
}

async fn sent(request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    read(gateway_at("https://gateway.test").oneshot(request).await.unwrap()).await
}

async fn got(path: &str) -> (StatusCode, HeaderMap, String) {
    sent(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn read(response: Response) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    (parts.status, parts.headers, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn an_unknown_path_gets_a_page_with_its_code_and_the_support_id_of_the_request() {
    let (status, headers, html) = got("/wp-login.php").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(html.contains("web.not_found") && html.contains(headers["x-request-id"].to_str().unwrap()));
    assert!(html.contains("0800 555 0100"));
}

#[tokio::test]
async fn a_wrong_method_gets_a_page_and_the_allowed_methods() {
    let (status, headers, html) = got("/form").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(html.contains("web.method_not_allowed"));
    assert_eq!(headers[header::ALLOW], "POST");
}

#[tokio::test]
async fn a_path_that_is_not_text_gets_a_page() {
    let (status, _, html) = got("/named/%ff%fe").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(html.contains("web.bad_request"));
}

#[tokio::test]
async fn a_body_beyond_the_limit_gets_a_page() {
    let post = |length| Request::post("/form").body(Body::from(vec![b'a'; length])).unwrap();
    assert_eq!(sent(post(LARGEST_FORM)).await.0, StatusCode::OK);
    let (status, _, html) = sent(post(LARGEST_FORM + 1)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(html.contains("web.too_large"));
}

#[tokio::test]
async fn a_panic_gets_a_page_that_does_not_tell_of_it() {
    let (status, _, html) = got("/panic").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(html.contains("gateway.internal") && !html.contains("secret cause 42"));
}

#[tokio::test]
async fn the_browser_never_sees_the_cause() {
    let (status, headers, html) = got("/out-of-aws").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers[header::RETRY_AFTER], "3");
    assert!(html.contains("connect.unavailable") && !html.contains("secret cause"));
    assert!(!format!("{headers:?}").contains("secret cause"));
}

#[tokio::test]
async fn the_audit_line_holds_the_cause_under_the_support_id_of_the_page() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // With one subscriber alone, another test's thread, which has none, could switch the audit line off for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let (_, headers, _) = got("/out-of-aws").await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains("audit")).unwrap();
    for part in [
        "event=\"request\"",
        "code=\"connect.unavailable\"",
        "blame=\"aws\"",
        "secret cause 42",
        headers["x-request-id"].to_str().unwrap(),
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

/// A log that can be read again.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    for path in ["/healthz", "/away", "/nowhere", "/panic", "/form"] {
        let (_, headers, _) = got(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        assert!(
            headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none';"),
            "{path}"
        );
        assert_eq!(headers["x-request-id"].len(), 14, "{path}");
    }
}

async fn in_language_of(path: &str, asked: &str) -> (StatusCode, HeaderMap, String) {
    sent(Request::get(path).header(header::ACCEPT_LANGUAGE, asked).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_asks_for() {
    let (_, headers, html) = in_language_of("/nowhere", "de-AT,de;q=0.9,en;q=0.8").await;
    assert!(html.contains("<html lang=\"de\">"), "{html}");
    assert!(
        html.contains("Unter dieser Adresse gibt es nichts") && html.contains("Zur Startseite"),
        "{html}"
    );
    assert!(html.contains("Service desk: 0800 555 0100"), "the administrator's own words stay as they are");
    assert_eq!(headers[header::VARY], "accept-language");
    let (_, headers, html) = in_language_of("/nowhere", "fr").await;
    assert!(
        html.contains("<html lang=\"en\">") && html.contains("There is nothing at this address"),
        "{html}"
    );
    assert_eq!(headers[header::VARY], "accept-language");
    let (_, headers, _) = in_language_of("/healthz", "de").await;
    assert!(!headers.contains_key(header::VARY));
}

#[tokio::test]
async fn a_language_that_is_written_from_right_to_left_says_so() {
    let (_, _, html) = in_language_of("/nowhere", "ar-EG").await;
    assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{html}");
}

#[tokio::test]
async fn a_gateway_without_https_does_not_promise_it() {
    let request = Request::get("/healthz").body(Body::empty()).unwrap();
    let (status, headers, body) =
        read(gateway_at("http://localhost:8080").oneshot(request).await.unwrap()).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "ok"));
    assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn garbage_in_headers_and_cookies_never_ends_in_a_5xx() {
    for cookie in [
        &b"\xff\xfe\x80"[..],
        b"__Host-gateway-session=%%%",
        b"__Host-gateway-session=AAAAAAAAAAAAAAAAAAAAAA",
        b";;;===;",
    ] {
        for path in ["/enter", "/leave", "/healthz", "/nowhere"] {
            let request = Request::get(path)
                .header(header::COOKIE, cookie)
                .header(header::ACCEPT_LANGUAGE, cookie)
                .body(Body::empty())
                .unwrap();
            let (status, ..) = sent(request).await;
            assert!(!status.is_server_error(), "{path}: {status}");
        }
    }
    for method in [Method::HEAD, Method::OPTIONS, Method::TRACE, Method::DELETE] {
        let request = Request::builder().method(method).uri("/form").body(Body::empty()).unwrap();
        assert_eq!(sent(request).await.0, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn the_session_cookie_is_bound_to_this_host_and_can_be_removed() {
    let gateway = gateway_at("https://gateway.test");
    let enter = Request::get("/enter").body(Body::empty()).unwrap();
    let (_, headers, _) = read(gateway.clone().oneshot(enter).await.unwrap()).await;
    let cookie = headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-gateway-session="), "{cookie}");
    for attribute in ["; HttpOnly", "; Secure", "; Path=/", "; SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");

    let pair = cookie.split(';').next().unwrap();
    let leave = Request::get("/leave").header(header::COOKIE, pair).body(Body::empty()).unwrap();
    let (_, headers, _) = read(gateway.oneshot(leave).await.unwrap()).await;
    let removal = "__Host-gateway-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0";
    assert!(headers.get_all(header::SET_COOKIE).iter().any(|value| value == removal), "{headers:?}");
}

/// A request from this peer, with these headers.
fn from(peer: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let peer = Peer(peer.parse().ok());
    let request = Request::builder().method(method).uri(path).extension(peer);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).unwrap()
}

async fn whoami(peer: &str, headers: &[(&str, &str)]) -> serde_json::Value {
    let (status, _, body) = sent(from(peer, Method::GET, "/whoami", headers)).await;
    assert_eq!(status, StatusCode::OK);
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn whoami_tells_an_address_and_whose_word_it_is() {
    let told = whoami("127.0.0.1", &[("X-Forwarded-For", "203.0.113.7")]).await;
    assert_eq!(told["address"], "203.0.113.7");
    assert_eq!(told["believed_header"], "X-Forwarded-For");
    assert_eq!(told["through_trusted_proxy"], true);
    assert_eq!(told["public_url"], "https://gateway.test");

    let told = whoami("198.51.100.66", &[("X-Forwarded-For", "203.0.113.7"), ("Host", "evil.test")]).await;
    assert_eq!(told["address"], "198.51.100.66");
    assert_eq!(told["believed_header"], serde_json::Value::Null);
    assert_eq!(told["ignored_headers"], json!(["x-forwarded-for"]));
    assert!(!told.to_string().contains("evil.test"));
}

#[tokio::test]
async fn whoami_does_not_tell_a_trusted_proxy_s_own_address() {
    let told = whoami("127.0.0.1", &[]).await;
    assert_eq!(told["address"], serde_json::Value::Null);
    assert_eq!(told["fault"], "missing");
    assert!(!told.to_string().contains("127.0.0.1"), "{told}");
}

/// A gateway where each address may ask once a minute.
fn strict_gateway() -> Router {
    let once = std::num::NonZeroU32::new(1);
    let limits = RateLimits { sign_in: once, acs: once, choose: once, logout: once, admin: once, idp: once };
    let site = Site { limits: Arc::new(AddressLimits::new(&limits)), ..site("https://gateway.test") };
    let routes =
        Router::new().route("/go/prod", get(|| async { "in" })).route("/saml/acs", post(|| async { "in" }));
    bounded(routes, Arc::new(site), MemorySessions::new(Arc::new(SystemClock)))
}

#[tokio::test]
async fn who_asks_too_often_gets_a_page_that_asks_again_by_itself() {
    let gateway = strict_gateway();
    let ask = |method: Method, path: &'static str, address: &'static str| {
        let request = from("127.0.0.1", method, path, &[("X-Forwarded-For", address)]);
        let gateway = gateway.clone();
        async move { read(gateway.oneshot(request).await.unwrap()).await }
    };
    assert_eq!(ask(Method::GET, "/go/prod", "203.0.113.7").await.0, StatusCode::OK);
    let (status, headers, html) = ask(Method::GET, "/go/prod", "203.0.113.7").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((5..=60).contains(&wait), "{wait}");
    assert!(html.contains("web.too_many_requests"), "{html}");
    assert!(html.contains(&format!("<meta http-equiv=\"refresh\" content=\"{wait}\">")), "{html}");
    assert_eq!(ask(Method::GET, "/go/prod", "203.0.113.8").await.0, StatusCode::OK, "somebody else");

    assert_eq!(ask(Method::POST, "/saml/acs", "203.0.113.7").await.0, StatusCode::OK);
    let (status, _, html) = ask(Method::POST, "/saml/acs", "203.0.113.7").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!html.contains("http-equiv"), "a form can't be sent again by itself: {html}");
    for _ in 0..3 {
        assert_eq!(ask(Method::GET, "/healthz", "203.0.113.7").await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_forged_header_gives_nobody_another_minute() {
    let gateway = strict_gateway();
    let mut passed = 0;
    for n in 0..5 {
        let forged = format!("203.0.113.{n}");
        let lines = [("X-Forwarded-For", forged.as_str()), ("Forwarded", "for=192.0.2.1")];
        let request = from("198.51.100.66", Method::GET, "/go/prod", &lines);
        passed += usize::from(gateway.clone().oneshot(request).await.unwrap().status().is_success());
    }
    assert_eq!(passed, 1);
}

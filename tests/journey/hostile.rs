//! Broken and hostile requests: each gets a 4xx page with a stable code, and none gets anything else.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::code;
use url::Url;

use crate::gateway::{Gateway, free_address, key_pair};
use crate::raw_http::{RawAnswer, form, request, send};

const EVIL: &str = "evil.test";
const COOKIE: &str = "__Host-gateway-sign-in=0123456789012345678901234567890123456789";

const ANSWER: &[u8] = b"SAMLResponse=a&RelayState=89abcdef0123456789abcdef0123456789abcdef";
const CONFIRMATION: &[u8] = b"confirmation=89abcdef0123456789abcdef0123456789abcdef";

const CONFIG: &str = r#"
[idp.corporate]
preset = "generic"
metadata_file = "idp.xml"
[instance.acme]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "https://acme.my.connect.aws"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
[[mapping.rule]]
name = "agents"
groups = ["agents"]
set = { security_profiles = ["Agent"], routing_profile = "Basic" }
[aws]
connect_endpoint = "http://127.0.0.1:9"
sts_endpoint = "http://127.0.0.1:9"
"#;

async fn gateway() -> Gateway {
    configured(CONFIG).await
}

async fn configured(config: &str) -> Gateway {
    let (_, certificate) = key_pair();
    let certificate: String = certificate.lines().filter(|line| !line.starts_with("-----")).collect();
    let metadata = format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.test/metadata">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>
</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso"/>
</IDPSSODescriptor></EntityDescriptor>"#
    );
    let address = free_address();
    let public_url = format!("http://localhost:{}", address.port());
    Gateway::start(address, &public_url, config, &[("idp.xml", &metadata)]).await
}

/// The stable code on an error page.
fn code_on(page: &str) -> Option<&'static str> {
    code::ALL.iter().map(|code| code.id).find(|id| page.contains(&format!("<dd id=\"code\">{id}</dd>")))
}

fn numbers(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect()
}

/// What holds for every refusal.
fn check_refusal(what: &str, answer: &RawAnswer) {
    assert!((400..500).contains(&answer.status), "{what}: {}\n{}", answer.status, answer.body);
    assert!(answer.header("location").is_empty(), "{what}: {}", answer.head);
    let points_there = answer.body.contains(&format!("//{EVIL}"));
    assert!(!answer.head.contains(EVIL) && !points_there, "{what}: leads to a host of the request");
}

async fn check_still_serving(gateway: &Gateway) {
    let answer = send(gateway.address, &request("GET", "/healthz", &[])).await;
    assert_eq!(answer.status, 200);
    let log = gateway.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_no_page_of_ours_makes_gets_a_page_with_a_stable_code() {
    let gateway = gateway().await;
    let long = "a".repeat(6000);
    let huge = vec![b'a'; 3_000_000];
    let deep = "/..".repeat(500);
    let many_fields = "a=b&".repeat(20_000);
    let get = |target: &str| request("GET", target, &[]);
    let acs = |headers: &[(&str, &str)], body: &[u8]| form("/saml/acs", headers, body);
    let confirm = |headers: &[(&str, &str)], body: &[u8]| form("/sign-in/confirm", headers, body);
    let cookie = [("Cookie", COOKIE)];
    let unsolicited = "sign_in.unsolicited";
    let bad = "web.bad_request";
    let not_found = "web.not_found";
    let no_instance = "sign_in.unknown_instance";
    let requests: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing there", get("/nothing"), not_found),
        ("a hidden file", get("/.env"), not_found),
        ("a path that climbs", get("/../../etc/passwd"), not_found),
        ("a path that climbs, encoded", get("/%2e%2e/%2e%2e/etc/passwd"), not_found),
        ("a path that climbs far", get(&deep), not_found),
        ("a second slash", get("//evil.test/go/acme"), not_found),
        ("a backslash", get("/\\evil.test"), not_found),
        ("an encoded slash", get("/go%2Facme"), not_found),
        ("upper case", get("/GO/acme"), not_found),
        ("a long path", get(&format!("/{long}")), not_found),
        ("a slash at the end", get("/go/acme/ccp/"), not_found),
        ("too many segments", get("/go/acme/ccp/more"), not_found),
        ("an unknown instance", get("/go/other"), no_instance),
        ("an instance with a line break", get("/go/acme%0d%0aSet-Cookie:%20a=b"), no_instance),
        ("an instance with a NUL", get("/go/acme%00"), no_instance),
        ("an instance that is a host", get("/go/https:%2F%2Fevil.test"), no_instance),
        ("an instance that is markup", get("/go/%3Cscript%3Ealert(1)%3C%2Fscript%3E"), no_instance),
        ("an instance in other letters", get("/go/%F0%9F%98%80"), no_instance),
        ("a long instance", get(&format!("/go/{long}")), no_instance),
        ("an instance that is not UTF-8", get("/go/%ff%fe"), bad),
        ("an unknown destination", get("/go/acme/nowhere"), "sign_in.unknown_destination"),
        ("a destination that is a path", get("/go/acme/%2F%2Fevil.test"), "sign_in.unknown_destination"),
        ("a destination with a line break", get("/go/acme/ccp%0d%0aX:%20y"), "sign_in.unknown_destination"),
        ("a destination that is not UTF-8", get("/go/acme/%c0%af"), bad),
        ("an unknown identity provider", get("/go/acme?idp=other"), "sign_in.unknown_idp"),
        ("an identity provider that is a host", get("/go/acme?idp=https://evil.test"), "sign_in.unknown_idp"),
        ("a method that a page lacks", request("POST", "/go/acme", &[]), "web.method_not_allowed"),
        ("DELETE", request("DELETE", "/", &[]), "web.method_not_allowed"),
        ("PUT", request("PUT", "/saml/acs", &[]), "web.method_not_allowed"),
        ("PATCH", request("PATCH", "/sign-out", &[]), "web.method_not_allowed"),
        ("OPTIONS", request("OPTIONS", "/go/acme", &[]), "web.method_not_allowed"),
        ("TRACE", request("TRACE", "/", &[]), "web.method_not_allowed"),
        ("a method of one's own", request("GIMME", "/", &[]), "web.method_not_allowed"),
        ("GET of the ACS", get("/saml/acs"), "web.method_not_allowed"),
        ("POST of the metadata", form("/saml/metadata", &[], b""), "web.method_not_allowed"),
        ("an empty ACS form", acs(&cookie, b""), bad),
        ("JSON to the ACS", acs(&[("Content-Type", "application/json")], b"{}"), bad),
        ("XML to the ACS", acs(&[("Content-Type", "text/xml")], b"<a/>"), bad),
        ("a multipart form", acs(&[("Content-Type", "multipart/form-data; boundary=x")], b"--x--"), bad),
        ("no content type", acs(&[("Content-Type", "")], b"SAMLResponse=a&RelayState=b"), bad),
        ("no SAMLResponse", acs(&cookie, b"RelayState=b"), bad),
        ("an empty SAMLResponse", acs(&cookie, b"SAMLResponse=&RelayState=b"), bad),
        ("two SAMLResponses", acs(&cookie, b"SAMLResponse=a&SAMLResponse=b&RelayState=c"), bad),
        ("two RelayStates", acs(&cookie, b"SAMLResponse=a&RelayState=b&RelayState=c"), bad),
        ("many fields", acs(&cookie, many_fields.as_bytes()), bad),
        ("bytes that are no form", acs(&cookie, &[0xff, 0x00, 0xfe, 0x25, 0x25]), bad),
        ("broken percent signs", acs(&cookie, b"SAMLResponse=%zz%&RelayState=%"), unsolicited),
        ("no RelayState", acs(&cookie, b"SAMLResponse=a"), unsolicited),
        ("no RelayState and no cookie", acs(&[], b"SAMLResponse=a"), unsolicited),
        (
            "a RelayState that is a URL",
            acs(&cookie, b"SAMLResponse=a&RelayState=https://evil.test"),
            unsolicited,
        ),
        ("a RelayState nobody gave", acs(&cookie, ANSWER), "sign_in.not_pending"),
        ("a confirmation without a question", confirm(&cookie, CONFIRMATION), "sign_in.not_pending"),
        ("a confirmation of nothing", confirm(&cookie, b""), "sign_in.not_pending"),
        ("a confirmation without a cookie", confirm(&[], CONFIRMATION), "sign_in.no_cookie"),
        (
            "a confirmation from another site",
            confirm(&[cookie[0], ("Sec-Fetch-Site", "cross-site")], CONFIRMATION),
            bad,
        ),
        ("a confirmation that is no form", confirm(&[("Content-Type", "text/plain")], CONFIRMATION), bad),
        ("GET of the confirmation", get("/sign-in/confirm"), "web.method_not_allowed"),
        ("a huge form", acs(&cookie, &huge), "web.too_large"),
        (
            "a form that says it is huge",
            b"POST /saml/acs HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999999\r\n\r\n".to_vec(),
            "web.too_large",
        ),
        ("no cookie", acs(&[], ANSWER), "sign_in.no_cookie"),
        ("an empty cookie", acs(&[("Cookie", "")], ANSWER), "sign_in.no_cookie"),
        (
            "a cookie of one's own",
            acs(&[("Cookie", "__Host-gateway-sign-in=x")], ANSWER),
            "sign_in.no_cookie",
        ),
    ];
    for (what, bytes, expected) in requests {
        let answer = send(gateway.address, &bytes).await;
        check_refusal(what, &answer);
        assert_eq!(code_on(&answer.body), Some(expected), "{what}\n{}", answer.body);
    }
    check_still_serving(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_http_are_refused_and_harm_nobody() {
    let gateway = gateway().await;
    let many = numbers(500, |n| format!("X-{n}: y\r\n"));
    let long = "a".repeat(1_000_000);
    for (what, bytes) in [
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00".to_vec()),
        ("an unknown version", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n".to_vec()),
        ("a space in a header's name", b"GET / HTTP/1.1\r\nHost: a\r\nA b: c\r\n\r\n".to_vec()),
        ("a NUL in a header", b"GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n".to_vec()),
        ("a space in the target", b"GET /go /acme HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        (
            "two lengths",
            b"POST /saml/acs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
                .to_vec(),
        ),
        ("a negative length", b"POST /saml/acs HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_vec()),
        (
            "an unknown coding",
            b"POST /saml/acs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, x\r\n\r\n".to_vec(),
        ),
        ("too many headers", format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").into_bytes()),
        ("a header without an end", format!("GET / HTTP/1.1\r\nHost: a\r\nA: {long}\r\n\r\n").into_bytes()),
        ("a target without an end", format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()),
    ] {
        let answer = send(gateway.address, &bytes).await;
        assert!((400..500).contains(&answer.status) || answer.head.is_empty(), "{what}: {}", answer.head);
    }
    check_still_serving(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_host_changes_no_answer() {
    let gateway = gateway().await;
    let absolute = format!("http://{EVIL}");
    for path in ["/", "/go/acme", "/go/acme/ccp", "/saml/metadata", "/sign-out", "/sign-in", "/nothing"] {
        let honest = send(gateway.address, &request("GET", path, &[])).await;
        assert!(honest.status < 500, "{path}: {}", honest.status);
        for forged in [
            request("GET", path, &[("Host", EVIL)]),
            request("GET", path, &[("X-Forwarded-Host", EVIL), ("X-Forwarded-Proto", "gopher")]),
            request("GET", path, &[("Forwarded", "host=evil.test;proto=http")]),
            request(
                "GET",
                path,
                &[("X-Original-URL", "http://evil.test/"), ("X-Rewrite-URL", "//evil.test")],
            ),
            request("GET", path, &[("Referer", "https://evil.test/"), ("Origin", "https://evil.test")]),
            request("GET", &format!("{absolute}{path}"), &[]),
        ] {
            let answer = send(gateway.address, &forged).await;
            assert_eq!(answer.status, honest.status, "{path}");
            assert!(!answer.head.contains(EVIL) && !answer.body.contains(EVIL), "{path}\n{}", answer.head);
        }
    }
    check_still_serving(&gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_no_signed_saml_response_is_refused_with_a_saml_code() {
    let gateway = configured(&CONFIG.replace("preset =", "idp_initiated = \"confirm\"\npreset =")).await;
    let response = |inside: &str| {
        format!(
            r#"<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="2020-01-01T00:00:00Z">{inside}</p:Response>"#
        )
    };
    let laughs = r#"<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><r>&b;</r>"#;
    let documents: Vec<(&str, Vec<u8>)> = vec![
        ("not base64", b"%%%".to_vec()),
        ("nothing", encode(b" ")),
        ("no XML", encode(b"hello")),
        ("XML without an end", encode(b"<Response><a>")),
        ("another element", encode(b"<html/>")),
        (
            "an external entity",
            encode(br#"<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>"#),
        ),
        ("an entity that grows", encode(laughs.as_bytes())),
        ("deep nesting", encode(("<a>".repeat(20_000) + &"</a>".repeat(20_000)).as_bytes())),
        ("many attributes", encode(format!("<r {}/>", numbers(5000, |n| format!("a{n}='b' "))).as_bytes())),
        ("bytes that are not UTF-8", encode(b"<r>\xff\xfe\xfd</r>")),
        ("UTF-16", encode(&"<r/>".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())),
        ("a NUL", encode(b"<r>\0</r>")),
        ("an instruction", encode(b"<?xml-stylesheet href='http://evil.test'?><r/>")),
        ("an empty response", encode(response("").as_bytes())),
        ("an unsigned assertion", encode(response("<a:Assertion ID='_2' Version='2.0'/>").as_bytes())),
        ("two assertions", encode(response("<a:Assertion ID='_2'/><a:Assertion ID='_3'/>").as_bytes())),
        ("an encrypted assertion", encode(response("<a:EncryptedAssertion/>").as_bytes())),
        ("a logout", encode(br#"<p:LogoutResponse xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>"#)),
        ("a large text", encode(response(&"x".repeat(100_000)).as_bytes())),
    ];
    for (what, document) in documents {
        let (cookie, relay_state) = start(gateway.address).await;
        let document = std::str::from_utf8(&document).unwrap();
        let asked = refused_answer(&gateway, what, document, &relay_state, &cookie).await;
        assert!(asked.starts_with("saml."), "{what}: {asked}");
        let unasked = refused_answer(&gateway, what, document, "", "").await;
        assert!(unasked.starts_with("saml.") || unasked == "sign_in.unsolicited", "{what}: {unasked}");
    }
    check_still_serving(&gateway).await;
}

/// The code with which such an answer is refused.
async fn refused_answer(
    gateway: &Gateway,
    what: &str,
    document: &str,
    relay_state: &str,
    cookie: &str,
) -> &'static str {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", document)
        .append_pair("RelayState", relay_state)
        .finish();
    let answer = send(gateway.address, &form("/saml/acs", &[("Cookie", cookie)], body.as_bytes())).await;
    check_refusal(what, &answer);
    assert!(
        answer.header("set-cookie").iter().all(|cookie| !cookie.contains("session")),
        "{what}: a session"
    );
    code_on(&answer.body).unwrap_or_else(|| panic!("{what}: no code\n{}", answer.body))
}

fn encode(document: &[u8]) -> Vec<u8> {
    STANDARD.encode(document).into_bytes()
}

/// Leaves for the identity provider: the pre-login cookie and the RelayState.
async fn start(address: SocketAddr) -> (String, String) {
    let answer = send(address, &request("GET", "/go/acme", &[])).await;
    let location = Url::parse(answer.header("location")[0]).unwrap();
    let relay_state = location.query_pairs().find(|(key, _)| key == "RelayState").unwrap().1.into_owned();
    let cookie = answer.header("set-cookie")[0].split(';').next().unwrap().to_owned();
    (cookie, relay_state)
}

//! What a request says about the host that was asked changes nothing, not even from a proxy that is trusted.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use url::Url;

use crate::raw_http::{RawAnswer, request, send};
use crate::world::World;

const EVIL: &str = "evil.test";
const FORGED: [&[(&str, &str)]; 4] = [
    &[("Host", EVIL)],
    &[("X-Forwarded-Host", EVIL), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", "81")],
    &[("Forwarded", "for=203.0.113.7;host=evil.test;proto=http")],
    &[("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Prefix", "/evil"), ("X-Original-Host", EVIL)],
];

/// Cookies without what is random in them.
fn cookies(answer: &RawAnswer) -> Vec<String> {
    let shape = |cookie: &&str| {
        let (name, rest) = cookie.split_once('=').unwrap();
        format!("{name};{}", rest.split_once(';').unwrap().1)
    };
    answer.header("set-cookie").iter().map(shape).collect()
}

/// Where a redirect leads, and the request that it carries, without what is new in each.
fn departure(answer: &RawAnswer) -> (String, Vec<String>) {
    let location = Url::parse(answer.header("location")[0]).unwrap();
    let request = location.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap().1.into_owned();
    let mut xml = String::new();
    DeflateDecoder::new(&*STANDARD.decode(request).unwrap()).read_to_string(&mut xml).unwrap();
    let address = location[..url::Position::AfterPath].to_owned();
    let kept =
        xml.split([' ', '>']).filter(|part| !part.starts_with("ID=") && !part.starts_with("IssueInstant="));
    (address, kept.map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_host_changes_no_redirect_metadata_request_or_cookie() {
    for mode in ["x_forwarded_for", "forwarded"] {
        let section = format!("\n[client_address]\nmode = \"{mode}\"\ntrusted = [\"127.0.0.0/8\"]\n");
        let world = World::configured("", |text| format!("{text}{section}")).await;
        let at = world.gateway.address;
        let go = send(at, &request("GET", "/go/acme", &[])).await;
        let metadata = send(at, &request("GET", "/saml/metadata", &[])).await;
        assert_eq!((go.status, metadata.status), (303, 200), "{}", go.head);
        assert!(
            departure(&go).1.iter().any(|part| part.contains(&format!("{}/saml/acs", world.gateway_url)))
        );
        assert!(cookies(&go).iter().any(|cookie| cookie.contains("Secure")), "{:?}", cookies(&go));
        for forged in FORGED {
            let answer = send(at, &request("GET", "/go/acme", forged)).await;
            assert_eq!(departure(&answer), departure(&go), "{forged:?}");
            assert_eq!(cookies(&answer), cookies(&go), "{forged:?}");
            let answer = send(at, &request("GET", "/saml/metadata", forged)).await;
            assert_eq!(answer.body, metadata.body, "{forged:?}");
            let told = send(at, &request("GET", "/whoami", forged)).await;
            assert!(told.body.contains(&world.gateway_url) && !told.body.contains(EVIL), "{}", told.body);
        }
    }
}

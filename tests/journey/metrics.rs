//! What monitoring is told, at an address of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::mapping::{change_config, sign_in};
use crate::plain_browser::PlainBrowser;
use crate::world::{World, is_inside};

/// And where monitoring asks.
pub(crate) async fn world() -> (World, String) {
    let world = World::start("").await;
    let address = world.operations_url.clone();
    (world, address)
}

async fn text_at(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

pub(crate) async fn numbers(address: &str) -> String {
    let answer = reqwest::get(format!("{address}/metrics")).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// The value of one series.
pub(crate) fn value(numbers: &str, series: &str) -> f64 {
    let start = format!("connect_gateway_{series} ");
    let line = numbers.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no {series} in {numbers}")).parse().unwrap()
}

/// The numbers, once this one is so.
async fn once(world: &World, address: &str, series: &str, wanted: f64) -> String {
    for _ in 0..100 {
        let numbers = numbers(address).await;
        if (value(&numbers, series) - wanted).abs() < f64::EPSILON {
            return numbers;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}\n{}", numbers(address).await, world.gateway.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_can_not_be_used_is_seen_and_so_is_its_repair() {
    let (world, address) = world().await;
    let at_first = once(&world, &address, "rules_current", 1.0).await;
    assert!(at_first.contains("connect_gateway_build_info{version=\""), "{at_first}");
    let good = "groups = [\"cc-agents\"]\n";
    change_config(&world, |text| text.replace(good, "when = \"grups == []\"\n"));
    let bad = once(&world, &address, "rules_current", 0.0).await;
    assert!((value(&bad, "rules_reloads_total{result=\"kept\"}") - 1.0).abs() < f64::EPSILON, "{bad}");
    let (status, state) = text_at(&format!("{address}/readyz?verbose")).await;
    let state: Value = serde_json::from_str(&state).unwrap();
    assert_eq!((status, &state["rules"]), (200, &Value::from("older_than_file")));
    assert!(state["degraded"].to_string().contains("\"rules\""), "{state}");
    let loaded = "rules_loaded_timestamp_seconds";
    assert!((value(&bad, loaded) - value(&at_first, loaded)).abs() < f64::EPSILON, "the old ones stay");

    tokio::time::sleep(Duration::from_secs(1)).await;
    change_config(&world, |text| text.replace("when = \"grups == []\"\n", good));
    let repaired = once(&world, &address, "rules_current", 1.0).await;
    once(&world, &address, "rules_reloads_total{result=\"replaced\"}", 1.0).await;
    assert!(value(&repaired, "restart_needed").abs() < f64::EPSILON, "{repaired}");
    assert!(value(&numbers(&address).await, loaded) > value(&at_first, loaded), "{repaired}");
    change_config(&world, |text| text.replace("Call 555-0100.", "Call 555-0199."));
    once(&world, &address, "restart_needed", 1.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_monitoring_is_at_no_public_address_and_the_other_way_round() {
    let (world, address) = world().await;
    for path in ["/metrics", "/livez"] {
        let (status, page) = text_at(&format!("{}{path}", world.gateway_url)).await;
        assert!(status == 404 && page.contains("web.not_found"), "{path}: {page}");
        assert_eq!(text_at(&format!("{address}{path}")).await.0, 200, "{path}");
    }
    for path in ["/", "/go/acme", "/saml/metadata", "/saml/setup", "/admin", "/sign-out", "/healthz"] {
        assert_eq!(text_at(&format!("{address}{path}")).await.0, 404, "{path}");
    }
    let posted = PlainBrowser::client().post(format!("{address}/metrics")).send().await.unwrap();
    assert_eq!(posted.status(), 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_are_counted_by_how_they_end_and_hostile_names_make_no_series() {
    let (world, address) = world().await;
    for _ in 0..2 {
        assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
    }
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    let client = PlainBrowser::client();
    for name in ["evil%7B", "%22%7D%201", "aaaa", "%0A"] {
        for path in
            [format!("/go/{name}"), format!("/go/acme?idp={name}"), format!("/sign-in?instance={name}")]
        {
            client.get(format!("{}{path}", world.gateway_url)).send().await.unwrap();
        }
        let acs = client.post(format!("{}/saml/acs", world.gateway_url));
        acs.form(&[("SAMLResponse", name), ("RelayState", name)]).send().await.unwrap();
    }
    let numbers = numbers(&address).await;
    let series = |line: &str| Some(line.strip_prefix("connect_gateway_sign_ins_total")?.to_owned());
    let series: BTreeSet<String> = numbers.lines().filter_map(series).collect();
    let known = [
        "{idp=\"corporate\",instance=\"acme\",result=\"let_in\"} 2",
        "{idp=\"corporate\",instance=\"acme\",result=\"mapping.no_match\"} 1",
    ];
    assert!(known.iter().all(|line| series.contains(*line)), "{series:#?}");
    let rest: Vec<_> = series.iter().filter(|line| !known.contains(&line.as_str())).collect();
    assert!(
        rest.len() == 1 && rest[0].starts_with("{idp=\"none\",instance=\"none\",result=\"saml."),
        "{rest:?}"
    );
    for value in ["alice", "stranger", "evil", "aaaa"] {
        assert!(!numbers.contains(value), "{value}: {numbers}");
    }
}

/// Series that a sign-in leaves above zero.
const MOVED: &[&str] = &[
    "http_requests_total{route=\"/saml/acs\",method=\"POST\",code=\"303\"}",
    "http_requests_total{route=\"/go/{instance}\",method=\"GET\",code=\"200\"}",
    "http_request_duration_seconds_count{route=\"/saml/acs\"}",
    "saml_responses_total{idp=\"corporate\",result=\"accepted\",reason=\"none\"}",
    "saml_responses_total{idp=\"corporate\",result=\"refused\",reason=\"saml.signature\"}",
    "mapping_evaluations_total{result=\"placed\"}",
    "mapping_evaluations_total{result=\"mapping.no_match\"}",
    "mapping_rule_matches_total{rule=\"agents\"}",
    "connect_requests_total{operation=\"GetFederationToken\",result=\"ok\"}",
    "connect_requests_total{operation=\"AssumeRole\",result=\"ok\"}",
    "connect_request_duration_seconds_count{operation=\"DescribeUser\"}",
    "connect_calls_left{operation=\"AssumeRole\"}",
    "tokens_cached{instance=\"acme\"}",
    "sessions_open",
    "store_up",
    "instance_usable{instance=\"acme\"}",
    "idp_metadata_last_success_timestamp_seconds{idp=\"corporate\"}",
    "certificate_not_after_timestamp_seconds{owner=\"self\",use=\"signing\"}",
    "certificate_not_after_timestamp_seconds{owner=\"self\",use=\"encryption\"}",
    "certificate_not_after_timestamp_seconds{owner=\"corporate\",use=\"signing\"}",
    "config_last_reload_success",
    "config_last_reload_success_timestamp_seconds",
    "tasks",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_moves_each_number_and_whatever_is_asked_for_makes_no_series() {
    let (world, address) = world().await;
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&browser, "acme", "alice").await;
    let form = page.forms().remove(0);
    let forged = forged(form.value("SAMLResponse").unwrap());
    assert_eq!(browser.submit(&page, &form.with("SAMLResponse", &forged)).await.status, 400);
    let client = PlainBrowser::client();
    for number in 0..50 {
        let url = format!("{}/zebra{number}/{number}", world.gateway_url);
        client.get(&url).send().await.unwrap();
        let method = reqwest::Method::from_bytes(format!("ZEBRA{number}").as_bytes()).unwrap();
        client.request(method, &world.gateway_url).send().await.unwrap();
        client.get(format!("{}/go/zebra{number}", world.gateway_url)).send().await.unwrap();
    }
    let numbers = numbers(&address).await;
    for series in MOVED {
        assert!(value(&numbers, series) > 0.0, "{series}\n{numbers}");
    }
    for series in [
        "http_requests_in_flight",
        "connect_waiting{operation=\"AssumeRole\"}",
        "audit_lines_lost{kind=\"decision\"}",
        "audit_lines_lost{kind=\"anonymous\"}",
    ] {
        assert!(value(&numbers, series).abs() < f64::EPSILON, "{series}\n{numbers}");
    }
    assert!(value(&numbers, "saml_clock_skew_seconds{idp=\"corporate\"}").abs() < 60.0, "{numbers}");
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_threads"] {
        let line = numbers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        assert!(line.unwrap().parse::<f64>().unwrap() > 0.0, "{name}\n{numbers}");
    }
    assert!(!numbers.to_lowercase().contains("zebra") && !numbers.contains("alice"), "{numbers}");
    let other = "http_requests_total{route=\"none\",method=\"GET\",code=\"404\"}";
    assert!(value(&numbers, other) >= 50.0, "{numbers}");
}

/// The same answer about somebody else.
fn forged(response: &str) -> String {
    let xml = String::from_utf8(STANDARD.decode(response).unwrap()).unwrap();
    STANDARD.encode(xml.replace("alice", "carol"))
}

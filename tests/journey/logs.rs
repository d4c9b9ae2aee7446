//! What lines say, and what they say of a person.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::mapping::sign_in;
use crate::world::{World, is_inside};

fn lines(world: &World, target: &str) -> Vec<Value> {
    let log = world.gateway.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["target"] == target).collect()
}

/// Once there is one with this value.
async fn line_with(world: &World, target: &str, field: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    for _ in 0..100 {
        if let Some(line) = lines(world, target).into_iter().find(|line| line[field] == value) {
            return line;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no {target} line with {field} {value}:\n{}", world.gateway.log());
}

/// The fields that `docs/logs.md` lists under a heading.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = include_str!("../../docs/logs.md");
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(field, _)| field.to_owned()).collect()
}

fn fields(lines: &[Value]) -> BTreeSet<String> {
    lines.iter().flat_map(|line| line.as_object().unwrap().keys().cloned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_one_line_and_its_fields_are_those_of_the_page() {
    let world = World::configured("", |settings| format!("log.personal_data = \"plain\"\n{settings}")).await;
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    for path in ["/healthz", "/readyz", "/nowhere"] {
        reqwest::get(format!("{}{path}", world.gateway_url)).await.unwrap();
    }
    let nowhere = line_with(&world, "request", "code", "web.not_found").await;
    assert_eq!((&nowhere["route"], &nowhere["status"]), (&"none".into(), &404.into()), "{nowhere}");
    let requests = lines(&world, "request");
    assert!(requests.iter().all(|line| line["route"] != "/healthz" && line["route"] != "/readyz"));
    let refused = requests.iter().find(|line| line["code"] == "mapping.no_match").unwrap();
    let audited = line_with(&world, "audit", "code", "mapping.no_match").await;
    assert_eq!(refused["support_id"], audited["support_id"], "one support id everywhere");
    assert_eq!(audited["anonymous"], Value::Null, "the identity provider said who it is");
    let client = reqwest::Client::new();
    let unsigned = client.post(format!("{}/saml/acs", world.gateway_url)).form(&[("SAMLResponse", "PGE+")]);
    let unsigned = unsigned.send().await.unwrap();
    let unsigned = unsigned.headers()["X-Request-Id"].to_str().unwrap();
    for id in [unsigned, nowhere["support_id"].as_str().unwrap()] {
        assert_eq!(line_with(&world, "audit", "support_id", id).await["anonymous"], true, "{id}");
    }
    assert_eq!(line_with(&world, "audit", "event", "hand_off").await["anonymous"], Value::Null);
    assert_eq!((&refused["route"], &refused["idp"]), (&"/saml/acs".into(), &"corporate".into()));
    assert_eq!(fields(&requests), documented("Lines about requests"));
    let unknown: BTreeSet<_> =
        fields(&lines(&world, "audit")).difference(&documented("Audit lines")).cloned().collect();
    assert!(unknown.is_empty(), "not in docs/logs.md: {unknown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_it_was_is_told_only_as_the_operator_chose() {
    let plain = World::configured("", |settings| format!("log.personal_data = \"plain\"\n{settings}")).await;
    assert!(is_inside(&sign_in(&plain, "newcomer").await, "newcomer"));
    let hand_off = line_with(&plain, "audit", "event", "hand_off").await;
    assert_eq!(
        (&hand_off["user"], &hand_off["subject"], &hand_off["client_address"]),
        (&"newcomer".into(), &"newcomer@example.com".into(), &"127.0.0.1".into())
    );
    assert_eq!(line_with(&plain, "audit", "change", "created").await["user"], "newcomer");
    drop(plain);

    let key = "log.personal_data = \"hash\"\nlog.personal_data_key = \"0123456789abcdef\"\n";
    let hashed = World::configured("", |settings| format!("{key}{settings}")).await;
    assert!(is_inside(&sign_in(&hashed, "alice").await, "alice"));
    let hand_off = line_with(&hashed, "audit", "event", "hand_off").await;
    // HMAC-SHA-256 of `alice` under that key.
    assert_eq!(hand_off["user"], "fdbf8b1cacd3d578e062d0e41104357d");
    let log = hashed.gateway.log();
    assert!(!log.contains("alice") && !log.contains("127.0.0.1\",\"message\":\"answered"), "{log}");
    assert!(
        lines(&hashed, "request").iter().all(|line| line["client_address"].as_str().unwrap().len() == 32)
    );
    drop(hashed);

    let dropped = World::start("").await;
    assert!(is_inside(&sign_in(&dropped, "alice").await, "alice"));
    line_with(&dropped, "audit", "event", "hand_off").await;
    for target in ["audit", "request"] {
        let told = fields(&lines(&dropped, target));
        assert!(["user", "subject", "client_address"].iter().all(|field| !told.contains(*field)), "{told:?}");
    }
}

//! Traces, as a collector gets them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;

use crate::control::signal;
use crate::gateway::{Gateway, free_address};
use crate::mapping::sign_in;
use crate::world::{World, emulator, is_inside, settings};

type Received = Arc<Mutex<Vec<u8>>>;

/// Takes what is sent by OTLP over HTTP.
async fn collector() -> (String, Received) {
    async fn take(State(received): State<Received>, body: Bytes) {
        received.lock().unwrap().extend_from_slice(&body);
    }
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(take)).with_state(received.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, received)
}

async fn world(environment: &[(&str, &str)]) -> World {
    let (emulator, address) = (emulator("").await, free_address());
    let gateway_url = format!("http://localhost:{}", address.port());
    let operations = free_address();
    let config = format!("operations.listen = \"{operations}\"\n{}", settings(&emulator));
    let gateway = Gateway::start_with(address, &gateway_url, &config, &[], environment).await;
    let metadata = reqwest::get(format!("{gateway_url}/saml/metadata")).await.unwrap();
    emulator.trust_service_provider_metadata(&metadata.text().await.unwrap()).unwrap();
    World { gateway_url, operations_url: format!("http://{operations}"), emulator, gateway }
}

/// Tells the gateway to stop, and waits for its end.
async fn stop(world: &mut World) {
    signal("TERM", world.gateway.program.id());
    for _ in 0..150 {
        if world.gateway.program.try_wait().unwrap().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the gateway does not stop:\n{}", world.gateway.log());
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_a_span_for_each_hop_and_no_value_of_a_person() {
    let (address, received) = collector().await;
    // A collector that is asked for by the standard variables alone; what is left comes when the gateway stops.
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*address), ("OTEL_BSP_SCHEDULE_DELAY", "600000")];
    let mut world = world(&environment).await;
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
    assert!(is_inside(&sign_in(&world, "newcomer").await, "newcomer"));
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    reqwest::get(format!("{}/alice?SAMLResponse=alice", world.gateway_url)).await.unwrap();
    stop(&mut world).await;
    let bytes = received.lock().unwrap().clone();
    for part in [
        "GET /go/{instance}",
        "POST /saml/acs",
        "authn_request",
        "acs.verify",
        "mapping.place",
        "federation.token",
        "sts.AssumeRole",
        "connect.GetFederationToken",
        "connect.CreateUser",
        "http.response.status_code",
        "support_id",
        "mapping.no_match",
        "corporate",
        "connect-gateway",
    ] {
        assert!(has(&bytes, part), "{part} is in no span of {} bytes", bytes.len());
    }
    for value in [
        "alice",
        "Alice",
        "newcomer",
        "stranger",
        "Lindstr",
        "cc-agents",
        "example.com",
        "SAMLResponse",
        "AKIA",
        "127.0.0.1",
        "111122223333",
    ] {
        assert!(!has(&bytes, value), "{value} is in a span");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_unless_it_is_asked_for_and_what_is_not_there_is_refused() {
    let (address, received) = collector().await;
    let mut world = world(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &address), ("OTEL_SDK_DISABLED", "true")]).await;
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
    stop(&mut world).await;
    assert!(received.lock().unwrap().is_empty());
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["serve", "--config", "gateway.toml"])
        .current_dir(&world.gateway.folder)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &address)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && said.contains("write http/protobuf"), "{said}");
}

//! How it ends.

use tokio::io::AsyncWriteExt as _;

use crate::process::{Gateway, Start, exchanged, rest, unfinished};

fn shutdown(pre_stop: u32, drain: u32) -> Start {
    Start::with(&format!("[shutdown]\npre_stop_seconds = {pre_stop}\ndrain_seconds = {drain}\n"))
}

#[tokio::test]
async fn load_balancers_are_told_first_while_people_are_still_served() {
    let mut gateway = Gateway::start(shutdown(300, 1)).await;
    gateway.signal("TERM");
    while gateway.at_public("/healthz").await.unwrap() != (503, "draining".to_owned()) {}
    assert_eq!(gateway.at_public("/readyz").await.unwrap().0, 503);
    assert_eq!(gateway.readiness().await.1["reasons"].to_string(), r#"["draining"]"#);
    for path in ["/livez", "/startupz"] {
        assert_eq!(gateway.asked(path).await.unwrap().0, 200, "{path}");
    }
    // A connection that would be kept is closed behind the answer.
    let mut stream = gateway.connection().await;
    let answer = exchanged(&mut stream, b"GET /saml/metadata HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    gateway.signal("INT");
    assert_eq!(gateway.end().await, Some(1), "a second signal cuts it short, and says so");
}

#[tokio::test]
async fn a_request_under_way_comes_to_its_end() {
    let mut gateway = Gateway::start(shutdown(0, 600)).await;
    let (mut stream, _idle) = (unfinished(&gateway).await, gateway.connection().await);
    gateway.signal("TERM");
    gateway.until_closed().await;
    stream.write_all(b"b").await.unwrap();
    let answer = String::from_utf8(rest(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("web.bad_request"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(gateway.end().await, Some(0), "nobody waits for connections without a request");
}

#[tokio::test]
async fn who_has_connected_and_not_asked_yet_may_still_ask_once() {
    let mut gateway = Gateway::start(shutdown(0, 600)).await;
    let mut stream = gateway.connection().await;
    gateway.signal("TERM");
    gateway.until_closed().await;
    let answer = exchanged(&mut stream, b"GET /saml/metadata HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    assert_eq!(gateway.end().await, Some(0));
}

#[tokio::test]
async fn a_request_that_does_not_is_cut_off_at_the_deadline() {
    let mut gateway = Gateway::start(shutdown(0, 1)).await;
    let mut stream = unfinished(&gateway).await;
    gateway.signal("TERM");
    assert_eq!(rest(&mut stream).await, b"");
    assert_eq!(gateway.end().await, Some(0));
    assert!(gateway.log().contains("what took too long is cut off"), "{}", gateway.log());
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut gateway = Gateway::start(shutdown(0, 600)).await;
    let _stream = unfinished(&gateway).await;
    gateway.signal("TERM");
    gateway.until_closed().await;
    gateway.signal("TERM");
    assert_eq!(gateway.end().await, Some(1));
    assert!(gateway.log().contains("second signal"), "{}", gateway.log());
}

#[tokio::test]
async fn nobody_waits_after_ctrl_c_for_load_balancers() {
    let mut gateway = Gateway::start(shutdown(300, 600)).await;
    gateway.signal("INT");
    assert_eq!(gateway.end().await, Some(0));
}

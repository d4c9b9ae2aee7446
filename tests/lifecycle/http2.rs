//! HTTP/2, by curl and by octets.

use std::process::Output;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::process::{Gateway, Start, rest};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// `GET http://localhost/`, by HPACK's static table. RFC 7541 appendix A.
const GET: &[u8] = b"\x82\x86\x84\x41\x09localhost";

/// RFC 9113 section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn beginning() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// The frames in these octets: their kinds and payloads.
fn frames(mut octets: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some((head, more)) = octets.split_at_checked(9) {
        let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
        let Some((payload, next)) = more.split_at_checked(length) else { break };
        found.push((head[3], payload.to_vec()));
        octets = next;
    }
    found
}

/// The error codes of every GOAWAY.
fn goodbyes(octets: &[u8]) -> Vec<u8> {
    frames(octets).into_iter().filter(|(kind, _)| *kind == GOAWAY).map(|(_, payload)| payload[7]).collect()
}

pub(crate) async fn curl(arguments: &[&str]) -> Output {
    let written = ["-sS", "--max-time", "60", "-w", " %{http_version} %{http_code}"];
    Command::new("curl").args(written).args(arguments).output().await.unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[tokio::test]
async fn proxies_may_speak_http_2_in_the_clear() {
    let gateway = Gateway::start(Start::default()).await;
    let url = format!("http://{}/healthz", gateway.address);
    assert_eq!(said(&curl(&["--http2-prior-knowledge", &url]).await), "ok 2 200");
    assert_eq!(said(&curl(&["--http1.1", &url]).await), "ok 1.1 200");
}

#[tokio::test]
async fn connections_without_a_request_are_closed_with_goaway() {
    let gateway = Gateway::start(Start::with("[listener]\nheader_seconds = 1\n")).await;
    // Nothing more, and headers without their end.
    for more in [Vec::new(), frame(HEADERS, 1, 1, GET)] {
        let mut stream = gateway.connection().await;
        stream.write_all(&[beginning(), more].concat()).await.unwrap();
        let goodbyes = goodbyes(&rest(&mut stream).await);
        assert!(!goodbyes.is_empty() && goodbyes.iter().all(|code| *code == 0), "{goodbyes:?}");
    }
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let gateway = Gateway::start(Start::default()).await;
    let mut octets = beginning();
    for stream in (1..2000).step_by(2) {
        octets.extend(frame(HEADERS, 5, stream, GET));
        octets.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
    }
    let mut stream = gateway.connection().await;
    stream.write_all(&octets).await.ok();
    let goodbyes = goodbyes(&rest(&mut stream).await);
    assert_eq!(goodbyes.last(), Some(&11), "ENHANCE_YOUR_CALM");
}

#[tokio::test]
async fn a_gateway_that_stops_says_goodbye() {
    let mut gateway = Gateway::start(Start::with("[shutdown]\npre_stop_seconds = 0\n")).await;
    let mut stream = gateway.connection().await;
    stream.write_all(&[beginning(), frame(HEADERS, 5, 1, GET)].concat()).await.unwrap();
    gateway.signal("TERM");
    let octets = rest(&mut stream).await;
    assert_eq!(goodbyes(&octets).last(), Some(&0), "NO_ERROR");
    assert!(frames(&octets).iter().any(|(kind, _)| *kind == HEADERS), "it was answered");
    assert_eq!(gateway.end().await, Some(0));
}

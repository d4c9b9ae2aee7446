//! What connections and requests may take.

use tokio::io::AsyncWriteExt as _;

use crate::process::{Gateway, Start, exchanged, rest, unfinished};

#[tokio::test]
async fn connections_without_the_whole_of_a_request_are_closed() {
    let gateway = Gateway::start(Start::with("[listener]\nheader_seconds = 1\n")).await;
    for begun in [&b""[..], b"GET / HTTP/1.1\r\nHost: loc", b"PRI * HTT"] {
        let answer = exchanged(&mut gateway.connection().await, begun).await;
        assert_eq!(answer, "", "{}", String::from_utf8_lossy(begun));
    }
    // An idle one, behind its first answer.
    let whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = exchanged(&mut gateway.connection().await, whole).await;
    assert!(answer.ends_with("ok") && !answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_request_under_way_may_take_longer_than_headers_but_not_for_ever() {
    let limits = "[listener]\nheader_seconds = 1\nrequest_seconds = 5\n";
    let gateway = Gateway::start(Start::with(limits)).await;
    let mut stream = unfinished(&gateway).await;
    let answer = String::from_utf8(rest(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("web.bad_request"), "{answer}");
}

#[tokio::test]
async fn headers_that_are_too_long_or_too_many_are_refused() {
    let gateway = Gateway::start(Start::with("[listener]\nheader_kilobytes = 16\n")).await;
    let asked = |headers: &str| {
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n")
    };
    let status = |answer: &str| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    let long = format!("A: {}\r\n", "a".repeat(15_000));
    let longer = format!("A: {}\r\n", "a".repeat(20_000));
    let many = "A: a\r\n".repeat(101);
    for (headers, expected) in [(&long, "200"), (&longer, "431"), (&many, "431")] {
        let answer = exchanged(&mut gateway.connection().await, asked(headers).as_bytes()).await;
        assert_eq!(status(&answer), expected, "{} octets", headers.len());
    }
}

#[tokio::test]
async fn bodies_that_are_too_long_are_refused() {
    let gateway = Gateway::start(Start::with("[listener]\nbody_kilobytes = 64\n")).await;
    let mut stream = gateway.connection().await;
    let request =
        "POST /saml/acs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 65537\r\n\r\n";
    let answer = exchanged(&mut stream, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("web.too_large"), "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let gateway = Gateway::start(Start::with("[listener]\nmax_connections = 16\n")).await;
    let mut kept = Vec::new();
    for _ in 0..16 {
        kept.push(unfinished(&gateway).await);
    }
    let mut waiting = gateway.connection().await;
    waiting
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    // Those who came before are answered first, although they asked later.
    let mut first = kept.remove(0);
    let mut octet = [0_u8; 1];
    assert_eq!(waiting.try_read(&mut octet).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    first.write_all(b"b").await.unwrap();
    drop(first);
    assert!(String::from_utf8(rest(&mut waiting).await).unwrap().ends_with("ok"));
}

//! What connections and requests may take.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::process::{Gateway, PATIENCE, Start, exchanged, rest, unfinished};

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
    let proxy = "[client_address]\nmode = \"x_forwarded_for\"\ntrusted = [\"127.0.0.0/8\"]\n";
    let gateway = Gateway::start(Start::with(&format!("[listener]\nmax_connections = 16\n{proxy}"))).await;
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

#[tokio::test]
async fn an_address_has_no_more_connections_than_its_share() {
    let gateway = Gateway::start(Start::with("[listener]\nmax_connections_per_address = 8\n")).await;
    let mut kept = Vec::new();
    for _ in 0..8 {
        kept.push(unfinished(&gateway).await);
    }
    let mut one_more = gateway.connection().await;
    assert!(rest(&mut one_more).await.is_empty());
    let counted = "connect_gateway_rate_limited_total{scope=\"connections\"} 1";
    let (_, metrics) = gateway.asked("/metrics").await.unwrap();
    assert!(metrics.contains(counted), "{metrics}");
    let said = "an address has all the connections that one address may have";
    assert_eq!(gateway.log().matches(said).count(), 1, "{}", gateway.log());
    // One that leaves makes room for another.
    drop(kept.remove(0));
    let served = async {
        while gateway.at_public("/healthz").await.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, served).await.expect("there is room again");
}

#[tokio::test]
async fn a_proxy_that_is_trusted_has_as_many_as_there_are() {
    let gateway = Gateway::start(Start::with(
        "[listener]\nmax_connections_per_address = 2\n[client_address]\nmode = \"x_forwarded_for\"\n\
         trusted = [\"127.0.0.0/8\"]\n",
    ))
    .await;
    let mut kept = Vec::new();
    for _ in 0..8 {
        kept.push(unfinished(&gateway).await);
    }
    assert_eq!(gateway.at_public("/healthz").await.unwrap().0, 200);
}

#[tokio::test]
async fn who_has_many_connections_keeps_none_without_a_request() {
    let gateway = Gateway::start(Start::with("[listener]\nmax_connections_per_address = 2\n")).await;
    let (mut first, mut second) = (gateway.connection().await, gateway.connection().await);
    // Whichever was counted as the second.
    let octets = tokio::select! {
        octets = rest(&mut first) => octets,
        octets = rest(&mut second) => octets,
    };
    assert!(octets.is_empty());
}

/// The most memory that the process had so far, in kilobytes.
fn peak(gateway: &Gateway) -> u64 {
    let status = format!("/proc/{}/status", gateway.program.id().expect("it runs"));
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_body_in_pieces_of_one_octet_takes_little_more_memory_than_its_size() {
    const OCTETS: usize = 75_000;
    let gateway = Gateway::start(Start::default()).await;
    let small = "POST /saml/acs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n";
    exchanged(&mut gateway.connection().await, format!("{small}0\r\n\r\n").as_bytes()).await;
    let before = peak(&gateway);
    let pieces = [small.as_bytes(), &b"1\r\na\r\n".repeat(OCTETS)].concat();
    let mut begun = Vec::new();
    for _ in 0..4 {
        let mut stream = gateway.connection().await;
        stream.write_all(&pieces).await.unwrap();
        begun.push(stream);
    }
    for stream in &mut begun {
        let answer = exchanged(stream, b"0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    // Pieces that keep their buffers took forty times as much as they are.
    let grown = peak(&gateway) - before;
    println!("{grown} kB");
    assert!(grown < 5_000, "{grown} kB for {} kB", 4 * OCTETS / 1000);
}

/// From one of this machine's addresses.
async fn connection_from(address: [u8; 4], gateway: &Gateway) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    socket.connect(gateway.address).await.unwrap()
}

#[tokio::test]
async fn those_who_have_many_leave_the_last_places_to_others() {
    let gateway = Gateway::start(Start::with("[listener]\nmax_connections = 16\n")).await;
    let begun = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
    let mut kept = Vec::new();
    for number in 0..24 {
        let mut stream = connection_from([127, 0, 0, 1 + number % 2], &gateway).await;
        stream.write_all(begun).await.ok();
        kept.push(stream);
    }
    let mut other = connection_from([127, 0, 0, 9], &gateway).await;
    let whole = [&begun[..], b"Connection: close\r\n\r\n"].concat();
    assert!(exchanged(&mut other, &whole).await.ends_with("ok"));
    let (_, metrics) = gateway.asked("/metrics").await.unwrap();
    let counted = "connect_gateway_rate_limited_total{scope=\"connections\"} ";
    assert!(metrics.contains(counted) && !metrics.contains(&format!("{counted}0")), "{metrics}");
}

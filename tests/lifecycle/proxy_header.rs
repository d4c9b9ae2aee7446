//! The PROXY protocol, version 2.

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::process::{Gateway, PATIENCE, Start, exchanged};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const START: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// From 203.0.113.7:1024 to 192.0.2.1:443.
const ADDRESSES: &[u8] = &[203, 0, 113, 7, 192, 0, 2, 1, 4, 0, 1, 187];

fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [START, &[command, family], &length, rest].concat()
}

async fn gateway(trusted: &str) -> Gateway {
    let sections = "[listener]\nhandshake_seconds = 1\n[client_address]\nmode = \"proxy_protocol\"\n";
    Gateway::start(Start::with(&format!("{sections}trusted = [\"{trusted}\"]\n"))).await
}

async fn answer(gateway: &Gateway, header: &[u8], request: &[u8]) -> String {
    exchanged(&mut gateway.connection().await, &[header, request].concat()).await
}

#[tokio::test]
async fn what_stands_behind_a_header_is_served() {
    let gateway = gateway("127.0.0.0/8").await;
    let with_extras = [ADDRESSES, &[4, 0, 2, 0, 0]].concat();
    for (what, header) in [
        ("TCP over IPv4", header(0x21, 0x11, ADDRESSES)),
        ("with something more", header(0x21, 0x11, &with_extras)),
        ("TCP over IPv6", header(0x21, 0x21, &[1; 36])),
        ("of the proxy itself", header(0x20, 0, &[])),
    ] {
        let answer = answer(&gateway, &header, REQUEST).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{what}: {answer}");
    }
}

#[tokio::test]
async fn whatever_has_no_such_header_is_closed_without_an_answer() {
    let gateway = gateway("127.0.0.0/8").await;
    let (right, endless) = (header(0x21, 0x11, ADDRESSES), header(0x21, 0x11, &[0; 5000]));
    for (what, header) in [
        ("none", &b""[..]),
        ("version 1", b"PROXY TCP4 203.0.113.7 192.0.2.1 1024 443\r\n"),
        ("another version", &header(0x31, 0x11, ADDRESSES)),
        ("another command", &header(0x22, 0x11, ADDRESSES)),
        ("datagrams", &header(0x21, 0x12, ADDRESSES)),
        ("too short for its addresses", &header(0x21, 0x11, &[1; 4])),
        ("too long", &endless),
        ("garbage", &[0; 64]),
    ] {
        assert_eq!(answer(&gateway, header, REQUEST).await, "", "{what}");
    }
    // One that does not come to its end.
    for most in [0, 5, 20] {
        assert_eq!(answer(&gateway, &right[..most], b"").await, "", "{most} octets");
    }
    // Monitoring comes in by itself.
    assert_eq!(gateway.asked("/readyz").await.unwrap().0, 200);
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let gateway = gateway("192.0.2.0/24").await;
    assert_eq!(answer(&gateway, &header(0x21, 0x11, ADDRESSES), REQUEST).await, "");
    assert_eq!(answer(&gateway, b"", REQUEST).await, "");
}

#[tokio::test]
async fn whoever_comes_by_a_proxy_has_a_share_of_its_own() {
    let sections = "[listener]\nmax_connections_per_address = 2\n[client_address]\nmode = \"proxy_protocol\"\n\
                    trusted = [\"127.0.0.0/8\"]\n";
    let gateway = Gateway::start(Start::with(sections)).await;
    let of = |client: u8| header(0x21, 0x11, &[203, 0, 113, client, 192, 0, 2, 1, 4, 0, 1, 187]);
    let begun = &REQUEST[..REQUEST.len() - 2];
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = gateway.connection().await;
        stream.write_all(&[&of(7), begun].concat()).await.unwrap();
        kept.push(stream);
    }
    // Both are there once the third has no place.
    let full = async { while !answer(&gateway, &of(7), REQUEST).await.is_empty() {} };
    timeout(PATIENCE, full).await.expect("its share is used up");
    assert!(answer(&gateway, &of(8), REQUEST).await.starts_with("HTTP/1.1 200"));
    for stream in &mut kept {
        assert!(exchanged(stream, b"\r\n").await.starts_with("HTTP/1.1 200"));
    }
}

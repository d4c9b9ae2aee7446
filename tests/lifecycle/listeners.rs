//! Where it listens.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use crate::process::{Folder, Gateway, PATIENCE, Start, rest};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async fn ended(mut gateway: Gateway) -> (Option<i32>, String) {
    (gateway.end().await, gateway.log())
}

#[tokio::test]
async fn a_unix_socket_is_for_its_user_and_group_and_gone_in_the_end() {
    let folder = Folder::new();
    let path = folder.0.join("gateway.sock");
    // Somebody's who was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let start = Start {
        listen: Some("unix:gateway.sock".to_owned()),
        sections: "[shutdown]\npre_stop_seconds = 0\n".to_owned(),
        ..Start::default()
    };
    let mut gateway = Gateway::begin(start, folder);
    gateway.until_started().await;
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let answer = String::from_utf8(rest(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    gateway.signal("TERM");
    assert_eq!(gateway.end().await, Some(0));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_of_systemd_outlives_the_gateway() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let start = || Start {
        listen: Some("systemd:web".to_owned()),
        sections: "[shutdown]\npre_stop_seconds = 0\n".to_owned(),
        activated: Some((socket.try_clone().unwrap().into(), "web".to_owned())),
        ..Start::default()
    };
    let mut first = Gateway::start(start()).await;
    let asked = || reqwest::get(format!("http://{address}/healthz"));
    assert_eq!(asked().await.unwrap().status(), 200);
    first.signal("TERM");
    assert_eq!(first.end().await, Some(0));
    // Nobody is there, and nobody is turned away.
    let waits = tokio::spawn(asked());
    let _second = Gateway::start(start()).await;
    let answer = tokio::time::timeout(PATIENCE, waits).await.expect("an answer");
    assert_eq!(answer.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_place_that_can_not_be_used_is_named_with_its_key() {
    let systemd = Start { listen: Some("systemd:web".to_owned()), ..Start::default() };
    let (status, log) = ended(Gateway::begin(systemd, Folder::new())).await;
    assert_eq!(status, Some(1));
    assert!(log.contains("listen: web: systemd passed 0 sockets of this name"), "{log}");
    let folder = Folder::new();
    std::fs::write(folder.0.join("gateway.sock"), "ours").unwrap();
    let made = std::fs::metadata(folder.0.join("gateway.sock")).unwrap().ino();
    let occupied = Start { listen: Some("unix:gateway.sock".to_owned()), ..Start::default() };
    let mut gateway = Gateway::begin(occupied, folder);
    assert_eq!(gateway.end().await, Some(1));
    assert!(gateway.log().contains("listen: ") && gateway.log().contains("something else than a socket"));
    assert_eq!(std::fs::metadata(gateway.folder.0.join("gateway.sock")).unwrap().ino(), made);
}

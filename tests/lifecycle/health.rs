//! What it says of itself.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::process::{Folder, Gateway, Start, people};

#[tokio::test]
async fn a_gateway_that_serves_says_so_and_tells_the_public_nothing_more() {
    let gateway = Gateway::start(Start::default()).await;
    assert_eq!(gateway.at_public("/healthz").await.unwrap(), (200, "ok".to_owned()));
    for path in ["/readyz", "/readyz?verbose"] {
        assert_eq!(gateway.at_public(path).await.unwrap(), (200, "ready".to_owned()));
    }
    for path in ["/livez", "/startupz", "/metrics"] {
        assert_eq!(gateway.at_public(path).await.unwrap().0, 404, "{path}");
    }
    for path in ["/livez", "/startupz", "/readyz"] {
        assert_eq!(gateway.asked(path).await.unwrap().0, 200, "{path}");
    }
    let (_, brief) = gateway.asked("/readyz").await.unwrap();
    assert_eq!(brief, r#"{"degraded":[],"ready":true,"reasons":[]}"#);
    let (status, told) = gateway.readiness().await;
    assert_eq!((status, &told["phase"], &told["store"]), (200, &"serving".into(), &"memory".into()));
    assert_eq!((&told["metadata"]["corporate"], &told["rules"]), (&"usable".into(), &"in_force".into()));
    assert!(told["instances"]["acme"].is_string() && told["needs_restart"] == false, "{told}");
}

/// A gateway that starts, with an identity provider that has not answered yet: its end of the connection.
async fn starting() -> (Gateway, TcpListener) {
    let idp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let metadata = format!("metadata_url = \"http://{}/metadata\"", idp.local_addr().unwrap());
    let start = Start { people: Some(people(&metadata)), ..Start::default() };
    (Gateway::begin(start, Folder::new()), idp)
}

#[tokio::test]
async fn a_gateway_that_starts_is_alive_and_not_ready_and_without_metadata_it_never_is() {
    let (mut gateway, idp) = starting().await;
    let (mut asked, _) = idp.accept().await.unwrap();
    assert_eq!(gateway.asked("/livez").await.unwrap(), (200, "alive".to_owned()));
    assert_eq!(gateway.asked("/startupz").await.unwrap(), (503, "starting".to_owned()));
    let (status, told) = gateway.readiness().await;
    assert_eq!((status, told["reasons"].to_string().as_str()), (503, r#"["starting","metadata"]"#));
    assert!(asked.read(&mut [0; 1024]).await.unwrap() > 0);
    asked.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    gateway.until_started().await;
    let (status, told) = gateway.readiness().await;
    assert_eq!((status, told["reasons"].to_string().as_str()), (503, r#"["metadata"]"#));
    assert_eq!(told["metadata"]["corporate"], "unusable");
    // People get a page that says so.
    assert_eq!(gateway.at_public("/healthz").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_gateway_that_is_stopped_while_it_starts_ends_at_once() {
    let (mut gateway, idp) = starting().await;
    let _asked = idp.accept().await.unwrap();
    gateway.signal("TERM");
    assert_eq!(gateway.end().await, Some(0));
}

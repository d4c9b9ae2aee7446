//! Everything that the gateway asks goes through the proxy, and believes the authority that the configuration names.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::emulator::Emulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::plain_browser::PlainBrowser;
use crate::tls::{Answers, TestCa};
use crate::world::{World, emulator, is_inside};

const CREDENTIALS: &str = "gateway:proxy-secret-1";

/// A proxy that takes CONNECT to names under `.test`, all of them on this machine.
struct ConnectProxy {
    address: SocketAddr,
    hosts: Arc<Mutex<BTreeSet<String>>>,
    refused: Arc<Mutex<usize>>,
}

impl ConnectProxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy =
            Self { address: listener.local_addr().unwrap(), hosts: Arc::default(), refused: Arc::default() };
        let (hosts, refused) = (proxy.hosts.clone(), proxy.refused.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(tunnel(client, hosts.clone(), refused.clone()));
            }
        });
        proxy
    }

    fn hosts(&self) -> BTreeSet<String> {
        self.hosts.lock().unwrap().clone()
    }
}

async fn tunnel(
    mut client: TcpStream,
    hosts: Arc<Mutex<BTreeSet<String>>>,
    refused: Arc<Mutex<usize>>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let wanted = format!("proxy-authorization: basic {}", STANDARD.encode(CREDENTIALS)).to_lowercase();
    if !head.to_lowercase().contains(&wanted) {
        *refused.lock().unwrap() += 1;
        client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            .await
            .ok()?;
        return None;
    }
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?;
    let (host, port) = target.rsplit_once(':')?;
    hosts.lock().unwrap().insert(host.to_owned());
    let mut server = TcpStream::connect(("127.0.0.1", port.parse().ok()?)).await.ok()?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

fn socket(url: &str) -> SocketAddr {
    Url::parse(url).unwrap().socket_addrs(|| None).unwrap()[0]
}

/// The gateway, whose AWS and identity provider are `https` sites of this authority, behind this proxy.
async fn world(ca: &TestCa, proxy: &ConnectProxy, outbound: &str) -> World {
    let emulator = emulator("").await;
    let mut changes = Vec::new();
    for (name, plain) in sites(&emulator) {
        let site = ca.site(name).await;
        let mut address = Url::parse(&plain).unwrap();
        let there = Url::parse(&site.url).unwrap();
        address.set_scheme("https").unwrap();
        address.set_host(there.host_str()).unwrap();
        address.set_port(there.port()).unwrap();
        site.forward_to(socket(&plain), Answers::Untouched);
        changes.push((name, plain, address.as_str().trim_end_matches('/').to_owned()));
    }
    let outbound = outbound.replace("PROXY", &format!("http://{}", proxy.address));
    let change = move |text: &str| {
        let text = changes.iter().fold(text.to_owned(), |text, (name, plain, address)| {
            let plain = plain.trim_end_matches('/');
            match *name {
                "connect.test" => text.replace(
                    &format!("connect_endpoint = \"{plain}"),
                    &format!("connect_endpoint = \"{address}"),
                ),
                "sts.test" => {
                    text.replace(&format!("sts_endpoint = \"{plain}"), &format!("sts_endpoint = \"{address}"))
                }
                "idp.test" => {
                    text.replace(&format!("metadata_url = \"{plain}"), &format!("metadata_url = \"{address}"))
                }
                _ => text.replace(
                    &format!("signin_endpoint = \"{plain}"),
                    &format!("signin_endpoint = \"{address}"),
                ),
            }
        });
        format!("{text}\n[outbound]\n{outbound}\n")
    };
    let files = [("ca.pem", ca.issuer.pem()), ("proxy.secret", CREDENTIALS.to_owned())];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    World::around(emulator, change, &files).await
}

fn sites(emulator: &Emulator) -> [(&'static str, String); 4] {
    let api = emulator.api_url();
    [
        ("connect.test", api.clone()),
        ("sts.test", api),
        ("idp.test", emulator.idp_metadata_url()),
        ("signin.test", emulator.signin_url()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_sign_in_asks_everybody_through_the_proxy() {
    let (ca, proxy) = (TestCa::new(), ConnectProxy::start().await);
    let outbound = "proxy = \"PROXY\"\nproxy_credentials_file = \"proxy.secret\"\nca_file = \"ca.pem\"";
    let world = world(&ca, &proxy, outbound).await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let answer = world.answer_for(&browser, "acme", "alice").await;
    let page = browser.settle(answer).await;
    assert!(is_inside(&page, "alice"), "{}\n{}", page.body, world.gateway.log());
    let asked = ["connect.test", "idp.test", "sts.test"].map(str::to_owned);
    assert_eq!(proxy.hosts(), BTreeSet::from(asked));

    // The browser can't follow to a name that only the proxy knows; the gateway has asked by then.
    let address = format!("{}/go/by-console", world.gateway_url);
    tokio::spawn(async move { browser.open(&address).await }).await.ok();
    assert!(proxy.hosts().contains("signin.test"), "{:?}", proxy.hosts());
    assert_eq!(*proxy.refused.lock().unwrap(), 0);
    assert!(!world.gateway.log().contains("proxy-secret-1"), "the password is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_that_nobody_named_is_not_believed() {
    let (ca, proxy) = (TestCa::new(), ConnectProxy::start().await);
    let world = world(&ca, &proxy, "proxy = \"PROXY\"\nproxy_credentials_file = \"proxy.secret\"").await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    assert!(page.status == 503 && page.body.contains("saml.metadata"), "{}", page.body);
    assert!(proxy.hosts().contains("idp.test"), "{:?}", proxy.hosts());
    assert!(world.emulator.history().is_empty(), "AWS was told something by somebody it could not trust");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_proxy_names_is_asked_straight() {
    let (ca, proxy) = (TestCa::new(), ConnectProxy::start().await);
    let outbound = "proxy = \"PROXY\"\nproxy_credentials_file = \"proxy.secret\"\nca_file = \"ca.pem\"\nno_proxy = [\"idp.test\"]";
    let world = world(&ca, &proxy, outbound).await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    assert!(
        page.status == 503 && page.body.contains("saml.metadata"),
        "nobody knows that name: {}",
        page.body
    );
    assert!(!proxy.hosts().contains("idp.test"), "{:?}", proxy.hosts());
}

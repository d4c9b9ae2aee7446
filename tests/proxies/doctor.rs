//! `connect-gateway doctor proxy`: a real nginx, TLS before it, right and wrong.

use std::process::{Command, Output};

use serde_json::Value;

use crate::gateway::{Gateway, free_address};
use crate::server::{Nginx, PROXY};
use crate::tls::{Answers, TestCa};
use crate::world::{emulator, settings};

const RIGHT: &str = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";

/// A gateway behind nginx behind TLS, with this at the end of its configuration.
struct House {
    gateway: Gateway,
    _nginx: Nginx,
    _emulator: connect_gateway::emulator::Emulator,
}

impl House {
    async fn start(client_address: &str, directives: &str) -> Self {
        let (ca, emulator, address) = (TestCa::new(), emulator("").await, free_address());
        let site = ca.site("localhost").await;
        let config = format!(
            "{}\n[client_address]\n{client_address}\n[outbound]\nca_file = \"ca.pem\"\n",
            settings(&emulator)
        );
        let gateway = Gateway::start(address, &site.url, &config, &[("ca.pem", &ca.issuer.pem())]).await;
        let nginx = Nginx::before(address, directives).await;
        site.forward_to(nginx.address, Answers::Untouched);
        Self { gateway, _nginx: nginx, _emulator: emulator }
    }

    async fn trusting(directives: &str) -> Self {
        Self::start(&format!("mode = \"x_forwarded_for\"\ntrusted = [\"{PROXY}\"]"), directives).await
    }

    fn doctor(&self, more: &[&str]) -> (Option<i32>, String) {
        let config = self.gateway.folder.join("gateway.toml");
        let answer = doctor(&[&["--config", config.to_str().unwrap()], more].concat());
        (answer.status.code(), String::from_utf8(answer.stdout).unwrap())
    }
}

fn doctor(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_connect-gateway");
    Command::new(program).args(["doctor", "proxy"]).args(arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_right_passes_every_check() {
    let house = House::trusting(RIGHT).await;
    let (status, said) = house.doctor(&[]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(said.lines().count(), 11, "{said}");
    assert!(said.lines().all(|line| line.starts_with("ok ")), "{said}");
    assert!(said.contains("you come from 127.0.0.1, as X-Forwarded-For says"), "{said}");
    let (status, json) = house.doctor(&["--json"]);
    // As `doctor` itself says it.
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &json["standing"]), (Some(0), &"ok".into()), "{json}");
    let checks = json["checks"].as_array().unwrap();
    let is_well =
        |check: &Value| check["standing"] == "ok" && check["about"].is_string() && check["text"].is_string();
    assert!(checks.len() == 11 && checks.iter().all(is_well), "{json}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_passes_on_what_clients_say_is_found() {
    let house = House::trusting("proxy_set_header X-Forwarded-For $http_x_forwarded_for;").await;
    let (status, said) = house.doctor(&[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("fail  client      the proxy is trusted and its header is missing"), "{said}");
    assert!(said.contains("fail  forged      a forged X-Forwarded-For is believed"), "{said}");
    assert!(said.contains("ok    forged      a forged X-Real-IP is not believed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_the_proxy_does_not_write_is_found() {
    let house = House::start(&format!("mode = \"forwarded\"\ntrusted = [\"{PROXY}\"]"), RIGHT).await;
    let (status, said) = house.doctor(&[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("fail  forged      a forged Forwarded is believed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_knows_of_no_proxy_is_found() {
    let house = House::start("mode = \"direct\"", RIGHT).await;
    let (status, said) = house.doctor(&[]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("warn  client      a proxy sends x-forwarded-for"), "{said}");
    let log = house.gateway.log();
    assert_eq!(log.matches("requests come through a proxy").count(), 1, "told once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_hides_headers_or_is_not_listed_is_found() {
    let hiding = format!("{RIGHT} proxy_hide_header Strict-Transport-Security;");
    let house = House::start("mode = \"x_forwarded_for\"\ntrusted = [\"10.0.0.0/8\"]", &hiding).await;
    let (status, said) = house.doctor(&[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("fail  hsts      "), "{said}");
    assert!(said.contains(&format!("warn  client      {PROXY} is not in client_address.trusted")), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_else_at_the_address_is_told() {
    let nowhere = free_address();
    let answer = doctor(&["--url", &format!("http://{nowhere}")]);
    let said = String::from_utf8(answer.stdout).unwrap();
    assert!(answer.status.code() == Some(1) && said.contains("fail  reach  "), "{said}");

    let emulator = emulator("").await;
    let answer = doctor(&["--url", &emulator.idp_url()]);
    let said = String::from_utf8(answer.stdout).unwrap();
    assert!(answer.status.code() == Some(1) && said.contains("leads to no gateway"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_s_name_for_a_request_stands_beside_the_support_id() {
    let house = House::trusting(&format!("{RIGHT} proxy_set_header X-Request-Id from-the-proxy-1;")).await;
    house.doctor(&[]);
    let log = house.gateway.log();
    let line = log.lines().find(|line| line.contains("came through a proxy")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["proxy_request_id"], "from-the-proxy-1");
    assert_eq!(line["support_id"].as_str().map(str::len), Some(14), "{line}");
}

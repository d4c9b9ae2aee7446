//! Headless Chromium, driven through chromedriver.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use serde_json::json;

use crate::tls::TestCa;

/// How long a page may take to appear. A sign-in waits for call budgets, not for this.
const PATIENCE: Duration = Duration::from_mins(1);

/// What pages are looked at on: its name, whether it is a phone, whether it is dark.
pub(crate) const LOOKS: [(&str, bool, bool); 4] = [
    ("desktop-light", false, false),
    ("desktop-dark", false, true),
    ("phone-light", true, false),
    ("phone-dark", true, true),
];

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Javascript {
    /// They may.
    On,
    /// They may not.
    Off,
}

/// One browser with a profile of its own; gone when dropped.
pub(crate) struct Browser {
    client: Client,
    session: String,
    driver: Child,
    port: u16,
    profile: PathBuf,
}

impl Browser {
    /// Starts one that trusts `ca` and finds every name under `.test` on this machine.
    pub(crate) async fn start(ca: &TestCa, javascript: Javascript) -> Self {
        let port = free_port();
        let profile =
            std::env::temp_dir().join(format!("connect-gateway-browser-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&profile).unwrap();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .env("HOME", &profile)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is not installed: scripts/install-packages test");
        let capabilities = capabilities(ca, javascript, &profile);
        let client = connect(port, capabilities).await;
        let session = client.session_id().await.unwrap().unwrap();
        Self { client, session, driver, port, profile }
    }

    /// Opens `url`.
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The first element that matches `css`, as soon as it is there.
    pub(crate) async fn find(&self, css: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                self.screenshot("failure").await;
                let url = self.url().await;
                let page = self.client.source().await.unwrap_or_default();
                panic!("no `{css}` at {url}: {error}\n{page}")
            }
        }
    }

    /// Whether an element matches `css` now.
    pub(crate) async fn shows(&self, css: &str) -> bool {
        !self.client.find_all(Locator::Css(css)).await.unwrap().is_empty()
    }

    /// The text of the first element that matches `css`. A page that goes on by itself may take it away meanwhile, and
    /// bring another.
    pub(crate) async fn text(&self, css: &str) -> String {
        for _ in 0..5 {
            if let Ok(text) = self.find(css).await.text().await {
                return text;
            }
        }
        self.find(css).await.text().await.unwrap()
    }

    /// Clicks the first element that matches `css`.
    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Clicks the first element at this `XPath`.
    pub(crate) async fn follow(&self, xpath: &str) {
        self.client.find(Locator::XPath(xpath)).await.unwrap().click().await.unwrap();
    }

    /// Clicks what a person sees that matches `css`, unless there is nothing or the page is just leaving.
    pub(crate) async fn press(&self, css: &str) {
        for button in self.client.find_all(Locator::Css(css)).await.unwrap_or_default() {
            if button.is_displayed().await.unwrap_or(false) {
                button.click().await.ok();
                return;
            }
        }
    }

    /// Types `text` into the first element that matches `css`.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.unwrap();
    }

    /// Puts `text` in the place of whatever stands in the field that matches `css`.
    pub(crate) async fn put(&self, css: &str, text: &str) {
        self.find(css).await;
        let put = "document.querySelector(arguments[0]).value = arguments[1]";
        self.client.execute(put, vec![css.into(), text.into()]).await.unwrap();
    }

    /// The address of the page.
    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.map(String::from).unwrap_or_default()
    }

    /// The cookies that the page's site may see, `HttpOnly` ones too.
    pub(crate) async fn cookies(&self) -> Vec<fantoccini::cookies::Cookie<'static>> {
        self.client.get_all_cookies().await.unwrap()
    }

    /// Forgets the cookies of the page's site whose names hold `part`.
    pub(crate) async fn forget_cookies_named(&self, part: &str) {
        for cookie in self.cookies().await.iter().filter(|cookie| cookie.name().contains(part)) {
            self.client.delete_cookie(cookie.name()).await.unwrap();
        }
    }

    /// What a person with a keyboard stands on: its `id`, else its text.
    pub(crate) async fn focused(&self) -> String {
        let element = self.client.active_element().await.unwrap();
        match element.attr("id").await.unwrap().filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => element.text().await.unwrap(),
        }
    }

    /// Presses a key, such as `\u{e004}` (Tab) or `\u{e007}` (Enter), where the person stands.
    pub(crate) async fn key(&self, key: &str) {
        self.client.active_element().await.unwrap().send_keys(key).await.unwrap();
    }

    /// Shows pages as a phone does, or as a desktop; dark or light.
    pub(crate) async fn look(&self, phone: bool, dark: bool) {
        let (width, height) = if phone { (360, 780) } else { (1280, 900) };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// What the parts of the page are to a screen reader, such as `table`, once each.
    pub(crate) async fn roles(&self) -> BTreeSet<String> {
        let tree = self.devtools("Accessibility.getFullAXTree", json!({})).await;
        let seen = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] == false);
        seen.map(|node| node["role"]["value"].as_str().unwrap().to_owned()).collect()
    }

    /// Reads these languages, as `Accept-Language` lists them.
    pub(crate) async fn speak(&self, languages: &str) {
        let agent = self.script("return navigator.userAgent").await;
        let languages = json!({ "userAgent": agent, "acceptLanguage": languages });
        self.devtools("Emulation.setUserAgentOverride", languages).await;
    }

    /// Lets pages of `origin` use the clipboard, as a person does who is asked.
    pub(crate) async fn allow_clipboard(&self, origin: &str) {
        let allowed =
            json!({ "origin": origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        self.devtools("Browser.grantPermissions", allowed).await;
    }

    /// What a script on the page answers, as text.
    pub(crate) async fn script(&self, script: &str) -> String {
        match self.client.execute(script, vec![]).await.unwrap() {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// What a script on the page hands to its last argument, a function, when it has it.
    pub(crate) async fn answer(&self, script: &str) -> serde_json::Value {
        self.client.execute_async(script, vec![]).await.unwrap()
    }

    /// Four pictures of the whole page: `<name>-<desktop|phone>-<light|dark>.png`. Each must fit the width.
    pub(crate) async fn screenshots(&self, name: &str) {
        for (look, phone, dark) in LOOKS {
            self.look(phone, dark).await;
            self.whole_page(&format!("{name}-{look}")).await;
        }
        self.look(false, false).await;
    }

    /// A picture of the whole page as it is looked at now, `<name>.png`. It must fit the width.
    pub(crate) async fn whole_page(&self, name: &str) {
        let fits = "return document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(self.script(fits).await, "true", "{name} is wider than the window");
        let whole = json!({ "captureBeyondViewport": true });
        let picture = self.devtools("Page.captureScreenshot", whole).await;
        Self::keep(name, &STANDARD.decode(picture["data"].as_str().unwrap()).unwrap());
    }

    /// A command of the `DevTools` protocol, which chromedriver passes on.
    async fn devtools(&self, command: &str, parameters: serde_json::Value) -> serde_json::Value {
        let url = format!("http://127.0.0.1:{}/session/{}/goog/cdp/execute", self.port, self.session);
        let body = json!({ "cmd": command, "params": parameters }).to_string();
        let request = reqwest::Client::new().post(url).header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap().text().await.unwrap();
        let mut answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["value"]["error"].is_null(), "{command}: {answer}");
        answer["value"].take()
    }

    /// Keeps a picture of the page as `target/screenshots/<name>.png`.
    pub(crate) async fn screenshot(&self, name: &str) {
        if let Ok(picture) = self.client.screenshot().await {
            Self::keep(name, &picture);
        }
    }

    fn keep(name: &str, picture: &[u8]) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}

impl Drop for Browser {
    /// Ends the session by hand: a drop can't wait for the client, and Chromium would outlive its driver.
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let request = format!(
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                self.session
            );
            stream.set_read_timeout(Some(Duration::from_secs(10))).ok();
            stream.write_all(request.as_bytes()).ok();
            stream.read_to_end(&mut Vec::new()).ok();
        }
        self.driver.kill().ok();
        self.driver.wait().ok();
        std::fs::remove_dir_all(&self.profile).ok();
    }
}

fn capabilities(
    ca: &TestCa,
    javascript: Javascript,
    profile: &Path,
) -> serde_json::Map<String, serde_json::Value> {
    let allowed = if javascript == Javascript::On { 1 } else { 2 };
    let capabilities = json!({
        "goog:chromeOptions": {
            "args": [
                "--headless=new",
                // Root in a container has no user namespaces to build a sandbox with.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                // The network is closed but for the three sites.
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-quic",
                "--disable-sync",
                "--no-first-run",
                "--no-proxy-server",
                "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                format!("--ignore-certificate-errors-spki-list={}", ca.key_pin()),
                format!("--user-data-dir={}", profile.join("profile").display()),
                "--window-size=1280,900",
            ],
            "prefs": { "profile.managed_default_content_settings.javascript": allowed },
        },
    });
    match capabilities {
        serde_json::Value::Object(map) => map,
        _ => unreachable!("written as an object"),
    }
}

/// Waits until chromedriver listens, then asks it for a browser.
async fn connect(port: u16, capabilities: serde_json::Map<String, serde_json::Value>) -> Client {
    let url = format!("http://127.0.0.1:{port}");
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ClientBuilder::rustls().unwrap().capabilities(capabilities).connect(&url).await.unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

//! pysaml2, the gateway and the emulated instance on loopback. The gateway is `localhost` and the others are
//! `127.0.0.1`, so that browsers see different sites.

use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed};

use crate::gateway::{Gateway, free_address};
use crate::plain_browser::{Page, PlainBrowser};
use crate::pysaml2::Pysaml2;

const SEED: &str = include_str!("../support/seed.toml");
const RULES: &str = include_str!("../support/rules.toml");

const INSTANCE: &str =
    "arn = \"arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555\"\n";

/// Everything that runs during one test.
pub(crate) struct World {
    pub(crate) gateway_url: String,
    pub(crate) gateway: Gateway,
    pub(crate) idp: Pysaml2,
    pub(crate) emulator: Emulator,
}

impl World {
    /// Starts everything, with `idp_settings` in the gateway's `[idp.pysaml2]`.
    pub(crate) async fn start(idp_settings: &str) -> Self {
        Self::with(Pysaml2::start().await, "/metadata", idp_settings).await
    }

    /// The same with this pysaml2, whose metadata is read at `metadata_path`. The certificate of its first key is
    /// the file `pysaml2.crt`.
    pub(crate) async fn with(idp: Pysaml2, metadata_path: &str, idp_settings: &str) -> Self {
        Self::around(idp, metadata_path, idp_settings, ("", "")).await
    }

    /// The same with more in the emulator's seed and, when there is any, an instance `by-assertion` with these lines.
    pub(crate) async fn around(
        idp: Pysaml2,
        metadata_path: &str,
        idp_settings: &str,
        (seed, instance): (&str, &str),
    ) -> Self {
        let mut options = Options::loopback(Seed::parse(&format!("{SEED}\n{seed}")).unwrap());
        options.behaviour = Behaviour { fault_rate: 0.0, ..Behaviour::default() };
        let emulator = Emulator::start(options).await.unwrap();
        let certificate = idp.certificate("first");
        let address = free_address();
        let gateway_url = format!("http://localhost:{}", address.port());
        let more = if instance.is_empty() {
            String::new()
        } else {
            format!(
                "\n[instance.by-assertion]\n{INSTANCE}url = \"{}\"\n{instance}",
                emulator.site_url("acme")
            )
        };
        let config = config(&emulator, &idp.url(metadata_path), idp_settings) + &more;
        let gateway = Gateway::start(address, &gateway_url, &config, &[("pysaml2.crt", &certificate)]).await;
        let metadata =
            PlainBrowser::new(PlainBrowser::client()).open(&format!("{gateway_url}/saml/metadata")).await;
        idp.set("service_provider", metadata.body).await;
        Self { gateway_url, gateway, idp, emulator }
    }

    /// Opens the bookmark, up to the page that asks for a name.
    pub(crate) async fn login_page(&self, browser: &PlainBrowser, instance: &str) -> Page {
        browser.settle(browser.open(&format!("{}/go/{instance}", self.gateway_url)).await).await
    }

    /// How often the emulator was asked for this.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.emulator.history().iter().filter(|call| call.operation == operation).count()
    }

    /// A whole sign-in of a new browser; the page where it ends.
    pub(crate) async fn sign_in(&self, uid: &str) -> Page {
        let browser = browser();
        let page = self.login_page(&browser, "acme").await;
        log_in(&browser, page, uid).await
    }
}

/// A browser that has been nowhere.
pub(crate) fn browser() -> PlainBrowser {
    PlainBrowser::new(PlainBrowser::client())
}

/// Fills in pysaml2's form and follows what goes on by itself.
pub(crate) async fn log_in(browser: &PlainBrowser, page: Page, uid: &str) -> Page {
    let page = type_in(browser, &page, uid, &format!("{uid}pass")).await;
    browser.settle(page).await
}

/// Submits pysaml2's form.
pub(crate) async fn type_in(browser: &PlainBrowser, page: &Page, username: &str, password: &str) -> Page {
    let form = page.forms().into_iter().find(|form| form.action.path() == "/login");
    let form = form.unwrap_or_else(|| panic!("nowhere to log in at {}\n{}", page.url, page.body));
    browser.submit(page, &form.with("username", username).with("password", password)).await
}

/// The page is the instance's own, for this user.
pub(crate) fn assert_inside(page: &Page, username: &str) {
    let inside = page.body.contains(&format!("<dd id=\"connect-user\">{username}</dd>"));
    assert!(page.status == 200 && inside, "{}: {}\n{}", page.status, page.url, page.body);
}

/// The page is the gateway's own, with this code.
pub(crate) fn assert_refused(page: &Page, code: &str) {
    let refused = page.body.contains(&format!("<dd id=\"code\">{code}</dd>"));
    assert!(page.status >= 400 && refused, "{}: {}\n{}", page.status, page.url, page.body);
}

fn config(emulator: &Emulator, metadata_url: &str, idp_settings: &str) -> String {
    let (api, site) = (emulator.api_url(), emulator.site_url("acme"));
    format!(
        r#"
[aws]
connect_endpoint = "{api}"
sts_endpoint = "{api}"
[idp.pysaml2]
metadata_url = "{metadata_url}"
{idp_settings}
[idp.pysaml2.attributes]
username = "urn:oid:0.9.2342.19200300.100.1.1"
first_name = "urn:oid:2.5.4.42"
last_name = "urn:oid:2.5.4.4"
email = "urn:oid:0.9.2342.19200300.100.1.3"
groups = "groups"
[instance.acme]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "{site}"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
[instance.strict]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "{site}"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
force_authn = true
{RULES}"#
    )
}

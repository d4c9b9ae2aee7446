//! The real program and the emulator, over plain HTTP on loopback.

use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed};

use crate::gateway::{Gateway, free_address};
use crate::plain_browser::{Page, PlainBrowser};

pub(crate) const SEED: &str = include_str!("../support/seed.toml");
pub(crate) const RULES: &str = include_str!("../support/rules.toml");

/// Everything that runs during one test.
pub(crate) struct World {
    pub(crate) gateway_url: String,
    /// Where monitoring asks.
    pub(crate) operations_url: String,
    pub(crate) emulator: Emulator,
    pub(crate) gateway: Gateway,
}

impl World {
    /// Starts everything, with `more` in the seed. Throttling and lag are the real ones; no call fails by chance.
    pub(crate) async fn start(more: &str) -> Self {
        Self::configured(more, str::to_owned).await
    }

    /// The same, with a change to the gateway's configuration.
    pub(crate) async fn configured(more: &str, change: impl Fn(&str) -> String) -> Self {
        Self::with_files(more, change, &[]).await
    }

    /// The same, with files beside it: name and text.
    pub(crate) async fn with_files(
        more: &str,
        change: impl Fn(&str) -> String,
        files: &[(&str, &str)],
    ) -> Self {
        Self::around(emulator(more).await, change, files).await
    }

    /// The same, around an emulator of the test's own.
    pub(crate) async fn around(
        emulator: Emulator,
        change: impl Fn(&str) -> String,
        files: &[(&str, &str)],
    ) -> Self {
        let address = free_address();
        let gateway_url = format!("http://localhost:{}", address.port());
        let operations = free_address();
        let config = format!("operations.listen = \"{operations}\"\n{}", change(&settings(&emulator)));
        let gateway = Gateway::start(address, &gateway_url, &config, files).await;
        let metadata = reqwest::get(format!("{gateway_url}/saml/metadata")).await.unwrap();
        emulator.trust_service_provider_metadata(&metadata.text().await.unwrap()).unwrap();
        Self { gateway_url, operations_url: format!("http://{operations}"), emulator, gateway }
    }

    /// Opens the bookmark and picks a person: the identity provider's page with its answer.
    pub(crate) async fn answer_for(&self, browser: &PlainBrowser, instance: &str, uid: &str) -> Page {
        Self::pick(&self.gateway_url, browser, instance, uid).await
    }

    /// The same at any gateway.
    pub(crate) async fn pick(gateway_url: &str, browser: &PlainBrowser, instance: &str, uid: &str) -> Page {
        let page = browser.open(&format!("{gateway_url}/go/{instance}")).await;
        pick(browser, &page, uid).await
    }

    /// Opens us from the identity provider's list of apps, as this person: its page with an answer that nobody asked
    /// for.
    pub(crate) async fn portal(&self, browser: &PlainBrowser, uid: &str, relay_state: &str) -> Page {
        let page = browser.open(&format!("{}/portal", self.emulator.idp_url())).await;
        let form = page.forms().remove(0).with("uid", uid).with("relay_state", relay_state);
        browser.submit(&page, &form).await
    }

    /// The calls so far that change something in Connect.
    pub(crate) fn writes(&self) -> Vec<String> {
        let history = self.emulator.history().into_iter();
        let calls = history.filter(|call| call.service == "connect").map(|call| call.operation);
        let reads = ["Describe", "Get", "List", "Search"];
        calls.filter(|operation| !reads.iter().any(|verb| operation.starts_with(verb))).collect()
    }

    /// From then on nothing but what is asked of it makes calls.
    pub(crate) async fn until_instances_are_looked_at(&self) {
        for _ in 0..300 {
            if self.gateway.log().matches(r#""message":"looked at","event":"instance""#).count() == 3 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{}", self.gateway.log());
    }

    /// How often the emulator was asked for this.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.emulator.history().iter().filter(|call| call.operation == operation).count()
    }
}

/// Picks a person on the identity provider's page: its page with the answer.
pub(crate) async fn pick(browser: &PlainBrowser, page: &Page, uid: &str) -> Page {
    let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose");
    let people = people.unwrap_or_else(|| panic!("nobody to pick at {}\n{}", page.url, page.body));
    browser.submit(page, &people.with("uid", uid)).await
}

/// Whether `page` is the instance's own, for this user.
pub(crate) fn is_inside(page: &Page, username: &str) -> bool {
    page.status == 200 && page.body.contains(&format!("<dd id=\"connect-user\">{username}</dd>"))
}

/// The emulator with the tests' seed and `more`.
pub(crate) async fn emulator(more: &str) -> Emulator {
    emulator_of(&format!("{SEED}\n{more}")).await
}

/// The emulator with this seed.
pub(crate) async fn emulator_of(seed: &str) -> Emulator {
    let mut options = Options::loopback(Seed::parse(seed).unwrap());
    options.behaviour = Behaviour { fault_rate: 0.0, ..Behaviour::default() };
    Emulator::start(options).await.unwrap()
}

/// What becomes of people who leave, said in every section of the instance.
pub(crate) fn removal(policy: &str) -> String {
    ["acme", "strict", "by-console"].map(|name| format!("\n[instance.{name}.removal]\n{policy}\n")).concat()
}

/// The gateway's configuration for it, but for what is at the top of the file.
pub(crate) fn settings(emulator: &Emulator) -> String {
    let (api, site) = (emulator.api_url(), emulator.site_url("acme"));
    let (idp, signin, console) = (emulator.idp_metadata_url(), emulator.signin_url(), emulator.console_url());
    format!(
        r#"
[aws]
connect_endpoint = "{api}"
sts_endpoint = "{api}"
[idp.corporate]
idp_initiated = "confirm"
metadata_url = "{idp}"
[idp.corporate.attributes]
username = "uid"
first_name = "givenName"
last_name = "sn"
email = "mail"
groups = "groups"
[instance.acme]
display_name = "Acme, every day"
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "{site}"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
[instance.strict]
display_name = "Acme, strict"
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "{site}"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
force_authn = true
[instance.by-console]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "{site}"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
hand_off = "console"
signin_endpoint = "{signin}/federation"
console_url = "{console}"
{RULES}"#
    )
}

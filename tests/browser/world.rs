//! Three sites on three domains: the gateway, an identity provider, the emulated instance.

use std::time::Duration;

use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed};

use crate::browser::{Browser, Javascript};
use crate::gateway::{Gateway, free_address};
use crate::simplesamlphp::SimpleSamlPhp;
use crate::tls::{Answers, TestCa, install_provider};

const SEED: &str = include_str!("../support/seed.toml");
const GERMAN: &str = include_str!("../../config/words/de.toml");
const RULES: &str = include_str!("../support/rules.toml");

/// Where the seed's people have their values.
const ATTRIBUTES: &str = r#"username = "uid"
first_name = "givenName"
last_name = "sn"
email = "mail"
groups = "groups""#;

/// Which identity provider people sign in at.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum IdentityProvider {
    /// The demo's. It answers an `AuthnRequest` with a redirect to another host.
    #[default]
    Demo,
    /// Debian's SimpleSAMLphp.
    SimpleSamlPhp,
}

/// What a test wants otherwise than usual.
#[derive(Default)]
pub(crate) struct Scene<'a> {
    /// Where people sign in.
    pub(crate) identity_provider: IdentityProvider,
    /// What the TLS terminator does to the gateway's answers.
    pub(crate) answers: Answers,
    /// More in the gateway's `[idp.corporate]`, and tables of their own behind that.
    pub(crate) idp_settings: &'a str,
    /// How long sessions at the identity provider last (the demo's only).
    pub(crate) session_lifetime: Option<Duration>,
    /// The gateway's `[idp.corporate.attributes]`; `None`: those that the seed's people have.
    pub(crate) attributes: Option<&'a str>,
    /// What exists; `None`: `support/seed.toml`.
    pub(crate) seed: Option<&'a str>,
    /// The gateway's `[mapping]`; `None`: `support/rules.toml`.
    pub(crate) rules: Option<&'a str>,
    /// Whether the rules are in a file of their own.
    pub(crate) has_mapping_file: bool,
}

/// Everything that runs during one test.
pub(crate) struct World {
    /// Where the bookmark begins.
    pub(crate) gateway_url: String,
    /// The identity provider's own site.
    pub(crate) idp_url: String,
    /// The instance's own site.
    pub(crate) instance_url: String,
    pub(crate) emulator: Emulator,
    pub(crate) simplesamlphp: Option<SimpleSamlPhp>,
    ca: TestCa,
    // Dropped at the end of the test, which ends it.
    gateway: Gateway,
}

impl World {
    /// Starts everything; `answers` is what the TLS terminator does to the gateway's.
    pub(crate) async fn start(identity_provider: IdentityProvider, answers: Answers) -> Self {
        Self::with(identity_provider, answers, "").await
    }

    /// The same, with `idp_settings` in the gateway's `[idp.corporate]`.
    pub(crate) async fn with(
        identity_provider: IdentityProvider,
        answers: Answers,
        idp_settings: &str,
    ) -> Self {
        Self::lasting(identity_provider, answers, idp_settings, None).await
    }

    /// The same, at an identity provider whose sessions last so long (the demo's only).
    pub(crate) async fn lasting(
        identity_provider: IdentityProvider,
        answers: Answers,
        idp_settings: &str,
        session_lifetime: Option<Duration>,
    ) -> Self {
        let scene = Scene { identity_provider, answers, idp_settings, session_lifetime, ..Scene::default() };
        Self::of(scene).await
    }

    /// With the demo's identity provider, and rules in a file of their own that people of `named` may publish.
    pub(crate) async fn publishing(named: &str) -> Self {
        Self::of(Scene { idp_settings: named, has_mapping_file: true, ..Scene::default() }).await
    }

    /// From all that can be otherwise.
    pub(crate) async fn of(scene: Scene<'_>) -> Self {
        install_provider();
        let ca = TestCa::new();
        let (gateway_site, idp_site) = (ca.site("gateway.test").await, ca.site("idp.test").await);
        let (login_site, instance_site) = (ca.site("login.test").await, ca.site("acme.connect.test").await);
        let idp_url = idp_site.url.clone();
        let (gateway_url, instance_url) = (gateway_site.url.clone(), instance_site.url.clone());

        let mut options = Options::loopback(Seed::parse(scene.seed.unwrap_or(SEED)).unwrap());
        options.behaviour = Behaviour { fault_rate: 0.0, ..Behaviour::default() };
        options.public.sites.insert("acme".into(), instance_url.clone());
        options.public.idp = Some(idp_site.url.clone());
        options.idp.login_url = Some(login_site.url.clone());
        options.idp.session_lifetime = scene.session_lifetime;
        let (site_address, emulated_idp) = (free_address(), free_address());
        options.ports.sites.insert("acme".into(), site_address.port());
        options.ports.idp = emulated_idp.port();
        let emulator = Emulator::start(options).await.unwrap();
        instance_site.forward_to(site_address, Answers::Untouched);
        login_site.forward_to(emulated_idp, Answers::Untouched);

        let simplesamlphp = match scene.identity_provider {
            IdentityProvider::Demo => None,
            IdentityProvider::SimpleSamlPhp => Some(SimpleSamlPhp::start(&idp_site.url).await),
        };
        let (idp_address, metadata) = match &simplesamlphp {
            Some(idp) => (idp.address, idp.metadata.clone()),
            None => (emulated_idp, text_at(&format!("http://{emulated_idp}/saml/metadata")).await),
        };
        idp_site.forward_to(idp_address, Answers::Untouched);

        let config = config(&emulator, &instance_url, &scene);
        let rules = scene.rules.unwrap_or(RULES);
        let files = [("idp.xml", metadata.as_str()), ("mapping.toml", rules), ("de.toml", GERMAN)];
        let gateway = Gateway::start(free_address(), &gateway_url, &config, &files).await;
        gateway_site.forward_to(gateway.address, scene.answers);
        let ours = text_at(&format!("http://{}/saml/metadata", gateway.address)).await;
        match &simplesamlphp {
            Some(idp) => idp.trust(&ours),
            None => emulator.trust_service_provider_metadata(&ours).unwrap(),
        }
        Self { gateway_url, idp_url, instance_url, emulator, simplesamlphp, ca, gateway }
    }

    /// A browser that knows the three sites.
    pub(crate) async fn browser(&self, javascript: Javascript) -> Browser {
        Browser::start(&self.ca, javascript).await
    }

    /// Changes a file that the gateway follows, such as `gateway.toml`.
    pub(crate) fn change(&self, file: &str, change: impl Fn(&str) -> String) {
        let path = self.gateway.folder.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(&text)).unwrap();
    }

    /// The raw `Set-Cookie` headers of the gateway's answer to `path`.
    pub(crate) async fn set_cookies(&self, path: &str) -> Vec<String> {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client.get(format!("http://{}{path}", self.gateway.address)).send().await.unwrap();
        let values = answer.headers().get_all("set-cookie");
        values.into_iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

async fn text_at(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

fn config(emulator: &Emulator, instance_url: &str, scene: &Scene<'_>) -> String {
    let (api, idp_settings) = (emulator.api_url(), scene.idp_settings);
    let attributes = scene.attributes.unwrap_or(ATTRIBUTES);
    let (mapping_file, rules) = if scene.has_mapping_file {
        ("mapping_file = \"mapping.toml\"", "")
    } else {
        ("", scene.rules.unwrap_or(RULES))
    };
    format!(
        r#"
{mapping_file}
[pages.languages]
de = "de.toml"
[aws]
connect_endpoint = "{api}"
sts_endpoint = "{api}"
[idp.corporate]
metadata_file = "idp.xml"
request_binding = "post"
idp_initiated = "confirm"
{idp_settings}
[idp.corporate.attributes]
{attributes}
[instance.acme]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "{instance_url}"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
{rules}"#
    )
}

//! Two replicas behind a proxy, one Redis, AWS and an identity provider.

use std::time::Duration;

use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed};
use tokio::time::{sleep, timeout};

use crate::balancers::{Balancer, Kind, Place};
use crate::people::people;
use crate::plain_browser::{Page, PlainBrowser};
use crate::redis_server::Server;
use crate::replicas::Replicas;
use crate::tls::TestCa;
use crate::world::{SEED, World, settings};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Nothing that Redis answered is lost.
pub(crate) const AOF: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

/// Everything that runs during one test.
pub(crate) struct Topology {
    /// What browsers type.
    pub(crate) url: String,
    pub(crate) replicas: Replicas,
    pub(crate) redis: Server,
    pub(crate) emulator: Emulator,
    ca: TestCa,
    _balancer: Balancer,
}

impl Topology {
    /// Starts everything; `more` stands in the configuration. AWS has no rates and no lag here unless it is adjusted.
    pub(crate) async fn start(kind: Kind, more: &str) -> Self {
        Self::with(kind, more, Server::with(&AOF), Behaviour::kind()).await
    }

    /// The same with this Redis and this AWS.
    pub(crate) async fn with(kind: Kind, more: &str, redis: Server, behaviour: Behaviour) -> Self {
        let mut options = Options::loopback(Seed::parse(&format!("{SEED}\n{}", people(PEOPLE))).unwrap());
        options.behaviour = Behaviour { page_cap: 1000, ..behaviour };
        let emulator = Emulator::start(options).await.unwrap();
        let at = format!("redis://127.0.0.1:{}", redis.port);
        Self::between(kind, more, redis, &at, emulator).await
    }

    /// The same; replicas find Redis at this URL.
    pub(crate) async fn between(kind: Kind, more: &str, redis: Server, at: &str, emulator: Emulator) -> Self {
        let (ca, place) = (TestCa::new(), Place::new());
        let config = format!("{more}\n{}", settings(&emulator));
        let replicas = Replicas::on(at, 2, &place.url, &config).await;
        emulator.trust_service_provider_metadata(&replicas.members[0].metadata().await).unwrap();
        let balancer = Balancer::before(&replicas.addresses(), &place, kind, &ca).await;
        Self { url: place.url, replicas, redis, emulator, ca, _balancer: balancer }
    }

    /// What browsers share: connections, and the belief in the proxy's certificate.
    pub(crate) fn client(&self) -> reqwest::Client {
        self.client_that_keeps(usize::MAX)
    }

    /// The same, for browsers that keep so many connections that are not in use.
    pub(crate) fn client_that_keeps(&self, idle: usize) -> reqwest::Client {
        let ca = reqwest::Certificate::from_pem(self.ca.issuer.pem().as_bytes()).unwrap();
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        builder.pool_max_idle_per_host(idle).tls_certs_only([ca]).build().unwrap()
    }

    pub(crate) fn browser(&self) -> PlainBrowser {
        PlainBrowser::new(self.client())
    }

    pub(crate) async fn open(&self, browser: &PlainBrowser, path: &str) -> Page {
        browser.open(&format!("{}{path}", self.url)).await
    }

    /// Opens the bookmark and picks a person: the identity provider's page with its answer.
    pub(crate) async fn answer_for(&self, browser: &PlainBrowser, uid: &str) -> Page {
        World::pick(&self.url, browser, "acme", uid).await
    }

    /// Signs in up to the first page that stays: inside, or waiting.
    pub(crate) async fn arrived(&self, browser: &PlainBrowser, uid: &str) -> Page {
        let mut page = self.answer_for(browser, uid).await;
        while page.goes_on() && page.refresh().is_none() {
            page = browser.step(page).await;
        }
        page
    }

    pub(crate) async fn sign_in(&self, browser: &PlainBrowser, uid: &str) -> Page {
        let answer = self.answer_for(browser, uid).await;
        browser.settle(answer).await
    }

    /// Whether this browser has a session.
    pub(crate) async fn is_signed_in(&self, browser: &PlainBrowser) -> bool {
        let cookies = browser.cookies_for(&self.url.parse().unwrap());
        let request = self.client().get(format!("{}/go/acme", self.url));
        let answer = request.header("cookie", cookies).header("sec-fetch-mode", "cors").send().await.unwrap();
        answer.status() != 401
    }
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waits = async {
        while !is_so().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, waits).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

/// How many people are placed already.
pub(crate) const PEOPLE: usize = 200;

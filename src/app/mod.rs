//! Puts the rooms together and runs them.

mod explain;
mod inspect;
mod listen;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::audit;
use crate::budget::ProcessBudget;
use crate::config::{self, Config, Loaded};
use crate::connect::{self, Connect};
use crate::federation::Federation;
use crate::model::{CallBudget, Clock, Random, Requested, SystemClock, SystemRandom, Username};
use crate::saml::{self, ServiceProvider};
use crate::sign_in::{Instance, Parts, SignIn};
use crate::store::{MemoryNamedSessions, MemoryPending, MemoryReplay, MemorySessions};
use crate::telemetry;
use crate::web::{self, Site, WebState};

pub use explain::explain;
pub use inspect::{Inspection, inspect};

/// How often identity provider metadata is looked at; the service provider knows what is due.
const METADATA_TICK: Duration = Duration::from_secs(20);
/// How often tokens are looked at; each instance's federation knows what is due.
const TOKEN_TICK: Duration = Duration::from_secs(10);

/// The gateway, ready to serve.
pub struct App {
    router: Router,
    sign_in: Arc<SignIn>,
}

impl App {
    /// Composes the rooms from a checked configuration. `sdk` carries the gateway's own AWS identity.
    ///
    /// # Errors
    /// When our key or an identity provider's metadata can't be used.
    pub fn build(
        config: Config,
        sdk: &SdkConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, saml::Error> {
        let sessions = MemorySessions::new(clock.clone());
        let site = Site {
            clock: clock.clone(),
            random: random.clone(),
            brand: config.brand.clone(),
            support: config.support.clone(),
            public_url: config.public_url.clone(),
            pending_for: config.pending_for,
        };
        let sign_in = Arc::new(SignIn::new(parts(config, sdk, clock, random)?));
        let router = web::router(WebState { sign_in: sign_in.clone(), site }, sessions);
        Ok(Self { router, sign_in })
    }

    /// The gateway's HTTP, for a server of the caller's own.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves until `shutdown`, then lets requests under way finish.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        self.sign_in.refresh_metadata().await;
        let mut background = JoinSet::new();
        background.spawn(refresh_metadata(self.sign_in.clone()));
        background.spawn(refresh_tokens(self.sign_in));
        listen::serve(listener, self.router, shutdown).await;
    }
}

fn parts(
    config: Config,
    sdk: &SdkConfig,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Parts, saml::Error> {
    let budget: Arc<dyn CallBudget> = Arc::new(ProcessBudget::new(config.rates));
    let protected = Arc::new(config.protected);
    let replay = Arc::new(MemoryReplay::new(clock.clone()));
    let saml = ServiceProvider::new(config.saml, config.idps, clock.clone(), random.clone(), replay)?;
    let instance = |instance: config::Instance| {
        let client = connect::client(sdk, &instance.connect.arn, config.endpoints.connect.as_ref());
        Instance {
            name: instance.connect.instance.clone(),
            display_name: instance.display_name,
            idps: instance.idps,
            destinations: instance.destinations,
            default_destination: instance.default_destination,
            request: instance.request,
            connect: Connect::new(instance.connect, client, budget.clone(), protected.clone(), clock.clone()),
            federation: Federation::new(
                instance.federation,
                sdk,
                config.endpoints.clone(),
                budget.clone(),
                protected.clone(),
                clock.clone(),
            ),
        }
    };
    Ok(Parts {
        saml,
        rules: config.rules,
        instances: config.instances.into_iter().map(instance).collect(),
        idps: config.idp_choices,
        names: config.idp_names,
        pending: Arc::new(MemoryPending::new(clock.clone())),
        confirmations: Arc::new(MemoryPending::new(clock.clone())),
        pending_logouts: Arc::new(MemoryPending::new(clock.clone())),
        named_sessions: Arc::new(MemoryNamedSessions::new(clock.clone())),
        clock,
        random,
        pending_for: config.pending_for,
        session_max: config.session_max,
    })
}

async fn refresh_metadata(sign_in: Arc<SignIn>) {
    let mut ticks = ticks(METADATA_TICK);
    loop {
        ticks.tick().await;
        sign_in.refresh_metadata().await;
    }
}

async fn refresh_tokens(sign_in: Arc<SignIn>) {
    let mut ticks = ticks(TOKEN_TICK);
    loop {
        ticks.tick().await;
        sign_in.refresh_tokens().await;
    }
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// With these reasons, a line each.
    Failed(Vec<String>),
}

impl Outcome {
    fn failed(reason: &dyn std::fmt::Display) -> Self {
        Self::Failed(vec![reason.to_string()])
    }
}

/// `connect-gateway serve`: loads the configuration, listens, serves until SIGTERM or Ctrl-C.
pub async fn serve(path: &Path) -> Outcome {
    let config = match load(path) {
        Ok(loaded) => loaded.config,
        Err(failed) => return failed,
    };
    if let Err(error) = telemetry::start(config.log) {
        return Outcome::failed(&error);
    }
    let (listen, public_url) = (config.listen, config.public_url.clone());
    let sdk = sdk(&config).await;
    let app = match App::build(config, &sdk, Arc::new(SystemClock), Arc::new(SystemRandom)) {
        Ok(app) => app,
        Err(error) => return Outcome::failed(&error),
    };
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            return Outcome::failed(&format!(
                "listen: {listen}: {error}; choose another address, or stop what uses it"
            ));
        }
    };
    tracing::info!(%listen, public_url = %public_url, "serving");
    app.run(listener, asked_to_stop()).await;
    Outcome::Done
}

/// `connect-gateway check`: prints what is configured, or everything that is wrong with it. With a name it also
/// asks the identity providers and AWS, and tries the federation role under that name.
pub async fn check(path: &Path, online_as: Option<&str>) -> Outcome {
    let online_as = match online_as.map(Username::new).transpose() {
        Ok(name) => name,
        Err(error) => return Outcome::failed(&format!("--as: {error}")),
    };
    let loaded = match load(path) {
        Ok(loaded) => loaded,
        Err(failed) => return failed,
    };
    for line in config::summary(&loaded.config) {
        println!("{line}");
    }
    let sdk = sdk(&loaded.config).await;
    let parts = match parts(loaded.config, &sdk, Arc::new(SystemClock), Arc::new(SystemRandom)) {
        Ok(parts) => parts,
        Err(error) => return Outcome::failed(&error),
    };
    let Some(name) = online_as else {
        print_warnings(&parts);
        println!(
            "The configuration can be used. Nothing was asked of AWS or an identity provider: --online does."
        );
        return Outcome::Done;
    };
    let reasons = check_online(&parts, &name).await;
    print_warnings(&parts);
    if reasons.is_empty() { Outcome::Done } else { Outcome::Failed(reasons) }
}

/// What ends soon.
fn print_warnings(parts: &Parts) {
    for warning in parts.saml.warnings() {
        eprintln!("warning: {warning}");
    }
}

async fn check_online(parts: &Parts, name: &Username) -> Vec<String> {
    let mut reasons = Vec::new();
    parts.saml.refresh_metadata().await;
    for idp in &parts.idps {
        match parts.saml.authn_request(&idp.name, &Requested::default(), "check").await {
            Ok(_) => println!("idp.{}: metadata can be used", idp.name),
            Err(error) => reasons.push(format!("idp.{}: {}", idp.name, audit::cause(&error))),
        }
    }
    for instance in &parts.instances {
        match instance.connect.check().await {
            Ok(report) => {
                let about = |problem| format!("instance.{}: {problem}", instance.name);
                reasons.extend(report.problems().into_iter().map(about));
                println!("instance.{}: AWS answers", instance.name);
            }
            Err(error) => reasons.push(format!("instance.{}: {}", instance.name, audit::cause(&error))),
        }
        match instance.federation.check(name).await {
            Ok(()) => println!("instance.{}: the federation role can be assumed", instance.name),
            Err(error) => reasons.push(format!("instance.{}: {}", instance.name, audit::cause(&error))),
        }
    }
    reasons
}

fn load(path: &Path) -> Result<Loaded, Outcome> {
    let text = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((key.into_string().ok()?, value.into_string().ok()?))
    };
    let loaded = config::load(path, std::env::vars_os().filter_map(text))
        .map_err(|problems| Outcome::Failed(problems.iter().map(ToString::to_string).collect()))?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    Ok(loaded)
}

/// The gateway's own AWS identity, by the SDK's default chain.
async fn sdk(config: &Config) -> SdkConfig {
    let region = Region::new(config.aws_region.clone());
    aws_config::defaults(BehaviorVersion::latest()).region(region).load().await
}

/// SIGTERM or Ctrl-C.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: requests under way may finish");
}

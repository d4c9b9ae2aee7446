//! Puts the rooms together and runs them.

#[macro_use]
mod say;
mod audit;
mod aws;
mod background;
mod check;
mod command;
mod control;
mod doctor;
mod explain;
mod hang_up;
mod healthcheck;
mod hierarchy;
mod iam;
mod init;
mod inspect;
mod keys;
mod listen;
mod live;
mod mapping;
mod migrate;
mod observed;
mod online;
mod reload;
mod remark;
mod removal;
mod run;
mod serve;
mod sessions;
mod settings;
mod signals;
mod socket;
mod state;
mod systemd;
mod terminal;
mod users;

use std::path::Path;
use std::sync::{Arc, RwLock};

use aws_config::SdkConfig;
use axum::Router;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use url::Url;

use crate::admin::{Console, Publishing};
use crate::config::{self, Config, Loaded};
use crate::connect::Connect;
use crate::federation::Federation;
use crate::metrics::Metrics;
use crate::model::{
    Clock, PersonalData, Phase, Problem, Random, RulesState, StateProbe as _, SystemClock, SystemRandom,
};
use crate::saml::{self, ServiceProvider};
use crate::sign_in::{Instance, Parts, RulesInForce, SignIn};
use crate::store::redis::Redis;
use crate::store::{Sessions, seen_people};
use crate::telemetry::Telemetry;
use crate::web::{self, AddressLimits, Addresses, Health, IdpLimit, Site, WebState};

pub use crate::audit::Begins;
pub use audit::{Key, verify_audit};
use aws::{sdk, user_client};
pub use check::check;
pub use doctor::{DoctorProxy, doctor, doctor_proxy};
pub use explain::explain;
pub use healthcheck::healthcheck;
pub use hierarchy::{HierarchyFile, apply_hierarchy, export_hierarchy, plan_hierarchy};
pub use iam::{For, IamPrint, print_iam};
pub use init::config_init;
pub use inspect::{Inspection, inspect};
pub use keys::{KeyKind, KeyOrder, new_key, rotate_key, show_keys};
use listen::Certificate;
pub use listen::Listener;
use observed::{Observed, metrics, personal_data};
use reload::{Reload, Started};
pub use state::BuildError;
use state::Stores;

pub use crate::config::Beginning;
pub use crate::saml::KeyAlgorithm;
pub use mapping::{Explain, explain_mapping, test_mapping};
pub use migrate::config_migrate;
pub use removal::{RemoveUsers, remove_users};
pub use say::print;
pub use serve::serve;
pub use sessions::{end_sessions, list_sessions};
pub use settings::{config_dump, config_schema};
pub use signals::Stops;
use socket::Socket;
pub use users::{
    Form, Leave, PeopleFile, Users, apply_users, export_users, list_users, plan_users, show_user,
};

/// The gateway, ready to serve.
pub struct App {
    router: Router,
    sessions: Sessions,
    redis: Option<Redis>,
    operations: Router,
    operations_listener: Option<Listener>,
    metrics: Arc<Metrics>,
    personal: PersonalData,
    sign_in: Arc<SignIn>,
    console: Option<Arc<Console>>,
    rules_state: Arc<RwLock<RulesState>>,
    reload: Option<Arc<Reload>>,
    public_url: Url,
    clock: Arc<dyn Clock>,
    socket: Option<Arc<Socket>>,
    phase: watch::Sender<Phase>,
    limits: config::Listener,
    shutdown: config::Shutdown,
    certificate: Option<Arc<Certificate>>,
    hang_ups: Option<Signal>,
    telemetry: Option<Arc<Telemetry>>,
}

impl App {
    /// Composes the rooms from a checked configuration. `sdk` carries the gateway's own AWS identity.
    ///
    /// # Errors
    /// When our key, an identity provider's metadata or the settings of Redis can't be used.
    pub fn build(
        config: Config,
        sdk: &SdkConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, BuildError> {
        Self::with_certificate(config, None, sdk, clock, random)
    }

    /// The same, with TLS.
    fn with_certificate(
        mut config: Config,
        certificate: Option<Arc<Certificate>>,
        sdk: &SdkConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, BuildError> {
        let phase = watch::Sender::new(Phase::Starting);
        let (limits, shutdown) = (config.listener.clone(), config.shutdown);
        let metrics = metrics(&config, &*clock);
        let redis = state::redis(&config.state, &clock, &random, Arc::new(metrics.store()))?;
        let stores = redis.as_ref().map_or_else(|| Stores::in_memory(&clock), Stores::in_redis);
        let sessions = stores.sessions.clone();
        let budget = stores.budget(config.rates.clone(), config.state.replicas);
        let metrics = Arc::new(metrics.looking_at(budget.clone()));
        let pace = stores.pace(budget, random.clone()).observed(Arc::new(metrics.calls()));
        let personal = personal_data(&config.personal_data, &*random);
        let site = Site {
            clock: clock.clone(),
            random: random.clone(),
            brand: config.brand.clone(),
            translated: config.translated.clone(),
            support: config.support.clone(),
            public_url: config.public_url.clone(),
            pending_for: config.pending_for,
            console: console(&mut config, &stores, &clock),
            metrics: metrics.clone(),
            taken: web::Limits { form: limits.body_octets, request: limits.request },
            health: Health {
                phase: phase.subscribe(),
                certificate: certificate.as_ref().map(|certificate| certificate.problem()),
                store: redis.clone().map(store_probe),
            },
            addresses: Arc::new(Addresses::new(config.client_address.clone())),
            limits: Arc::new(AddressLimits::new(&config.rate_limits)),
            personal: personal.clone(),
        };
        let (console, public_url) = (site.console.clone(), site.public_url.clone());
        let observed = Observed { pace, observer: metrics.clone(), personal: personal.clone() };
        let sign_in = Arc::new(SignIn::new(parts(config, sdk, stores, (clock.clone(), random), observed)?));
        let rules_state = Arc::<RwLock<RulesState>>::default();
        let web = WebState {
            sign_in: sign_in.clone(),
            site,
            rules_state: rules_state.clone(),
            open_sessions: Arc::new(sessions.clone()),
        };
        let operations = web::operations(web.clone());
        let router = web::router(web, sessions.clone());
        Ok(Self {
            router,
            sessions,
            redis,
            operations,
            operations_listener: None,
            metrics,
            personal,
            sign_in,
            console,
            rules_state,
            reload: None,
            public_url,
            clock,
            socket: None,
            phase,
            limits,
            shutdown,
            certificate,
            hang_ups: None,
            telemetry: None,
        })
    }

    /// The same, with rules that follow the file at `path`.
    fn following(self, path: &Path, started: Started) -> Self {
        let reload = Arc::new(Reload::new(
            path,
            started,
            self.sign_in.clone(),
            self.rules_state.clone(),
            self.console.clone(),
            (self.metrics.clone(), self.clock.clone()),
        ));
        if let Some(console) = &self.console {
            console.follow(reload.clone());
            if let Err(why) = console.check_writable() {
                tracing::warn!(why, "nobody can publish rules: give the gateway a folder that it may write");
            }
        }
        Self { reload: Some(reload), ..self }
    }

    /// The same, whose numbers have the audit lines that were lost, and whose audit file is opened again at a SIGHUP.
    fn audited(self, telemetry: Arc<Telemetry>) -> Self {
        self.metrics.audit_lost_is(telemetry.audit_lost());
        Self { telemetry: Some(telemetry), ..self }
    }

    /// The same, answering monitoring at `listener`.
    fn observed_at(self, listener: Option<Listener>) -> Self {
        Self { operations_listener: listener, ..self }
    }

    /// The same, with the control socket.
    fn answering(self, socket: Option<Socket>) -> Self {
        Self { socket: socket.map(Arc::new), ..self }
    }

    /// The same, reading everything again when it is told to.
    fn told_by(self, hang_ups: Signal) -> Self {
        Self { hang_ups: Some(hang_ups), ..self }
    }

    /// The gateway's HTTP, for a server of the caller's own.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

/// Asks Redis whether it answers, for monitoring.
fn store_probe(redis: Redis) -> web::StoreProbe {
    Arc::new(move || {
        let redis = redis.clone();
        Box::pin(async move { redis.probe().await })
    })
}

/// For a command that shares nothing with the gateway that runs.
fn parts_of_command(config: Config, sdk: &SdkConfig) -> Result<Parts, saml::Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let observed = Observed::by_nobody(&config);
    parts(config, sdk, Stores::in_memory(&clock), (clock, Arc::new(SystemRandom)), observed)
}

fn parts(
    config: Config,
    sdk: &SdkConfig,
    stores: Stores,
    (clock, random): (Arc<dyn Clock>, Arc<dyn Random>),
    observed: Observed,
) -> Result<Parts, saml::Error> {
    let Observed { pace, observer, personal } = observed;
    let records = stores.records();
    let protected = Arc::new(config.protected);
    let replay = stores.replay;
    let saml = ServiceProvider::new(config.saml, config.idps, clock.clone(), random.clone(), replay)?;
    let instance = |instance: config::Instance| {
        let client = user_client(sdk, &instance, &config.endpoints, (&pace, &clock));
        let name = instance.connect.instance.clone();
        let connect = Connect::new(instance.connect, client, pace.clone(), protected.clone(), clock.clone());
        let endpoints = config.endpoints.clone();
        let (protected, clock) = (protected.clone(), clock.clone());
        let federation = Federation::new(instance.federation, sdk, endpoints, pace.clone(), protected, clock);
        let (connect, federation) = match &records {
            Some(records) => (connect.sharing(records.clone()), federation.sharing(records.clone())),
            None => (connect, federation),
        };
        Instance {
            name,
            display_name: instance.display_name,
            idps: instance.idps,
            destinations: instance.destinations,
            default_destination: instance.default_destination,
            request: instance.request,
            end_connect_sessions: instance.end_connect_sessions,
            connect: Arc::new(connect.telling(personal.clone())),
            federation: Arc::new(federation),
        }
    };
    Ok(Parts {
        saml,
        rules: RulesInForce::new(config.rules),
        admins: config.admin.map(|admin| admin.admins),
        instances: config.instances.into_iter().map(instance).collect(),
        idps: config.idp_choices,
        names: config.idp_names,
        records: records.clone(),
        seen: seen_people(config.seen_file),
        pending: stores.pending,
        pending_tests: stores.pending_tests,
        confirmations: stores.confirmations,
        answer_limit: Arc::new(IdpLimit::new(config.rate_limits.idp)),
        pending_logouts: stores.pending_logouts,
        named_sessions: stores.named_sessions,
        clock,
        random,
        observer,
        pending_for: config.pending_for,
        session_max: config.session_max,
    })
}

/// The console, where somebody is named who may use it.
fn console(config: &mut Config, stores: &Stores, clock: &Arc<dyn Clock>) -> Option<Arc<Console>> {
    let admin = config.admin.as_mut()?;
    let (keep, admins) = (admin.keep_sign_ins, admin.admins.clone());
    let publishing = admin.publishers.take().map(|publishers| Publishing {
        versions: Arc::new(publishers.history),
        admins,
        publishers: publishers.who,
    });
    let drafts = Arc::new(std::mem::take(&mut config.drafts));
    let settings = settings::rows(std::mem::take(&mut config.settings));
    let console = Console::new(keep, drafts, publishing, settings, clock.clone());
    Some(Arc::new(console.sharing(stores.notes())))
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// With these reasons, a line each.
    Failed(Vec<String>),
    /// With this exit status, and these reasons.
    Exit(u8, Vec<String>),
}

impl Outcome {
    fn failed(reason: &dyn std::fmt::Display) -> Self {
        Self::Failed(vec![reason.to_string()])
    }

    /// The same, with an exit status of its own when it is a failure.
    fn with_status(self, status: u8) -> Self {
        match self {
            Self::Failed(reasons) => Self::Exit(status, reasons),
            other => other,
        }
    }
}

fn told(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("{}: {}", path.display(), config::unreadable(&error)))
}

/// The process's own variables, as far as they are text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
}

/// The configuration, as it would be with `rules` in that file where they are given, and the files that were looked at.
fn read_config(
    path: &Path,
    rules: Option<(&Path, &str)>,
) -> (Result<Loaded, Vec<Problem>>, Vec<config::Seen>) {
    match rules {
        Some(rules) => (config::load_with(rules, path, environment()), Vec::new()),
        None => config::load_seen(path, environment()),
    }
}

fn load(path: &Path) -> Result<Loaded, Outcome> {
    let loaded = read_config(path, None).0.map_err(|problems| Outcome::Failed(told(&problems)))?;
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    Ok(loaded)
}

//! Puts the rooms together and runs them.

mod audit;
mod aws;
mod background;
mod check;
mod command;
mod control;
mod explain;
mod hierarchy;
mod iam;
mod inspect;
mod listen;
mod live;
mod mapping;
mod observed;
mod online;
mod reload;
mod removal;
mod sessions;
mod settings;
mod terminal;
mod users;

use std::future::Future;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock};

use aws_config::SdkConfig;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::admin::{Console, Publishing};
use crate::budget::ProcessBudget;
use crate::config::{self, Config, Loaded};
use crate::connect::Connect;
use crate::federation::Federation;
use crate::metrics::Metrics;
use crate::model::{CallBudget, Clock, Pace, Problem, Random, RulesState, SystemClock, SystemRandom};
use crate::saml::{self, ServiceProvider};
use crate::sign_in::{Instance, Parts, RulesInForce, SignIn};
use crate::store::{MemoryNamedSessions, MemoryPending, MemoryReplay, MemorySessions, seen_people};
use crate::telemetry;
use crate::web::{self, Site, WebState};

pub use audit::{Key, verify_audit};
use aws::{look_at_instances, sdk, user_client};
use background::{forget_old, forget_old_answers, refresh_metadata, refresh_tokens, reopen_at_hang_up};
pub use check::check;
use control::{Server, Socket};
pub use explain::explain;
pub use hierarchy::{HierarchyFile, apply_hierarchy, export_hierarchy, plan_hierarchy};
pub use iam::{For, IamPrint, print_iam};
pub use inspect::{Inspection, inspect};
use observed::{Observed, metrics, personal_data};
use reload::{Reload, Started};

pub use mapping::{Explain, explain_mapping, test_mapping};
pub use removal::{RemoveUsers, remove_users};
pub use sessions::{end_sessions, list_sessions};
pub use settings::{config_dump, config_schema};
pub use users::{
    Form, Leave, PeopleFile, Users, apply_users, export_users, list_users, plan_users, show_user,
};

/// The gateway, ready to serve.
pub struct App {
    router: Router,
    sessions: MemorySessions,
    operations: Router,
    operations_listener: Option<TcpListener>,
    metrics: Arc<Metrics>,
    sign_in: Arc<SignIn>,
    console: Option<Arc<Console>>,
    rules_state: Arc<RwLock<RulesState>>,
    reload: Option<Arc<Reload>>,
    public_url: Url,
    clock: Arc<dyn Clock>,
    socket: Option<Arc<Socket>>,
}

impl App {
    /// Composes the rooms from a checked configuration. `sdk` carries the gateway's own AWS identity.
    ///
    /// # Errors
    /// When our key or an identity provider's metadata can't be used.
    pub fn build(
        mut config: Config,
        sdk: &SdkConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, saml::Error> {
        let sessions = MemorySessions::new(clock.clone());
        let budget: Arc<dyn CallBudget> = Arc::new(ProcessBudget::new(config.rates.clone()));
        let metrics = Arc::new(metrics(&config, &*clock).looking_at(budget.clone()));
        let pace = Pace::new(budget, random.clone()).observed(Arc::new(metrics.calls()));
        let personal = personal_data(&config.personal_data, &*random);
        let site = Site {
            clock: clock.clone(),
            random: random.clone(),
            brand: config.brand.clone(),
            translated: config.translated.clone(),
            support: config.support.clone(),
            public_url: config.public_url.clone(),
            pending_for: config.pending_for,
            console: console(&mut config, &clock),
            metrics: metrics.clone(),
            personal: personal.clone(),
        };
        let (console, public_url) = (site.console.clone(), site.public_url.clone());
        let observed = Observed { pace, observer: metrics.clone(), personal };
        let sign_in = Arc::new(SignIn::new(parts(config, sdk, clock.clone(), random, observed)?));
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
            operations,
            operations_listener: None,
            metrics,
            sign_in,
            console,
            rules_state,
            reload: None,
            public_url,
            clock,
            socket: None,
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

    /// The same, whose numbers have the audit lines that were lost.
    fn audited(self, lost: Arc<AtomicU64>) -> Self {
        self.metrics.audit_lost_is(lost);
        self
    }

    /// The same, answering monitoring at `listener`.
    fn observed_at(self, listener: Option<TcpListener>) -> Self {
        Self { operations_listener: listener, ..self }
    }

    /// The same, with the control socket.
    fn answering(self, socket: Option<Socket>) -> Self {
        Self { socket: socket.map(Arc::new), ..self }
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
        background.spawn(refresh_tokens(self.sign_in.clone()));
        background.spawn(forget_old_answers(self.sign_in.clone()));
        background.spawn(look_at_instances(self.sign_in.clone()));
        if let (Some(console), Some(socket)) = (&self.console, &self.socket) {
            let (sign_in, console) = (self.sign_in.clone(), console.clone());
            let (store, open_sessions) = (Arc::new(self.sessions.clone()), Arc::new(self.sessions));
            let server = Server {
                sign_in,
                console,
                public_url: self.public_url,
                store,
                open_sessions,
                clock: self.clock,
            };
            background.spawn(server.serve(socket.clone()));
        }
        if let Some(console) = self.console {
            background.spawn(forget_old(console));
        }
        if let Some(reload) = self.reload {
            background.spawn(reload.follow());
        }
        if let Some(listener) = self.operations_listener {
            background.spawn(listen::serve(listener, self.operations, std::future::pending()));
        }
        listen::serve(listener, self.router, shutdown).await;
        // Their end is also that of what they hold, such as the control socket.
        background.shutdown().await;
    }
}

fn parts(
    config: Config,
    sdk: &SdkConfig,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    observed: Observed,
) -> Result<Parts, saml::Error> {
    let Observed { pace, observer, personal } = observed;
    let protected = Arc::new(config.protected);
    let replay = Arc::new(MemoryReplay::new(clock.clone()));
    let saml = ServiceProvider::new(config.saml, config.idps, clock.clone(), random.clone(), replay)?;
    let instance = |instance: config::Instance| {
        let client = user_client(sdk, &instance, &config.endpoints, (&pace, &clock));
        Instance {
            name: instance.connect.instance.clone(),
            display_name: instance.display_name,
            idps: instance.idps,
            destinations: instance.destinations,
            default_destination: instance.default_destination,
            request: instance.request,
            end_connect_sessions: instance.end_connect_sessions,
            connect: Arc::new(
                Connect::new(instance.connect, client, pace.clone(), protected.clone(), clock.clone())
                    .telling(personal.clone()),
            ),
            federation: Arc::new(Federation::new(
                instance.federation,
                sdk,
                config.endpoints.clone(),
                pace.clone(),
                protected.clone(),
                clock.clone(),
            )),
        }
    };
    Ok(Parts {
        saml,
        rules: RulesInForce::new(config.rules),
        admins: config.admin.map(|admin| admin.admins),
        instances: config.instances.into_iter().map(instance).collect(),
        idps: config.idp_choices,
        names: config.idp_names,
        seen: seen_people(config.seen_file),
        pending: Arc::new(MemoryPending::new(clock.clone())),
        pending_tests: Arc::new(MemoryPending::new(clock.clone())),
        confirmations: Arc::new(MemoryPending::new(clock.clone())),
        pending_logouts: Arc::new(MemoryPending::new(clock.clone())),
        named_sessions: Arc::new(MemoryNamedSessions::new(clock.clone())),
        clock,
        random,
        observer,
        pending_for: config.pending_for,
        session_max: config.session_max,
    })
}

/// The console, where somebody is named who may use it.
fn console(config: &mut Config, clock: &Arc<dyn Clock>) -> Option<Arc<Console>> {
    let admin = config.admin.as_mut()?;
    let (keep, admins) = (admin.keep_sign_ins, admin.admins.clone());
    let publishing = admin.publishers.take().map(|publishers| Publishing {
        versions: Arc::new(publishers.history),
        admins,
        publishers: publishers.who,
    });
    let drafts = Arc::new(std::mem::take(&mut config.drafts));
    let settings = settings::rows(std::mem::take(&mut config.settings));
    Some(Arc::new(Console::new(keep, drafts, publishing, settings, clock.clone())))
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

/// `connect-gateway serve`: loads the configuration, listens, serves until SIGTERM or Ctrl-C.
pub async fn serve(path: &Path) -> Outcome {
    let loaded = match load(path) {
        Ok(loaded) => loaded,
        Err(failed) => return failed,
    };
    let variable = |name: &str| environment().find(|(key, _)| key == name).map(|(_, value)| value);
    let telemetry =
        telemetry::start(loaded.config.log, &loaded.config.audit, Arc::new(SystemClock), variable);
    let telemetry = match telemetry {
        Ok(telemetry) => Arc::new(telemetry),
        Err(error) => return Outcome::failed(&error),
    };
    let (listen, public_url) = (loaded.config.listen, loaded.config.public_url.clone());
    let operations = loaded.config.operations;
    let socket = loaded.config.admin.as_ref().and_then(|admin| admin.socket.clone());
    let started = Started::with(&loaded);
    let sdk = sdk(&loaded.config).await;
    let app = match App::build(loaded.config, &sdk, Arc::new(SystemClock), Arc::new(SystemRandom)) {
        Ok(app) => app.following(path, started).audited(telemetry.audit_lost()),
        Err(error) => return Outcome::failed(&error),
    };
    let (listener, observed) = match listen::listeners(listen, operations).await {
        Ok(listeners) => listeners,
        Err(error) => return Outcome::failed(&error),
    };
    let socket = match socket.map(|path| Socket::bind(&path, &SystemRandom)).transpose() {
        Ok(socket) => socket,
        Err(error) => return Outcome::failed(&error),
    };
    let monitored_at = operations.map(tracing::field::display);
    tracing::info!(%listen, public_url = %public_url, operations = monitored_at, "serving");
    let reopening = tokio::spawn(reopen_at_hang_up(telemetry.clone()));
    app.answering(socket).observed_at(observed).run(listener, asked_to_stop()).await;
    reopening.abort();
    // Away from the runtime, which delivers what is left.
    let _ = tokio::task::spawn_blocking(move || telemetry.stop()).await;
    Outcome::Done
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

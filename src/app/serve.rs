//! `connect-gateway serve`.

use std::path::Path;
use std::sync::Arc;

use super::listen::{Activated, Certificate, Listener};
use super::reload::Started;
use super::signals::{Stops, hang_ups};
use super::socket::{Socket, Who};
use super::{App, Outcome, environment, load, sdk};
use crate::config::Config;
use crate::model::{SystemClock, SystemRandom};
use crate::telemetry;

/// `connect-gateway serve`: loads the configuration, listens, serves until SIGTERM or Ctrl-C. Exit status 0: stopped as
/// asked; 1: it could not start, or a second signal stopped it at once.
pub async fn serve(path: &Path) -> Outcome {
    // First of all: from here on no signal ends the process halfway.
    let (stops, hang_ups) = match Stops::of_process().and_then(|stops| Ok((stops, hang_ups()?))) {
        Ok(signals) => signals,
        Err(error) => return Outcome::failed(&error),
    };
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
    let places = match Places::open(&loaded.config).await {
        Ok(places) => places,
        Err(reason) => return Outcome::failed(&reason),
    };
    let started = Started::with(&loaded);
    let told = Told::of(&loaded.config);
    let sdk = match sdk(&loaded.config).await {
        Ok(sdk) => sdk,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    let certificate = places.certificate.clone();
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let app = match App::with_certificate(loaded.config, certificate, &sdk, clock, random) {
        Ok(app) => app.following(path, started).audited(telemetry.clone()).told_by(hang_ups),
        Err(error) => return Outcome::failed(&error),
    };
    if let Err(error) = app.start().await {
        return Outcome::failed(&error);
    }
    told.log();
    let app = app.answering(places.control).observed_at(places.operations);
    let outcome = app.run(places.public, stops).await;
    // Away from the runtime, which delivers what is left.
    let _ = tokio::task::spawn_blocking(move || telemetry.stop()).await;
    outcome
}

/// Where the gateway is asked, and with which certificate.
struct Places {
    public: Listener,
    operations: Option<Listener>,
    control: Option<Socket>,
    certificate: Option<Arc<Certificate>>,
}

impl Places {
    async fn open(config: &Config) -> Result<Self, String> {
        let names = std::env::var_os("LISTEN_FDNAMES").and_then(|names| names.into_string().ok());
        let mut activated = Activated::from_environment(names.as_deref());
        let certificate = config.tls.as_ref().map(Certificate::load).transpose()?.map(Arc::new);
        let public = Listener::bind("listen", &config.listen, &mut activated).await?;
        let operations = match &config.operations {
            Some(listen) => Some(Listener::bind("operations.listen", listen, &mut activated).await?),
            None => None,
        };
        let path = config.admin.as_ref().and_then(|admin| admin.socket.as_deref());
        let control = path.map(|path| Socket::bind(path, Who::User, &SystemRandom)).transpose();
        let control = control.map_err(|error| format!("admin.socket: {error}"))?;
        Ok(Self { public, operations, control, certificate })
    }
}

/// What the log says at the start.
struct Told {
    listen: String,
    public_url: String,
    operations: Option<String>,
}

impl Told {
    fn of(config: &Config) -> Self {
        Self {
            listen: config.listen.to_string(),
            public_url: config.public_url.to_string(),
            operations: config.operations.as_ref().map(ToString::to_string),
        }
    }

    fn log(&self) {
        tracing::info!(
            listen = self.listen,
            public_url = self.public_url,
            operations = self.operations,
            "serving"
        );
    }
}

//! The gateway's life: it starts, serves, and lets what is under way come to its end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::aws::look_at_instances;
use super::background::{forget_old, forget_old_answers, refresh_metadata, refresh_tokens};
use super::control::Server;
use super::hang_up::read_again_at;
use super::listen::{Door, Listener, Watch, serve};
use super::signals::{Stop, Stops};
use super::{App, Outcome, systemd};
use crate::config::Shutdown;
use crate::model::Phase;
use crate::sign_in::SignIn;

/// Connections that are served; done when the last one ended.
type Serving<'s> = Pin<&'s mut (dyn Future<Output = ()> + Send)>;

impl App {
    /// Serves until it is asked to stop, then lets what is under way come to its end: for as long as `[shutdown]` says,
    /// and no longer where it is asked a second time.
    pub async fn run(mut self, listener: Listener, mut stops: Stops) -> Outcome {
        let mut background = JoinSet::new();
        background.spawn(systemd::watchdog());
        if let Some(listener) = self.operations_listener.take() {
            let door = Door::operations(&self.limits, (self.watch(), self.phase.subscribe()));
            background.spawn(serve(
                listener,
                Arc::new(door),
                self.operations.clone(),
                std::future::pending(),
            ));
        }
        systemd::status("reading identity provider metadata");
        tokio::select! {
            () = self.sign_in.refresh_metadata() => {}
            _ = stops.next() => return Outcome::Done,
        }
        let (sign_in, phase, shutdown) = (self.sign_in.clone(), self.phase.clone(), self.shutdown);
        let door = Door::public(&self.limits, self.certificate.clone(), (self.watch(), phase.subscribe()));
        let router = self.router.clone();
        self.follow(&mut background);
        phase.send_replace(Phase::Serving);
        systemd::ready("serving");
        let (stop, stopped) = oneshot::channel::<()>();
        let mut serving = std::pin::pin!(serve(listener, Arc::new(door), router, async {
            stopped.await.ok();
        }));
        let asked = tokio::select! {
            asked = stops.next() => asked,
            () = serving.as_mut() => Stop::Interrupt,
        };
        phase.send_replace(Phase::Draining);
        let outcome = tokio::select! {
            () = drain(asked, shutdown, serving, stop, &sign_in) => Outcome::Done,
            _ = stops.next() => Outcome::failed(&"stopped at once by a second signal: what was under way is cut off"),
        };
        // Their end is also that of what they hold, such as the control socket.
        background.shutdown().await;
        outcome
    }

    fn watch(&self) -> Watch {
        Watch { metrics: self.metrics.clone(), personal: self.personal.clone() }
    }

    /// Everything that is done again and again.
    fn follow(self, background: &mut JoinSet<()>) {
        background.spawn(refresh_metadata(self.sign_in.clone()));
        background.spawn(refresh_tokens(self.sign_in.clone()));
        background.spawn(forget_old_answers(self.sign_in.clone()));
        background.spawn(look_at_instances(self.sign_in.clone()));
        if let (Some(console), Some(socket)) = (&self.console, &self.socket) {
            let server = Server {
                sign_in: self.sign_in.clone(),
                console: console.clone(),
                public_url: self.public_url,
                store: Arc::new(self.sessions.clone()),
                open_sessions: Arc::new(self.sessions),
                clock: self.clock,
            };
            background.spawn(server.serve(socket.clone()));
        }
        if let Some(console) = self.console {
            background.spawn(forget_old(console));
        }
        if let Some(reload) = self.reload.clone() {
            background.spawn(reload.follow());
        }
        if let Some(certificate) = self.certificate.clone() {
            background.spawn(certificate.follow());
        }
        if let Some(hang_ups) = self.hang_ups {
            background.spawn(read_again_at(hang_ups, self.reload, self.certificate, self.telemetry));
        }
    }
}

/// Goes on for a while after SIGTERM, takes no connection any more, and waits for requests and for what people wait for.
async fn drain(
    asked: Stop,
    Shutdown { pre_stop, drain }: Shutdown,
    mut serving: Serving<'_>,
    stop: oneshot::Sender<()>,
    sign_in: &SignIn,
) {
    let pause = if asked == Stop::Terminate { pre_stop } else { Duration::ZERO };
    tracing::info!(
        pre_stop_seconds = pause.as_secs(),
        drain_seconds = drain.as_secs(),
        "stopping: what is under way may come to its end"
    );
    systemd::stopping("draining");
    tokio::select! {
        () = sleep(pause) => {}
        () = serving.as_mut() => {}
    }
    drop(stop);
    let ended = async { tokio::join!(serving, sign_in.all_served()) };
    if timeout(drain, ended).await.is_err() {
        tracing::warn!("what took too long is cut off");
    }
}

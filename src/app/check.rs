//! `connect-gateway check`: what is wrong with a configuration, before it is deployed.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::command::{PATIENCE, failure};
use super::listen::Certificate;
use super::remark::{Remark, Standing, looking_at};
use super::{Outcome, parts_of_command, read_config, sdk, state, told};
use crate::audit;
use crate::config::{self, Loaded};
use crate::model::{
    Clock, Patience, Problem, Random, Requested, SystemClock, SystemRandom, Unobserved, Username,
};
use crate::sign_in::{Instance, Parts};
use crate::store::redis::{Error as RedisError, Redis};

/// What a check found.
#[derive(Default)]
struct Report {
    summary: Vec<String>,
    warnings: Vec<Problem>,
    problems: Vec<Problem>,
    /// What the identity providers and AWS said, where they were asked.
    online: Option<Vec<Remark>>,
}

/// `connect-gateway check`: prints what is configured, or everything that is wrong with it. With a name it also
/// asks the identity providers and AWS, and tries the federation role under that name.
pub async fn check(path: &Path, online_as: Option<&str>, as_json: bool) -> Outcome {
    let online_as = match online_as.map(Username::new).transpose() {
        Ok(name) => name,
        Err(error) => return Outcome::failed(&format!("--as: {error}")),
    };
    let report = match read_config(path, None).0 {
        // Boxed: the SDK's futures are large.
        Ok(loaded) => Box::pin(report(loaded, online_as.as_ref())).await,
        Err(problems) => Report { problems, ..Report::default() },
    };
    if as_json {
        say!("{:#}", report.as_json());
    } else {
        report.print();
    }
    match report.reasons() {
        reasons if reasons.is_empty() => Outcome::Done,
        // A program has read them above.
        _ if as_json => Outcome::Failed(Vec::new()),
        reasons => Outcome::Failed(reasons),
    }
}

/// The connection to shared state, as the gateway would make it.
fn redis(state: &config::State) -> Result<Option<Redis>, RedisError> {
    let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    state::redis(state, &clock, &random, Arc::new(Unobserved))
}

/// Whether shared state can be used as it is; nothing where it is in the gateway's own memory.
pub(super) async fn shared_state(state: &config::State) -> Option<Remark> {
    looking_at("shared state");
    let checked = match redis(state) {
        Ok(None) => return None,
        Ok(Some(redis)) => redis.check().await,
        Err(error) => Err(error),
    };
    Some(match checked {
        Ok(()) => Remark::well("state", "can be used"),
        Err(error) => Remark::failing("state", error.to_string()),
    })
}

async fn report(loaded: Loaded, online_as: Option<&Username>) -> Report {
    let Loaded { config, warnings, .. } = loaded;
    let summary = config::summary(&config);
    let mut report = Report { summary, warnings, problems: config.rules.failed_tests(), online: None };
    if !report.problems.is_empty() {
        return report;
    }
    if let Some(Err(reason)) = config.tls.as_ref().map(Certificate::load) {
        report.problems.push(Problem::new("tls", reason));
    }
    if let Err(error) = redis(&config.state) {
        report.problems.push(Problem::new("state", error.to_string()));
    }
    let sdk = match sdk(&config).await {
        Ok(sdk) => sdk,
        Err(reason) => {
            report.problems.push(Problem::new("outbound", reason));
            return report;
        }
    };
    let shared = match online_as {
        Some(_) => shared_state(&config.state).await,
        None => None,
    };
    let parts = match parts_of_command(config, &sdk) {
        Ok(parts) => parts,
        Err(error) => {
            report.problems.push(Problem::new("saml", audit::cause(&error)));
            return report;
        }
    };
    if let Some(name) = online_as {
        report.online = Some(asked(&parts, name).await.into_iter().chain(shared).collect());
    }
    report.warnings.extend(parts.saml.warnings());
    report
}

impl Report {
    fn print(&self) {
        for warning in &self.warnings {
            eprintln!("warning: {warning}");
        }
        for line in &self.summary {
            say!("{line}");
        }
        let answered = self.online.iter().flatten();
        for remark in answered.filter(|remark| remark.standing == Standing::Well) {
            say!("{remark}");
        }
        if self.problems.is_empty() && self.online.is_none() {
            say!(
                "The configuration can be used. Nothing was asked of AWS or an identity provider: --online does."
            );
        }
    }

    fn reasons(&self) -> Vec<String> {
        let answered = self.online.iter().flatten();
        let failing = answered.filter(|remark| remark.standing != Standing::Well).map(ToString::to_string);
        told(&self.problems).into_iter().chain(failing).collect()
    }

    fn as_json(&self) -> Value {
        let listed = |problems: &[Problem]| -> Vec<Value> {
            let each = problems.iter();
            each.map(|problem| json!({ "key": problem.key, "message": problem.message })).collect()
        };
        let online = self.online.as_ref().map(|said| said.iter().map(Remark::as_json).collect::<Vec<_>>());
        json!({
            "usable": self.reasons().is_empty(),
            "problems": listed(&self.problems),
            "warnings": listed(&self.warnings),
            "summary": self.summary,
            "online": online,
        })
    }
}

/// What the identity providers and AWS say. Changes nothing there.
pub(super) async fn asked(parts: &Parts, name: &Username) -> Vec<Remark> {
    let mut said = Vec::new();
    looking_at("the identity providers' metadata");
    parts.saml.refresh_metadata().await;
    for idp in &parts.idps {
        let about = format!("idp.{}", idp.name);
        said.push(match parts.saml.authn_request(&idp.name, &Requested::default(), "check").await {
            Ok(_) => Remark::well(about, "metadata can be used"),
            Err(error) => Remark::failing(about, audit::cause(&error)),
        });
    }
    for instance in &parts.instances {
        let about = format!("instance.{}", instance.name);
        looking_at(&about);
        said.extend(standing(&about, instance).await);
        said.extend(names(&about, instance, parts).await);
        said.push(federation(&about, instance, name).await);
    }
    said
}

/// What AWS says the instance is.
async fn standing(about: &str, instance: &Instance) -> Vec<Remark> {
    let report = match instance.connect.report().await {
        Ok(report) => report,
        Err(error) => return vec![Remark::failing(about, failure(&error, "the identity that asks"))],
    };
    let (alias, url) = (report.alias.as_deref(), report.access_url.as_deref());
    let answers = format!(
        "AWS answers: alias {}, at {}",
        alias.unwrap_or("unknown"),
        url.unwrap_or("an unknown address")
    );
    let problems = report.contradictions(instance.connect.url()).into_iter().chain(report.unclear());
    [Remark::well(about, answers)]
        .into_iter()
        .chain(problems.map(|problem| Remark::failing(about, problem)))
        .collect()
}

/// Names of the rules that the instance does not have.
async fn names(about: &str, instance: &Instance, parts: &Parts) -> Vec<Remark> {
    let named = parts.rules.now().named(&instance.name);
    match instance.connect.unknown_names(&named, Patience::lasting(PATIENCE)).await {
        Ok(unknown) if unknown.is_empty() => vec![Remark::well(about, "has every name of the rules")],
        Ok(unknown) => unknown.iter().map(|unknown| Remark::failing(about, unknown.to_string())).collect(),
        Err(error) => vec![Remark::failing(about, audit::cause(&error))],
    }
}

async fn federation(about: &str, instance: &Instance, name: &Username) -> Remark {
    match instance.federation.check(name).await {
        Ok(()) if instance.federation.needs_answers() => Remark::well(
            about,
            "the federation role is assumed with people's own answers: only a sign-in can try that",
        ),
        Ok(()) => Remark::well(about, "the federation role can be assumed"),
        Err(error) => Remark::failing(about, audit::cause(&error)),
    }
}

//! `connect-gateway check`: what is wrong with a configuration, before it is deployed.

use std::path::Path;
use std::sync::Arc;

use super::command::{PATIENCE, failure};
use super::{Observed, Outcome, load, parts, sdk, told};
use crate::audit;
use crate::config;
use crate::model::{Patience, Requested, SystemClock, SystemRandom, Username};
use crate::sign_in::{Instance, Parts};

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
    let failed = told(&loaded.config.rules.failed_tests());
    if !failed.is_empty() {
        return Outcome::Failed(failed);
    }
    let sdk = sdk(&loaded.config).await;
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let observed = Observed::by_nobody(&loaded.config);
    let parts = match parts(loaded.config, &sdk, clock, random, observed) {
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

/// What AWS says the instance is.
async fn check_instance(instance: &Instance) -> Vec<String> {
    let about = |problem: String| format!("instance.{}: {problem}", instance.name);
    let report = match instance.connect.report().await {
        Ok(report) => report,
        Err(error) => return vec![about(failure(&error, "the identity that asks"))],
    };
    println!(
        "instance.{}: AWS answers: alias {}, at {}",
        instance.name,
        report.alias.as_deref().unwrap_or("unknown"),
        report.access_url.as_deref().unwrap_or("an unknown address")
    );
    let problems = report.contradictions(instance.connect.url());
    problems.into_iter().chain(report.unclear()).map(about).collect()
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
        reasons.extend(check_instance(instance).await);
        match instance
            .connect
            .unknown_names(&parts.rules.now().named(&instance.name), Patience::lasting(PATIENCE))
            .await
        {
            Ok(unknown) if unknown.is_empty() => {
                println!("instance.{}: has every name of the rules", instance.name);
            }
            Ok(unknown) => {
                reasons
                    .extend(unknown.iter().map(|unknown| format!("instance.{}: {unknown}", instance.name)));
            }
            Err(error) => reasons.push(format!("instance.{}: {}", instance.name, audit::cause(&error))),
        }
        match instance.federation.check(name).await {
            Ok(()) if instance.federation.needs_answers() => {
                println!(
                    "instance.{}: the federation role is assumed with people's own answers: only a sign-in can try that",
                    instance.name
                );
            }
            Ok(()) => println!("instance.{}: the federation role can be assumed", instance.name),
            Err(error) => reasons.push(format!("instance.{}: {}", instance.name, audit::cause(&error))),
        }
    }
    reasons
}

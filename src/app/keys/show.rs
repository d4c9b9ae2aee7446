//! Which certificates are in use, and when they end.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::{Outcome, load};
use crate::audit;
use crate::config::Config;
use crate::model::{Clock as _, IdpName, SystemClock, SystemRandom};
use crate::saml::{PublishedCertificate, ServiceProvider, Usage};
use crate::store::MemoryReplay;

/// A certificate and who uses it.
struct Row {
    /// The key of the configuration that it belongs to.
    owner: String,
    certificate: PublishedCertificate,
}

/// Prints certificates, ours and the identity providers'; never a private key. Exit status 0: printed; 1: not.
pub async fn show_keys(path: &Path, online: bool, as_json: bool) -> Outcome {
    let config = match load(path) {
        Ok(loaded) => loaded.config,
        Err(failed) => return failed,
    };
    let idps: Vec<IdpName> = config.idps.iter().map(|idp| idp.name.clone()).collect();
    let saml = match service_provider(config) {
        Ok(saml) => saml,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    if online {
        saml.refresh_metadata().await;
    }
    let (rows, unknown) = match rows(&saml, &idps) {
        Ok(found) => found,
        Err(reason) => return Outcome::Failed(vec![reason]),
    };
    let now = SystemClock.now();
    if as_json {
        let rows: Vec<Value> = rows.iter().map(|row| row.as_json(now)).collect();
        let unknown: Vec<&str> = unknown.iter().map(|idp| idp.as_str()).collect();
        say!("{:#}", json!({ "certificates": rows, "idps_without_metadata": unknown }));
    } else {
        say_text!("{}", rows.iter().map(|row| row.as_text(now)).collect::<String>());
        for idp in &unknown {
            say!(
                "idp.{idp}\n  nothing is known: {}",
                if online { "its metadata can't be had" } else { "--online asks for its metadata" }
            );
        }
    }
    match (online, unknown.is_empty()) {
        (true, false) => Outcome::failed(
            &"not every identity provider's metadata could be read: `check --online` says why",
        ),
        _ => Outcome::Done,
    }
}

fn service_provider(config: Config) -> Result<ServiceProvider, String> {
    let clock = Arc::new(SystemClock);
    let replay = Arc::new(MemoryReplay::new(clock.clone()));
    let saml = ServiceProvider::new(config.saml, config.idps, clock, Arc::new(SystemRandom), replay);
    saml.map_err(|error| audit::cause(&error))
}

/// Every certificate, and the identity providers whose metadata is not known.
fn rows<'i>(saml: &ServiceProvider, idps: &'i [IdpName]) -> Result<(Vec<Row>, Vec<&'i IdpName>), String> {
    let own = saml.own_values().map_err(|error| audit::cause(&error))?.certificates;
    let mut signs = true;
    let own = own.into_iter().map(|certificate| {
        let owner = match certificate.usage {
            Usage::Encryption => "saml.decryption_certificate_files",
            Usage::Signing if std::mem::take(&mut signs) => "saml.signing_certificate_file",
            Usage::Signing => "saml.additional_signing_certificate_files",
        };
        Row { owner: owner.to_owned(), certificate }
    });
    let (mut rows, mut unknown) = (own.collect::<Vec<_>>(), Vec::new());
    for idp in idps {
        match saml.idp_certificates(idp).map_err(|error| audit::cause(&error))? {
            None => unknown.push(idp),
            Some(theirs) => rows.extend(
                theirs.into_iter().map(|certificate| Row { owner: format!("idp.{idp}"), certificate }),
            ),
        }
    }
    Ok((rows, unknown))
}

impl Row {
    fn purpose(&self) -> &'static str {
        match (self.certificate.usage, self.owner.starts_with("idp.")) {
            (Usage::Signing, false) => "signs our requests",
            (Usage::Signing, true) => "signs its answers",
            (Usage::Encryption, _) => "is encrypted for",
        }
    }

    fn as_text(&self, now: OffsetDateTime) -> String {
        let PublishedCertificate { algorithm, sha256, end, .. } = &self.certificate;
        let end = end.map_or_else(|| "at an unknown time".to_owned(), |end| ends(end, now));
        format!("{}\n  {}; {algorithm}; ends {end}\n  SHA-256 {sha256}\n", self.owner, self.purpose())
    }

    fn as_json(&self, now: OffsetDateTime) -> Value {
        let PublishedCertificate { usage, algorithm, sha256, end, .. } = &self.certificate;
        json!({
            "owner": self.owner,
            "usage": if *usage == Usage::Signing { "signing" } else { "encryption" },
            "algorithm": algorithm,
            "sha256": sha256,
            "not_after": end.and_then(|end| end.format(&time::format_description::well_known::Rfc3339).ok()),
            "days_left": end.map(|end| (end - now).whole_days()),
        })
    }
}

/// The day, and how far that is.
pub(in crate::app) fn ends(end: OffsetDateTime, now: OffsetDateTime) -> String {
    match (end - now).whole_days() {
        _ if end < now => format!("on {}: that is over", end.date()),
        0 => format!("on {}: today", end.date()),
        1 => format!("on {}: in 1 day", end.date()),
        days => format!("on {}: in {days} days", end.date()),
    }
}

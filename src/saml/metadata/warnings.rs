//! What will stop working soon, said while there is time, and what can't work.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::model::Problem;
use crate::saml::idp::Idp;
use crate::saml::idp_metadata::IdpMetadata;
use crate::saml::own_key::OwnKey;
use crate::saml::settings::MetadataSource;

/// How long before a certificate's end it is spoken of.
const CERTIFICATE: Duration = Duration::days(30);
/// How long before its end metadata is spoken of that nobody renews by itself.
const FILE: Duration = Duration::days(14);
/// How often the same thing is logged.
const DAILY: Duration = Duration::DAY;

/// Everything that ends soon or can't work, and names that lead to the wrong door, by the key of the configuration that
/// it is about.
pub(in crate::saml) fn warnings(idps: &[Arc<Idp>], key: &OwnKey, now: OffsetDateTime) -> Vec<Problem> {
    let own = key.end().filter(|end| *end < now + CERTIFICATE);
    let own = own.map(|end| {
        Problem::new(
            "saml.signing_certificate_file",
            format!("ends on {}: see docs/key-rollover.md", end.date()),
        )
    });
    let theirs: Vec<_> = idps.iter().filter_map(|idp| Some((idp, idp.last_good()?))).collect();
    let ends = theirs.iter().flat_map(|(idp, metadata)| of_idp(idp, metadata, now));
    own.into_iter().chain(ends).chain(namesakes(&theirs)).collect()
}

/// Metadata says what an identity provider calls itself. Where two call themselves the same, who is looked for by that
/// name is the first: in discovery, in logout requests, and in answers that nobody asked for.
fn namesakes(idps: &[(&Arc<Idp>, Arc<IdpMetadata>)]) -> Vec<Problem> {
    let mut first: HashMap<&str, &Idp> = HashMap::new();
    let mut problems = Vec::new();
    for (idp, metadata) in idps {
        let known = *first.entry(&metadata.entity_id).or_insert(idp);
        if known.settings.name != idp.settings.name {
            problems.push(Problem::new(
                format!("idp.{}.entity_id", idp.settings.name),
                format!(
                    "is also what idp.{} calls itself: one of them is not who it says",
                    known.settings.name
                ),
            ));
        }
    }
    problems
}

fn of_idp(idp: &Idp, metadata: &IdpMetadata, now: OffsetDateTime) -> Vec<Problem> {
    let (key, soon) = match &idp.settings.metadata {
        MetadataSource::Xml(_) => ("metadata_file", FILE),
        MetadataSource::Url(_) => {
            ("metadata_url", metadata.lifetime().map_or(FILE, |life| (life / 4_i32).min(FILE)))
        }
    };
    let about = |text: String| Problem::new(format!("idp.{}.{key}", idp.settings.name), text);
    let over = metadata.valid_until.filter(|until| *until < now + soon);
    let over =
        over.map(|until| format!("the metadata is valid until {until}, and there is no newer copy yet"));
    // Many keep a certificate in use that has ended: that it has is no news.
    let rolls = metadata.keys_end.filter(|end| (now..now + CERTIFICATE).contains(end));
    let rolls =
        rolls.map(|end| format!("the last signing certificate ends on {}: expect a new one", end.date()));
    let shut = idp.endpoint(metadata).err().map(|error| format!("{error}: nobody can sign in with it"));
    over.into_iter().chain(rolls).chain(shut).map(about).collect()
}

/// Logs each warning once a day.
#[derive(Default)]
pub(in crate::saml) struct Reminders(Mutex<HashMap<String, OffsetDateTime>>);

impl Reminders {
    pub(in crate::saml) fn log(&self, warnings: &[Problem], now: OffsetDateTime) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, at| *at + DAILY > now);
        for warning in warnings.iter().map(ToString::to_string) {
            said.entry(warning).or_insert_with_key(|warning| {
                tracing::warn!("{warning}");
                now
            });
        }
    }
}

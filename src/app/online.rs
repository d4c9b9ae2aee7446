//! `connect-gateway mapping explain --online`: what Amazon Connect has, and what a sign-in would change there.

use std::collections::BTreeMap;
use std::slice::from_ref;
use std::sync::Arc;

use serde_json::{Value, json};

use super::command::{PATIENCE, failure};
use super::mapping::{quoted, table};
use super::{Observed, parts, sdk};
use crate::audit;
use crate::config::Config;
use crate::connect::{Fate, Preview};
use crate::mapping::Explanation;
use crate::model::{Blamed as _, Code, InstanceName, Patience, Placement, SystemClock, SystemRandom};

/// Asks Amazon Connect, by the gateway's own AWS identity.
pub(super) async fn preview(
    config: Config,
    instance: &InstanceName,
    placement: &Placement,
) -> Result<Preview, String> {
    let sdk = sdk(&config).await;
    let observed = Observed::by_nobody(&config);
    let parts = parts(config, &sdk, Arc::new(SystemClock), Arc::new(SystemRandom), observed);
    let parts = parts.map_err(|error| error.to_string())?;
    let found = parts.instances.iter().find(|known| known.name == *instance);
    let found = found.ok_or_else(|| format!("instance.{instance}: is not configured"))?;
    let preview = found.connect.preview(placement, Patience::lasting(PATIENCE)).await;
    preview.map_err(|error| format!("instance.{instance}: {}", failure(&error, "the gateway's AWS identity")))
}

pub(super) fn as_json(preview: &Preview) -> Value {
    let fields: BTreeMap<&str, Value> = preview
        .fields
        .iter()
        .map(|field| {
            let told = json!({ "now": field.now, "after": field.after, "fate": field.fate.to_string() });
            (field.name, told)
        })
        .collect();
    json!({
        "user": preview.user.as_ref().map(|(name, id)| json!({ "username": name, "id": id.as_str() })),
        "refused": refused(preview).map(|(code, cause)| json!({ "code": code.id, "detail": cause })),
        "fields": fields,
        "would_call": preview.calls,
    })
}

pub(super) fn as_text(preview: &Preview, explanation: &Explanation) -> String {
    let ruled = explanation.fields();
    let from = |name: &str| ruled.iter().find(|field| field.name == name).map(|field| field.from.join(" + "));
    let value =
        |value: &Option<String>| value.as_ref().map_or("-".to_owned(), |value| quoted(from_ref(value)));
    let in_connect = preview.fields.iter().map(|field| {
        let after = match field.fate {
            Fate::Same => "(same)".to_owned(),
            Fate::Change => format!("{}  \u{2190} change", value(&field.after)),
            kept => format!("({kept})"),
        };
        [field.name.to_owned(), value(&field.now), after, from(field.name).unwrap_or_default()]
    });
    // What the gateway keeps to itself.
    let elsewhere =
        ruled.iter().filter(|told| preview.fields.iter().all(|field| field.name != told.name)).map(|told| {
            [
                told.name.to_owned(),
                "-".to_owned(),
                format!("({} is not written)", quoted(from_ref(&told.value))),
                told.from.join(" + "),
            ]
        });
    let user = match &preview.user {
        Some((name, id)) => format!("Amazon Connect: user {name:?} is there, id {id}\n"),
        None if preview.refused.is_some() => String::new(),
        None => "Amazon Connect: there is no such user, it would be created\n".to_owned(),
    };
    let rows = table(["field", "now in Connect", "after login", "from"], in_connect.chain(elsewhere));
    let end = match refused(preview) {
        Some((code, cause)) => format!("would be refused there: {}\n  {cause}", code.id),
        None if preview.calls.is_empty() => "would call: nothing".to_owned(),
        None => format!("would call: {}", preview.calls.join(", ")),
    };
    format!("{rows}\n{user}{end}\n")
}

fn refused(preview: &Preview) -> Option<(&'static Code, String)> {
    preview.refused.as_ref().map(|error| (error.code(), audit::cause(error)))
}

//! `GET /whoami`: whose request this is, as the gateway sees it. Tells nobody anything about anybody else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::Site;
use super::client_address::{ClientAddress, Fault};

/// Headers that say who somebody is or where they are, if they are believed.
const SPEAKING: [&str; 5] =
    ["x-forwarded-for", "forwarded", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// The address of a trusted proxy is left out: it is a part of the house.
pub(super) async fn whoami(
    State(site): State<Arc<Site>>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
) -> Response {
    let believed = client.header.map(str::to_ascii_lowercase);
    let sent = SPEAKING.into_iter().filter(|name| headers.contains_key(*name));
    let ignored: Vec<&str> = sent.filter(|name| believed.as_deref() != Some(*name)).collect();
    let is_proxy = client.through_proxy && client.header.is_none();
    let address = client.address.filter(|_| !is_proxy).map(|address| address.to_string());
    let told = json!({
        "service": "connect-gateway",
        "address": address,
        "mode": site.addresses.source().word(),
        "through_trusted_proxy": client.through_proxy,
        "believed_header": client.header,
        "ignored_headers": ignored,
        "fault": client.fault.map(Fault::word),
        "public_url": site.public_url.as_str().trim_end_matches('/'),
    });
    Json(told).into_response()
}

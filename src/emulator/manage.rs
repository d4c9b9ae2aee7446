//! Management paths for tests in other languages: unsigned, and only on loopback like everything here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::history::HistoryEntry;
use super::options::{Behaviour, Failing, Lag, Rates};
use super::shared::Shared;

/// `/_emulator/...`.
pub(super) fn router(shared: Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/_emulator/history", get(history).delete(clear))
        .route("/_emulator/behaviour", post(adjust))
        .with_state(shared)
}

async fn history(State(shared): State<Arc<Shared>>) -> Json<Vec<HistoryEntry>> {
    Json(shared.history.all())
}

async fn clear(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.history.clear();
    StatusCode::NO_CONTENT
}

/// Members left out stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjustment {
    page_cap: Option<usize>,
    throttle: Option<bool>,
    lag: Option<bool>,
    fault_rate: Option<f64>,
    failing: Option<Vec<Failing>>,
    bind_users_to_roles: Option<bool>,
    advance_seconds: Option<u64>,
}

async fn adjust(State(shared): State<Arc<Shared>>, Json(adjustment): Json<Adjustment>) -> StatusCode {
    if let Some(seconds) = adjustment.advance_seconds {
        shared.clock.advance(Duration::from_secs(seconds));
    }
    shared.adjust(|behaviour| apply(behaviour, &adjustment));
    StatusCode::NO_CONTENT
}

fn apply(behaviour: &mut Behaviour, adjustment: &Adjustment) {
    behaviour.page_cap = adjustment.page_cap.unwrap_or(behaviour.page_cap);
    behaviour.fault_rate = adjustment.fault_rate.unwrap_or(behaviour.fault_rate);
    behaviour.bind_users_to_roles = adjustment.bind_users_to_roles.unwrap_or(behaviour.bind_users_to_roles);
    if let Some(failing) = &adjustment.failing {
        behaviour.failing.clone_from(failing);
    }
    if let Some(on) = adjustment.throttle {
        behaviour.throttle = on.then(Rates::default);
    }
    if let Some(on) = adjustment.lag {
        behaviour.lag = if on { Lag::default() } else { Lag::none() };
    }
}

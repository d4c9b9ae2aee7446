//! The one place where a browser is signed in.

use tower_sessions::Session;

use super::Store;
use super::refusal::Refusal;
use crate::audit::{self, Event, Line};
use crate::model::SupportId;
use crate::session;
use crate::sign_in::Completed;

/// Begins the session of a completed sign-in, ends the one that it replaces, and writes the audit line.
pub(super) async fn begin(
    session: &Session,
    store: &Store,
    completed: &Completed,
    support_id: &SupportId,
) -> Result<(), Refusal> {
    session::begin(session, &completed.signed_in)
        .await
        .map_err(|error| Refusal::from(error).during(Event::SignIn))?;
    if let Some(replaced) = &completed.replaces {
        session::end_other(&**store, replaced).await?;
    }
    audit::record(&Line {
        event: Event::SignIn,
        support_id,
        idp: Some(&completed.signed_in.identity.idp),
        instance: completed.instance.as_ref(),
        refused: None,
        trace: Some(&completed.trace),
        findings: &[],
    });
    Ok(())
}

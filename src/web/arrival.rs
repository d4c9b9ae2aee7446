//! The one place where a browser is signed in.

use tower_sessions::Session;

use super::refusal::Refusal;
use super::{Store, WebState};
use crate::audit::{self, Event, Line};
use crate::model::SupportId;
use crate::session;
use crate::sign_in::Completed;

/// Begins the session of a completed sign-in, ends the one that it replaces, and writes the audit line.
pub(super) async fn begin(
    web: &WebState,
    session: &Session,
    store: &Store,
    completed: &Completed,
    support_id: &SupportId,
) -> Result<(), Refusal> {
    session::begin(session, &completed.signed_in)
        .await
        .map_err(|error| Refusal::from(error).during(Event::SignIn))?;
    name(web, session, completed).await?;
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

/// The identity provider may ask to end the session, with no cookie: without its name nobody is let in.
async fn name(web: &WebState, session: &Session, completed: &Completed) -> Result<(), Refusal> {
    let Some(id) = session::id(session) else { return Ok(()) };
    if let Err(error) = web.sign_in.name_session(&completed.signed_in, id).await {
        session::end(session).await?;
        return Err(Refusal::of(&error).during(Event::SignIn));
    }
    Ok(())
}

//! The one place where a browser is signed in.

use tower_sessions::Session;

use super::refusal::Refusal;
use super::{Store, WebState};
use crate::admin::{Outcome, SignInRecord};
use crate::audit::{self, Event, Line, Who};
use crate::model::{InstanceName, SupportId, Target};
use crate::session;
use crate::sign_in::Completed;

/// Begins the session of a completed sign-in, ends the one that it replaces, and writes the audit line.
pub(super) async fn begin(
    web: &WebState,
    session: &Session,
    store: &Store,
    completed: &mut Completed,
    support_id: &SupportId,
) -> Result<(), Refusal> {
    session::begin(session, &completed.signed_in)
        .await
        .map_err(|error| Refusal::from(error).during(Event::SignIn).known())?;
    name(web, session, completed).await?;
    if let Some(replaced) = &completed.replaces {
        session::end_other(&**store, replaced).await?;
    }
    if let Some(id) = session::id(session) {
        web.sign_in.keep_answer(completed, id);
    }
    let instance = completed.target.as_ref().and_then(Target::instance);
    remember(web, completed, instance, support_id);
    web.site.metrics.sign_in(Some(&completed.signed_in.identity.idp), instance, None);
    let who = Who { subject: web.site.subject(&completed.signed_in.identity), user: None, anonymous: false };
    let line = Line {
        event: Event::SignIn,
        support_id,
        idp: Some(&completed.signed_in.identity.idp),
        instance,
        refused: None,
        trace: Some(&completed.trace),
        findings: &[],
    };
    audit::record_of(&who, &line);
    Ok(())
}

/// For the console, where there is one.
fn remember(web: &WebState, completed: &Completed, instance: Option<&InstanceName>, support_id: &SupportId) {
    let Some(console) = &web.site.console else { return };
    console.record(SignInRecord {
        at: web.site.clock.now(),
        support_id: support_id.clone(),
        idp: Some(completed.signed_in.identity.idp.clone()),
        instance: instance.cloned(),
        outcome: Outcome::LetIn,
        test: None,
        trace: completed.trace.clone(),
        findings: Vec::new(),
        identity: Some(completed.signed_in.identity.clone()),
    });
}

/// The identity provider may ask to end the session, with no cookie: without its name nobody is let in.
async fn name(web: &WebState, session: &Session, completed: &Completed) -> Result<(), Refusal> {
    let Some(id) = session::id(session) else { return Ok(()) };
    if let Err(error) = web.sign_in.name_session(&completed.signed_in, id).await {
        session::end(session).await?;
        return Err(Refusal::of(&error).during(Event::SignIn).known());
    }
    Ok(())
}

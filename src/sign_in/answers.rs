//! Answers that are still to be shown to AWS, between the assertion consumer service and the bookmark.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

use crate::federation::{self, AssertionFault};
use crate::model::{ConnectUser, InstanceName, OriginalAnswer, SessionId, Target, Unreadable};

use super::{Completed, Instance, SignIn, SignInError};

/// Each of them belongs to the session that was made from it, is for the one instance that the person asked for, and is
/// used once. In the memory of this process alone.
#[derive(Default)]
pub(super) struct KeptAnswers(Mutex<HashMap<SessionId, Kept>>);

struct Kept {
    instance: InstanceName,
    answer: Arc<OriginalAnswer>,
}

impl KeptAnswers {
    pub(super) fn keep(&self, session: SessionId, instance: InstanceName, answer: OriginalAnswer) {
        self.lock().insert(session, Kept { instance, answer: Arc::new(answer) });
    }

    /// The one of this session for this instance, unless AWS would not take it any more.
    pub(super) fn find(
        &self,
        session: &SessionId,
        instance: &InstanceName,
        now: OffsetDateTime,
    ) -> Option<Arc<OriginalAnswer>> {
        let kept = self.lock();
        let own = kept.get(session).filter(|kept| kept.instance == *instance);
        own.filter(|kept| now < kept.answer.good_until()).map(|kept| Arc::clone(&kept.answer))
    }

    /// Drops the one that was used.
    pub(super) fn used(&self, session: &SessionId, instance: &InstanceName) {
        let mut kept = self.lock();
        if kept.get(session).is_some_and(|kept| kept.instance == *instance) {
            kept.remove(session);
        }
    }

    /// Wipes the one of a session that has ended.
    pub(super) fn forget(&self, session: &SessionId) {
        self.lock().remove(session);
    }

    /// Wipes those that AWS would not take any more.
    pub(super) fn sweep(&self, now: OffsetDateTime) {
        self.lock().retain(|_, kept| now < kept.answer.good_until());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SignIn {
    /// Keeps the answer of a completed sign-in until its session uses it, minutes at most. Nothing is kept where the
    /// instance does without.
    pub fn keep_answer(&self, completed: &mut Completed, session: SessionId) {
        let instance = completed.target.as_ref().and_then(|target| target.instance().cloned());
        if let Some((instance, answer)) = instance.zip(completed.answer.take()) {
            self.answers.keep(session, instance, answer);
        }
    }

    /// The answer for AWS, where the instance is one that needs it; everywhere else it ends here.
    pub(super) fn for_aws(
        &self,
        target: &Target,
        answer: Result<OriginalAnswer, Unreadable>,
    ) -> Result<Option<OriginalAnswer>, SignInError> {
        match target.instance() {
            Some(instance) if self.instance(instance)?.federation.needs_answers() => {
                let answer = answer.map_err(AssertionFault::from).map_err(federation::Error::from)?;
                Ok(Some(answer))
            }
            _ => Ok(None),
        }
    }

    /// Shows the session's answer to AWS, where that is what lets people in: nobody enters by an answer of somebody else
    /// whom the rules place alike. It is used up, unless it was not shown to anybody.
    pub(super) async fn present(
        &self,
        instance: &Instance,
        session: Option<&SessionId>,
        user: &ConnectUser,
        until: OffsetDateTime,
    ) -> Result<(), SignInError> {
        if !instance.federation.needs_answers() {
            return Ok(());
        }
        let session = session.ok_or(federation::Error::AnswerNeeded)?;
        let answer = self.answers.find(session, &instance.name, self.parts.clock.now());
        let presented = instance.federation.present(user, session, answer, until).await;
        if !matches!(presented, Err(federation::Error::Busy(_))) {
            self.answers.used(session, &instance.name);
        }
        Ok(presented?)
    }

    /// Wipes answers that AWS would not take any more.
    pub fn forget_old_answers(&self) {
        self.answers.sweep(self.parts.clock.now());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::model::{Identity, IdpName, Secret};

    const ISSUED: OffsetDateTime = datetime!(2026-11-27 08:00 UTC);

    fn answer() -> OriginalAnswer {
        let identity = Identity {
            idp: IdpName::new("acme"),
            issuer: "https://idp.test".to_owned(),
            name_id: None,
            session_index: None,
            authn_context: None,
            authn_instant: ISSUED,
            session_not_on_or_after: None,
            attributes: BTreeMap::new(),
        };
        OriginalAnswer::new(&Secret::new("answer"), ISSUED, &identity)
    }

    #[test]
    fn an_answer_is_its_sessions_for_its_instance_while_aws_takes_it() {
        let (mine, theirs) = (SessionId::new("mine"), SessionId::new("theirs"));
        let (prod, test) = (InstanceName::new("prod"), InstanceName::new("test"));
        let kept = KeptAnswers::default();
        kept.keep(mine.clone(), prod.clone(), answer());
        assert!(kept.find(&theirs, &prod, ISSUED).is_none(), "another session's");
        assert!(kept.find(&mine, &test, ISSUED).is_none(), "another instance's");
        assert!(kept.find(&mine, &prod, ISSUED + Duration::minutes(5)).is_none(), "too old");
        let found = kept.find(&mine, &prod, ISSUED).unwrap();
        assert!(found.begin_use() && !found.begin_use(), "once");
        kept.used(&mine, &test);
        assert!(kept.find(&mine, &prod, ISSUED).is_some(), "another instance's");
        kept.used(&mine, &prod);
        assert!(kept.lock().is_empty(), "wiped");
    }

    #[test]
    fn answers_that_nobody_came_for_are_wiped() {
        let kept = KeptAnswers::default();
        kept.keep(SessionId::new("mine"), InstanceName::new("prod"), answer());
        kept.sweep(ISSUED + Duration::minutes(4));
        assert_eq!(kept.lock().len(), 1);
        kept.sweep(ISSUED + Duration::minutes(5));
        assert!(kept.lock().is_empty());
    }
}

//! Recent sign-ins of all replicas: each notes its own for the others, and takes theirs over when somebody looks.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::recent::LONGEST;
use super::{Console, Outcome, SignInRecord};
use crate::model::{
    Code, Finding, Identity, IdpName, InstanceName, NoteList, SharedNotes, StateUnavailable, SupportId,
    TestId, Trace, code,
};

/// A sign-in that holds more than this, in bytes, is remembered where it ended only; a test is shared all the same.
const LARGEST: usize = 64 * 1024;
/// How many notes may be under way. While a store hangs, more are not made.
const AT_ONCE: usize = 32;
/// How often the others' are looked for while somebody waits for the end of a test.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const LISTS: [NoteList; 2] = [NoteList::SignIns, NoteList::Refusals];

/// What replicas remember together.
pub(super) struct Shared {
    notes: Arc<dyn SharedNotes>,
    keep: usize,
    room: Arc<Semaphore>,
    /// How far each list was read.
    places: Mutex<[u64; LISTS.len()]>,
}

impl Shared {
    pub(super) fn new(notes: Arc<dyn SharedNotes>, keep: usize) -> Self {
        Self { notes, keep, room: Arc::new(Semaphore::new(AT_ONCE)), places: Mutex::default() }
    }

    async fn note(&self, list: NoteList, note: &[u8]) {
        let life = Duration::try_from(LONGEST).unwrap_or_default();
        if let Err(error) = self.notes.note(list, note, self.keep, life).await {
            tracing::warn!(cause = %error, "a sign-in is remembered by this replica only");
        }
    }
}

impl Console {
    /// Remembers one sign-in. Other replicas learn of it in a moment.
    pub fn record(&self, sign_in: SignInRecord) {
        if let Some((shared, note)) = self.shared.as_ref().zip(written(&sign_in))
            && note.len() <= LARGEST
            && let Ok(room) = Arc::clone(&shared.room).try_acquire_owned()
            && let Ok(runtime) = Handle::try_current()
        {
            let (shared, list) = (Arc::clone(shared), list(&sign_in));
            runtime.spawn(async move {
                shared.note(list, &note).await;
                drop(room);
            });
        }
        self.remember(sign_in);
    }

    /// Remembers a test that came back. Other replicas know of it when this is done: whoever tested looks at it at once.
    pub async fn record_test(&self, sign_in: SignInRecord) {
        if let Some((shared, note)) = self.shared.as_ref().zip(written(&sign_in)) {
            shared.note(list(&sign_in), &note).await;
        }
        self.remember(sign_in);
    }

    fn remember(&self, sign_in: SignInRecord) {
        self.recent.record(sign_in);
        self.recorded.send_replace(());
    }

    /// Takes over what other replicas remember. What they can't be asked for is left out.
    pub async fn look_around(&self) {
        let Some(shared) = &self.shared else { return };
        if let Err(error) = self.take_over(shared).await {
            tracing::warn!(cause = %error, "sign-ins at other replicas are not shown");
        }
    }

    async fn take_over(&self, shared: &Shared) -> Result<(), StateUnavailable> {
        let mut places = shared.places.lock().await;
        for (list, place) in LISTS.into_iter().zip(places.iter_mut()) {
            loop {
                let noted = shared.notes.since(list, *place).await?;
                *place = noted.place;
                let read = noted.notes.iter().filter_map(|note| read(note));
                for sign_in in read.filter(|sign_in| !self.recent.has(&sign_in.support_id)) {
                    self.recent.record(sign_in);
                }
                if !noted.has_more {
                    break;
                }
            }
        }
        Ok(())
    }

    /// That test, as soon as it has ended, at whichever replica. Waits for ever for one that does not.
    pub async fn tested(&self, id: &TestId) -> Arc<SignInRecord> {
        let mut recorded = self.recorded.subscribe();
        loop {
            self.look_around().await;
            let found = self.sign_ins().into_iter().find(|one| one.test.as_ref() == Some(id));
            match found {
                Some(sign_in) => return sign_in,
                // The sender is ours: it can't be gone.
                None if self.shared.is_none() => recorded.changed().await.unwrap_or_default(),
                None => _ = timeout(LOOK_AGAIN, recorded.changed()).await,
            }
        }
    }
}

fn list(sign_in: &SignInRecord) -> NoteList {
    if sign_in.is_vouched_for() { NoteList::SignIns } else { NoteList::Refusals }
}

/// A sign-in as it is noted.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(with = "time::serde::timestamp::milliseconds")]
    at: OffsetDateTime,
    support_id: SupportId,
    idp: Option<IdpName>,
    instance: Option<InstanceName>,
    /// The code, and the cause.
    refused: Option<(String, String)>,
    test: Option<TestId>,
    trace: Trace,
    findings: Vec<Finding>,
    identity: Option<Identity>,
}

fn written(sign_in: &SignInRecord) -> Option<Zeroizing<Vec<u8>>> {
    let sign_in = sign_in.clone();
    let written = Written {
        at: sign_in.at,
        support_id: sign_in.support_id,
        idp: sign_in.idp,
        instance: sign_in.instance,
        refused: match sign_in.outcome {
            Outcome::LetIn => None,
            Outcome::Refused(code, cause) => Some((code.id.to_owned(), cause)),
        },
        test: sign_in.test,
        trace: sign_in.trace,
        findings: sign_in.findings,
        identity: sign_in.identity,
    };
    serde_json::to_vec(&written).ok().map(Zeroizing::new)
}

/// `None`: written by another version of the gateway.
fn read(note: &[u8]) -> Option<SignInRecord> {
    let written: Written = serde_json::from_slice(note).ok()?;
    let outcome = match written.refused {
        None => Outcome::LetIn,
        Some((id, cause)) => Outcome::Refused(known(&id)?, cause),
    };
    Some(SignInRecord {
        at: written.at,
        support_id: written.support_id,
        idp: written.idp,
        instance: written.instance,
        outcome,
        test: written.test,
        trace: written.trace,
        findings: written.findings,
        identity: written.identity,
    })
}

fn known(id: &str) -> Option<&'static Code> {
    code::ALL.iter().copied().find(|code| code.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::mapping::person;
    use crate::model::{Field, RuleOutcome, TraceEntry};
    use time::macros::datetime;

    #[test]
    fn a_sign_in_comes_out_as_it_went_in() {
        let entry = TraceEntry {
            sets: vec![Field::SecurityProfiles],
            ..TraceEntry::new("agents", RuleOutcome::Hit, "is in cc")
        };
        let attributes = BTreeMap::from([("uid".to_owned(), vec!["alice".to_owned()])]);
        let sign_in = SignInRecord {
            at: datetime!(2026-11-28 08:00:00.25 UTC),
            support_id: SupportId::new("4F7K-9Q2M-X0TB"),
            idp: Some(IdpName::new("acme")),
            instance: Some(InstanceName::new("prod")),
            outcome: Outcome::Refused(&code::MAPPING_DENIED, "a rule".to_owned()),
            test: Some(TestId::new("t")),
            trace: Trace(vec![entry]),
            findings: vec![Finding::compared("Audience", "us", "them", true)],
            identity: Some(person(IdpName::new("acme"), None, attributes)),
        };
        let back = read(&written(&sign_in).unwrap()).unwrap();
        assert_eq!(
            (&back.at, &back.support_id, &back.idp, &back.instance, &back.outcome),
            (&sign_in.at, &sign_in.support_id, &sign_in.idp, &sign_in.instance, &sign_in.outcome)
        );
        assert!(
            back.test == sign_in.test && back.trace == sign_in.trace && back.findings == sign_in.findings
        );
        assert!(back.identity == sign_in.identity);
        assert!(read(b"{}").is_none() && read(b"").is_none());
    }
}

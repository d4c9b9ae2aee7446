//! Recent sign-ins, in this process's memory. What they hold of people is never logged.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::model::{Clock, Code, Finding, Identity, IdpName, InstanceName, SupportId, TestId, Trace};

/// How much the sign-ins of one list may hold together, in bytes, whatever their number.
const MOST_HELD: usize = 16 * 1024 * 1024;
/// How long a sign-in is remembered at most.
pub(super) const LONGEST: Duration = Duration::DAY;

/// One sign-in, or one that was refused.
#[derive(Clone)]
pub struct SignInRecord {
    /// When it ended.
    pub at: OffsetDateTime,
    /// What the person can read to support.
    pub support_id: SupportId,
    /// The identity provider, when known.
    pub idp: Option<IdpName>,
    /// The instance, when it led to one.
    pub instance: Option<InstanceName>,
    /// What became of it; of a test, what would have.
    pub outcome: Outcome,
    /// Which test it was, when it was only one.
    pub test: Option<TestId>,
    /// What the rules said, when they were asked.
    pub trace: Trace,
    /// What a refused message said, point by point.
    pub findings: Vec<Finding>,
    /// The identity provider's word, when it was verified: personal data.
    pub identity: Option<Identity>,
}

/// What became of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The person has a session.
    LetIn,
    /// Refused, with the cause of the audit line.
    Refused(&'static Code, String),
}

impl Outcome {
    /// `let_in`, or the code.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::LetIn => "let_in",
            Self::Refused(code, _) => code.id,
        }
    }
}

impl SignInRecord {
    /// Whether somebody stands behind it: the identity provider's word, or the administrator who had it tested.
    pub(super) fn is_vouched_for(&self) -> bool {
        self.identity.is_some() || self.test.is_some()
    }
}

impl SignInRecord {
    /// About how much it holds, in bytes.
    fn size(&self) -> usize {
        const EACH: usize = 64;
        let attributes = self.identity.iter().flat_map(|identity| &identity.attributes);
        let said = attributes.map(|(name, values)| {
            name.len() + values.iter().map(|value| value.len() + EACH).sum::<usize>() + EACH
        });
        let findings = self.findings.iter().map(|finding| finding.to_string().len() + EACH);
        let rules = self.trace.0.iter().map(|entry| entry.rule.len() + entry.why.len() + EACH);
        let names =
            [self.idp.as_ref().map(IdpName::as_str), self.instance.as_ref().map(InstanceName::as_str)];
        let cause = match &self.outcome {
            Outcome::LetIn => 0,
            Outcome::Refused(_, cause) => cause.len(),
        };
        let names: usize = names.into_iter().flatten().map(str::len).sum();
        said.chain(findings).chain(rules).sum::<usize>() + names + cause + EACH
    }
}

impl fmt::Debug for SignInRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInRecord").field("support_id", &self.support_id).finish_non_exhaustive()
    }
}

/// The last ones. Those that nobody vouches for have a list of their own: whoever sends nonsense pushes no person out.
pub(super) struct Recent {
    keep: usize,
    clock: Arc<dyn Clock>,
    lists: Mutex<[VecDeque<Arc<SignInRecord>>; 2]>,
}

impl Recent {
    pub(super) fn new(keep: usize, clock: Arc<dyn Clock>) -> Self {
        Self { keep, clock, lists: Mutex::default() }
    }

    pub(super) fn record(&self, sign_in: SignInRecord) {
        let mut lists = self.current();
        let list = &mut lists[usize::from(sign_in.is_vouched_for())];
        let newer = list.iter().take_while(|one| one.at > sign_in.at).count();
        list.insert(newer, Arc::new(sign_in));
        list.truncate(self.keep);
        let mut held = 0;
        let mut fits = |one: &Arc<SignInRecord>| {
            held += one.size();
            held <= MOST_HELD
        };
        let most = list.iter().take_while(|one| fits(one)).count().max(1);
        list.truncate(most);
    }

    /// Whether a sign-in with that support id is there.
    pub(super) fn has(&self, support_id: &SupportId) -> bool {
        self.current().iter().flatten().any(|one| one.support_id == *support_id)
    }

    /// Newest first.
    pub(super) fn all(&self) -> Vec<Arc<SignInRecord>> {
        let mut all: Vec<_> = self.current().iter().flatten().cloned().collect();
        all.sort_by_key(|sign_in| std::cmp::Reverse(sign_in.at));
        all
    }

    pub(super) fn forget_old(&self) {
        drop(self.current());
    }

    /// The lists without what is too old.
    fn current(&self) -> MutexGuard<'_, [VecDeque<Arc<SignInRecord>>; 2]> {
        let oldest = self.clock.now() - LONGEST;
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.iter_mut().for_each(|list| list.retain(|sign_in| sign_in.at > oldest));
        lists
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::mapping::person;
    use crate::model::{SystemClock, code};

    struct At(Mutex<OffsetDateTime>);

    impl Clock for At {
        fn now(&self) -> OffsetDateTime {
            *self.0.lock().unwrap()
        }
    }

    fn record(at: OffsetDateTime, id: &str, vouched_for: bool) -> SignInRecord {
        let attributes = BTreeMap::from([("uid".to_owned(), vec!["alice".to_owned()])]);
        SignInRecord {
            at,
            support_id: SupportId::new(id),
            idp: None,
            instance: None,
            outcome: Outcome::Refused(&code::SAML_SIGNATURE, String::new()),
            test: None,
            trace: Trace::default(),
            findings: Vec::new(),
            identity: vouched_for.then(|| person(IdpName::new("acme"), None, attributes)),
        }
    }

    fn ids(recent: &Recent) -> Vec<String> {
        recent.all().iter().map(|one| one.support_id.to_string()).collect()
    }

    #[test]
    fn the_oldest_goes_first_and_nonsense_pushes_out_nonsense_only() {
        let now = SystemClock.now();
        let recent = Recent::new(2, Arc::new(At(Mutex::new(now))));
        let second = |seconds: i64| now - Duration::seconds(10 - seconds);
        for (seconds, id, vouched_for) in [(1, "a", true), (2, "b", true), (3, "c", true)] {
            recent.record(record(second(seconds), id, vouched_for));
        }
        recent.record(SignInRecord { test: Some(TestId::new("t")), ..record(second(4), "t", false) });
        for (seconds, id) in [(5, "x"), (6, "y"), (7, "z")] {
            recent.record(record(second(seconds), id, false));
        }
        assert_eq!(ids(&recent), ["z", "y", "t", "c"], "a refused test is not nonsense");
    }

    #[test]
    fn a_sign_in_is_forgotten_after_a_day_and_never_printed() {
        let now = SystemClock.now();
        let clock = Arc::new(At(Mutex::new(now)));
        let recent = Recent::new(9, clock.clone());
        recent.record(record(now, "a", true));
        assert!(!format!("{:?}", recent.all()).contains("alice"));
        *clock.0.lock().unwrap() = now + LONGEST;
        recent.forget_old();
        assert!(recent.lists.lock().unwrap().iter().all(VecDeque::is_empty));
    }

    #[test]
    fn large_sign_ins_push_out_others_before_their_number_does() {
        let now = SystemClock.now();
        let recent = Recent::new(9, Arc::new(At(Mutex::new(now))));
        let large = |seconds: i64, id: &str| {
            let attributes = BTreeMap::from([("uid".to_owned(), vec!["a".repeat(MOST_HELD / 3)])]);
            let identity = Some(person(IdpName::new("acme"), None, attributes));
            SignInRecord { identity, ..record(now - Duration::seconds(10 - seconds), id, true) }
        };
        for (seconds, id) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
            recent.record(large(seconds, id));
        }
        assert_eq!(ids(&recent), ["d", "c"]);
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_to_be_kept() {
        let now = SystemClock.now();
        let recent = Recent::new(0, Arc::new(At(Mutex::new(now))));
        recent.record(record(now, "a", true));
        assert!(ids(&recent).is_empty());
    }
}

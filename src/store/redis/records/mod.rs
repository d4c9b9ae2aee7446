//! [`SharedRecords`] in Redis: the record, its generation, and the lease of whoever finds it out.

use std::time::Duration;

use async_trait::async_trait;
use redis::FromRedisValue;
use redis::ToRedisArgs;
use zeroize::Zeroizing;

use super::Redis;
use super::name::Name;
use super::script::Script;
use crate::model::{Found, LEASE, Lease, Question, RecordKey, RecordKind, SharedRecords, StateUnavailable};

static BEGIN: Script = Script::new(include_str!("begin.lua"));
static RENEW: Script = Script::new(include_str!("renew.lua"));
static KEEP: Script = Script::new(include_str!("keep.lua"));
static RELEASE: Script =
    Script::new("if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end return 0");
static PURGE: Script = Script::new("return redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])");
static IS_KEPT: Script = Script::new(
    r"local time = redis.call('TIME')
local good_until = redis.call('HGET', KEYS[1], 'until')
return good_until and tonumber(good_until) > time[1] * 1000 + time[2] / 1000 and 1 or 0",
);

/// Longer than any work takes: what began before a purge and ends after it finds another generation, or none.
const GENERATION: Duration = Duration::from_hours(24);
/// So long it is remembered for which placement a user was put in place: a token of another one is dropped.
const REMEMBERED: Duration = Duration::from_hours(12);

/// So often it is asked before nobody can tell: what was opened and not taken is told the second time.
const LOOKS: usize = 2;

/// No arguments.
const NOTHING: &[&str] = &[];

/// The records of one key.
struct Names {
    record: Name,
    generation: Name,
    lease: Name,
}

/// What is kept, opened: an answer to the question, whether or not it is still good.
struct Opened {
    answer: Zeroizing<Vec<u8>>,
    good_for: Duration,
}

/// What is kept and is not taken: nothing at first.
#[derive(Default)]
struct Declined {
    sealed: Vec<u8>,
    good_for: Duration,
}

/// What Redis says to who begins: a word, the generation, and the answer that stands there, empty where there is something
/// else.
type Begun = (String, Vec<u8>, Option<Vec<u8>>);

impl Redis {
    fn record(&self, key: &RecordKey) -> Names {
        let parts = [key.instance.as_str().as_bytes(), key.name.as_bytes()];
        let record = self.name_of_guessable(key.kind.word(), &parts);
        Names { generation: record.part("generation"), lease: record.part("lease"), record }
    }

    async fn of_record<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &'static Script,
        names: &Names,
        args: impl ToRedisArgs,
    ) -> Result<T, StateUnavailable> {
        self.run(operation, script, &[&names.record, &names.generation, &names.lease], args).await
    }

    /// The answer with what it answers and how long it is good: Redis has both beside it, and is not believed.
    fn answer_sealed(
        &self,
        record: &Name,
        question: &Question,
        answer: &[u8],
        good_for: Duration,
    ) -> Vec<u8> {
        let until = self.clock().now() + good_for;
        let until = i64::try_from(until.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let whole = Zeroizing::new([&self.asked(question)[..], &until.to_be_bytes(), answer].concat());
        self.sealer().seal(record, &whole)
    }

    /// The answer, where it was sealed as one to this question, and how long it is good by our clock.
    fn answer_opened(&self, record: &Name, question: &Question, sealed: &[u8]) -> Option<Opened> {
        let whole = self.sealer().open(record, sealed)?;
        let rest = whole.strip_prefix(&self.asked(question)[..])?;
        let (until, answer) = rest.split_first_chunk()?;
        let now = self.clock().now().unix_timestamp_nanos() / 1_000_000;
        let left = i128::from(i64::from_be_bytes(*until)) - now;
        let good_for = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        Some(Opened { answer: Zeroizing::new(answer.to_vec()), good_for })
    }

    async fn begun(
        &self,
        names: &Names,
        question: &Question,
        owner: &str,
        declined: &Declined,
    ) -> Result<Begun, StateUnavailable> {
        let args = (
            owner,
            self.asked(question),
            milliseconds(question.at_least),
            if question.only_if_kept { "1" } else { "0" },
            SharedRecords::owner(self),
            milliseconds(LEASE),
            milliseconds(GENERATION),
            &declined.sealed,
            milliseconds(declined.good_for),
        );
        self.of_record("records.begin", &BEGIN, names, args).await
    }

    /// The question, so that nobody can try which one it was.
    fn asked(&self, question: &Question) -> Vec<u8> {
        self.digest_of_guessable("question", &[&question.digest]).to_vec()
    }
}

#[async_trait]
impl SharedRecords for Redis {
    async fn begin(
        &self,
        key: &RecordKey,
        question: &Question,
        owner: &str,
    ) -> Result<Found, StateUnavailable> {
        let names = self.record(key);
        let mut declined = Declined::default();
        for _ in 0..LOOKS {
            let (what, generation, kept) = self.begun(&names, question, owner, &declined).await?;
            let opened = kept.as_ref().and_then(|kept| self.answer_opened(&names.record, question, kept));
            match (what.as_str(), opened) {
                ("kept", Some(Opened { answer, good_for })) if good_for > question.at_least => {
                    return Ok(Found::Kept(answer));
                }
                // It is over, sealed with a key that is gone, or not what Redis says.
                ("kept", opened) => {
                    let good_for = opened.map(|opened| opened.good_for).unwrap_or_default();
                    declined = Declined { sealed: kept.unwrap_or_default(), good_for };
                }
                ("yours", opened) => {
                    let replaces_another = kept.is_some() && opened.is_none();
                    // One that somebody garbled is never met again, and nothing is kept then.
                    let generation = String::from_utf8_lossy(&generation).into_owned();
                    return Ok(Found::Yours(Lease { owner: owner.to_owned(), generation, replaces_another }));
                }
                ("nothing", _) => return Ok(Found::Nothing),
                _ => return Ok(Found::Theirs),
            }
        }
        Err(StateUnavailable::NoAnswer("records.begin: what is kept is no answer, time and again".to_owned()))
    }

    async fn renew(&self, key: &RecordKey, lease: &Lease) -> Result<bool, StateUnavailable> {
        let args = (&lease.owner, &lease.generation, milliseconds(LEASE), milliseconds(GENERATION));
        self.of_record("records.renew", &RENEW, &self.record(key), args).await
    }

    async fn keep(
        &self,
        key: &RecordKey,
        lease: &Lease,
        question: &Question,
        answer: &[u8],
        good_for: Duration,
    ) -> Result<bool, StateUnavailable> {
        let names = self.record(key);
        let remembered = if key.kind == RecordKind::User { REMEMBERED.max(good_for) } else { good_for };
        let args = (
            &lease.owner,
            &lease.generation,
            self.asked(question),
            self.answer_sealed(&names.record, question, answer, good_for),
            milliseconds(good_for),
            milliseconds(remembered).max(1),
        );
        self.of_record("records.keep", &KEEP, &names, args).await
    }

    async fn release(&self, key: &RecordKey, lease: &Lease) -> Result<(), StateUnavailable> {
        self.of_record("records.release", &RELEASE, &self.record(key), &lease.owner).await
    }

    async fn purge(&self, key: &RecordKey) -> Result<(), StateUnavailable> {
        self.of_record("records.purge", &PURGE, &self.record(key), NOTHING).await
    }

    async fn is_kept(&self, key: &RecordKey) -> Result<bool, StateUnavailable> {
        self.of_record("records.is_kept", &IS_KEPT, &self.record(key), NOTHING).await
    }

    fn owner(&self) -> String {
        hex::encode(self.nonce())
    }
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

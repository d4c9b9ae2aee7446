//! Work that one replica does at a time.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::{Found, Lease, Question, RecordKey, SharedRecords, StateUnavailable};

/// How often a lease is renewed; it runs out after [`LEASE`].
const RENEWED: Duration = Duration::from_millis(1500);
/// How long a lease is good for: so long a person waits whose replica died.
pub const LEASE: Duration = Duration::from_secs(5);
/// Between two looks at what another replica finds out: more and more.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// What there is, now or in the end.
pub enum Leased {
    /// The answer.
    Kept(Zeroizing<Vec<u8>>),
    /// None: find it out.
    Yours(Lease),
    /// None, and none is wanted.
    Nothing,
    /// Another replica has not found it out in time.
    TooLong,
}

/// Reads a record, waits until another replica has found it out, or gets the right to find it out.
///
/// # Errors
/// [`StateUnavailable`] when nobody can tell.
pub async fn lease(
    records: &dyn SharedRecords,
    key: &RecordKey,
    question: &Question,
    until: Instant,
) -> Result<Leased, StateUnavailable> {
    let owner = records.owner();
    let [mut pause, longest] = PAUSES;
    loop {
        match records.begin(key, question, &owner).await? {
            Found::Kept(answer) => return Ok(Leased::Kept(answer)),
            Found::Yours(lease) => return Ok(Leased::Yours(lease)),
            Found::Nothing => return Ok(Leased::Nothing),
            Found::Theirs if Instant::now() + pause > until => return Ok(Leased::TooLong),
            Found::Theirs => sleep(pause).await,
        }
        pause = (pause * 2).min(longest);
    }
}

/// Ends when the lease is lost: the record was purged, or somebody else has taken the work over.
pub async fn lost(records: &dyn SharedRecords, key: &RecordKey, lease: &Lease) {
    loop {
        sleep(RENEWED).await;
        match records.renew(key, lease).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(cause = %error, "a lease was not renewed"),
        }
    }
}

/// Does the work under the lease. Says once when that is lost; the work goes on.
pub async fn held<T>(
    records: &dyn SharedRecords,
    key: &RecordKey,
    lease: &Lease,
    when_lost: impl FnOnce() + Send,
    work: impl Future<Output = T> + Send,
) -> T {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = lost(records, key, lease) => when_lost(),
    }
    work.await
}

//! The emulator's own time and randomness.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

/// A clock that tests can push forward, or set wrong.
#[derive(Debug, Default)]
pub(super) struct Clock(Mutex<Setting>);

#[derive(Debug, Default, Clone, Copy)]
struct Setting {
    passed: Duration,
    off: time::Duration,
}

impl Clock {
    /// The present moment, as the emulator sees it.
    pub(super) fn now(&self) -> OffsetDateTime {
        let setting = self.setting();
        machine_now() + setting.off + setting.passed
    }

    /// The moments at which a request may have been signed now: by a machine's clock, which nobody pushes forward, or
    /// by a clock that follows this one.
    pub(super) fn signing_times(&self) -> [OffsetDateTime; 2] {
        let setting = self.setting();
        let machines = machine_now() + setting.off;
        [machines, machines + setting.passed]
    }

    /// Lets `by` pass at once.
    pub(super) fn advance(&self, by: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).passed += by;
    }

    /// Differs from the machine's clock by `off` from now on.
    pub(super) fn set_off(&self, off: time::Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).off = off;
    }

    fn setting(&self) -> Setting {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The machine's time.
#[expect(clippy::disallowed_methods, reason = "the one place of the emulator that reads the machine's clock")]
fn machine_now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// `bytes` unpredictable bytes in lower-case hex.
#[expect(clippy::disallowed_methods, reason = "the one place of the emulator that draws random bytes")]
pub(super) fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0_u8; bytes];
    rand::rng().fill_bytes(&mut buffer);
    hex::encode(buffer)
}

/// A new identifier in UUID form.
pub(super) fn random_id() -> String {
    uuid(&random_hex(16))
}

/// The identifier that a seeded thing has at every start.
pub(super) fn seeded_id(parts: &[&str]) -> String {
    uuid(&hex::encode(Sha256::digest(parts.join("\u{0}").as_bytes())))
}

fn uuid(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Seconds since 1970 with a fraction, as rest-json writes timestamps.
pub(super) fn epoch_seconds(at: OffsetDateTime) -> serde_json::Value {
    let milliseconds = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    serde_json::from_str(&format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000))
        .unwrap_or(serde_json::Value::Null)
}

/// As the `Date` header of HTTP writes it. <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>
pub(super) fn http_date(at: OffsetDateTime) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// Milliseconds since 1970.
pub(super) fn epoch_milliseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

//! Between the SDK's types and ours.

use std::error::Error as StdError;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use time::OffsetDateTime;

use crate::model::{CallError, Cause};

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}

/// To the millisecond: AWS writes times as decimal fractions, which a float can only come close to.
pub(super) fn moment(time: &DateTime) -> Option<OffsetDateTime> {
    let milliseconds = (time.as_nanos() + 500_000).div_euclid(1_000_000);
    OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000).ok()
}

/// What a failed call comes to.
pub(super) fn call_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let raw = error.raw_response();
    let status = raw.map(|raw| raw.status().as_u16());
    let request_id = raw.and_then(|raw| raw.headers().get("x-amzn-requestid")).map(str::to_owned);
    let service_error = error.as_service_error();
    if let Some(code) = service_error.and_then(ProvideErrorMetadata::code) {
        let cause = Cause::told(code, status, service_error.and_then(ProvideErrorMetadata::message));
        return CallError { operation, cause, code: code.to_owned(), request_id };
    }
    let (cause, word) = match error {
        _ if lacks_credentials(error) => (Cause::NoCredentials, "no credentials"),
        SdkError::TimeoutError(_) => (Cause::Unavailable, "timeout"),
        SdkError::DispatchFailure(_) => (Cause::Unavailable, "no connection"),
        SdkError::ConstructionFailure(_) => (Cause::Refused, "the request could not be built"),
        _ => (Cause::of("", status), "an answer without an error code"),
    };
    CallError { operation, cause, code: word.to_owned(), request_id }
}

fn lacks_credentials(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(<dyn StdError>::is::<CredentialsError>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_the_millisecond_that_was_written() {
        for milliseconds in 1_795_000_000_000_i64..1_795_000_001_000 {
            let written = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
            let time = DateTime::from_secs_f64(written.parse().unwrap());
            let read = moment(&time).unwrap().unix_timestamp_nanos();
            assert_eq!(read, i128::from(milliseconds) * 1_000_000, "{written}");
        }
    }
}

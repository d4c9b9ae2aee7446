//! What Redis's refusals mean.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::model::{RoundTrip, StateUnavailable};

/// Whether the same may be asked again: nobody answered, or somebody who can't yet.
pub(super) fn passes(error: &RedisError) -> bool {
    is_of_the_connection(error)
        || matches!(
            error.kind(),
            ErrorKind::MasterNameNotFoundBySentinel
                | ErrorKind::Server(
                    ServerErrorKind::BusyLoading
                        | ServerErrorKind::ClusterDown
                        | ServerErrorKind::MasterDown
                        | ServerErrorKind::TryAgain
                )
        )
}

/// Whether nobody answers who could: what is wrong with one record or one question is none of that.
pub(super) fn is_silence(error: &RedisError) -> bool {
    passes(error) || error.kind() == ErrorKind::AuthenticationFailed
}

/// Whether another connection is needed: this one is broken, or leads to a server that is not the master any more.
pub(super) fn is_of_the_connection(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Io
            | ErrorKind::Parse
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::Server(ServerErrorKind::ReadOnly)
    )
}

/// Whether the script has to be sent as a whole.
pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

pub(super) fn outcome(error: &RedisError) -> RoundTrip {
    match error {
        // An answer, and one that is expected of a new server.
        error if is_unknown_script(error) => RoundTrip::Answered,
        error if is_full(error) => RoundTrip::Full,
        _ => RoundTrip::Failed,
    }
}

fn is_full(error: &RedisError) -> bool {
    // `OOM`: over `maxmemory`. `MISCONF`: the disk takes no more of what is kept there too.
    matches!(error.code(), Some("OOM" | "MISCONF"))
}

/// For whoever asked. Of the server's words only those that can't repeat what it was sent.
pub(super) fn unavailable(operation: &str, error: &RedisError) -> StateUnavailable {
    let cause = format!("{operation}: {}", words(error));
    if is_full(error) { StateUnavailable::Full(cause) } else { StateUnavailable::NoAnswer(cause) }
}

/// The error without what was sent.
pub(super) fn words(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Server(_) | ErrorKind::Extension, Some(code)) => {
            let detail = error.detail().unwrap_or_default();
            let detail = detail.split(", with args").next().unwrap_or_default();
            format!("{code} {detail}").trim_end().to_owned()
        }
        (ErrorKind::UnexpectedReturnType, _) => "an answer of an unexpected type".to_owned(),
        _ => error.to_string(),
    }
}

//! What AWS says when a call fails, in words that every room can act on.

/// An AWS call that failed. AWS's own message is left out: it may quote personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {code} (AWS request id {})", request_id.as_deref().unwrap_or("unknown"))]
pub struct CallError {
    /// The operation.
    pub operation: &'static str,
    /// What kind of failure.
    pub cause: Cause,
    /// AWS's error code, or our word for a missing answer.
    pub code: String,
    /// AWS's request id.
    pub request_id: Option<String>,
}

/// Kinds of failed calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The resource does not exist (yet).
    NotFound,
    /// The name is taken.
    Duplicate,
    /// A resource quota is full: asking again changes nothing.
    Quota,
    /// Too many calls: worth another turn.
    Throttled,
    /// The caller may not do this.
    AccessDenied,
    /// The caller has no credentials, or they can't be fetched.
    NoCredentials,
    /// The caller's credentials are expired.
    ExpiredCredentials,
    /// AWS does not accept the caller's credentials.
    WrongCredentials,
    /// Our clock and AWS's differ by more than a signature may be old: worth one more attempt, which the SDK signs by
    /// the `Date` of this answer.
    ClockOff,
    /// A value or state was refused.
    Refused,
    /// No answer, or a fault of AWS's own: worth another attempt.
    Unavailable,
}

impl Cause {
    /// Its word in numbers and traces.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Duplicate => "duplicate",
            Self::Quota => "quota",
            Self::Throttled => "throttled",
            Self::AccessDenied => "access_denied",
            Self::NoCredentials => "no_credentials",
            Self::ExpiredCredentials => "expired_credentials",
            Self::WrongCredentials => "wrong_credentials",
            Self::ClockOff => "clock_off",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether the same call a moment later would fail in the same way: somebody has to change something first.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Duplicate | Self::Quota | Self::AccessDenied | Self::Refused | Self::NotFound => true,
            Self::Throttled
            | Self::NoCredentials
            | Self::ExpiredCredentials
            | Self::WrongCredentials
            | Self::ClockOff
            | Self::Unavailable => false,
        }
    }

    /// The same, and AWS's message: it alone tells a signature of the wrong time from a wrong one.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>
    #[must_use]
    pub fn told(code: &str, status: Option<u16>, message: Option<&str>) -> Self {
        let is_of_wrong_time = |message: &str| {
            ["Signature expired", "Signature not yet current"].iter().any(|start| message.starts_with(start))
        };
        match Self::of(code, status) {
            Self::WrongCredentials if message.is_some_and(is_of_wrong_time) => Self::ClockOff,
            cause => cause,
        }
    }

    /// Reads an error code and an HTTP status of AWS. `LimitExceededException` has the status of
    /// throttling (429) and is a full quota.
    /// <https://docs.aws.amazon.com/connect/latest/APIReference/CommonErrors.html>
    #[must_use]
    pub fn of(code: &str, status: Option<u16>) -> Self {
        match (code, status) {
            ("ResourceNotFoundException" | "UserNotFoundException", _) => Self::NotFound,
            ("DuplicateResourceException", _) => Self::Duplicate,
            ("LimitExceededException", _) => Self::Quota,
            ("AccessDeniedException" | "AccessDenied", _) => Self::AccessDenied,
            ("RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture", _) => Self::ClockOff,
            ("ExpiredTokenException" | "ExpiredToken", _) => Self::ExpiredCredentials,
            (
                "UnrecognizedClientException"
                | "InvalidClientTokenId"
                | "InvalidSignatureException"
                | "SignatureDoesNotMatch",
                _,
            ) => Self::WrongCredentials,
            ("ThrottlingException" | "Throttling" | "RequestLimitExceeded", _) | (_, Some(429)) => {
                Self::Throttled
            }
            ("InternalServiceException" | "InternalFailure", _) => Self::Unavailable,
            (_, Some(400..500)) => Self::Refused,
            _ => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn a_full_quota_is_not_taken_for_throttling() {
        assert_eq!(Cause::of("LimitExceededException", Some(429)), Cause::Quota);
        assert_eq!(Cause::of("ThrottlingException", Some(429)), Cause::Throttled);
        assert_eq!(Cause::of("Throttling", Some(400)), Cause::Throttled);
        assert_eq!(Cause::of("", Some(429)), Cause::Throttled);
    }

    #[test]
    fn a_signature_of_the_wrong_time_is_not_taken_for_a_wrong_key() {
        for (code, message) in [
            (
                "SignatureDoesNotMatch",
                "Signature expired: 20260301T075500Z is now earlier than 20260301T075501Z",
            ),
            (
                "InvalidSignatureException",
                "Signature not yet current: 20260301T080601Z is still later than 20260301T080600Z",
            ),
            ("RequestTimeTooSkewed", ""),
        ] {
            assert_eq!(Cause::told(code, Some(403), Some(message)), Cause::ClockOff);
        }
        let wrong_key =
            Some("The request signature we calculated does not match the signature you provided.");
        assert_eq!(Cause::told("SignatureDoesNotMatch", Some(403), wrong_key), Cause::WrongCredentials);
    }

    #[test]
    fn only_faults_of_aws_are_worth_another_attempt() {
        for (code, status) in [("InternalServiceException", Some(500)), ("", Some(503)), ("timeout", None)] {
            assert_eq!(Cause::of(code, status), Cause::Unavailable);
        }
        assert_eq!(Cause::of("InvalidRequestException", Some(400)), Cause::Refused);
        assert_eq!(Cause::of("ExpiredToken", Some(403)), Cause::ExpiredCredentials);
    }
}

//! Errors as they stand on the wire.

use serde_json::{Map, Value, json};

/// One error answer of the Connect or STS API.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiError {
    /// Value of `x-amzn-ErrorType` (Connect) or `Code` (STS).
    pub(super) code: &'static str,
    /// HTTP status.
    pub(super) status: u16,
    /// Text for people.
    pub(super) message: String,
    /// Members besides `Message`.
    pub(super) members: Map<String, Value>,
}

/// Result of an operation.
pub(super) type ApiResult<T> = Result<T, ApiError>;

/// Declares one constructor per wire error.
macro_rules! wire_errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal;)+) => {
        impl ApiError {
            $($(#[$doc])*
            pub(super) fn $name(message: impl Into<String>) -> Self {
                Self { code: $code, status: $status, message: message.into(), members: Map::new() }
            })+

            /// The error with this code.
            pub(super) fn named(code: &str, message: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name(message)),)+
                    _ => None,
                }
            }
        }
    };
}

wire_errors! {
    /// The request as a whole is not valid.
    invalid_request = "InvalidRequestException", 400;
    /// A parameter breaks its constraints.
    invalid_parameter = "InvalidParameterException", 400;
    /// No such instance, user, profile or group.
    not_found = "ResourceNotFoundException", 404;
    /// No Connect user has the caller's session name.
    user_not_found = "UserNotFoundException", 404;
    /// The name is taken.
    duplicate = "DuplicateResourceException", 409;
    /// The group or level is in use.
    in_use = "ResourceInUseException", 409;
    /// Something else about the user does not allow it.
    condition_failed = "ConditionalOperationFailedException", 409;
    /// A quota is full: a 429 that no retry helps.
    limit_exceeded = "LimitExceededException", 429;
    /// Too many calls.
    throttled = "ThrottlingException", 429;
    /// A fault of the service.
    internal = "InternalServiceException", 500;
    /// IAM refuses (Connect's spelling).
    access_denied = "AccessDeniedException", 403;
    /// No such route.
    unknown_operation = "UnknownOperationException", 404;
    /// The request is not signed.
    unsigned = "MissingAuthenticationTokenException", 403;
    /// The authorization header cannot be read.
    incomplete_signature = "IncompleteSignatureException", 403;
    /// The signature is not the one we compute, or its date or scope is wrong.
    bad_signature = "SignatureDoesNotMatch", 403;
    /// No such access key, or not with this session token (Connect's spelling).
    unknown_client = "UnrecognizedClientException", 403;
    /// The role session ended (Connect's spelling).
    expired_token = "ExpiredTokenException", 403;
    /// IAM refuses (STS's spelling).
    sts_access_denied = "AccessDenied", 403;
    /// A parameter breaks its constraints (STS's spelling).
    sts_validation = "ValidationError", 400;
    /// A required parameter is absent (STS's spelling).
    sts_missing_parameter = "MissingParameter", 400;
    /// No such action (STS's spelling).
    sts_invalid_action = "InvalidAction", 400;
    /// Too many calls (STS's spelling).
    sts_throttled = "Throttling", 400;
    /// A fault of the service (STS's spelling).
    sts_unavailable = "ServiceUnavailable", 503;
    /// An answer of an identity provider that is not one, or not for AWS.
    invalid_identity_token = "InvalidIdentityToken", 400;
    /// An answer of an identity provider that says no.
    idp_rejected_claim = "IDPRejectedClaim", 403;
    /// A session policy that is no policy.
    malformed_policy = "MalformedPolicyDocument", 400;
    /// STS is switched off in this Region for the account.
    region_disabled = "RegionDisabledException", 403;
    /// The request's time is not ours.
    time_skewed = "RequestTimeTooSkewed", 403;
    /// A session policy that is too long.
    packed_policy_too_large = "PackedPolicyTooLarge", 400;
}

impl ApiError {
    /// With one more member.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.members.insert(name.to_owned(), json!(value));
        self
    }

    /// An answer of an identity provider that is too old.
    pub(super) fn saml_expired(message: impl Into<String>) -> Self {
        Self { status: 400, ..Self::expired_token(message) }
    }

    /// The code as STS spells it.
    pub(super) fn sts_code(&self) -> &'static str {
        match self.code {
            // The answer of an identity provider, not a token.
            "ExpiredTokenException" if self.status == 400 => self.code,
            "MissingAuthenticationTokenException" => "MissingAuthenticationToken",
            "IncompleteSignatureException" => "IncompleteSignature",
            "UnrecognizedClientException" => "InvalidClientTokenId",
            "ExpiredTokenException" => "ExpiredToken",
            code => code,
        }
    }
}

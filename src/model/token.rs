//! Noun 4: what opens the instance for one user.

use time::OffsetDateTime;
use url::Url;

use super::{Secret, UserId};

/// The answer of `GetFederationToken`, with the times that were returned and no others.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_GetFederationToken.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationToken {
    /// `Credentials.AccessToken`.
    pub access_token: Secret,
    /// `Credentials.AccessTokenExpiration`.
    pub access_token_expiration: OffsetDateTime,
    /// `Credentials.RefreshToken`: for the browser only, no API takes it back.
    pub refresh_token: Secret,
    /// `Credentials.RefreshTokenExpiration`.
    pub refresh_token_expiration: OffsetDateTime,
    /// `SignInUrl`: checked against the instance before anything is sent there.
    pub sign_in_url: Url,
    /// `UserId`.
    pub user_id: UserId,
}

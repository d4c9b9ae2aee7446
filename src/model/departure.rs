//! How the browser leaves us: to the identity provider, or into the instance.

use time::OffsetDateTime;
use url::Url;

use super::{IdpName, Secret};

/// Where the browser goes with an `AuthnRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Departure {
    /// HTTP-Redirect binding: the signed request is in the query. SAML bindings 3.4.
    Redirect(Url),
    /// HTTP-POST binding: a form that submits itself. SAML bindings 3.5.
    Post {
        /// The identity provider's single sign-on service.
        action: Url,
        /// `SAMLRequest`, base64.
        saml_request: String,
        /// `RelayState`: our opaque handle.
        relay_state: String,
    },
}

/// How a signed-in browser enters the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOff {
    /// A top-level form that submits itself to the instance's own sign-in address.
    Form {
        /// `SignInUrl`, its origin checked against the configured instance.
        action: Url,
        /// The form field `credentials`: JSON of the federation token.
        credentials: Secret,
        /// The form field `destination`: a path in the instance.
        destination: String,
        /// When the session ends that it opens: `RefreshTokenExpiration`.
        ends: OffsetDateTime,
    },
    /// The AWS federation endpoint's login address with its short-lived `SigninToken`.
    Redirect(Secret),
}

/// One identity provider that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpChoice {
    /// Its name, for `?idp=`.
    pub name: IdpName,
    /// Its name on the page.
    pub display_name: String,
    /// Domains of the e-mail addresses of its people, in lower case.
    pub email_domains: Vec<String>,
}

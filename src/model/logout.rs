//! Single logout: what is under way, how it ended, and how the browser carries our answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use super::{IdpName, InstanceName, RequestId};

/// How a logout ended, as one side tells the other. SAML core 3.7.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutStatus {
    /// Every session was ended.
    Complete,
    /// Something may live on.
    Partial,
    /// The sender could not do it.
    Failed,
}

/// Where the browser goes with our `LogoutResponse`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// HTTP-Redirect binding. SAML bindings 3.4.
    Redirect(Url),
    /// HTTP-POST binding. SAML bindings 3.5.
    Post {
        /// The identity provider's single logout service.
        action: Url,
        /// `SAMLResponse`, base64.
        saml_response: String,
        /// `RelayState`, as it came; empty when none came.
        relay_state: String,
    },
}

/// What we remember about one `LogoutRequest` of ours. The session it was about has ended already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogout {
    /// The `ID` of the request: the only `InResponseTo` that will be accepted.
    pub request_id: RequestId,
    /// Who was asked: the only `Issuer` that will be accepted.
    pub idp: IdpName,
    /// When the request was made.
    #[serde(with = "time::serde::timestamp")]
    pub started_at: OffsetDateTime,
    /// The instances that the session had entered.
    pub entered: BTreeSet<InstanceName>,
}

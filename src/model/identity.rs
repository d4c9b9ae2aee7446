//! Noun 1: who the identity provider says the person is.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::IdpName;

/// Attribute name (the `Name` of the `Attribute`, exactly as sent) to its values, in order.
pub type Attributes = BTreeMap<String, Vec<String>>;

/// The subject's `NameID` with everything needed to name it again at logout.
/// SAML core 2.2.3.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameId {
    /// The identifier, octet for octet.
    pub value: String,
    /// `Format` URI, when sent.
    pub format: Option<String>,
    /// `NameQualifier`, when sent.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`, when sent.
    pub sp_name_qualifier: Option<String>,
}

/// What a verified assertion says about one person. Made only from a `VerifiedAssertion`, or read
/// back from a session that was stored from one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The identity provider's name in our configuration.
    pub idp: IdpName,
    /// The identity provider's entity id: the namespace of `name_id`.
    pub issuer: String,
    /// The subject, when one was sent.
    pub name_id: Option<NameId>,
    /// `SessionIndex` of the authentication statement.
    pub session_index: Option<String>,
    /// `AuthnContextClassRef`: how the identity provider authenticated the person, when it says so.
    pub authn_context: Option<String>,
    /// When the identity provider authenticated the person.
    #[serde(with = "time::serde::timestamp")]
    pub authn_instant: OffsetDateTime,
    /// The identity provider's own end of session, when sent: ours never outlives it.
    #[serde(with = "time::serde::timestamp::option")]
    pub session_not_on_or_after: Option<OffsetDateTime>,
    /// Everything else that was said.
    pub attributes: Attributes,
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId").field("format", &self.format).finish_non_exhaustive()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("idp", &self.idp)
            .field("attributes", &self.attributes.len())
            .finish_non_exhaustive()
    }
}

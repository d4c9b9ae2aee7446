//! What our requests ask of an authentication. SAML core 3.4.1.

use serde::{Deserialize, Serialize};

use super::{Identity, NameId};

/// `Format` of a `NameID` that says nothing of it. Core 8.3.1.
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// What is said about requests at one place of the configuration; `None` leaves it to the other place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// `ForceAuthn`.
    pub force_authn: Option<bool>,
    /// `IsPassive`.
    pub is_passive: Option<bool>,
    /// Every `AuthnContextClassRef` that is good enough; empty: any is.
    pub authn_contexts: Option<Vec<String>>,
    /// `Format` of `NameIDPolicy`.
    pub name_id_format: Option<String>,
    /// `AllowCreate` of `NameIDPolicy`.
    pub allow_create: Option<bool>,
}

impl RequestOptions {
    /// What is asked of `idp` for an instance with these options: what the instance says comes first.
    #[must_use]
    pub fn over(&self, idp: &Self) -> Requested {
        let contexts = self.authn_contexts.as_ref().or(idp.authn_contexts.as_ref());
        Requested {
            force_authn: self.force_authn.or(idp.force_authn).unwrap_or(false),
            is_passive: self.is_passive.or(idp.is_passive).unwrap_or(false),
            authn_contexts: contexts.cloned().unwrap_or_default(),
            name_id_format: self.name_id_format.as_ref().or(idp.name_id_format.as_ref()).cloned(),
            allow_create: self.allow_create.or(idp.allow_create).unwrap_or(true),
        }
    }
}

/// What one request asks for, and its answer must keep to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// The person authenticates anew.
    pub force_authn: bool,
    /// The identity provider shows the person nothing: whoever is not signed in there is refused.
    pub is_passive: bool,
    /// Every `AuthnContextClassRef` that is good enough; empty: any is.
    pub authn_contexts: Vec<String>,
    /// `Format` of the `NameID`, when it matters.
    pub name_id_format: Option<String>,
    /// Whether the identity provider may make an identifier for a person that has none for us yet.
    pub allow_create: bool,
}

impl Default for Requested {
    fn default() -> Self {
        RequestOptions::default().over(&RequestOptions::default())
    }
}

impl Requested {
    /// Whether an authentication of this class is good enough: one of the requested ones, exactly. Core 3.3.2.2.1.
    #[must_use]
    pub fn accepts_context(&self, context: Option<&str>) -> bool {
        self.authn_contexts.is_empty()
            || context.is_some_and(|context| self.authn_contexts.iter().any(|wanted| wanted == context))
    }

    /// Whether the format of an identifier is the requested one, where one is requested. Core 3.4.1.1.
    #[must_use]
    pub fn accepts_format(&self, format: Option<&str>) -> bool {
        let wanted = self.name_id_format.as_deref().unwrap_or(UNSPECIFIED);
        wanted == UNSPECIFIED || format == Some(wanted)
    }

    /// Whether an answer that led to this identity would do for this request too.
    #[must_use]
    pub fn accepts(&self, identity: &Identity) -> bool {
        let format = identity.name_id.as_ref().and_then(|id: &NameId| id.format.as_deref());
        self.accepts_context(identity.authn_context.as_deref()) && self.accepts_format(format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_instance_says_comes_before_what_its_identity_provider_says() {
        let idp = RequestOptions {
            force_authn: Some(true),
            authn_contexts: Some(vec!["urn:mfa".to_owned()]),
            name_id_format: Some("urn:a".to_owned()),
            ..RequestOptions::default()
        };
        let silent = RequestOptions::default().over(&idp);
        assert!(silent.force_authn && !silent.is_passive && silent.allow_create);
        assert_eq!(silent.authn_contexts, ["urn:mfa"]);
        let instance = RequestOptions {
            force_authn: Some(false),
            is_passive: Some(true),
            authn_contexts: Some(Vec::new()),
            name_id_format: Some("urn:b".to_owned()),
            allow_create: Some(false),
        };
        let said = instance.over(&idp);
        assert!(!said.force_authn && said.is_passive && !said.allow_create);
        assert!(said.authn_contexts.is_empty());
        assert_eq!(said.name_id_format.as_deref(), Some("urn:b"));
    }

    #[test]
    fn a_context_is_one_of_the_requested_ones_exactly_and_any_when_none_is_requested() {
        let mut requested = Requested::default();
        assert!(requested.accepts_context(None) && requested.accepts_context(Some("urn:a")));
        requested.authn_contexts = vec!["urn:a".to_owned(), "urn:b".to_owned()];
        assert!(requested.accepts_context(Some("urn:b")));
        for other in [None, Some(""), Some("urn:c"), Some("urn:a "), Some("urn:A")] {
            assert!(!requested.accepts_context(other), "{other:?}");
        }
    }

    #[test]
    fn a_format_is_the_requested_one_unless_that_says_nothing() {
        let mut requested = Requested::default();
        assert!(requested.accepts_format(None) && requested.accepts_format(Some("urn:a")));
        requested.name_id_format = Some(UNSPECIFIED.to_owned());
        assert!(requested.accepts_format(None) && requested.accepts_format(Some("urn:a")));
        requested.name_id_format = Some("urn:a".to_owned());
        assert!(requested.accepts_format(Some("urn:a")));
        assert!(!requested.accepts_format(None) && !requested.accepts_format(Some("urn:b")));
    }
}

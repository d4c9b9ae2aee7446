//! Our request to an identity provider. SAML core 3.4.1.

use time::OffsetDateTime;

use crate::model::Requested;

use super::binding::Render;
use super::error::Error;
use super::instant;
use super::settings::ResponseBinding;
use super::signer::Signature;
use super::writer::Document;
use super::xml::{SAML, SAMLP};

const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const HTTP_ARTIFACT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact";
const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// What a request says.
pub(super) struct Request {
    pub(super) id: String,
    pub(super) issued: OffsetDateTime,
    pub(super) destination: String,
    pub(super) issuer: String,
    pub(super) acs: String,
    pub(super) response_binding: ResponseBinding,
    pub(super) requested: Requested,
}

impl Render for Request {
    fn id(&self) -> &str {
        &self.id
    }

    fn render(&self, signature: Option<&Signature<'_>>) -> Result<String, Error> {
        let issued = instant::format(self.issued)?;
        let binding = match self.response_binding {
            ResponseBinding::Post => HTTP_POST,
            ResponseBinding::Artifact => HTTP_ARTIFACT,
        };
        let mut attributes = vec![
            ("xmlns:samlp", SAMLP),
            ("ID", &self.id),
            ("Version", "2.0"),
            ("IssueInstant", &issued),
            ("Destination", &self.destination),
            ("AssertionConsumerServiceURL", &self.acs),
            ("ProtocolBinding", binding),
        ];
        for (name, wanted) in
            [("ForceAuthn", self.requested.force_authn), ("IsPassive", self.requested.is_passive)]
        {
            if wanted {
                attributes.push((name, "true"));
            }
        }
        let mut document = Document::new();
        document.element("samlp:AuthnRequest", &attributes, |request| {
            request.text("saml:Issuer", &[("xmlns:saml", SAML)], &self.issuer);
            if let Some(signature) = signature {
                signature.write(request);
            }
            self.write_name_id_policy(request);
            self.write_contexts(request);
        });
        Ok(document.finish())
    }
}

impl Request {
    /// `NameIDPolicy`, when it says anything: an absent `AllowCreate` is false, and it has no meaning for transient
    /// identifiers. Core 3.4.1.1.
    fn write_name_id_policy(&self, request: &mut Document) {
        let format = self.requested.name_id_format.as_deref();
        let mut attributes: Vec<(&str, &str)> = format.map(|format| ("Format", format)).into_iter().collect();
        if self.requested.allow_create && format != Some(TRANSIENT) {
            attributes.push(("AllowCreate", "true"));
        }
        if !attributes.is_empty() {
            request.empty("samlp:NameIDPolicy", &attributes);
        }
    }

    /// `RequestedAuthnContext`. Core 3.3.2.2.1.
    fn write_contexts(&self, request: &mut Document) {
        if self.requested.authn_contexts.is_empty() {
            return;
        }
        request.element("samlp:RequestedAuthnContext", &[("Comparison", "exact")], |wanted| {
            for context in &self.requested.authn_contexts {
                wanted.text("saml:AuthnContextClassRef", &[("xmlns:saml", SAML)], context);
            }
        });
    }
}

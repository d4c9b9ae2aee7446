//! Our request to an identity provider. SAML core 3.4.1; bindings 3.4 and 3.5.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use url::Url;

use super::binding::redirect;
use super::error::Error;
use super::instant;
use super::own_key::OwnKey;
use super::signer::{self, Signature};
use super::writer::Document;
use super::xml::{SAML, SAMLP};

const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// What a request says.
pub(super) struct Request {
    pub(super) id: String,
    pub(super) issued: OffsetDateTime,
    pub(super) destination: String,
    pub(super) issuer: String,
    pub(super) acs: String,
    pub(super) force_authn: bool,
}

impl Request {
    /// The signed address for HTTP-Redirect.
    pub(super) fn redirect(&self, location: &Url, relay_state: &str, key: &OwnKey) -> Result<Url, Error> {
        let message = redirect::Message { parameter: "SAMLRequest", xml: &self.render(None)?, relay_state };
        redirect::address(location, &message, key)
    }

    /// The base64 form field for HTTP-POST, with an enveloped signature. Bindings 3.5.4, core 5.4.
    pub(super) fn post(&self, key: &OwnKey) -> Result<String, Error> {
        self.signed(key).map(|xml| STANDARD.encode(xml))
    }

    /// The request with an enveloped signature.
    pub(super) fn signed(&self, key: &OwnKey) -> Result<String, Error> {
        signer::sign(&self.id, key, |signature| self.render(signature))
    }

    fn render(&self, signature: Option<&Signature<'_>>) -> Result<String, Error> {
        let issued = instant::format(self.issued)?;
        let mut attributes = vec![
            ("xmlns:samlp", SAMLP),
            ("ID", &self.id),
            ("Version", "2.0"),
            ("IssueInstant", &issued),
            ("Destination", &self.destination),
            ("AssertionConsumerServiceURL", &self.acs),
            ("ProtocolBinding", HTTP_POST),
        ];
        if self.force_authn {
            attributes.push(("ForceAuthn", "true"));
        }
        let mut document = Document::new();
        document.element("samlp:AuthnRequest", &attributes, |request| {
            request.text("saml:Issuer", &[("xmlns:saml", SAML)], &self.issuer);
            if let Some(signature) = signature {
                signature.write(request);
            }
            request.empty("samlp:NameIDPolicy", &[("AllowCreate", "true")]);
        });
        Ok(document.finish())
    }
}

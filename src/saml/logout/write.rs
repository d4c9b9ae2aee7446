//! Our logout messages. SAML core 3.7.1 and 3.7.2.

use time::OffsetDateTime;

use super::rules::MAX_AGE;
use crate::model::{LogoutStatus, NameId};
use crate::saml::binding::Render;
use crate::saml::error::Error;
use crate::saml::instant;
use crate::saml::signer::Signature;
use crate::saml::writer::Document;
use crate::saml::xml::{SAML, SAMLP};

const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// Our `LogoutRequest`.
pub(super) struct Request {
    pub(super) id: String,
    pub(super) issued: OffsetDateTime,
    pub(super) destination: String,
    pub(super) issuer: String,
    /// As the identity provider sent it, octet for octet.
    pub(super) name_id: NameId,
    pub(super) session_index: Option<String>,
}

impl Render for Request {
    fn id(&self) -> &str {
        &self.id
    }

    fn render(&self, signature: Option<&Signature<'_>>) -> Result<String, Error> {
        let (issued, end) = (instant::format(self.issued)?, instant::format(self.issued + MAX_AGE)?);
        let attributes = [
            ("xmlns:samlp", SAMLP),
            ("xmlns:saml", SAML),
            ("ID", &self.id),
            ("Version", "2.0"),
            ("IssueInstant", &issued),
            ("Destination", &self.destination),
            ("NotOnOrAfter", &end),
            ("Reason", "urn:oasis:names:tc:SAML:2.0:logout:user"),
        ];
        let mut document = Document::new();
        document.element("samlp:LogoutRequest", &attributes, |request| {
            request.text("saml:Issuer", &[], &self.issuer);
            if let Some(signature) = signature {
                signature.write(request);
            }
            write_name_id(request, &self.name_id);
            if let Some(index) = &self.session_index {
                request.text("samlp:SessionIndex", &[], index);
            }
        });
        Ok(document.finish())
    }
}

/// `NameID` with every attribute that it came with, and no other. Core 2.2.3.
fn write_name_id(request: &mut Document, name_id: &NameId) {
    let attributes: Vec<(&str, &str)> = [
        ("NameQualifier", &name_id.name_qualifier),
        ("SPNameQualifier", &name_id.sp_name_qualifier),
        ("Format", &name_id.format),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    .collect();
    request.text("saml:NameID", &attributes, &name_id.value);
}

/// Our `LogoutResponse`.
pub(super) struct Response {
    pub(super) id: String,
    pub(super) issued: OffsetDateTime,
    pub(super) destination: String,
    pub(super) issuer: String,
    pub(super) in_response_to: String,
    pub(super) status: LogoutStatus,
}

impl Render for Response {
    fn id(&self) -> &str {
        &self.id
    }

    fn render(&self, signature: Option<&Signature<'_>>) -> Result<String, Error> {
        let issued = instant::format(self.issued)?;
        let attributes = [
            ("xmlns:samlp", SAMLP),
            ("ID", &*self.id),
            ("Version", "2.0"),
            ("IssueInstant", &issued),
            ("Destination", &self.destination),
            ("InResponseTo", &self.in_response_to),
        ];
        let mut document = Document::new();
        document.element("samlp:LogoutResponse", &attributes, |response| {
            response.text("saml:Issuer", &[("xmlns:saml", SAML)], &self.issuer);
            if let Some(signature) = signature {
                signature.write(response);
            }
            response.element("samlp:Status", &[], |status| write_status(status, self.status));
        });
        Ok(document.finish())
    }
}

/// Our own session is over either way: what may live on stands below Success. Core 3.2.2.2.
fn write_status(status: &mut Document, outcome: LogoutStatus) {
    let (top, below) = match outcome {
        LogoutStatus::Complete => ("Success", None),
        LogoutStatus::Partial => ("Success", Some("PartialLogout")),
        LogoutStatus::Failed => ("Responder", None),
    };
    status.element("samlp:StatusCode", &[("Value", &format!("{STATUS}{top}"))], |code| {
        if let Some(below) = below {
            code.empty("samlp:StatusCode", &[("Value", &format!("{STATUS}{below}"))]);
        }
    });
}

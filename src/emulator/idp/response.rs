//! Responses, written in canonical form from the start, so that what is digested is what is sent.
//! SAML core 2.3, 3.3.3.

use openssl::error::ErrorStack;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::clock::random_hex;
use super::super::options::Sign;
use super::super::seed::Person;
use super::keys::Keys;
use super::request::AuthnRequest;
use super::xml::{canonical_attribute, canonical_text};

pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(super) const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const BASIC: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
pub(super) const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
pub(super) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
/// What nobody is signed in for. Core 3.2.2.2.
pub(super) const NO_PASSIVE: &str = "NoPassive";
/// No class of authentication that would do. Core 3.2.2.2.
pub(super) const NO_AUTHN_CONTEXT: &str = "NoAuthnContext";
/// Another identifier than an e-mail address. Core 3.2.2.2.
pub(super) const INVALID_NAME_ID_POLICY: &str = "InvalidNameIDPolicy";

/// What a response is made of.
pub(super) struct Answering<'a> {
    pub(super) keys: &'a Keys,
    pub(super) entity_id: &'a str,
    pub(super) sign: Sign,
    pub(super) session_lifetime: Option<std::time::Duration>,
    pub(super) audiences: &'a [String],
    pub(super) now: OffsetDateTime,
    pub(super) request: &'a AuthnRequest,
    pub(super) session_index: &'a str,
}

pub(super) fn instant(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// An `ArtifactResponse` that delivers `response`, or nothing. Core 3.5.2.
pub(super) fn resolved(
    keys: &Keys,
    entity_id: &str,
    now: OffsetDateTime,
    request_id: &str,
    response: &str,
) -> Result<String, ErrorStack> {
    let id = format!("_{}", random_hex(20));
    let whole = |signature: &str| {
        format!(
            "<samlp:ArtifactResponse xmlns:samlp=\"{PROTOCOL}\" ID=\"{id}\" InResponseTo=\"{}\" IssueInstant=\"{}\" \
             Version=\"2.0\"><saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer>{signature}<samlp:Status>\
             <samlp:StatusCode Value=\"{SUCCESS}\"></samlp:StatusCode></samlp:Status>{}</samlp:ArtifactResponse>",
            canonical_attribute(request_id),
            instant(now),
            canonical_text(entity_id),
            // Canonical XML declares a namespace once.
            response.replacen(&format!(" xmlns:samlp=\"{PROTOCOL}\""), "", 1),
        )
    };
    let signature = keys.signature(&id, &whole(""))?;
    Ok(whole(&signature))
}

impl Answering<'_> {
    /// A response that says who signed in, and by what class of authentication.
    pub(super) fn success(&self, person: &Person, context: &str) -> Result<String, ErrorStack> {
        let id = format!("_{}", random_hex(20));
        let assertion = |signature: &str| self.assertion(&id, person, context, signature);
        let signature = match self.sign {
            Sign::Assertion | Sign::Both => self.keys.signature(&id, &assertion(""))?,
            Sign::Response => String::new(),
        };
        let status = format!("<samlp:StatusCode Value=\"{SUCCESS}\"></samlp:StatusCode>");
        self.response(&status, &assertion(&signature), self.sign != Sign::Assertion)
    }

    /// A response that says why nobody is signed in.
    pub(super) fn refusal(&self, reason: &str) -> Result<String, ErrorStack> {
        let status = format!(
            "<samlp:StatusCode Value=\"{RESPONDER}\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{reason}\">\
             </samlp:StatusCode></samlp:StatusCode>"
        );
        self.response(&status, "", true)
    }

    fn response(&self, status: &str, assertion: &str, signed: bool) -> Result<String, ErrorStack> {
        let id = format!("_{}", random_hex(20));
        let whole = |signature: &str| {
            format!(
                "<samlp:Response xmlns:samlp=\"{PROTOCOL}\" Destination=\"{}\" ID=\"{id}\"{} \
                 IssueInstant=\"{}\" Version=\"2.0\"><saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer>{signature}\
                 <samlp:Status>{status}</samlp:Status>{assertion}</samlp:Response>",
                canonical_attribute(&self.request.acs_url),
                self.in_response_to(),
                instant(self.now),
                canonical_text(self.entity_id),
            )
        };
        let signature = if signed { self.keys.signature(&id, &whole(""))? } else { String::new() };
        Ok(whole(&signature))
    }

    fn in_response_to(&self) -> String {
        let id = self.request.id.as_deref();
        id.map(|id| format!(" InResponseTo=\"{}\"", canonical_attribute(id))).unwrap_or_default()
    }

    fn assertion(&self, id: &str, person: &Person, context: &str, signature: &str) -> String {
        let now = instant(self.now);
        let until = instant(self.now + time::Duration::minutes(5));
        let since = instant(self.now - time::Duration::seconds(30));
        let session = self
            .session_lifetime
            .map(|lifetime| format!(" SessionNotOnOrAfter=\"{}\"", instant(self.now + lifetime)))
            .unwrap_or_default();
        format!(
            "<saml:Assertion xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" IssueInstant=\"{now}\" Version=\"2.0\">\
             <saml:Issuer>{issuer}</saml:Issuer>{signature}\
             <saml:Subject><saml:NameID Format=\"{EMAIL}\">{name_id}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"{BEARER}\"><saml:SubjectConfirmationData{request} \
             NotOnOrAfter=\"{until}\" Recipient=\"{recipient}\"></saml:SubjectConfirmationData>\
             </saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{since}\" NotOnOrAfter=\"{until}\"><saml:AudienceRestriction>\
             {audiences}</saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{now}\" SessionIndex=\"{index}\"{session}><saml:AuthnContext>\
             <saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef></saml:AuthnContext>\
             </saml:AuthnStatement>{attributes}</saml:Assertion>",
            issuer = canonical_text(self.entity_id),
            context = canonical_text(context),
            name_id = canonical_text(&person.name_id),
            request = self.in_response_to(),
            recipient = canonical_attribute(&self.request.acs_url),
            index = self.session_index,
            audiences = self.audiences(),
            attributes = attributes(person),
        )
    }
}

impl Answering<'_> {
    fn audiences(&self) -> String {
        let audiences = std::iter::once(&self.request.issuer).chain(self.audiences);
        let audience = |uri: &String| format!("<saml:Audience>{}</saml:Audience>", canonical_text(uri));
        audiences.map(audience).collect()
    }
}

/// An `AttributeStatement` must hold an attribute: without any it is left out.
fn attributes(person: &Person) -> String {
    let values = |values: &[String]| {
        let value =
            |value: &String| format!("<saml:AttributeValue>{}</saml:AttributeValue>", canonical_text(value));
        values.iter().map(value).collect::<String>()
    };
    let attributes: Vec<String> = person
        .attributes
        .iter()
        .map(|(name, found)| {
            format!(
                "<saml:Attribute Name=\"{}\" NameFormat=\"{BASIC}\">{}</saml:Attribute>",
                canonical_attribute(name),
                values(found)
            )
        })
        .collect();
    if attributes.is_empty() {
        String::new()
    } else {
        format!("<saml:AttributeStatement>{}</saml:AttributeStatement>", attributes.concat())
    }
}

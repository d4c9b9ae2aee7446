//! The identity provider's side of single logout: messages with knobs, really signed.

use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{Attributes, Identity, IdpName, NameId, SubjectKey};
use connect_gateway::saml::{Error, LogoutMessage, LogoutRequest};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use openssl::hash::MessageDigest;
use openssl::sign::Signer;
use url::form_urlencoded::byte_serialize;

use crate::gateway::{Gateway, NOW, Used, company, settings};
use crate::idp::{ENTITY_ID, IDP, Key, RSA_SHA256, SP_ENTITY_ID, SignatureShape, encode, metadata, sign};

pub(crate) const SLO: &str = "https://gateway.test/saml/logout";
pub(crate) const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// Metadata with single logout services.
pub(crate) fn with_services(services: &str) -> String {
    metadata(&[&IDP]).replacen("<md:SingleSignOnService", &format!("{services}<md:SingleSignOnService"), 1)
}

pub(crate) fn service(binding: &str, location: &str, more: &str) -> String {
    format!(
        r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{location}" {more}/>"#
    )
}

pub(crate) fn both_services() -> String {
    service("HTTP-Redirect", "https://idp.test/slo?tenant=1", "")
        + &service(
            "HTTP-POST",
            "https://idp.test/slo/post",
            r#"ResponseLocation="https://answers.idp.test/slo""#,
        )
}

/// A gateway that knows one identity provider with these single logout services.
pub(crate) fn gateway(services: &str) -> Gateway {
    Gateway::build(settings(), company(with_services(services)), Used::default()).unwrap()
}

/// Alice, as she signed in.
pub(crate) fn alice() -> Identity {
    Identity {
        idp: IdpName::new("company"),
        issuer: ENTITY_ID.to_owned(),
        name_id: Some(name("alice-7")),
        session_index: Some("session-1".to_owned()),
        authn_instant: NOW,
        authn_context: None,
        session_not_on_or_after: None,
        attributes: Attributes::new(),
    }
}

pub(crate) fn name(value: &str) -> NameId {
    NameId {
        value: value.to_owned(),
        format: Some(EMAIL.to_owned()),
        name_qualifier: None,
        sp_name_qualifier: None,
    }
}

pub(crate) fn subject(name: &NameId) -> SubjectKey {
    SubjectKey::new(&IdpName::new("company"), ENTITY_ID, name, SP_ENTITY_ID)
}

/// A logout message with a knob for everything; the default is acceptable.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) kind: &'static str,
    pub(crate) key: &'static LazyLock<Key>,
    pub(crate) shape: SignatureShape,
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) issued: Option<String>,
    pub(crate) destination: Option<String>,
    pub(crate) more: String,
    pub(crate) issuer: String,
    pub(crate) content: String,
}

impl Message {
    pub(crate) fn request(change: impl FnOnce(&mut Self)) -> Self {
        let content = format!(
            r#"<saml:NameID Format="{EMAIL}">alice-7</saml:NameID><samlp:SessionIndex>session-1</samlp:SessionIndex>"#
        );
        let mut message = Self::new("LogoutRequest", content);
        change(&mut message);
        message
    }

    pub(crate) fn response(in_response_to: &str, change: impl FnOnce(&mut Self)) -> Self {
        let mut message = Self::new("LogoutResponse", status("Success", None));
        message.more = format!(r#"InResponseTo="{in_response_to}""#);
        change(&mut message);
        message
    }

    fn new(kind: &'static str, content: String) -> Self {
        Self {
            kind,
            key: &IDP,
            shape: SignatureShape::default(),
            id: "_logout".to_owned(),
            version: "2.0".to_owned(),
            issued: Some("2026-03-01T09:29:50Z".to_owned()),
            destination: Some(SLO.to_owned()),
            more: String::new(),
            issuer: format!("<saml:Issuer>{ENTITY_ID}</saml:Issuer>"),
            content,
        }
    }

    /// The document, with `signature` where the schema wants it.
    fn document(&self, signature: &str) -> String {
        let attribute = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(r#" {name}="{value}""#)).unwrap_or_default()
        };
        format!(
            r#"<samlp:{kind} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"{id} Version="{version}"{issued}{destination} {more}>{issuer}{signature}{content}</samlp:{kind}>"#,
            kind = self.kind,
            id = attribute("ID", &Some(self.id.clone()).filter(|id| !id.is_empty())),
            version = self.version,
            issued = attribute("IssueInstant", &self.issued),
            destination = attribute("Destination", &self.destination),
            more = self.more,
            issuer = self.issuer,
            content = self.content,
        )
    }

    pub(crate) fn unsigned(&self) -> String {
        self.document("")
    }

    /// With a signature inside.
    pub(crate) fn signed(&self) -> String {
        sign(&self.document(&self.shape.template(&self.id, self.key)), self.key)
    }

    /// By HTTP-POST.
    pub(crate) fn posted(&self) -> Result<LogoutMessage, Error> {
        self.form(&self.signed())
    }

    /// This document as a form field.
    pub(crate) fn form(&self, xml: &str) -> Result<LogoutMessage, Error> {
        let (field, relay_state) = (Some(encode(xml)), Some("relay & state".to_owned()));
        if self.kind == "LogoutRequest" {
            LogoutMessage::from_form(field, None, relay_state)
        } else {
            LogoutMessage::from_form(None, field, relay_state)
        }
    }

    /// By HTTP-Redirect.
    pub(crate) fn redirected(&self) -> Result<LogoutMessage, Error> {
        LogoutMessage::from_query(&self.query(&Query::default()))
    }

    /// The query of HTTP-Redirect, signed as it stands.
    pub(crate) fn query(&self, query: &Query) -> String {
        let parameter = if self.kind == "LogoutRequest" { "SAMLRequest" } else { "SAMLResponse" };
        let message = (query.escape)(&STANDARD.encode(deflate(&self.unsigned())));
        let algorithm = (query.escape)(query.algorithm);
        let octets = match query.relay_state {
            Some(state) => {
                format!("{parameter}={message}&RelayState={}&SigAlg={algorithm}", (query.escape)(state))
            }
            None => format!("{parameter}={message}&SigAlg={algorithm}"),
        };
        let mut signer = Signer::new(query.digest, &self.key.private).unwrap();
        let signature = signer.sign_oneshot_to_vec(octets.as_bytes()).unwrap();
        format!("{octets}&Signature={}", (query.escape)(&STANDARD.encode(signature)))
    }
}

/// How a query is written and signed.
pub(crate) struct Query {
    pub(crate) relay_state: Option<&'static str>,
    pub(crate) algorithm: &'static str,
    pub(crate) digest: MessageDigest,
    pub(crate) escape: fn(&str) -> String,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            relay_state: Some("relay & state"),
            algorithm: RSA_SHA256,
            digest: MessageDigest::sha256(),
            escape: plain_escape,
        }
    }
}

pub(crate) fn plain_escape(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

pub(crate) fn deflate(xml: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(xml.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// `Status` with one code or two.
pub(crate) fn status(top: &str, below: Option<&str>) -> String {
    const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";
    let below =
        below.map(|below| format!(r#"<samlp:StatusCode Value="{STATUS}{below}"/>"#)).unwrap_or_default();
    format!(
        r#"<samlp:Status><samlp:StatusCode Value="{STATUS}{top}">{below}</samlp:StatusCode></samlp:Status>"#
    )
}

/// What a new gateway says of a message by HTTP-POST.
pub(crate) async fn posted(message: &Message) -> Result<LogoutRequest, Error> {
    gateway(&both_services()).saml.verify_logout_request(message.posted()?).await
}

/// What a new gateway says of a message by HTTP-Redirect.
pub(crate) async fn redirected(message: &Message) -> Result<LogoutRequest, Error> {
    queried(&message.query(&Query::default())).await
}

/// What a new gateway says of a query.
pub(crate) async fn queried(query: &str) -> Result<LogoutRequest, Error> {
    gateway(&both_services()).saml.verify_logout_request(LogoutMessage::from_query(query)?).await
}

/// Shared by those that read and those that verify.
pub(crate) fn shared(message: Result<LogoutMessage, Error>) -> Arc<LogoutMessage> {
    Arc::new(message.unwrap())
}

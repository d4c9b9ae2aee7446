//! Requests: read, and their signatures verified. SAML core 3.4.1, bindings 3.4 and 3.5.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use sha2::{Digest as _, Sha256};

use super::super::encoding::percent_decode_text;
use super::super::options::ServiceProvider;
use super::keys::{DSIG, ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256, signed_by_one_of};
use super::response::{ASSERTION, PROTOCOL};
use super::xml::{Element, parse};

const ARTIFACT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact";
const LARGEST: u64 = 64 * 1024;

/// What the identity provider needs of an `AuthnRequest`.
#[derive(Debug, Clone)]
pub(super) struct AuthnRequest {
    /// None when there was no request: the answer then names none.
    pub(super) id: Option<String>,
    pub(super) issuer: String,
    /// From the request, or the registered one.
    pub(super) acs_url: String,
    pub(super) force_authn: bool,
    pub(super) is_passive: bool,
    /// Whether the answer is to be fetched.
    pub(super) by_artifact: bool,
    /// `AuthnContextClassRef`s that would do; any when empty.
    pub(super) contexts: Vec<String>,
    /// `Format` of `NameIDPolicy`.
    pub(super) name_id_format: Option<String>,
    pub(super) relay_state: Option<String>,
}

impl AuthnRequest {
    /// What the answer to no request at all goes by.
    pub(super) fn none_of(provider: &ServiceProvider, relay_state: &str) -> Self {
        Self {
            id: None,
            issuer: provider.entity_id.clone(),
            acs_url: provider.acs_url.clone(),
            force_authn: false,
            is_passive: false,
            contexts: Vec::new(),
            name_id_format: None,
            by_artifact: false,
            relay_state: Some(relay_state.to_owned()).filter(|text| !text.is_empty()),
        }
    }
}

/// How it came.
pub(super) enum Received<'a> {
    /// HTTP-Redirect: the query as sent.
    Redirect(&'a str),
    /// HTTP-POST: the form's fields.
    Post(&'a BTreeMap<String, String>),
}

/// A message not yet checked against its sender.
pub(super) struct Unchecked<'a> {
    received: Received<'a>,
    /// `SAMLRequest` or `SAMLResponse`.
    parameter: &'static str,
    pub(super) root: Element,
    pub(super) relay_state: Option<String>,
}

impl<'a> Unchecked<'a> {
    /// Decodes and parses a message of this kind; an error is a sentence.
    pub(super) fn read(
        received: Received<'a>,
        parameter: &'static str,
        kind: &str,
    ) -> Result<Self, &'static str> {
        let (bytes, relay_state) = match &received {
            Received::Redirect(query) => {
                let text = self::parameter(query, parameter).ok_or("The address has no such message")?;
                (inflate(&text), self::parameter(query, "RelayState"))
            }
            Received::Post(fields) => {
                let text = fields.get(parameter).ok_or("The form has no such message")?;
                (STANDARD.decode(text).ok(), fields.get("RelayState").cloned())
            }
        };
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let root = text.as_deref().and_then(parse).ok_or("The message cannot be read")?;
        if root.is(PROTOCOL, kind) && root.attribute("Version") == Some("2.0") {
            Ok(Self { received, parameter, root, relay_state })
        } else {
            Err("The message is of another kind, or not of SAML 2.0")
        }
    }

    /// Entity id of the sender, as it says.
    pub(super) fn issuer(&self) -> String {
        self.root.child(ASSERTION, "Issuer").map(Element::text).unwrap_or_default()
    }

    /// Checks destination and signature; an error is a sentence.
    pub(super) fn check_sender(
        &self,
        provider: &ServiceProvider,
        destination: &str,
    ) -> Result<(), &'static str> {
        if self.root.attribute("Destination") != Some(destination) {
            return Err("The request's Destination is not this identity provider");
        }
        if !provider.certificates.is_empty() && !self.is_signed_by(provider) {
            return Err("The request is not signed by its sender");
        }
        Ok(())
    }

    /// Checks destination, response address and signature; an error is a sentence.
    pub(super) fn check(
        self,
        provider: &ServiceProvider,
        sso_url: &str,
    ) -> Result<AuthnRequest, &'static str> {
        self.check_sender(provider, sso_url)?;
        if self.root.attribute("AssertionConsumerServiceURL").is_some_and(|url| url != provider.acs_url) {
            return Err("The request's AssertionConsumerServiceURL is not registered");
        }
        let flag = |name| matches!(self.root.attribute(name), Some("true" | "1"));
        let id = self.root.attribute("ID").filter(|id| !id.is_empty()).ok_or("The request has no ID")?;
        Ok(AuthnRequest {
            id: Some(id.to_owned()),
            issuer: provider.entity_id.clone(),
            acs_url: provider.acs_url.clone(),
            force_authn: flag("ForceAuthn"),
            is_passive: flag("IsPassive"),
            by_artifact: self.root.attribute("ProtocolBinding") == Some(ARTIFACT),
            contexts: self.contexts(),
            name_id_format: self.name_id_format(),
            relay_state: self.relay_state.clone(),
        })
    }

    fn contexts(&self) -> Vec<String> {
        let wanted = self.root.child(PROTOCOL, "RequestedAuthnContext").into_iter();
        wanted
            .flat_map(|wanted| wanted.children(ASSERTION, "AuthnContextClassRef"))
            .map(Element::text)
            .collect()
    }

    fn name_id_format(&self) -> Option<String> {
        self.root.child(PROTOCOL, "NameIDPolicy")?.attribute("Format").map(str::to_owned)
    }

    fn is_signed_by(&self, provider: &ServiceProvider) -> bool {
        match self.received {
            Received::Redirect(query) => query_is_signed(query, self.parameter, &provider.certificates),
            Received::Post(_) => is_signed(&self.root, &provider.certificates),
        }
    }
}

/// Value of a query parameter as sent.
fn raw<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn parameter(query: &str, name: &str) -> Option<String> {
    percent_decode_text(&raw(query, name)?.replace('+', "%20"))
}

fn inflate(text: &str) -> Option<Vec<u8>> {
    // A raw plus sign in the query is base64's own: the sender should have escaped it.
    let compressed = STANDARD.decode(text.replace(' ', "+")).ok()?;
    let mut bytes = Vec::new();
    DeflateDecoder::new(compressed.as_slice()).take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Bindings 3.4.4.1: the signature covers the parameters exactly as they were sent.
fn query_is_signed(query: &str, message: &str, certificates: &[String]) -> bool {
    let names = [message, "RelayState", "SigAlg"];
    let signed = names.iter().filter_map(|name| raw(query, name).map(|value| format!("{name}={value}")));
    let signed = signed.collect::<Vec<_>>().join("&");
    let signature = parameter(query, "Signature").and_then(|text| STANDARD.decode(text).ok());
    parameter(query, "SigAlg").as_deref() == Some(RSA_SHA256)
        && signature.is_some_and(|signature| signed_by_one_of(certificates, &signature, signed.as_bytes()))
}

/// Whether one of these keys signed the message.
pub(super) fn is_signed(message: &Element, certificates: &[String]) -> bool {
    element_is_signed(message, certificates).unwrap_or(false)
}

/// An enveloped signature over the whole message, RSA-SHA256 with exclusive canonicalization only.
fn element_is_signed(root: &Element, certificates: &[String]) -> Option<bool> {
    let signature = root.child(DSIG, "Signature")?;
    let info = signature.child(DSIG, "SignedInfo")?;
    let reference = info.child(DSIG, "Reference")?;
    let algorithm = |element: &Element| element.attribute("Algorithm").unwrap_or_default().to_owned();
    let transforms = reference.child(DSIG, "Transforms")?;
    let transforms: Vec<String> = transforms.children(DSIG, "Transform").map(algorithm).collect();
    let as_expected = transforms == [ENVELOPED, EXCLUSIVE]
        && algorithm(info.child(DSIG, "CanonicalizationMethod")?) == EXCLUSIVE
        && algorithm(info.child(DSIG, "SignatureMethod")?) == RSA_SHA256
        && algorithm(reference.child(DSIG, "DigestMethod")?) == SHA256
        && reference.attribute("URI")?.strip_prefix('#') == root.attribute("ID");
    let unspaced = |element: &Element| element.text().split_whitespace().collect::<String>();
    let digest = STANDARD.encode(Sha256::digest(root.without(DSIG, "Signature").canonical().as_bytes()));
    let value = STANDARD.decode(unspaced(signature.child(DSIG, "SignatureValue")?)).ok()?;
    Some(
        as_expected
            && digest == unspaced(reference.child(DSIG, "DigestValue")?)
            && signed_by_one_of(certificates, &value, info.canonical().as_bytes()),
    )
}

//! A real identity provider for the tests: keys, metadata, and answers with knobs, really signed.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};
use samael::crypto::{Crypto, CryptoProvider as _};

pub(crate) const ENTITY_ID: &str = "https://idp.test/metadata";
pub(crate) const SP_ENTITY_ID: &str = "https://gateway.test/saml/metadata";
pub(crate) const ACS: &str = "https://gateway.test/saml/acs";
pub(crate) const REQUEST_ID: &str = "_0123456789abcdef0123456789abcdef01234567";
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(crate) const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A key with a self-signed certificate.
pub(crate) struct Key {
    pub(crate) private: PKey<Private>,
    pub(crate) certificate: X509,
}

/// The identity provider's key.
pub(crate) static IDP: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048, 365));
/// Its next key, for roll-over.
pub(crate) static NEXT: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048, 365));
/// An elliptic-curve key.
pub(crate) static CURVE: LazyLock<Key> = LazyLock::new(|| Key::curve(Nid::X9_62_PRIME256V1));
/// Our own key.
pub(crate) static GATEWAY: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048, 365));
/// Somebody else's key.
pub(crate) static STRANGER: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048, 365));

impl Key {
    pub(crate) fn rsa(bits: u32, days: i64) -> Self {
        Self::certify(PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap(), days)
    }

    pub(crate) fn curve(nid: Nid) -> Self {
        let group = EcGroup::from_curve_name(nid).unwrap();
        Self::certify(PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap(), 365)
    }

    /// Valid from 2020 for so many days.
    pub(crate) fn certify(private: PKey<Private>, days: i64) -> Self {
        let start = 1_577_836_800;
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "test").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&private).unwrap();
        certificate.set_not_before(&Asn1Time::from_unix(start).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::from_unix(start + days * 86_400).unwrap()).unwrap();
        certificate.sign(&private, MessageDigest::sha256()).unwrap();
        Self { certificate: certificate.build(), private }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        match self.private.id() {
            Id::RSA => self.private.rsa().unwrap().private_key_to_der().unwrap(),
            _ => self.private.private_key_to_pkcs8().unwrap(),
        }
    }

    pub(crate) fn key_pem(&self) -> String {
        String::from_utf8(self.private.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }

    pub(crate) fn certificate_pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    pub(crate) fn certificate_base64(&self) -> String {
        STANDARD.encode(self.certificate.to_der().unwrap())
    }

    fn algorithm(&self) -> &'static str {
        if self.private.id() == Id::RSA { RSA_SHA256 } else { ECDSA_SHA256 }
    }
}

/// A `KeyDescriptor`; `usage` is the whole attribute or nothing.
pub(crate) fn key_descriptor(key: &Key, usage: &str) -> String {
    format!(
        r#"<md:KeyDescriptor {usage}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#,
        key.certificate_base64()
    )
}

/// An `EntityDescriptor` with these keys and attributes.
pub(crate) fn entity(entity_id: &str, attributes: &str, keys: &str) -> String {
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}" {attributes}><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.test/sso/post"/><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso?tenant=1"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

pub(crate) fn metadata(keys: &[&Key]) -> String {
    let keys: String = keys.iter().map(|key| key_descriptor(key, r#"use="signing""#)).collect();
    entity(ENTITY_ID, "", &keys)
}

/// Which elements carry a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Nothing,
    Assertion,
    Response,
    Both,
}

/// The inside of a signature.
#[derive(Clone)]
pub(crate) struct SignatureShape {
    pub(crate) canonicalization: String,
    pub(crate) method: String,
    pub(crate) uri: Option<String>,
    pub(crate) transforms: String,
    pub(crate) digest: String,
    pub(crate) key_info: String,
}

impl Default for SignatureShape {
    fn default() -> Self {
        Self {
            canonicalization: format!(r#"<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"/>"#),
            method: String::new(),
            uri: None,
            transforms: format!(
                r#"<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC_C14N}"/>"#
            ),
            digest: SHA256.to_owned(),
            key_info: String::new(),
        }
    }
}

impl SignatureShape {
    /// An unsigned template.
    pub(crate) fn template(&self, id: &str, key: &Key) -> String {
        let method = if self.method.is_empty() { key.algorithm() } else { &self.method };
        let uri = self.uri.clone().unwrap_or_else(|| format!("#{id}"));
        let Self { canonicalization, transforms, digest, key_info, .. } = self;
        format!(
            r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>{canonicalization}<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>{key_info}</ds:Signature>"#
        )
    }
}

/// An answer with a knob for everything; the default is acceptable.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) sign: Sign,
    pub(crate) key: &'static LazyLock<Key>,
    pub(crate) shape: SignatureShape,
    pub(crate) response_id: String,
    pub(crate) response_version: String,
    pub(crate) response_issued: String,
    pub(crate) destination: Option<String>,
    pub(crate) in_response_to: Option<String>,
    pub(crate) response_issuer: Option<String>,
    pub(crate) status: String,
    pub(crate) extensions: String,
    pub(crate) assertion_id: String,
    pub(crate) assertion_version: String,
    pub(crate) assertion_issued: String,
    pub(crate) issuer: String,
    pub(crate) name_id: String,
    pub(crate) confirmations: Vec<Confirmation>,
    pub(crate) conditions: Option<String>,
    pub(crate) not_before: Option<String>,
    pub(crate) not_on_or_after: Option<String>,
    pub(crate) audiences: Vec<Vec<String>>,
    pub(crate) more_conditions: String,
    pub(crate) advice: String,
    pub(crate) authn_statements: Vec<String>,
    pub(crate) attributes: String,
}

/// A bearer confirmation with knobs.
#[derive(Clone)]
pub(crate) struct Confirmation {
    pub(crate) method: String,
    pub(crate) recipient: Option<String>,
    pub(crate) in_response_to: Option<String>,
    pub(crate) not_before: Option<String>,
    pub(crate) not_on_or_after: Option<String>,
}

impl Default for Confirmation {
    fn default() -> Self {
        Self {
            method: "urn:oasis:names:tc:SAML:2.0:cm:bearer".to_owned(),
            recipient: Some(ACS.to_owned()),
            in_response_to: Some(REQUEST_ID.to_owned()),
            not_before: None,
            not_on_or_after: Some("2026-03-01T09:34:55Z".to_owned()),
        }
    }
}

pub(crate) const SUCCESS: &str =
    r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>"#;

impl Default for Answer {
    fn default() -> Self {
        Self {
            sign: Sign::Assertion,
            key: &IDP,
            shape: SignatureShape::default(),
            response_id: "_response".to_owned(),
            response_version: "2.0".to_owned(),
            response_issued: "2026-03-01T09:29:55Z".to_owned(),
            destination: Some(ACS.to_owned()),
            in_response_to: Some(REQUEST_ID.to_owned()),
            response_issuer: Some(ENTITY_ID.to_owned()),
            status: SUCCESS.to_owned(),
            extensions: String::new(),
            assertion_id: "_assertion".to_owned(),
            assertion_version: "2.0".to_owned(),
            assertion_issued: "2026-03-01T09:29:55.123Z".to_owned(),
            issuer: format!("<saml:Issuer>{ENTITY_ID}</saml:Issuer>"),
            name_id: r#"<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice-7</saml:NameID>"#.to_owned(),
            confirmations: vec![Confirmation::default()],
            conditions: None,
            not_before: Some("2026-03-01T09:29:25Z".to_owned()),
            not_on_or_after: Some("2026-03-01T09:34:55Z".to_owned()),
            audiences: vec![vec![SP_ENTITY_ID.to_owned()]],
            more_conditions: String::new(),
            advice: String::new(),
            authn_statements: vec![authn_statement(r#"AuthnInstant="2026-03-01T08:00:00Z" SessionIndex="s-1""#)],
            attributes: attribute("groups", &["agents", "supervisors"]),
        }
    }
}

/// An `AuthnStatement` with these attributes.
pub(crate) fn authn_statement(attributes: &str) -> String {
    format!(
        "<saml:AuthnStatement {attributes}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
    )
}

/// An `Attribute` with these values.
pub(crate) fn attribute(name: &str, values: &[&str]) -> String {
    let mut xml = format!(
        r#"<saml:Attribute Name="{name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">"#
    );
    for value in values {
        write!(xml, "<saml:AttributeValue>{value}</saml:AttributeValue>").unwrap();
    }
    xml + "</saml:Attribute>"
}

fn optional(name: &str, value: Option<&String>) -> String {
    value.map(|value| format!(r#" {name}="{value}""#)).unwrap_or_default()
}

impl Confirmation {
    fn xml(&self) -> String {
        format!(
            r#"<saml:SubjectConfirmation Method="{}"><saml:SubjectConfirmationData{}{}{}{}/></saml:SubjectConfirmation>"#,
            self.method,
            optional("Recipient", self.recipient.as_ref()),
            optional("InResponseTo", self.in_response_to.as_ref()),
            optional("NotBefore", self.not_before.as_ref()),
            optional("NotOnOrAfter", self.not_on_or_after.as_ref()),
        )
    }
}

impl Answer {
    /// The default with one thing changed.
    pub(crate) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut answer = Self::default();
        change(&mut answer);
        answer
    }

    fn conditions_xml(&self) -> String {
        if let Some(conditions) = &self.conditions {
            return conditions.clone();
        }
        let mut xml = format!(
            "<saml:Conditions{}{}>",
            optional("NotBefore", self.not_before.as_ref()),
            optional("NotOnOrAfter", self.not_on_or_after.as_ref())
        );
        for restriction in &self.audiences {
            xml += "<saml:AudienceRestriction>";
            for audience in restriction {
                write!(xml, "<saml:Audience>{audience}</saml:Audience>").unwrap();
            }
            xml += "</saml:AudienceRestriction>";
        }
        xml + &self.more_conditions + "</saml:Conditions>"
    }

    /// The assertion, with a signature or template in its place.
    pub(crate) fn assertion_xml(&self, signature: &str) -> String {
        let confirmations: String = self.confirmations.iter().map(Confirmation::xml).collect();
        let attributes = if self.attributes.is_empty() {
            String::new()
        } else {
            format!("<saml:AttributeStatement>{}</saml:AttributeStatement>", self.attributes)
        };
        format!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{}" Version="{}" IssueInstant="{}">{}{signature}<saml:Subject>{}{confirmations}</saml:Subject>{}{}{}{attributes}</saml:Assertion>"#,
            self.assertion_id,
            self.assertion_version,
            self.assertion_issued,
            self.issuer,
            self.name_id,
            self.conditions_xml(),
            self.advice,
            self.authn_statements.concat(),
        )
    }

    /// The response around `content`, with a signature or template in its place.
    pub(crate) fn response_xml(&self, signature: &str, content: &str) -> String {
        let issuer = self.response_issuer.as_ref();
        let issuer = issuer.map(|issuer| {
            format!(
                r#"<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml:Issuer>"#
            )
        });
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="{}" Version="{}" IssueInstant="{}"{}{}>{}{signature}{}{}{content}</samlp:Response>"#,
            self.response_id,
            self.response_version,
            self.response_issued,
            optional("Destination", self.destination.as_ref()),
            optional("InResponseTo", self.in_response_to.as_ref()),
            issuer.unwrap_or_default(),
            self.extensions,
            self.status,
        )
    }

    /// The whole document with one template in place: of the response's signature, or else of the assertion's.
    pub(crate) fn unsigned_xml(&self) -> String {
        if self.sign == Sign::Response {
            let template = self.shape.template(&self.response_id, self.key);
            self.response_xml(&template, &self.assertion_xml(""))
        } else {
            let template = self.shape.template(&self.assertion_id, self.key);
            self.response_xml("", &self.assertion_xml(&template))
        }
    }

    /// The whole document, signed.
    pub(crate) fn xml(&self) -> String {
        let inner = self.shape.template(&self.assertion_id, self.key);
        let outer = self.shape.template(&self.response_id, self.key);
        match self.sign {
            Sign::Nothing => self.response_xml("", &self.assertion_xml("")),
            Sign::Assertion => sign(&self.response_xml("", &self.assertion_xml(&inner)), self.key),
            Sign::Response => sign(&self.response_xml(&outer, &self.assertion_xml("")), self.key),
            Sign::Both => {
                let once = sign(&self.response_xml("", &self.assertion_xml(&inner)), self.key);
                let at = once.find("<samlp:Status>").unwrap();
                sign(&format!("{}{outer}{}", &once[..at], &once[at..]), self.key)
            }
        }
    }
}

/// Fills in the first signature template of `xml`, and takes the XML declaration off.
pub(crate) fn sign(xml: &str, key: &Key) -> String {
    let signed = Crypto::sign_xml(xml, &key.der()).unwrap();
    let start = signed.find("?>").map_or(0, |end| end + 2);
    signed[start..].trim().to_owned()
}

/// The form field.
pub(crate) fn encode(xml: impl AsRef<[u8]>) -> String {
    STANDARD.encode(xml)
}

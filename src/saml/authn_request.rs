//! Our request to an identity provider. SAML core 3.4.1; bindings 3.4 and 3.5.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra::c14n::{C14nMode, canonicalize};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::error::Error;
use super::own_key::OwnKey;
use super::writer::Document;
use super::xml::{DS, ENVELOPED, EXC_C14N, SAML, SAMLP};

const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
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
    /// The signed address for HTTP-Redirect: the signature covers the octets `SAMLRequest`, `RelayState` and `SigAlg`
    /// as they stand in the query; the query that the address had before stays in front. Bindings 3.4.4.1.
    pub(super) fn redirect(&self, location: &Url, relay_state: &str, key: &OwnKey) -> Result<Url, Error> {
        let message = STANDARD.encode(deflate(&self.render(None)?));
        let signed = format!(
            "SAMLRequest={}&RelayState={}&SigAlg={}",
            escape(&message),
            escape(relay_state),
            escape(key.algorithm()),
        );
        let signature = STANDARD.encode(key.sign(signed.as_bytes())?);
        let query = format!("{signed}&Signature={}", escape(&signature));
        let mut address = location.clone();
        let query = match location.query().filter(|own| !own.is_empty()) {
            Some(own) => format!("{own}&{query}"),
            None => query,
        };
        address.set_query(Some(&query));
        Ok(address)
    }

    /// The base64 form field for HTTP-POST, with an enveloped signature. Bindings 3.5.4, core 5.4.
    pub(super) fn post(&self, key: &OwnKey) -> Result<String, Error> {
        self.signed(key).map(|xml| STANDARD.encode(xml))
    }

    /// The request with an enveloped signature.
    pub(super) fn signed(&self, key: &OwnKey) -> Result<String, Error> {
        let digest = STANDARD.encode(Sha256::digest(canonical(&self.render(None)?)?));
        let mut signed_info = Document::new();
        self.write_signed_info(&mut signed_info, key, &digest, true);
        let value = STANDARD.encode(key.sign_for_xml(&canonical(&signed_info.finish())?)?);
        self.render(Some(&Signature { key, digest, value }))
    }

    fn render(&self, signature: Option<&Signature<'_>>) -> Result<String, Error> {
        let issued = self.issued.to_offset(time::UtcOffset::UTC);
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        let issued =
            issued.format(format).map_err(|_| Error::Machinery("the clock is unreadable".to_owned()))?;
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
                self.write_signature(request, signature);
            }
            request.empty("samlp:NameIDPolicy", &[("AllowCreate", "true")]);
        });
        Ok(document.finish())
    }

    fn write_signature(&self, request: &mut Document, signature: &Signature<'_>) {
        request.element("ds:Signature", &[("xmlns:ds", DS)], |element| {
            self.write_signed_info(element, signature.key, &signature.digest, false);
            element.text("ds:SignatureValue", &[], &signature.value);
            element.element("ds:KeyInfo", &[], |info| {
                info.element("ds:X509Data", &[], |data| {
                    data.text("ds:X509Certificate", &[], &signature.key.certificate_base64());
                });
            });
        });
    }

    /// `alone`: the element is canonicalised by itself, so it declares its prefix.
    fn write_signed_info(&self, parent: &mut Document, key: &OwnKey, digest: &str, alone: bool) {
        let declaration: &[(&str, &str)] = if alone { &[("xmlns:ds", DS)] } else { &[] };
        parent.element("ds:SignedInfo", declaration, |info| {
            info.empty("ds:CanonicalizationMethod", &[("Algorithm", EXC_C14N)]);
            info.empty("ds:SignatureMethod", &[("Algorithm", key.algorithm())]);
            info.element("ds:Reference", &[("URI", &format!("#{}", self.id))], |reference| {
                reference.element("ds:Transforms", &[], |transforms| {
                    transforms.empty("ds:Transform", &[("Algorithm", ENVELOPED)]);
                    transforms.empty("ds:Transform", &[("Algorithm", EXC_C14N)]);
                });
                reference.empty("ds:DigestMethod", &[("Algorithm", SHA256)]);
                reference.text("ds:DigestValue", &[], digest);
            });
        });
    }
}

struct Signature<'a> {
    key: &'a OwnKey,
    digest: String,
    value: String,
}

fn canonical(xml: &str) -> Result<Vec<u8>, Error> {
    let none: &[&str] = &[];
    let failed = |_| Error::Machinery("our own request can't be canonicalised".to_owned());
    canonicalize(xml, C14nMode::Exclusive, None, none).map_err(failed)
}

fn deflate(xml: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(xml.as_bytes()).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

fn escape(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

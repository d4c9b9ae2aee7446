//! HTTP-Redirect: a deflated message and a detached signature in the query. Bindings 3.4.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use url::Url;
use url::form_urlencoded::{self, byte_serialize};

use crate::saml::engine::SigningKeys;
use crate::saml::error::{Error, Rule};
use crate::saml::own_key::OwnKey;

/// Longest query that is read, in bytes: browsers and servers carry no more.
const MAX_QUERY: usize = 64 * 1024;
/// Largest message after inflating, in bytes.
const MAX_MESSAGE: usize = 256 * 1024;
/// The only encoding there is. Bindings 3.4.4.1.
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// A message of ours for the query.
pub(in crate::saml) struct Message<'a> {
    /// `SAMLRequest` or `SAMLResponse`.
    pub(in crate::saml) parameter: &'static str,
    /// The document, without an enveloped signature.
    pub(in crate::saml) xml: &'a str,
    /// `RelayState`; left out when empty.
    pub(in crate::saml) relay_state: &'a str,
}

/// The signed address: the signature covers the octets of the message, `RelayState` and `SigAlg` as they stand in
/// the query; the query that the address had before stays in front. Bindings 3.4.4.1.
pub(in crate::saml) fn address(location: &Url, message: &Message<'_>, key: &OwnKey) -> Result<Url, Error> {
    let encoded = STANDARD.encode(deflate(message.xml));
    let mut signed = format!("{}={}", message.parameter, escape(&encoded));
    if !message.relay_state.is_empty() {
        signed = format!("{signed}&RelayState={}", escape(message.relay_state));
    }
    signed = format!("{signed}&SigAlg={}", escape(key.algorithm()));
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

/// What a message is: which of the two parameters carried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::saml) enum Carried {
    /// `SAMLRequest`
    Request,
    /// `SAMLResponse`
    Response,
}

/// A message that arrived in a query, inflated. Nothing in it is verified.
pub(in crate::saml) struct Received {
    pub(in crate::saml) carried: Carried,
    /// The document's octets.
    pub(in crate::saml) xml: Vec<u8>,
    /// `RelayState`, decoded.
    pub(in crate::saml) relay_state: Option<String>,
    signature: Option<Detached>,
}

/// A signature beside the message, and the octets it covers as they came.
struct Detached {
    octets: String,
    algorithm: String,
    value: Vec<u8>,
}

impl Received {
    /// Reads the query as it came over the wire; it is never re-encoded, because the signature covers these octets.
    ///
    /// # Errors
    /// [`Error::Query`] on a parameter that is there twice, both messages, an unknown encoding, or half a signature;
    /// [`Error::TooLarge`], [`Error::NotBase64`] and [`Error::NotDeflated`] on the message itself.
    pub(in crate::saml) fn read(query: &str) -> Result<Self, Error> {
        let parameters = Parameters::read(query)?;
        let (carried, raw) = parameters.message()?;
        if parameters.encoding.is_some_and(|encoding| decode(encoding) != DEFLATE) {
            return Err(Error::Query("its encoding is not DEFLATE"));
        }
        Ok(Self {
            carried,
            xml: inflate(&base64(raw)?)?,
            relay_state: parameters.relay_state.map(decode),
            signature: parameters.signature(carried, raw)?,
        })
    }

    /// The signature over the octets verifies with a key of the metadata. Bindings 3.4.4.1; a signature inside the
    /// document counts for nothing here.
    ///
    /// # Errors
    /// [`Error::Unsigned`] without a signature, [`Error::Algorithm`] or [`Error::Signature`].
    pub(in crate::saml) fn check_query_signature(&self, keys: &SigningKeys) -> Result<(), Error> {
        let signature = self.signature.as_ref().ok_or(Error::Unsigned)?;
        keys.verify_octets(&signature.algorithm, signature.octets.as_bytes(), &signature.value)
    }
}

/// The parameters of the binding, raw; others are passed over.
#[derive(Default)]
struct Parameters<'q> {
    request: Option<&'q str>,
    response: Option<&'q str>,
    relay_state: Option<&'q str>,
    algorithm: Option<&'q str>,
    signature: Option<&'q str>,
    encoding: Option<&'q str>,
}

impl<'q> Parameters<'q> {
    fn read(query: &'q str) -> Result<Self, Error> {
        if query.len() > MAX_QUERY {
            return Err(Error::TooLarge);
        }
        let mut found = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(place) = found.place(&decode(name)) else { continue };
            // The signed octets spell the name plainly; another spelling is another reading.
            if place.replace(value).is_some() || name.contains(['%', '+']) {
                return Err(Error::Query("a parameter is there twice or is spelled oddly"));
            }
        }
        Ok(found)
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<&'q str>> {
        Some(match name {
            "SAMLRequest" => &mut self.request,
            "SAMLResponse" => &mut self.response,
            "RelayState" => &mut self.relay_state,
            "SigAlg" => &mut self.algorithm,
            "Signature" => &mut self.signature,
            "SAMLEncoding" => &mut self.encoding,
            _ => return None,
        })
    }

    fn message(&self) -> Result<(Carried, &'q str), Error> {
        match (self.request, self.response) {
            (Some(raw), None) => Ok((Carried::Request, raw)),
            (None, Some(raw)) => Ok((Carried::Response, raw)),
            _ => Err(Error::Query("it carries no message, or two")),
        }
    }

    /// Message, `RelayState` if it was sent, `SigAlg`, in that order whatever their order in the query.
    fn signature(&self, carried: Carried, message: &str) -> Result<Option<Detached>, Error> {
        let (algorithm, value) = match (self.algorithm, self.signature) {
            (Some(algorithm), Some(value)) => (algorithm, value),
            (None, None) => return Ok(None),
            _ => return Err(Error::Query("it carries half a signature")),
        };
        let parameter = match carried {
            Carried::Request => "SAMLRequest",
            Carried::Response => "SAMLResponse",
        };
        let relay_state = self.relay_state.map_or(String::new(), |raw| format!("&RelayState={raw}"));
        Ok(Some(Detached {
            octets: format!("{parameter}={message}{relay_state}&SigAlg={algorithm}"),
            algorithm: decode(algorithm),
            value: base64(value)?,
        }))
    }
}

/// Decodes one name or value: read as a query of one pair without `=`, it is that pair's name.
fn decode(raw: &str) -> String {
    let raw = raw.replace('=', "%3D");
    form_urlencoded::parse(raw.as_bytes()).next().map_or(String::new(), |(name, _)| name.into_owned())
}

fn base64(raw: &str) -> Result<Vec<u8>, Error> {
    let text: String = decode(raw).split(['\r', '\n']).collect();
    STANDARD.decode(text).map_err(|_| Error::NotBase64)
}

/// Inflates a whole stream and nothing after it, within bounds.
fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Error> {
    let most = u64::try_from(MAX_MESSAGE + 1).unwrap_or(u64::MAX);
    let mut decoder = DeflateDecoder::new(deflated);
    let mut message = Vec::new();
    decoder.by_ref().take(most).read_to_end(&mut message).map_err(|_| Error::NotDeflated)?;
    if message.len() > MAX_MESSAGE {
        return Err(Error::TooLarge);
    }
    if decoder.into_inner().is_empty() { Ok(message) } else { Err(Error::Forbidden(Rule::Trailing)) }
}

fn deflate(xml: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(xml.as_bytes()).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

fn escape(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, xml: &str) -> String {
        format!("{name}={}", escape(&STANDARD.encode(deflate(xml))))
    }

    fn refused(query: &str) -> Error {
        Received::read(query).err().unwrap()
    }

    #[test]
    fn a_message_comes_back_as_it_was_sent() {
        let sent = format!("tenant=1&{}&RelayState=a%26b+c", query("SAMLRequest", "<a/>"));
        let received = Received::read(&sent).unwrap();
        assert_eq!(received.carried, Carried::Request);
        assert_eq!(received.xml, b"<a/>");
        assert_eq!(received.relay_state.as_deref(), Some("a&b c"));
    }

    #[test]
    fn the_signed_octets_are_the_raw_ones_in_the_bindings_order() {
        let message = query("SAMLResponse", "<a/>").replace("%2B", "%2b");
        let sent = format!("Signature=AAAA&SigAlg=urn%3ax&RelayState=%7e&{message}");
        let signature = Received::read(&sent).unwrap().signature.unwrap();
        assert_eq!(signature.octets, format!("{message}&RelayState=%7e&SigAlg=urn%3ax"));
        assert_eq!(signature.algorithm, "urn:x");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let message = query("SAMLRequest", "<a/>");
        for odd in [
            format!("{message}&{message}"),
            format!("{message}&SAMLResponse="),
            format!("{message}&RelayState=a&RelayState=a"),
            format!("{message}&Relay%53tate=a"),
            format!("{message}&SigAlg=a"),
            format!("{message}&Signature=AAAA"),
            format!("{message}&SAMLEncoding=none"),
            "RelayState=a".to_owned(),
        ] {
            assert!(matches!(refused(&odd), Error::Query(_)), "{odd}");
        }
    }

    #[test]
    fn a_deflate_bomb_and_trailing_octets_are_refused() {
        assert!(matches!(refused(&query("SAMLRequest", &"a".repeat(MAX_MESSAGE + 1))), Error::TooLarge));
        assert!(matches!(refused(&format!("SAMLRequest={}", "A".repeat(MAX_QUERY))), Error::TooLarge));
        let mut deflated = deflate("<a/>");
        deflated.extend(b"<b/>");
        let trailing = format!("SAMLRequest={}", escape(&STANDARD.encode(deflated)));
        assert!(matches!(refused(&trailing), Error::Forbidden(Rule::Trailing)));
        assert!(matches!(refused("SAMLRequest=%21"), Error::NotBase64));
        let plain = format!("SAMLRequest={}", escape(&STANDARD.encode("<a/>")));
        assert!(matches!(refused(&plain), Error::NotDeflated));
    }
}

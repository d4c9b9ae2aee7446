//! A logout message on its way in: what carried it, and what its signature covers.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::IdpName;
use crate::saml::binding::redirect::{Carried, Received};
use crate::saml::decryption::Decryption;
use crate::saml::engine::SigningKeys;
use crate::saml::error::{Error, Rule};
use crate::saml::guard::{self, Guarded, Root};
use crate::saml::idp_metadata::IdpMetadata;
use crate::saml::logout::rules::Expected;
use crate::saml::settings::Binding;
use crate::saml::xml::{DS, Node, SAML, child, plain_text};

/// Longest `RelayState` that we give back, in bytes. Bindings 3.4.3 allow 80; identity providers send addresses.
const MAX_RELAY_STATE: usize = 2048;

/// What arrived at our single logout service. Nothing in it is verified.
pub struct LogoutMessage {
    carried: Carried,
    relay_state: Option<String>,
    body: Body,
}

enum Body {
    /// HTTP-Redirect: inflated, with a detached signature.
    Query(Box<Received>),
    /// HTTP-POST: base64.
    Form(String),
}

impl LogoutMessage {
    /// HTTP-Redirect: the query as it came over the wire.
    ///
    /// # Errors
    /// When it can't be read, or in two ways.
    pub fn from_query(query: &str) -> Result<Self, Error> {
        let received = Received::read(query)?;
        check_relay_state(received.relay_state.as_deref())?;
        Ok(Self {
            carried: received.carried,
            relay_state: received.relay_state.clone(),
            body: Body::Query(Box::new(received)),
        })
    }

    /// HTTP-POST: the form's fields.
    ///
    /// # Errors
    /// Without a message, or with both.
    pub fn from_form(
        saml_request: Option<String>,
        saml_response: Option<String>,
        relay_state: Option<String>,
    ) -> Result<Self, Error> {
        let (carried, field) = match (saml_request, saml_response) {
            (Some(field), None) => (Carried::Request, field),
            (None, Some(field)) => (Carried::Response, field),
            _ => return Err(Error::Query("it carries no message, or two")),
        };
        check_relay_state(relay_state.as_deref())?;
        Ok(Self { carried, relay_state, body: Body::Form(field) })
    }

    /// Whether it is `SAMLRequest`; else it is `SAMLResponse`.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.carried == Carried::Request
    }

    /// `RelayState`, when sent.
    #[must_use]
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    pub(super) fn binding(&self) -> Binding {
        match self.body {
            Body::Query(_) => Binding::Redirect,
            Body::Form(_) => Binding::Post,
        }
    }

    /// Bytes that it holds.
    pub(super) fn size(&self) -> usize {
        match &self.body {
            Body::Query(received) => received.xml.len(),
            Body::Form(field) => field.len(),
        }
    }

    /// `InResponseTo`, unverified.
    pub(super) fn in_response_to(&self) -> Result<String, Error> {
        let bytes = self.bytes()?;
        let guarded = guard::inspect(&bytes, Root::LogoutResponse)?;
        guarded.root().attribute("InResponseTo").map(str::to_owned).ok_or(Error::InResponseTo)
    }

    fn bytes(&self) -> Result<Cow<'_, [u8]>, Error> {
        match &self.body {
            Body::Query(received) => Ok(Cow::Borrowed(&received.xml)),
            Body::Form(field) => guard::decode(field).map(Cow::Owned),
        }
    }
}

/// What comes back with our answer is not used to send much.
fn check_relay_state(relay_state: Option<&str>) -> Result<(), Error> {
    if relay_state.is_some_and(|state| state.len() > MAX_RELAY_STATE) { Err(Error::TooLarge) } else { Ok(()) }
}

/// An identity provider whose keys may count.
pub(super) struct Party {
    pub(super) name: IdpName,
    pub(super) metadata: Arc<IdpMetadata>,
    /// What opens what it encrypts.
    pub(super) decryption: Decryption,
    /// What its messages must fit.
    pub(super) expected: Expected,
}

/// The guard, then the signature by the keys of the one party that the message says it is from. What comes out are the
/// octets that the signature covers: nothing else is read as true.
pub(super) fn verified<'p>(
    message: &LogoutMessage,
    kind: Root,
    parties: &'p [Party],
) -> Result<(&'p Party, String), Error> {
    let bytes = message.bytes()?;
    let guarded = guard::inspect(&bytes, kind)?;
    let party = sender(guarded.root(), parties)?;
    let xml = match &message.body {
        Body::Query(received) => {
            check_no_enveloped_signature(&guarded)?;
            received.check_query_signature(&party.metadata.keys).map_err(|error| match error {
                Error::Unsigned => Error::LogoutUnsigned,
                other => other,
            })?;
            guarded.text.to_owned()
        }
        Body::Form(_) => enveloped(&guarded, &party.metadata.keys)?,
    };
    check_same_message(&guarded, &xml)?;
    Ok((party, xml))
}

/// Whose keys count: the configured identity provider that `Issuer` names.
fn sender<'p>(root: Node<'_, '_>, parties: &'p [Party]) -> Result<&'p Party, Error> {
    let issuer = child(root, SAML, "Issuer").and_then(plain_text);
    let party = parties.iter().find(|party| issuer == Some(&party.metadata.entity_id));
    party.ok_or(Error::Issuer)
}

/// A message in a query has no signature inside: it would count for nothing. Bindings 3.4.4.1.
fn check_no_enveloped_signature(guarded: &Guarded<'_>) -> Result<(), Error> {
    if child(guarded.root(), DS, "Signature").is_none() {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::SignaturePlace))
    }
}

/// A message in a form is signed as a whole. Profiles 4.4.3.1, 4.4.4.1; core 5.4.
fn check_covers_message(covers_root: bool) -> Result<(), Error> {
    if covers_root { Ok(()) } else { Err(Error::LogoutUnsigned) }
}

/// The octets that the signature inside covers.
fn enveloped(guarded: &Guarded<'_>, keys: &SigningKeys) -> Result<String, Error> {
    let signatures = guarded.signatures();
    check_covers_message(signatures.cover_root)?;
    Ok(keys.verify(&guarded.signed(&signatures))?.as_str().to_owned())
}

/// The verified octets are the message that the guard saw, of the same shape.
fn check_same_message(guarded: &Guarded<'_>, xml: &str) -> Result<(), Error> {
    let document = guard::parse(xml)?;
    let root = document.root_element();
    guard::inspect_verified(root)?;
    let same = root.tag_name() == guarded.root().tag_name()
        && root.attribute("ID") == guarded.root().attribute("ID");
    if same { Ok(()) } else { Err(Error::VerifiedOther) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verified_octets_of_another_message_than_the_guarded_one_are_refused() {
        let message = |id: &str, name: &str| {
            format!(
                "<p:{name} xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"{id}\">\
                 <a:Issuer xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\">i</a:Issuer>\
                 <p:Status><p:StatusCode Value=\"v\"/></p:Status></p:{name}>"
            )
        };
        let seen = message("_1", "LogoutResponse");
        let guarded = guard::inspect(seen.as_bytes(), Root::LogoutResponse).unwrap();
        assert!(check_same_message(&guarded, &seen).is_ok());
        for other in [message("_2", "LogoutResponse"), message("_1", "Response")] {
            assert!(matches!(check_same_message(&guarded, &other), Err(Error::VerifiedOther)));
        }
        let misshapen = seen.replace("</a:Issuer>", "</a:Issuer>text");
        assert!(matches!(check_same_message(&guarded, &misshapen), Err(Error::Forbidden(_))));
    }
}

//! How messages travel: SAML bindings.

pub(super) mod artifact;
pub(super) mod back_channel;
pub(super) mod redirect;
pub(super) mod soap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::error::Error;
use super::idp_metadata::Endpoint;
use super::own_key::OwnKey;
use super::settings::Binding;
use super::signer::{self, Signature};

/// A message of ours that a signature can stand in.
pub(super) trait Render {
    /// Its `ID`.
    fn id(&self) -> &str;

    /// The document, with a signature or without.
    ///
    /// # Errors
    /// When a time can't be written.
    fn render(&self, signature: Option<&Signature<'_>>) -> Result<String, Error>;

    /// The document with an enveloped signature. Core 5.4.
    ///
    /// # Errors
    /// When our key can't sign.
    fn signed(&self, key: &OwnKey) -> Result<String, Error> {
        signer::sign(self.id(), key, |signature| self.render(signature))
    }
}

/// A signed message on its way.
pub(super) enum Sent {
    /// The whole address. Bindings 3.4.
    Redirect(Url),
    /// The base64 form field. Bindings 3.5.
    Post(String),
}

/// Signs `message` as the endpoint's binding wants it: beside it in the query, or inside it.
///
/// # Errors
/// When our key can't sign.
pub(super) fn send(
    endpoint: &Endpoint,
    parameter: &'static str,
    message: &impl Render,
    relay_state: &str,
    key: &OwnKey,
) -> Result<Sent, Error> {
    match endpoint.binding {
        Binding::Redirect => {
            let message = redirect::Message { parameter, xml: &message.render(None)?, relay_state };
            redirect::address(&endpoint.location, &message, key).map(Sent::Redirect)
        }
        Binding::Post => Ok(Sent::Post(STANDARD.encode(message.signed(key)?))),
    }
}

//! Answers that nobody here asked for: whose they say they are, and the same verification as for all others.
//! Profiles 4.1.5.

use std::sync::Arc;
use std::time::Duration;

use crate::model::IdpName;

use super::ServiceProvider;
use super::assertion::VerifiedAssertion;
use super::error::Error;
use super::guard::{self, Guarded, Root};
use super::idp_metadata::IdpMetadata;
use super::refused::Refused;
use super::resolution::Delivered;
use super::settings::IdpInitiated;
use super::xml::{Node, SAML, child, plain_text};

/// How long ago such an answer may have been issued: it comes straight from the identity provider's page.
pub(super) const OLDEST: Duration = Duration::from_mins(5);

/// Who may begin a sign-in.
struct Sender {
    metadata: Arc<IdpMetadata>,
    name: IdpName,
    may: IdpInitiated,
}

impl ServiceProvider {
    /// Whom an answer says it is from that nobody asked for, and what it may do. Read from an unverified message,
    /// past the guard: it tells which keys count, and nothing else.
    ///
    /// # Errors
    /// When the guard forbids it, it answers a request, or its issuer may not begin a sign-in.
    pub async fn unsolicited_sender(&self, saml_response: &str) -> Result<(IdpName, IdpInitiated), Error> {
        let senders = self.senders();
        check_some_may_begin(&senders)?;
        let field = saml_response.to_owned();
        self.verifying_unasked.run(field.len(), move || sender(&field, senders)).await
    }

    /// Runs every check on an answer of `idp` that nobody asked for: those of [`Self::verify`], with no request that
    /// it could name. The caller still has to ask the person.
    ///
    /// # Errors
    /// The first check that fails, and what the message said.
    pub async fn verify_unsolicited(
        &self,
        saml_response: String,
        idp: &IdpName,
    ) -> Result<VerifiedAssertion, Refused> {
        check_may_be_confirmed(self.idp(idp)?.settings.idp_initiated)?;
        self.run(Delivered::posted(saml_response), idp, None).await
    }

    fn senders(&self) -> Vec<Sender> {
        let now = self.clock.now();
        let may_begin = self.idps.iter().filter(|idp| idp.settings.idp_initiated != IdpInitiated::Off);
        let senders = may_begin.filter_map(|idp| {
            let (name, may) = (idp.settings.name.clone(), idp.settings.idp_initiated);
            Some(Sender { metadata: idp.metadata(now).ok()?, name, may })
        });
        senders.collect()
    }
}

fn sender(field: &str, senders: Vec<Sender>) -> Result<(IdpName, IdpInitiated), Error> {
    let bytes = guard::decode(field)?;
    let guarded = guard::inspect(&bytes, Root::Response)?;
    check_answers_nothing(guarded.root())?;
    let issuer = issuer(&guarded);
    let mut senders = senders.into_iter();
    let sender = senders.find(|sender| issuer == Some(&sender.metadata.entity_id));
    sender.map(|sender| (sender.name, sender.may)).ok_or(Error::Unsolicited)
}

/// The response's own `Issuer`, or its assertion's.
fn issuer<'a>(guarded: &'a Guarded<'_>) -> Option<&'a str> {
    let of = |node| child(node, SAML, "Issuer");
    plain_text(of(guarded.root()).or_else(|| of(guarded.assertion()?))?)
}

/// Where nobody may begin a sign-in, such answers are not even read.
fn check_some_may_begin(senders: &[Sender]) -> Result<(), Error> {
    if senders.is_empty() { Err(Error::Unsolicited) } else { Ok(()) }
}

/// The configuration lets this identity provider's answers be confirmed. Profiles 4.1.5.
fn check_may_be_confirmed(may: IdpInitiated) -> Result<(), Error> {
    if may == IdpInitiated::Confirm { Ok(()) } else { Err(Error::Unsolicited) }
}

/// The answer to a request that has lost its `RelayState` begins no other sign-in. Profiles 4.1.5.
fn check_answers_nothing(response: Node<'_, '_>) -> Result<(), Error> {
    if response.has_attribute("InResponseTo") { Err(Error::InResponseTo) } else { Ok(()) }
}

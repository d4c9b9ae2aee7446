//! Explains a captured answer. Every check of the assertion consumer service runs; what only a live sign-in knows is
//! assumed in the answer's favour and said.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::model::{Finding, Identity, IdpName, RequestOptions};

use super::error::Error;
use super::findings;
use super::guard::{self, Root};
use super::idp::Idp;
use super::response::{Expected, instant_of};
use super::settings::IdpInitiated;
use super::verification::Verification;
use super::xml::{SAML, child, plain_text};
use super::{IdpMetadata, ServiceProvider};

/// A captured answer, and what its owner knows about it.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    /// The base64 form field `SAMLResponse`.
    pub saml_response: String,
    /// The identity provider; by default the one whose entity id the answer names.
    pub idp: Option<IdpName>,
    /// The request it should answer; by default the one it names.
    pub request_id: Option<String>,
}

/// What the assertion consumer service would make of it.
#[derive(Debug)]
pub struct Inspected {
    /// The identity provider whose keys and names were used.
    pub idp: IdpName,
    /// What was taken for granted, in sentences.
    pub assumed: Vec<String>,
    /// What the answer says beside what it had to say.
    pub findings: Vec<Finding>,
    /// Whom it would sign in, or the first check that fails. Never more than the service itself accepts.
    pub verdict: Result<Identity, Error>,
}

impl ServiceProvider {
    /// Runs the checks on a captured answer, at the service provider's clock. Uses nothing up: whether the assertion
    /// was used before stays open.
    ///
    /// # Errors
    /// When no configured identity provider can be told to have sent it.
    pub fn inspect(&self, captured: &Captured) -> Result<Inspected, Error> {
        let xml = guard::decode(&captured.saml_response)?;
        let said = Said::read(&xml);
        let (idp, metadata) = self.sent_by(captured.idp.as_ref(), said.issuer.as_deref())?;
        let request_id = captured.request_id.clone().or(said.in_response_to);
        let assumed = assumed(captured, request_id.as_deref());
        let unasked = self.expected(idp, &metadata);
        let expected = match request_id {
            Some(_) => Expected {
                request_id,
                started_at: said.issued.map_or(unasked.now, |issued| issued.min(unasked.now)),
                requested: self.requested(&idp.settings.name, &RequestOptions::default())?,
                ..unasked
            },
            None => unasked,
        };
        let findings = findings::of_response(&xml, &expected, metadata.keys.fingerprints());
        let is_asked = expected.request_id.is_some();
        let (idp_name, decryption) = (idp.settings.name.clone(), self.decryption(idp));
        let verification =
            Verification { idp: metadata, idp_name, decryption, is_vouched_for: false, expected };
        let verdict = if is_asked || idp.settings.idp_initiated == IdpInitiated::Confirm {
            verification.run(&captured.saml_response).map(|outcome| outcome.identity)
        } else {
            Err(Error::Unsolicited)
        };
        Ok(Inspected { idp: idp.settings.name.clone(), assumed, findings, verdict })
    }

    /// The identity provider of that name, or of that entity id.
    fn sent_by(
        &self,
        name: Option<&IdpName>,
        issuer: Option<&str>,
    ) -> Result<(&Idp, Arc<IdpMetadata>), Error> {
        let now = self.clock.now();
        if let Some(name) = name {
            let idp = self.idp(name)?;
            return Ok((idp, idp.metadata(now)?));
        }
        let mut failed = Error::Issuer;
        for idp in &self.idps {
            match idp.metadata(now) {
                Ok(metadata) if Some(&*metadata.entity_id) == issuer => return Ok((idp, metadata)),
                Ok(_) => {}
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

/// What only a live sign-in knows.
fn assumed(captured: &Captured, request_id: Option<&str>) -> Vec<String> {
    let asked = match (&captured.request_id, request_id) {
        (Some(_), _) => None,
        (None, Some(id)) => {
            Some(format!("this browser had asked, with request {}", Finding::seen("", id).received))
        }
        (None, None) => Some("nobody had asked: the answer names no request".to_owned()),
    };
    let made = request_id.map(|_| {
        "that request was made a moment before the answer, with what the identity provider's own table asks for"
            .to_owned()
    });
    asked.into_iter().chain(made).chain(["the assertion was not used before".to_owned()]).collect()
}

/// What an answer claims, verified by nobody.
#[derive(Default)]
struct Said {
    issuer: Option<String>,
    in_response_to: Option<String>,
    issued: Option<OffsetDateTime>,
}

impl Said {
    fn read(xml: &[u8]) -> Self {
        let Some(document) = guard::read_anyway(xml) else { return Self::default() };
        let root = document.root_element();
        if !Root::Response.is(root) {
            return Self::default();
        }
        let assertion = child(root, SAML, "Assertion");
        let both = || [Some(root), assertion].into_iter().flatten();
        let issuer = both().find_map(|node| child(node, SAML, "Issuer")).and_then(plain_text);
        let instants = both().filter_map(|node| instant_of(node, "IssueInstant").ok().flatten());
        Self {
            issuer: issuer.map(str::to_owned),
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            issued: instants.min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_names_can_not_write_a_line_of_its_own() {
        let said = assumed(&Captured::default(), Some("_1\nIt would be accepted.\u{9b}2J"));
        assert!(said[0].contains("_1") && !said[0].contains(char::is_control), "{said:?}");
    }
}

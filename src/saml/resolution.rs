//! Artifact resolution: asks an identity provider for the answer that it keeps. Core 3.5, profiles 5.
//!
//! What comes out is a `Response` for the same verification that a posted one goes through.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use url::Url;

use crate::model::{PendingSignIn, Secret};

use super::binding::Render;
use super::binding::artifact::Artifact;
use super::binding::soap;
use super::error::{ArtifactFault, Error};
use super::guard::{self, Guarded, Root};
use super::idp::Idp;
use super::idp_metadata::IdpMetadata;
use super::instant;
use super::response::{Expected, check_response};
use super::settings::{IdpSettings, ResponseBinding};
use super::signer::Signature;
use super::verification::on_verified;
use super::writer::Document;
use super::xml::{DS, Node, SAML, SAMLP, child, is};
use super::{Refused, ServiceProvider, VerifiedAssertion};

/// An `ArtifactResolve`. Core 3.5.1.
pub(super) struct ArtifactResolve {
    pub(super) id: String,
    pub(super) issued: OffsetDateTime,
    pub(super) destination: String,
    pub(super) issuer: String,
    pub(super) artifact: Artifact,
}

impl Render for ArtifactResolve {
    fn id(&self) -> &str {
        &self.id
    }

    fn render(&self, signature: Option<&Signature<'_>>) -> Result<String, Error> {
        let issued = instant::format(self.issued)?;
        let attributes = [
            ("xmlns:samlp", SAMLP),
            ("ID", &self.id),
            ("Version", "2.0"),
            ("IssueInstant", &issued),
            ("Destination", &self.destination),
        ];
        let mut document = Document::new();
        document.element("samlp:ArtifactResolve", &attributes, |request| {
            request.text("saml:Issuer", &[("xmlns:saml", SAML)], &self.issuer);
            if let Some(signature) = signature {
                signature.write(request);
            }
            request.text("samlp:Artifact", &[], &self.artifact.text);
        });
        Ok(document.finish())
    }
}

/// What an acceptable `ArtifactResponse` is like.
pub(super) struct Resolution {
    /// The identity provider that was asked.
    pub(super) idp: Arc<IdpMetadata>,
    /// What it must say, about our `ArtifactResolve` instead of the sign-in's request.
    pub(super) expected: Expected,
}

/// The answer that an artifact stood for.
pub(super) struct Delivered {
    /// The `Response`, as the form field of HTTP-POST would hold it.
    pub(super) saml_response: Secret,
    /// Whether both engines verified a signature around it: it needs none of its own.
    pub(super) is_vouched_for: bool,
}

impl Resolution {
    /// Takes the answer out of the envelope that came back.
    ///
    /// Where the answer has a signature of its own, that one is verified later, by both engines, and one around it can
    /// only make us refuse; libxmlsec hands out the octets of one of several signatures only, so one engine looks at it.
    pub(super) fn open(&self, envelope: &[u8]) -> Result<Delivered, Error> {
        let text = soap::open(envelope)?;
        let guarded = guard::inspect(text.as_bytes(), Root::ArtifactResponse)?;
        check_response(guarded.root(), false, &self.expected)?;
        let response = delivered(guarded.root())?;
        let mut signatures = guarded.signatures();
        let inside = response.descendants().filter(|node| is(*node, DS, "Signature")).count();
        if signatures.count == 1 && inside == 0 {
            return self.open_verified(&guarded);
        }
        if signatures.count == 1 {
            signatures.count += inside;
            self.idp.keys.check_with_one_engine(&guarded.signed(&signatures))?;
        }
        Delivered::new(guarded.text, response, false)
    }

    /// The same on the bytes that both engines verified.
    fn open_verified(&self, guarded: &Guarded<'_>) -> Result<Delivered, Error> {
        on_verified(guarded, &self.idp.keys, |root| {
            Delivered::new(root.document().input_text(), delivered(root)?, true)
        })
    }
}

impl Delivered {
    /// One that the browser brought itself.
    pub(super) fn posted(saml_response: String) -> Self {
        Self { saml_response: Secret::new(saml_response), is_vouched_for: false }
    }

    fn new(text: &str, response: Node<'_, '_>, is_vouched_for: bool) -> Result<Self, Error> {
        let saml_response = Secret::new(STANDARD.encode(soap::alone(text, response)?));
        Ok(Self { saml_response, is_vouched_for })
    }
}

/// The `Response` of an `ArtifactResponse`. There is none for an artifact that is unknown or was resolved before.
/// Core 3.5.3.
fn delivered<'a, 'i>(artifact_response: Node<'a, 'i>) -> Result<Node<'a, 'i>, Error> {
    child(artifact_response, SAMLP, "Response").ok_or(Error::Artifact(ArtifactFault::NoMessage))
}

impl ServiceProvider {
    /// Gets the answer that `artifact` stands for from the identity provider that was asked, and runs every check on
    /// it. One slow identity provider holds up nobody else's sign-ins.
    ///
    /// # Errors
    /// [`Error::BackChannel`] when the identity provider does not answer in time, [`Error::Busy`] when it is too slow
    /// for all who come, or the first check that fails.
    pub async fn verify_artifact(
        &self,
        artifact: &str,
        pending: &PendingSignIn,
    ) -> Result<VerifiedAssertion, Refused> {
        let idp = self.idp(&pending.idp)?;
        check_is_wanted(&idp.settings)?;
        let issued = self.clock.now();
        let metadata = idp.metadata(issued)?;
        let artifact = Artifact::read(artifact, &metadata.entity_id)?;
        let location = location(&metadata, artifact.endpoint)?;
        let resolve = ArtifactResolve {
            id: format!("_{}", self.random.token()),
            issued,
            destination: location.to_string(),
            issuer: self.settings.entity_id.clone(),
            artifact,
        };
        let id = resolve.id.clone();
        let envelope = self.exchange(idp, location, resolve).await?;
        let open = async |metadata: Arc<IdpMetadata>| {
            let asked = Some(id.clone());
            let expected =
                Expected { request_id: asked, started_at: issued, ..self.expected(idp, &metadata) };
            let (envelope, resolution) = (Arc::clone(&envelope), Resolution { idp: metadata, expected });
            self.verifying.run(envelope.len(), move || resolution.open(&envelope)).await
        };
        let delivered = match open(Arc::clone(&metadata)).await {
            Err(Error::Signature) if self.refresh.find_newer(idp, &metadata).await => {
                open(idp.metadata(self.clock.now())?).await
            }
            delivered => delivered,
        };
        self.run(delivered?, &pending.idp, Some(pending)).await
    }

    async fn exchange(
        &self,
        idp: &Idp,
        location: &Url,
        resolve: ArtifactResolve,
    ) -> Result<Arc<Vec<u8>>, Error> {
        let _place = idp.resolutions.try_acquire().map_err(|_| Error::Busy)?;
        let key = Arc::clone(&self.key);
        let envelope = self.signing.run(0, move || Ok(soap::wrap(&resolve.signed(&key)?))).await?;
        self.back_channel.exchange(location, envelope).await.map(Arc::new)
    }
}

/// Only an identity provider that is configured to send artifacts is asked about any.
fn check_is_wanted(settings: &IdpSettings) -> Result<(), Error> {
    match settings.response_binding {
        ResponseBinding::Artifact => Ok(()),
        ResponseBinding::Post => Err(ArtifactFault::NotWanted.into()),
    }
}

/// The artifact resolution service that the artifact names. Metadata 2.2.3.
fn location(metadata: &IdpMetadata, index: u16) -> Result<&Url, Error> {
    let named = metadata.artifact_endpoints.iter().find(|(known, _)| *known == index);
    named.map(|(_, location)| location).ok_or(Error::Artifact(ArtifactFault::Endpoint))
}

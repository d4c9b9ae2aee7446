//! A request that is not granted, on its way to the boundary.

use std::ops::Deref;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::audit::{self, Event};
use crate::model::{
    Blame, Blamed as _, Code, Destination, Finding, Identity, IdpName, InstanceName, StateUnavailable, Trace,
    code,
};
use crate::sign_in::SignInError;

/// Why a request is not granted. The boundary makes the page and the audit line.
#[derive(Debug, Clone)]
pub(super) struct Refusal(Box<Reason>);

/// What a refusal knows.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    pub(super) code: &'static Code,
    pub(super) status: StatusCode,
    /// For the audit line only.
    pub(super) cause: String,
    /// The administrator's sentence for the person.
    pub(super) message: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) event: Event,
    pub(super) idp: Option<IdpName>,
    pub(super) instance: Option<InstanceName>,
    pub(super) destination: Option<Destination>,
    /// What the rules said, when they were asked.
    pub(super) trace: Option<Trace>,
    /// What the refused message said: for the audit line only.
    pub(super) findings: Vec<Finding>,
    /// Whether the person's session lives on.
    pub(super) signed_in: bool,
    /// Whom it is about, when that was verified: for the console only.
    pub(super) identity: Option<Identity>,
    /// Whether it is known who asked, though not told here.
    is_known: bool,
}

impl Reason {
    /// Whether nobody knows who asked: neither a session nor an identity provider's word was there.
    pub(super) fn is_anonymous(&self) -> bool {
        !(self.is_known || self.signed_in || self.identity.is_some())
    }
}

impl Deref for Refusal {
    type Target = Reason;

    fn deref(&self) -> &Reason {
        &self.0
    }
}

impl Refusal {
    /// A refusal of the web layer itself.
    pub(super) fn new(code: &'static Code, cause: impl Into<String>) -> Self {
        Self(Box::new(Reason {
            code,
            status: status(code),
            cause: cause.into(),
            message: None,
            retry_after: None,
            event: Event::Request,
            idp: None,
            instance: None,
            destination: None,
            trace: None,
            findings: Vec::new(),
            signed_in: false,
            identity: None,
            is_known: false,
        }))
    }

    /// A refusal of a journey.
    pub(super) fn of(error: &SignInError) -> Self {
        let mut refusal = Self::new(error.code(), audit::cause(error));
        refusal.0.message = error.message_for_person().map(str::to_owned);
        refusal.0.retry_after = error.retry_after();
        refusal.0.trace = error.trace().cloned();
        refusal.0.findings = error.findings().to_vec();
        refusal.0.identity = error.identity().cloned();
        // The identity provider signed what was refused.
        refusal.0.is_known = [&code::SAML_REPLAY, &code::SAML_NOT_REMEMBERED].contains(&error.code());
        if let Some(ask) = error.ask() {
            refusal = refusal.towards(&ask.instance, ask.destination.as_ref()).with_idp(ask.idp.as_ref());
        }
        refusal
    }

    /// What was being done.
    pub(super) fn during(mut self, event: Event) -> Self {
        self.0.event = event;
        self
    }

    /// Where the person wanted to go, so that they can try again.
    pub(super) fn towards(mut self, instance: &InstanceName, destination: Option<&Destination>) -> Self {
        self.0.instance = Some(instance.clone());
        self.0.destination = destination.cloned();
        self
    }

    /// The identity provider concerned.
    pub(super) fn with_idp(mut self, idp: Option<&IdpName>) -> Self {
        self.0.idp = idp.cloned();
        self
    }

    /// The person's session lives on.
    pub(super) fn signed_in(mut self) -> Self {
        self.0.signed_in = true;
        self
    }

    /// Who asked is known, by a session or an identity provider's word.
    pub(super) fn known(mut self) -> Self {
        self.0.is_known = true;
        self
    }

    /// The same request is worth repeating after this.
    pub(super) fn after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Another status than the code's own, where HTTP has a better one.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// The refusal behind a response that says no and has no page yet.
    pub(super) fn behind(response: &Response) -> Option<Self> {
        let status = response.status();
        if let Some(refusal) = response.extensions().get::<Self>() {
            return Some(refusal.clone());
        }
        if !(status.is_client_error() || status.is_server_error()) {
            return None;
        }
        let code = match status {
            StatusCode::NOT_FOUND => &code::WEB_NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED => &code::WEB_METHOD_NOT_ALLOWED,
            StatusCode::PAYLOAD_TOO_LARGE => &code::WEB_TOO_LARGE,
            _ if status.is_client_error() => &code::WEB_BAD_REQUEST,
            _ => &code::GATEWAY_INTERNAL,
        };
        let refusal = Self::new(code, format!("answered with {status}"));
        Some(if status == StatusCode::REQUEST_TIMEOUT { refusal.with_status(status) } else { refusal })
    }
}

impl From<StateUnavailable> for Refusal {
    fn from(error: StateUnavailable) -> Self {
        let mut refusal = Self::new(error.code(), error.to_string());
        refusal.0.retry_after = error.retry_after();
        refusal
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The status of a code. A 5xx says that something is down: nothing a request contains leads to one.
#[must_use]
pub fn status(code: &Code) -> StatusCode {
    match code.id {
        "web.not_found"
        | "sign_in.unknown_instance"
        | "sign_in.unknown_destination"
        | "sign_in.unknown_idp" => StatusCode::NOT_FOUND,
        "web.method_not_allowed" => StatusCode::METHOD_NOT_ALLOWED,
        "web.too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "web.too_many_requests" => StatusCode::TOO_MANY_REQUESTS,
        "saml.status" => StatusCode::FORBIDDEN,
        // An answer that two engines read differently is a hostile one, not an outage.
        "saml.engines_disagree" => StatusCode::BAD_REQUEST,
        "saml.metadata"
        | "saml.back_channel"
        | "federation.credentials"
        | "gateway.clock"
        | "gateway.state_full"
        | "gateway.state_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        _ => match code.blame {
            Blame::Person | Blame::IdpOwner => StatusCode::BAD_REQUEST,
            Blame::Admin => StatusCode::FORBIDDEN,
            Blame::Aws | Blame::Wait => StatusCode::SERVICE_UNAVAILABLE,
            Blame::Gateway => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_outages_and_our_own_bugs_are_5xx() {
        let down: Vec<&str> =
            code::ALL.iter().filter(|code| status(code).is_server_error()).map(|code| code.id).collect();
        assert_eq!(
            down,
            [
                "admin.busy",
                "gateway.internal",
                "gateway.clock",
                "gateway.state_unavailable",
                "gateway.state_full",
                "saml.back_channel",
                "saml.metadata",
                "saml.busy",
                "connect.unavailable",
                "federation.credentials",
                "federation.unavailable",
                "busy",
            ]
        );
    }
}

//! The pages: what each template is given. Templates escape everything by default.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use url::Url;

use super::headers::{Csp, MayBeFramed};
use super::refusal::Refusal;
use crate::model::{Blame, Code, code};

/// The style sheet inside every page. The CSP allows it by its hash.
pub(super) const STYLE: &str = include_str!("../../templates/style.css");

/// Submits the page's form. The CSP allows it by its hash.
pub(super) const SCRIPT: &str = include_str!("../../templates/submit.js");

/// Goes on, by form or link, when the page's frames have loaded or a few seconds have passed. The same.
pub(super) const LEAVE: &str = include_str!("../../templates/leave.js");

/// Marks a response that has its page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rendered;

/// A link with the person's words for it.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) href: String,
    /// More places in it.
    pub(super) places: Vec<Place>,
}

/// A named place in an instance.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) href: String,
}

/// Choose an instance.
#[derive(Template)]
#[template(path = "choose.html")]
pub(super) struct Choose<'a> {
    pub(super) site: &'a str,
    pub(super) choices: Vec<Choice>,
}

/// Choose an identity provider.
#[derive(Template)]
#[template(path = "choose_idp.html")]
pub(super) struct ChooseIdp<'a> {
    pub(super) site: &'a str,
    pub(super) choices: Vec<Place>,
}

/// Ask whether it is them, before a sign-in that they did not begin here.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(super) struct Confirm<'a> {
    pub(super) site: &'a str,
    pub(super) idp: &'a str,
    pub(super) username: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) token: &'a str,
}

/// Go on to another page of ours.
#[derive(Template)]
#[template(path = "onward.html")]
pub(super) struct Onward<'a> {
    pub(super) site: &'a str,
    pub(super) next: &'a str,
}

/// Post the `AuthnRequest`.
#[derive(Template)]
#[template(path = "authn_request.html")]
pub(super) struct AuthnRequest<'a> {
    pub(super) site: &'a str,
    pub(super) action: &'a str,
    pub(super) saml_request: &'a str,
    pub(super) relay_state: &'a str,
}

/// Enter the instance.
#[derive(Template)]
#[template(path = "hand_off.html")]
pub(super) struct HandOffForm<'a> {
    pub(super) site: &'a str,
    pub(super) action: &'a str,
    pub(super) credentials: &'a str,
    pub(super) destination: &'a str,
}

/// Wait for a turn.
#[derive(Template)]
#[template(path = "waiting.html")]
pub(super) struct Waiting<'a> {
    pub(super) site: &'a str,
    pub(super) seconds: u64,
    pub(super) here: &'a str,
}

/// An error.
#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct Error<'a> {
    pub(super) site: &'a str,
    pub(super) code: &'static Code,
    pub(super) message: Option<&'a str>,
    pub(super) support: Option<&'a str>,
    pub(super) support_id: &'a str,
    pub(super) time: &'a str,
    pub(super) again: &'a str,
    /// Whether a session stands behind it: another person may want to sign in instead.
    pub(super) signed_in: bool,
}

impl Error<'_> {
    fn who(&self) -> &'static str {
        match self.code.blame {
            Blame::Person => "You can put this right yourself.",
            Blame::Admin => "Your contact-centre administrator has to put this right.",
            Blame::IdpOwner => "The team that runs your company's sign-in service has to put this right.",
            Blame::Aws => "Amazon Web Services has to put this right. It usually passes quickly.",
            Blame::Wait => "Nobody has to do anything. Wait a moment and try again.",
            Blame::Gateway => "The people who run this sign-in gateway have to put this right.",
        }
    }
}

/// Ask before signing out.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(super) struct SignOut<'a> {
    pub(super) site: &'a str,
    /// Whether the identity provider can be asked to end its session too.
    pub(super) everywhere: bool,
}

/// On the way to the identity provider, signed out already.
#[derive(Template)]
#[template(path = "signing_out.html")]
pub(super) struct SigningOut<'a> {
    pub(super) site: &'a str,
    /// Where instances end their own sessions.
    pub(super) frames: Vec<&'a str>,
    pub(super) onward: ToIdp<'a>,
}

/// How a page goes on to the identity provider.
pub(super) enum ToIdp<'a> {
    /// HTTP-Redirect.
    Link(&'a str),
    /// HTTP-POST: `field` is `SAMLRequest` or `SAMLResponse`.
    Form { action: &'a str, field: &'static str, message: &'a str, relay_state: &'a str },
}

/// Signed out.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub(super) struct SignedOutPage<'a> {
    pub(super) site: &'a str,
    /// Instances that were entered, each with the address where it ends its own session.
    pub(super) instances: Vec<(String, Option<String>)>,
    /// Whether a session of another browser was ended, which may have entered instances.
    pub(super) elsewhere: bool,
    pub(super) company: Company,
}

/// What is known of the session at the identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Nobody asked it to end.
    NotAsked,
    /// It has ended, and those of its other applications.
    Ended,
    /// Some application's session may live on.
    Partial,
    /// The identity provider failed, or its answer can't be believed.
    Unknown,
}

/// A page with its policy.
pub(super) fn page(template: &impl Template, csp: &Csp) -> Result<Response, Refusal> {
    let html = template
        .render()
        .map_err(|error| Refusal::new(&code::GATEWAY_INTERNAL, format!("rendering a page: {error}")))?;
    let mut response = with_policy(Html(html), csp)?;
    response.extensions_mut().insert(Rendered);
    Ok(response)
}

/// A redirect that pages of `framed_by` may hold in a frame: browsers look at the policy of redirects, too.
pub(super) fn redirect(address: &Url, framed_by: &[Url]) -> Result<Response, Refusal> {
    with_policy(Redirect::to(address.as_str()), &Csp::default().framed_by(framed_by.iter()))
}

fn with_policy(response: impl IntoResponse, csp: &Csp) -> Result<Response, Refusal> {
    let mut response = response.into_response();
    let policy = HeaderValue::from_str(&csp.header())
        .map_err(|_| Refusal::new(&code::GATEWAY_INTERNAL, "a page's policy is not a header value"))?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    if csp.may_be_framed() {
        response.extensions_mut().insert(MayBeFramed);
    }
    Ok(response)
}

/// The error page, or bare words should even that fail.
pub(super) fn error(template: &Error<'_>) -> Response {
    page(template, &Csp::default()).unwrap_or_else(|_| {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{} ({})", template.code.title, template.code.id))
            .into_response()
    })
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;

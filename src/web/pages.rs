//! The pages: what each template is given. Templates escape everything by default.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use url::Url;

use super::headers::{Csp, MayBeFramed};
use super::refusal::Refusal;
use crate::model::words::{Text, Words};
use crate::model::{Brand, Code, code};
use crate::sign_in::OwnValues;

/// The style sheet inside every page. The CSP allows it by its hash.
pub(super) const STYLE: &str = include_str!("../../templates/style.css");

/// Submits the page's form. The CSP allows it by its hash.
pub(super) const SCRIPT: &str = include_str!("../../templates/submit.js");

/// Goes on, by form or link, when the page's frames have loaded or a few seconds have passed. The same.
pub(super) const LEAVE: &str = include_str!("../../templates/leave.js");

/// Copies a value when its button is pressed. The same.
pub(super) const COPY: &str = include_str!("../../templates/copy.js");

/// Counts down to the end of a session. The same.
pub(super) const COUNTDOWN: &str = include_str!("../../templates/countdown.js");

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
    pub(super) site: &'a Brand,
    pub(super) choices: Vec<Choice>,
}

/// Choose an identity provider.
#[derive(Template)]
#[template(path = "choose_idp.html")]
pub(super) struct ChooseIdp<'a> {
    pub(super) site: &'a Brand,
    /// What this browser used last.
    pub(super) last: Option<Place>,
    pub(super) choices: Vec<Place>,
    /// Whether an e-mail address can help.
    pub(super) asks_email: bool,
    pub(super) instance: &'a str,
    pub(super) destination: &'a str,
    /// Whether an e-mail address led nowhere.
    pub(super) unknown_address: bool,
}

/// Ask whether it is them, before a sign-in that they did not begin here.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(super) struct Confirm<'a> {
    pub(super) site: &'a Brand,
    pub(super) idp: &'a str,
    pub(super) username: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) token: &'a str,
}

/// Go on to another page of ours.
#[derive(Template)]
#[template(path = "onward.html")]
pub(super) struct Onward<'a> {
    site: &'a Brand,
    heading: &'a Text,
    next: &'a str,
}

impl<'a> Onward<'a> {
    /// After a sign-in.
    pub(super) fn signed_in(site: &'a Brand, next: &'a str) -> Self {
        Self { site, heading: &site.words.onward.signed_in, next }
    }

    /// After a choice.
    pub(super) fn to_idp(site: &'a Brand, next: &'a str) -> Self {
        Self { site, heading: &site.words.onward.to_idp, next }
    }
}

/// Post the `AuthnRequest`.
#[derive(Template)]
#[template(path = "authn_request.html")]
pub(super) struct AuthnRequest<'a> {
    pub(super) site: &'a Brand,
    pub(super) action: &'a str,
    pub(super) saml_request: &'a str,
    pub(super) relay_state: &'a str,
}

/// Enter the instance.
#[derive(Template)]
#[template(path = "hand_off.html")]
pub(super) struct HandOffForm<'a> {
    pub(super) site: &'a Brand,
    pub(super) action: &'a str,
    pub(super) credentials: &'a str,
    pub(super) destination: &'a str,
}

/// Wait for a turn.
#[derive(Template)]
#[template(path = "waiting.html")]
pub(super) struct Waiting<'a> {
    pub(super) site: &'a Brand,
    /// When the page asks again.
    pub(super) seconds: u64,
    /// When the person's turn comes, where that is further away.
    pub(super) minutes: u64,
    pub(super) here: &'a str,
}

/// What a link to a test leads to, before anything happens: programs that look links over open them too.
#[derive(Template)]
#[template(path = "test_begin.html")]
pub(super) struct TestBegin<'a> {
    pub(super) site: &'a Brand,
    pub(super) here: &'a str,
}

/// The end of a test, for whoever was given a link. It tells nothing of what came of it.
#[derive(Template)]
#[template(path = "test_over.html")]
pub(super) struct TestOver<'a> {
    pub(super) site: &'a Brand,
    pub(super) support_id: &'a str,
    pub(super) time: &'a str,
}

/// An error.
#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct Error<'a> {
    pub(super) site: &'a Brand,
    pub(super) code: &'static Code,
    pub(super) message: Option<&'a str>,
    pub(super) support: Option<&'a str>,
    pub(super) support_id: &'a str,
    pub(super) time: &'a str,
    pub(super) again: &'a str,
    /// Whether an identity provider's answer came in vain: another one is needed.
    pub(super) answer_lost: bool,
    /// Whether a session stands behind it: another person may want to sign in instead.
    pub(super) signed_in: bool,
    /// After how many seconds the page asks again by itself, and where.
    pub(super) refresh: Option<&'a str>,
}

/// Ask before signing out.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(super) struct SignOut<'a> {
    pub(super) site: &'a Brand,
    /// Whether the identity provider can be asked to end its session too.
    pub(super) everywhere: bool,
}

/// On the way to the identity provider, signed out already.
#[derive(Template)]
#[template(path = "signing_out.html")]
pub(super) struct SigningOut<'a> {
    pub(super) site: &'a Brand,
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
    pub(super) site: &'a Brand,
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

/// What the administrator of an identity provider enters there.
#[derive(Template)]
#[template(path = "setup.html")]
pub(super) struct SetupPage<'a> {
    pub(super) site: &'a Brand,
    pub(super) own: &'a OwnValues,
    /// Whether we have a key to open what is encrypted.
    pub(super) encrypts: bool,
    pub(super) idps: Vec<IdpView>,
    pub(super) certificates: Vec<CertificateView<'a>>,
}

/// One identity provider of that page.
pub(super) struct IdpView {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) guide: String,
    pub(super) start_id: String,
    pub(super) start_url: String,
    /// Empty: none is asked for.
    pub(super) name_id_formats: Vec<String>,
    pub(super) signed: &'static str,
    pub(super) answers: &'static str,
    pub(super) unasked: &'static str,
    pub(super) may_use_cbc: bool,
    pub(super) rows: Vec<AttributeRow>,
}

/// One value and the attributes it is looked for in.
pub(super) struct AttributeRow {
    pub(super) value: &'static str,
    pub(super) names: Vec<String>,
}

/// One certificate of that page.
pub(super) struct CertificateView<'a> {
    pub(super) is_signing: bool,
    pub(super) ends: String,
    pub(super) fingerprint_id: String,
    pub(super) pem_id: String,
    pub(super) sha256: &'a str,
    pub(super) pem: &'a str,
}

/// When a session ends, and the way to a new one.
#[derive(Template)]
#[template(path = "renew.html")]
pub(super) struct RenewPage<'a> {
    pub(super) site: &'a Brand,
    pub(super) instance: &'a str,
    /// `None`: it has ended, or there was none.
    pub(super) left: Option<Left>,
    /// After how many seconds the page is loaded again where there is no JavaScript.
    pub(super) refresh: Option<u64>,
    pub(super) renew: String,
    pub(super) sign_in: String,
    /// This page, without loading itself again.
    pub(super) still: String,
}

/// What is left of a session.
pub(super) struct Left {
    pub(super) ends: String,
    pub(super) ends_iso: String,
    pub(super) seconds: u64,
    pub(super) hours: u64,
    pub(super) minutes: u64,
    /// Seconds before the end from which on the page warns.
    pub(super) warning: u64,
}

impl Left {
    pub(super) fn is_soon(&self) -> bool {
        self.seconds <= self.warning
    }

    /// The hours and minutes, without those that are none.
    fn in_words(&self, words: &Words) -> String {
        let hours = words.renew.hours.of(self.hours);
        let minutes = words.renew.minutes.of(self.minutes);
        match (self.hours, self.minutes) {
            (0, _) => minutes,
            (_, 0) => hours,
            _ => format!("{hours} {minutes}"),
        }
    }
}

impl RenewPage<'_> {
    fn is_soon(&self) -> bool {
        self.left.as_ref().is_some_and(Left::is_soon)
    }
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

/// A page with a form that comes back to us, where [`is_our_form`](super::form::is_our_form) tells whose it is.
pub(super) fn with_form(template: &impl Template) -> Result<Response, Refusal> {
    let mut response = page(template, &Csp::form_to_self())?;
    // Without a referrer, browsers send `Origin: null` with the form, and we could not tell whose it is.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
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
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("{} ({})", template.site.words.title(template.code), template.code.id),
        )
            .into_response()
    })
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;

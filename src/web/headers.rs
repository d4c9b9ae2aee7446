//! Security headers, in one place.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use url::{Origin, Url};

use super::Site;
use super::pages::{COPY, COUNTDOWN, LEAVE, SCRIPT, STYLE};
use crate::model::SupportId;

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash(STYLE));
static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| hash(SCRIPT));
static LEAVE_HASH: LazyLock<String> = LazyLock::new(|| hash(LEAVE));
static COPY_HASH: LazyLock<String> = LazyLock::new(|| hash(COPY));
static COUNTDOWN_HASH: LazyLock<String> = LazyLock::new(|| hash(COUNTDOWN));

/// What one page may do beyond showing text: nothing, unless it says so.
#[derive(Debug, Clone, Default)]
pub(super) struct Csp {
    form_action: Option<String>,
    frame_src: Vec<String>,
    frame_ancestors: Vec<String>,
    script: Option<&'static LazyLock<String>>,
}

/// Marks a response that another site's page may frame: its policy says whose.
#[derive(Debug, Clone, Copy)]
pub(super) struct MayBeFramed;

impl Csp {
    /// The page may send its form to us.
    pub(super) fn form_to_self() -> Self {
        Self { form_action: Some("'self'".to_owned()), ..Self::default() }
    }

    /// The page sends its form to one origin by itself.
    pub(super) fn form_to(action: &Url) -> Self {
        Self { form_action: Some(source(&action.origin())), script: Some(&SCRIPT_HASH), ..Self::default() }
    }

    /// The page sends its form to an identity provider by itself. Chromium applies form-action to the
    /// redirects that follow, and an identity provider may redirect to any host of its own.
    pub(super) fn form_to_idp(action: &Url) -> Self {
        let form_action = Some(format!("https: {}", source(&action.origin())));
        Self { form_action, script: Some(&SCRIPT_HASH), ..Self::default() }
    }

    /// The page has buttons that copy what it shows.
    pub(super) fn copying() -> Self {
        Self { script: Some(&COPY_HASH), ..Self::default() }
    }

    /// The page counts down.
    pub(super) fn counting() -> Self {
        Self { script: Some(&COUNTDOWN_HASH), ..Self::default() }
    }

    /// The page may frame these addresses' origins.
    pub(super) fn frames<'a>(urls: impl Iterator<Item = &'a Url>) -> Self {
        Self { frame_src: sources(urls), ..Self::default() }
    }

    /// The page goes on to an identity provider by itself, by a form to this address or by a link.
    pub(super) fn leaving_to(self, action: Option<&Url>) -> Self {
        let form_action = action.map(|action| format!("https: {}", source(&action.origin())));
        Self { form_action, script: Some(&LEAVE_HASH), ..self }
    }

    /// Pages of these addresses' origins may frame the page.
    pub(super) fn framed_by<'a>(self, urls: impl Iterator<Item = &'a Url>) -> Self {
        Self { frame_ancestors: sources(urls), ..self }
    }

    /// Whether any page may frame this one.
    pub(super) fn may_be_framed(&self) -> bool {
        !self.frame_ancestors.is_empty()
    }

    /// The header's value.
    pub(super) fn header(&self) -> String {
        let style = STYLE_HASH.as_str();
        let mut text = format!(
            "default-src 'none'; style-src '{style}'; img-src 'self'; base-uri 'none'; frame-ancestors {}; form-action {}",
            if self.may_be_framed() { self.frame_ancestors.join(" ") } else { "'none'".to_owned() },
            self.form_action.as_deref().unwrap_or("'none'")
        );
        if let Some(hash) = self.script {
            let _ = write!(text, "; script-src '{}'", hash.as_str());
        }
        if !self.frame_src.is_empty() {
            let _ = write!(text, "; frame-src {}", self.frame_src.join(" "));
        }
        text
    }
}

/// The browser features that no page here uses.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    microphone=(), payment=(), usb=()";

/// Puts on what every response carries, where the page itself has not said otherwise.
pub(super) fn apply(site: &Site, path: &str, support_id: &SupportId, response: &mut Response) {
    let csp = Csp::default().header();
    let may_be_framed = response.extensions().get::<MayBeFramed>().is_some();
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(is_html);
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().entry(name).or_insert(value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, &csp);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !may_be_framed {
        // This header can't name an origin.
        set(header::X_FRAME_OPTIONS, "DENY");
    }
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), opener_policy(path));
    set(HeaderName::from_static("x-request-id"), support_id.as_str());
    if is_page && !site.translated.is_empty() {
        set(header::VARY, "accept-language");
    }
    if site.public_url.scheme() == "https" {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

fn is_html(content_type: &HeaderValue) -> bool {
    content_type.as_bytes().starts_with(b"text/html")
}

/// Agent desktops open `/go` in a pop-up and close it once the agent is in. Any stricter policy on the
/// way would cut the pop-up off from its opener.
fn opener_policy(path: &str) -> &'static str {
    let journey = path.starts_with("/go/")
        || path.starts_with("/renew/")
        || ["/", "/sign-in", "/sign-in/choose", "/sign-in/confirm", "/discovery", "/saml/acs"]
            .contains(&path);
    if journey { "unsafe-none" } else { "same-origin" }
}

/// An origin as a CSP source. One that can't be named matches nothing.
fn source(origin: &Origin) -> String {
    if origin.is_tuple() { origin.ascii_serialization() } else { "'none'".to_owned() }
}

fn sources<'a>(urls: impl Iterator<Item = &'a Url>) -> Vec<String> {
    let mut sources: Vec<String> = urls.map(|url| source(&url.origin())).collect();
    sources.sort();
    sources.dedup();
    sources
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn a_page_that_asks_for_nothing_may_do_nothing() {
        let csp = Csp::default().header();
        for directive in
            ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"]
        {
            assert!(csp.contains(directive), "{csp}");
        }
        assert!(!csp.contains("script-src") && !csp.contains("unsafe"), "{csp}");
    }

    #[test]
    fn a_page_that_copies_or_counts_runs_that_script_and_sends_nothing() {
        for (csp, script) in [(Csp::copying(), COPY), (Csp::counting(), COUNTDOWN)] {
            let csp = csp.header();
            assert!(csp.ends_with(&format!("; script-src '{}'", hash(script))), "{csp}");
            assert!(csp.contains("form-action 'none'") && csp.contains("frame-ancestors 'none'"), "{csp}");
        }
    }

    #[test]
    fn a_hand_off_may_be_posted_to_its_instance_only() {
        let csp = Csp::form_to(&url("https://acme.my.connect.aws/auth/sign-in?x=y")).header();
        assert!(csp.contains("form-action https://acme.my.connect.aws; script-src"), "{csp}");
    }

    #[test]
    fn a_request_may_be_posted_to_an_identity_provider_that_redirects() {
        let csp = Csp::form_to_idp(&url("http://127.0.0.1:9000/sso")).header();
        assert!(csp.contains("form-action https: http://127.0.0.1:9000;"), "{csp}");
    }

    #[test]
    fn an_address_without_an_origin_opens_nothing() {
        let csp = Csp::form_to(&url("data:text/html,x")).header();
        assert!(csp.contains("form-action 'none'"), "{csp}");
    }

    #[test]
    fn a_page_on_its_way_out_may_be_framed_by_the_identity_provider_and_nobody_else() {
        let idp = [url("https://idp.test/slo"), url("https://idp.test/slo/response")];
        let csp = Csp::frames([url("https://acme.my.connect.aws/logout")].iter())
            .leaving_to(Some(&idp[0]))
            .framed_by(idp.iter());
        assert!(csp.may_be_framed());
        let csp = csp.header();
        assert!(
            csp.contains("frame-ancestors https://idp.test; form-action https: https://idp.test;"),
            "{csp}"
        );
        assert!(csp.ends_with("; frame-src https://acme.my.connect.aws"), "{csp}");
    }

    #[test]
    fn only_the_way_in_stays_in_touch_with_its_opener() {
        assert_eq!(opener_policy("/go/prod/ccp"), "unsafe-none");
        assert_eq!(opener_policy("/renew/prod"), "unsafe-none");
        assert_eq!(opener_policy("/saml/setup"), "same-origin");
        assert_eq!(opener_policy("/sign-out"), "same-origin");
    }
}

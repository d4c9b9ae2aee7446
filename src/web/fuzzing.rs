//! A door for `fuzz/`: the private readers of this room, by the bytes that they meet. Compiled for the fuzzer only.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::{acs, cookies, logout, paths, start, unsolicited};
use crate::model::{Destination, IdpName, InstanceName};
use crate::session;
use crate::sign_in::{self, Answer};

/// What is understood of the `Cookie` headers of one request.
#[derive(Debug, PartialEq, Eq)]
pub struct Cookies {
    /// What is kept of them.
    pub kept: Option<Vec<u8>>,
    /// The browser's secret.
    pub browser_secret: Option<String>,
    /// The session's id, as far as it is one.
    pub session: Option<tower_sessions::session::Id>,
    /// The identity provider that was used last.
    pub last_idp: Option<String>,
    /// Whether a sign-in may be restarted once more.
    pub may_restart: bool,
    /// Whether a sign-in for the instance was completed a moment ago.
    pub has_arrived: bool,
}

/// Reads `Cookie` headers as the boundary does, then as the handlers do.
#[must_use]
pub fn read_cookies<'a>(sent: impl Iterator<Item = &'a [u8]>, instance: &InstanceName) -> Cookies {
    let mut headers = HeaderMap::new();
    for value in sent.filter_map(|bytes| HeaderValue::from_bytes(bytes).ok()) {
        headers.append(COOKIE, value);
    }
    cookies::keep_ours(&mut headers);
    let restarted = unsolicited::restart(&headers, &IdpName::new("company"), None);
    let kept = headers.get(COOKIE).map(|value| value.as_bytes().to_vec());
    Cookies {
        may_restart: restarted.status().is_redirection(),
        last_idp: cookies::last_idp(&headers),
        session: session_id(kept.as_deref()),
        kept,
        browser_secret: cookies::browser_secret(&headers),
        has_arrived: cookies::has_arrived(&headers, instance.as_str()),
    }
}

/// What a form or query brought to the assertion consumer service, from a browser with a cookie.
#[derive(Debug)]
pub enum Brought {
    /// `SAMLResponse`, asked for or not.
    Response(String),
    /// `SAMLart`.
    Artifact(String),
}

/// Reads a form or query that came to the assertion consumer service.
#[must_use]
pub fn read_answer(body: &[u8]) -> Option<Brought> {
    let secret = HeaderValue::from_static("__Host-gateway-sign-in=0123456789012345678901234567890123456789");
    let received = acs::Received::read(body, &HeaderMap::from_iter([(COOKIE, secret)])).ok()?;
    Some(match received {
        acs::Received::Answer(Answer { brought: sign_in::Brought::Response(text), .. }) => {
            Brought::Response(text)
        }
        acs::Received::Answer(Answer { brought: sign_in::Brought::Artifact(text), .. }) => {
            Brought::Artifact(text)
        }
        acs::Received::Unsolicited(unsolicited) => Brought::Response(unsolicited.saml_response),
    })
}

/// Whether a form that was posted to the single logout service holds a message.
#[must_use]
pub fn reads_logout(body: &[u8]) -> bool {
    logout::message(body).is_ok()
}

/// Where `GET /go/{instance}/{destination}?{query}` sends people on to.
#[must_use]
pub fn read_way(instance: &str, destination: Option<&str>, query: &str) -> String {
    let idp = start::parameter(Some(query), "idp").map(IdpName::new);
    let destination = destination.map(Destination::new);
    paths::with_idp(&paths::go(&InstanceName::new(instance), destination.as_ref()), idp.as_ref())
}

fn session_id(kept: Option<&[u8]>) -> Option<tower_sessions::session::Id> {
    let mut pairs = std::str::from_utf8(kept?).ok()?.split("; ").filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == session::COOKIE)?.1.parse().ok()
}

//! A page of the administrators' console, as an address of ours.

use serde::{Deserialize, Serialize};

/// The longest that is kept, in bytes: support ids and filters fit many times over.
const LONGEST: usize = 300;

/// The path of a page of the console, with its query. Never another host's, never outside the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConsolePath(String);

impl ConsolePath {
    /// Where the console begins.
    pub const ROOT: &str = "/admin";

    /// The overview.
    #[must_use]
    pub fn overview() -> Self {
        Self(Self::ROOT.to_owned())
    }

    /// `text`, when it can be nothing else than an address below [`Self::ROOT`]: no host, no way up, no escapes in
    /// the path, no character that a header or a page would have to escape.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let below = path.strip_prefix(Self::ROOT)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_ours = text.len() <= LONGEST
            && (below.is_empty() || below.starts_with('/'))
            && below.bytes().all(|byte| is_plain(byte) || byte == b'/')
            && !below.split('/').any(|segment| segment == "." || segment == "..")
            && !below.contains("//")
            && query.bytes().all(|byte| is_plain(byte) || b"=&%+*".contains(&byte));
        is_ours.then(|| Self(text.to_owned()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConsolePath {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("not a page of the console")
    }
}

impl From<ConsolePath> for String {
    fn from(path: ConsolePath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_console_is_kept_with_its_query() {
        for page in
            ["/admin", "/admin/sign-ins/4F7K-9Q2M-X0TB", "/admin/sign-ins?outcome=saml.expired&support_id=4F"]
        {
            assert_eq!(ConsolePath::new(page).as_ref().map(ConsolePath::as_str), Some(page));
        }
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_a_page_of_the_console() {
        for other in [
            "",
            "/",
            "/go/acme",
            "/administrator",
            "//evil.test/admin",
            "https://evil.test/admin",
            "/admin//evil.test",
            "/admin/../go/acme",
            "/admin/..",
            "/admin/%2e%2e/go/acme",
            "/admin\\evil.test",
            "/admin/a b",
            "/admin/\r\nLocation: x",
            "/admin?x=\"><script>",
            "/admin#x",
            &format!("/admin/{}", "x".repeat(300)),
        ] {
            assert_eq!(ConsolePath::new(other), None, "{other}");
        }
    }

    #[test]
    fn what_shared_state_holds_is_checked_again() {
        assert!(serde_json::from_str::<ConsolePath>("\"/admin/config\"").is_ok());
        assert!(serde_json::from_str::<ConsolePath>("\"//evil.test\"").is_err());
    }
}

//! Why a call of ours did not work, in one line.

use url::Url;

/// The host that was asked, the error and what is beneath it; never the address's path or query.
pub(super) fn reasons(url: &Url, error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = format!("{}: {error}", url.host_str().unwrap_or_default());
    let mut next = std::error::Error::source(&error);
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

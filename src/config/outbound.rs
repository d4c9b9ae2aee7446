//! `[outbound]`: through which proxy our own requests go, and which certificate authorities they believe.

use toml::Table;
use url::Url;
use zeroize::Zeroizing;

use crate::model::Problem;
use crate::outbound::{Error, Outbound, Proxy};

use super::address;
use super::files::Files;
use super::report::Report;
use super::section::Section;

/// Variables that many programs take a proxy from.
const VARIABLES: [&str; 2] = ["https_proxy", "all_proxy"];
/// What the AWS SDK reads by itself: for all services, and with `_<SERVICE>` for one.
const AWS_ENDPOINT: &str = "AWS_ENDPOINT_URL";

pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> Option<Outbound> {
    let of_proxy = ["proxy_credentials", "proxy_credentials_file", "no_proxy"].into_iter();
    let of_proxy: Vec<_> = of_proxy.filter(|key| section.has(key)).collect();
    let url = section.parsed("proxy", proxy);
    let credentials = files.secret(section, "proxy_credentials", "proxy_credentials_file");
    let except = section.texts("no_proxy").unwrap_or_default();
    section.usual("no_proxy", Vec::<String>::new());
    let authorities = section.parsed("ca_file", |path| files.read(path));
    if url.is_none() {
        for key in of_proxy {
            section.problem(key, "does nothing without proxy");
        }
    }
    if let Some(bad) = except.iter().find(|entry| !is_exception(entry)) {
        let message = format!(
            "{bad:?} is no host, domain, address or network: write \"example.org\" for it and all below"
        );
        section.problem("no_proxy", message);
    }
    let credentials = match credentials.map(|secret| user_and_password(secret.expose())) {
        None => None,
        Some(Some(pair)) => Some(pair),
        Some(None) => {
            section.problem("proxy_credentials", "must be a user and a password with a : between them");
            None
        }
    };
    let proxy = url.map(|url| Proxy { url, credentials, except });
    let outbound = Outbound::new(proxy, authorities.map(|(text, _)| text));
    let key = |error: &Error| if matches!(error, Error::Proxy) { "proxy" } else { "ca_file" };
    outbound.map_err(|error| section.problem(key(&error), error.to_string())).ok()
}

/// A proxy of its own host, without a password that everybody who reads the file would know.
fn proxy(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|_| "is not a URL: write \"http://proxy.example.org:3128\"".to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password: write them into proxy_credentials_file".to_owned());
    }
    let plain = url.scheme() == "http" && url.has_host() && url.path() == "/";
    let plain = plain && url.query().is_none() && url.fragment().is_none();
    plain.then_some(url).ok_or_else(|| {
        "must be http:// with host and port, such as \"http://proxy.example.org:3128\"; what goes through it is encrypted"
            .to_owned()
    })
}

fn is_exception(entry: &str) -> bool {
    !entry.is_empty() && entry.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:/_".contains(&b))
}

fn user_and_password(text: &str) -> Option<(String, Zeroizing<String>)> {
    let (user, password) = text.split_once(':')?;
    let plain = !user.is_empty() && !text.chars().any(char::is_control);
    plain.then(|| (user.to_owned(), Zeroizing::new(password.to_owned())))
}

/// What other programs, and the AWS SDK by itself, take from the environment.
pub(super) fn foreign(environment: &[(String, String)]) -> Vec<(String, String)> {
    let concerns = |name: &str| name.starts_with(AWS_ENDPOINT) || is_proxy(name);
    environment.iter().filter(|(name, value)| concerns(name) && !value.is_empty()).cloned().collect()
}

fn is_proxy(name: &str) -> bool {
    VARIABLES.iter().any(|variable| name.eq_ignore_ascii_case(variable))
}

/// Plain HTTP that the AWS SDK would use without asking us, and a proxy that is meant and not used.
pub(super) fn check_foreign(environment: &[(String, String)], table: &Table, report: &Report) {
    let is_written = table.get("outbound").and_then(|outbound| outbound.get("proxy")).is_some();
    for (name, value) in environment {
        if name.starts_with(AWS_ENDPOINT)
            && let Err(message) = address::endpoint(value)
        {
            report.problem(Problem::new(name, message));
        }
        if !is_written && is_proxy(name) {
            let message =
                "is set and not read: write the proxy into outbound.proxy if the gateway is to use it";
            report.warning(Problem::new(name, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_plain_address() {
        proxy("http://proxy.example.org:3128").unwrap();
        for bad in [
            "proxy:3128",
            "https://proxy.example.org",
            "socks5://proxy:1080",
            "http://user:secret@proxy:3128",
            "http://proxy:3128/path",
        ] {
            let told = proxy(bad).unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn an_exception_is_what_every_client_understands() {
        for good in ["example.org", ".example.org", "10.0.0.0/8", "::1", "localhost", "169.254.169.254"] {
            assert!(is_exception(good), "{good}");
        }
        for bad in ["", "*.example.org", "*", "a,b", "a b"] {
            assert!(!is_exception(bad), "{bad}");
        }
    }
}

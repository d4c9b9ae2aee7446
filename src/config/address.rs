//! URLs and names that end up in addresses.

use url::{Host, Url};

/// `https`, or `http` on this machine; without user, query or fragment.
pub(super) fn endpoint(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "is not a URL: write https://…".to_owned())?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a user, query or fragment".to_owned());
    }
    secure(url)
}

/// Whether it is an [`endpoint`].
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_endpoint(text: &str) -> Result<(), String> {
    endpoint(text).map(|_| ())
}

/// `https`, or `http` on this machine.
pub(super) fn secure(url: Url) -> Result<Url, String> {
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("must begin with https:// (http:// works for localhost only)".to_owned()),
    }
}

/// An [`endpoint`] without a path.
pub(super) fn origin(text: &str) -> Result<Url, String> {
    let url = endpoint(text)?;
    if url.path() == "/" { Ok(url) } else { Err("must have no path: write scheme and host only".to_owned()) }
}

/// An instance's access URL: an origin, or the older `https://<alias>.awsapps.com/connect`.
pub(super) fn instance(text: &str) -> Result<Url, String> {
    let url = endpoint(text)?;
    let old = url.domain().is_some_and(|host| host.ends_with(".awsapps.com"));
    match url.path().trim_end_matches('/') {
        "" => Ok(url),
        "/connect" if old => Ok(url),
        _ => Err("must be the access URL without a path, such as https://acme.my.connect.aws".to_owned()),
    }
}

/// Whether the host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whether nobody can own the host: this machine, or a name reserved for tests and examples. RFC 2606, RFC 6761.
pub(super) fn is_reserved(url: &Url) -> bool {
    let reserved = |host: &str| {
        ["example", "test", "example.org", "example.com", "example.net"]
            .iter()
            .any(|name| host == *name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
    };
    is_loopback(url) || url.domain().is_some_and(reserved)
}

/// A path in an instance: nothing that a browser could read as another host.
pub(super) fn local_path(text: &str) -> Result<String, String> {
    let local = text.starts_with('/') && !text.starts_with("//");
    let plain = text.len() <= 1000 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if local && plain {
        Ok(text.to_owned())
    } else {
        Err("must be a path that begins with one /, such as \"/ccp-v2/\"".to_owned())
    }
}

/// What [`name`] takes, as a regular expression.
pub(super) const NAME: &str = "^[a-z0-9-]{1,64}$";

/// A name that is written in addresses as it is.
pub(super) fn name(text: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        Ok(())
    } else {
        Err("a name has 1 to 64 of a-z, 0-9 and -".to_owned())
    }
}

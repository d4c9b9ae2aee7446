//! Our own paths. Always relative to the host that was asked, never made from it.

use url::form_urlencoded::byte_serialize;

use crate::model::{ConsolePath, Destination, IdpName, InstanceName, SupportId, Target};

/// The assertion consumer service.
pub(super) const ACS: &str = "/saml/acs";

/// `/go/<instance>[/<destination>]`
pub(super) fn go(instance: &InstanceName, destination: Option<&Destination>) -> String {
    place("go", instance, destination)
}

/// `/renew/<instance>[/<destination>]`
pub(super) fn renew(instance: &InstanceName, destination: Option<&Destination>) -> String {
    place("renew", instance, destination)
}

fn place(what: &str, instance: &InstanceName, destination: Option<&Destination>) -> String {
    let mut path = format!("/{what}/{}", segment(instance.as_str()));
    if let Some(destination) = destination {
        path.push('/');
        path.push_str(&segment(destination.as_str()));
    }
    path
}

/// The console.
pub(super) const CONSOLE: &str = ConsolePath::ROOT;

/// One sign-in, in the console.
pub(super) fn console_sign_in(support_id: &SupportId) -> String {
    format!("{CONSOLE}/sign-ins/{}", segment(support_id.as_str()))
}

/// Where a link leads to a test sign-in.
pub(super) fn test(token: &str) -> String {
    format!("/test/{}", segment(token))
}

/// Where a sign-in leads: into the instance, to the console, or to the start page when none is named.
pub(super) fn onward(target: Option<&Target>) -> String {
    match target {
        Some(Target::Instance(instance, destination)) => go(instance, destination.as_ref()),
        Some(Target::Console(page)) => page.as_str().to_owned(),
        None => "/".to_owned(),
    }
}

/// `path`, with the identity provider that was chosen.
pub(super) fn with_idp(path: &str, idp: Option<&IdpName>) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    match idp {
        Some(idp) => format!("{path}{joint}idp={}", segment(idp.as_str())),
        None => path.to_owned(),
    }
}

/// `path`, with a session that lasts so long.
pub(super) fn with_hours(path: &str, hours: u64) -> String {
    format!("{path}?hours={hours}")
}

/// Nothing in the text can end the segment, the path or the attribute it stands in.
fn segment(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_lead_out_of_its_segment() {
        let path = go(&InstanceName::new("//evil.test/\\?x"), Some(&Destination::new("a b\r\n")));
        assert_eq!(path, "/go/%2F%2Fevil.test%2F%5C%3Fx/a%20b%0D%0A");
        assert_eq!(with_idp("/go/prod", Some(&IdpName::new("a&b"))), "/go/prod?idp=a%26b");
        assert_eq!(with_idp("/admin?x=y", Some(&IdpName::new("a"))), "/admin?x=y&idp=a");
    }
}

//! The instance's own addresses: the only place tokens are sent to.

use url::Url;

use super::Error;

/// Accepts `SignInUrl` only if it is the sign-in address of the configured instance.
pub(super) fn check(sign_in_url: Option<&str>, instance: &Url) -> Result<Url, Error> {
    let url = sign_in_url.and_then(|text| Url::parse(text).ok()).ok_or(Error::SignInUrl)?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let paths = ["/auth/sign-in", "/connect/auth/sign-in"];
    if bare && url.origin().is_tuple() && url.origin() == instance.origin() && paths.contains(&url.path()) {
        Ok(url)
    } else {
        Err(Error::SignInUrl)
    }
}

/// Where the instance ends its own session. Instances at `awsapps.com` have all their pages below `/connect`.
pub(super) fn logout(instance: &Url) -> Option<Url> {
    let legacy = instance.host_str().is_some_and(|host| host.ends_with(".awsapps.com"))
        || instance.path().starts_with("/connect");
    instance.join(if legacy { "/connect/logout" } else { "/logout" }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> Url {
        Url::parse("https://acme.my.connect.aws").unwrap()
    }

    #[test]
    fn the_instances_own_sign_in_address_is_accepted() {
        for good in
            ["https://acme.my.connect.aws/auth/sign-in", "https://ACME.my.connect.aws:443/auth/sign-in"]
        {
            assert!(check(Some(good), &instance()).is_ok(), "{good}");
        }
        let gov = Url::parse("https://acme.govcloud.connect.aws").unwrap();
        assert!(check(Some("https://acme.govcloud.connect.aws/auth/sign-in"), &gov).is_ok());
        let legacy = Url::parse("https://acme.awsapps.com/connect").unwrap();
        assert!(check(Some("https://acme.awsapps.com/connect/auth/sign-in"), &legacy).is_ok());
    }

    #[test]
    fn tokens_are_not_sent_anywhere_else() {
        for bad in [
            None,
            Some(""),
            Some("/auth/sign-in"),
            Some("http://acme.my.connect.aws/auth/sign-in"),
            Some("https://acme.my.connect.aws:8443/auth/sign-in"),
            Some("https://acme.my.connect.aws.evil.example/auth/sign-in"),
            Some("https://evil.my.connect.aws/auth/sign-in"),
            Some("https://user@acme.my.connect.aws/auth/sign-in"),
            Some("https://acme.my.connect.aws/redirect?to=//evil.example"),
            Some("https://acme.my.connect.aws/"),
            Some("javascript:alert(1)"),
        ] {
            assert_eq!(check(bad, &instance()), Err(Error::SignInUrl), "{bad:?}");
        }
    }

    #[test]
    fn each_kind_of_instance_has_its_logout_address() {
        assert_eq!(logout(&instance()).unwrap().as_str(), "https://acme.my.connect.aws/logout");
        let legacy = Url::parse("https://acme.awsapps.com/connect").unwrap();
        assert_eq!(logout(&legacy).unwrap().as_str(), "https://acme.awsapps.com/connect/logout");
    }
}

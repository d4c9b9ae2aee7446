//! Where well-known identity providers put their values.

use super::config::NameSources;

/// A well-known identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// Active Directory Federation Services.
    Adfs,
    /// authentik.
    Authentik,
    /// Microsoft Entra ID.
    Entra,
    /// Anything else: the user name is the `NameID`, and the usual names are tried for the rest.
    #[default]
    Generic,
    /// Google Workspace.
    Google,
    /// AWS IAM Identity Center.
    IamIdentityCenter,
    /// `JumpCloud`.
    JumpCloud,
    /// Keycloak.
    Keycloak,
    /// Okta.
    Okta,
    /// `OneLogin`.
    OneLogin,
    /// `PingFederate`.
    PingFederate,
    /// `PingOne`.
    PingOne,
    /// Shibboleth and other providers of the research and education federations.
    Shibboleth,
    /// SimpleSAMLphp.
    SimpleSamlPhp,
}

impl Preset {
    /// Every preset with its name in the configuration.
    pub const ALL: [(&'static str, Self); 14] = [
        ("adfs", Self::Adfs),
        ("authentik", Self::Authentik),
        ("entra", Self::Entra),
        ("generic", Self::Generic),
        ("google", Self::Google),
        ("iam_identity_center", Self::IamIdentityCenter),
        ("jump_cloud", Self::JumpCloud),
        ("keycloak", Self::Keycloak),
        ("okta", Self::Okta),
        ("one_login", Self::OneLogin),
        ("ping_federate", Self::PingFederate),
        ("ping_one", Self::PingOne),
        ("shibboleth", Self::Shibboleth),
        ("simplesamlphp", Self::SimpleSamlPhp),
    ];

    /// Where this identity provider puts its values.
    ///
    /// Several user name sources are only ever spellings of one and the same attribute.
    #[must_use]
    pub fn sources(self) -> NameSources {
        let [username, first_name, last_name, display_name, email, groups] = self.table();
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        NameSources {
            username: owned(username),
            first_name: owned(first_name),
            last_name: owned(last_name),
            display_name: owned(display_name),
            email: owned(email),
            groups: owned(groups),
        }
    }

    /// What joins several groups to one value.
    #[must_use]
    pub fn groups_separator(self) -> Option<&'static str> {
        (self == Self::OneLogin).then_some(";")
    }

    /// The page of `docs/` that tells this provider's administrator what to enter.
    #[must_use]
    pub fn guide(self) -> String {
        let name = Self::ALL.iter().find(|(_, preset)| *preset == self).map_or("generic", |(name, _)| name);
        format!("docs/idp/{}.md", name.replace('_', "-"))
    }

    /// User name, first name, last name, display name, e-mail address, groups.
    fn table(self) -> [&'static [&'static str]; 6] {
        match self {
            Self::Adfs => [
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"],
                &["http://schemas.xmlsoap.org/claims/Group"],
            ],
            Self::Authentik => [
                &[
                    "http://schemas.goauthentik.io/2021/02/saml/username",
                    "http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname",
                ],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"],
                &["http://schemas.xmlsoap.org/claims/Group"],
            ],
            Self::Entra => [
                &["name_id"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"],
                &["http://schemas.microsoft.com/identity/claims/displayname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"],
                &["http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"],
            ],
            Self::Generic => [
                &["name_id"],
                &["first_name", "firstName", "givenName", "urn:oid:2.5.4.42"],
                &["last_name", "lastName", "sn", "surname", "urn:oid:2.5.4.4"],
                &["display_name", "displayName", "urn:oid:2.16.840.1.113730.3.1.241"],
                &["email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"],
                &["groups"],
            ],
            Self::Google | Self::IamIdentityCenter | Self::Okta => {
                [&["name_id"], &["firstName"], &["lastName"], &["displayName"], &["email"], &["groups"]]
            }
            Self::JumpCloud => [
                &["name_id"],
                &["firstName", "firstname"],
                &["lastName", "lastname"],
                &["displayName", "displayname"],
                &["email"],
                &["groups", "memberOf"],
            ],
            Self::Keycloak => [
                &["name_id"],
                &["firstName", "givenName", "urn:oid:2.5.4.42"],
                &["lastName", "surname", "urn:oid:2.5.4.4"],
                &["displayName"],
                &["email", "urn:oid:1.2.840.113549.1.9.1"],
                &["groups", "member"],
            ],
            Self::OneLogin => [
                &["name_id"],
                &["firstName", "User.FirstName"],
                &["lastName", "User.LastName"],
                &["displayName"],
                &["email", "User.email"],
                &["groups", "memberOf"],
            ],
            Self::PingFederate => [
                &["name_id"],
                &["firstName", "givenName"],
                &["lastName", "sn", "surname"],
                &["displayName"],
                &["email", "mail"],
                &["groups", "memberOf"],
            ],
            Self::PingOne => [
                &["name_id"],
                &["firstName", "givenName", "given"],
                &["lastName", "familyName", "family"],
                &["displayName"],
                &["email"],
                &["groups"],
            ],
            Self::Shibboleth => [
                &["urn:oid:1.3.6.1.4.1.5923.1.1.1.6"],
                &["urn:oid:2.5.4.42"],
                &["urn:oid:2.5.4.4"],
                &["urn:oid:2.16.840.1.113730.3.1.241"],
                &["urn:oid:0.9.2342.19200300.100.1.3"],
                &["urn:oid:1.3.6.1.4.1.5923.1.5.1.1"],
            ],
            Self::SimpleSamlPhp => [
                &["uid", "urn:oid:0.9.2342.19200300.100.1.1"],
                &["givenName", "urn:oid:2.5.4.42"],
                &["sn", "urn:oid:2.5.4.4"],
                &["displayName", "urn:oid:2.16.840.1.113730.3.1.241"],
                &["mail", "urn:oid:0.9.2342.19200300.100.1.3"],
                &["groups", "isMemberOf", "memberOf", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1"],
            ],
        }
    }
}

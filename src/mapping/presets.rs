//! Where well-known identity providers put their values.

use super::config::NameSources;

/// A well-known identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// Active Directory Federation Services.
    Adfs,
    /// Microsoft Entra ID.
    Entra,
    /// Anything else: the user name is the `NameID`, and the usual names are tried for the rest.
    #[default]
    Generic,
    /// Google Workspace.
    Google,
    /// AWS IAM Identity Center.
    IamIdentityCenter,
    /// Keycloak.
    Keycloak,
    /// Okta.
    Okta,
    /// `OneLogin`.
    OneLogin,
    /// `PingOne`.
    PingOne,
    /// Shibboleth and other providers of the research and education federations.
    Shibboleth,
    /// SimpleSAMLphp.
    SimpleSamlPhp,
}

impl Preset {
    /// Every preset with its name in the configuration.
    pub const ALL: [(&'static str, Self); 11] = [
        ("adfs", Self::Adfs),
        ("entra", Self::Entra),
        ("generic", Self::Generic),
        ("google", Self::Google),
        ("iam_identity_center", Self::IamIdentityCenter),
        ("keycloak", Self::Keycloak),
        ("okta", Self::Okta),
        ("one_login", Self::OneLogin),
        ("ping_one", Self::PingOne),
        ("shibboleth", Self::Shibboleth),
        ("simplesamlphp", Self::SimpleSamlPhp),
    ];

    /// Where this identity provider puts its values.
    ///
    /// Several user name sources are only ever spellings of one and the same attribute.
    #[must_use]
    pub fn sources(self) -> NameSources {
        let [username, first_name, last_name, email, groups] = self.table();
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        NameSources {
            username: owned(username),
            first_name: owned(first_name),
            last_name: owned(last_name),
            email: owned(email),
            groups: owned(groups),
        }
    }

    /// What joins several groups to one value.
    #[must_use]
    pub fn groups_separator(self) -> Option<&'static str> {
        (self == Self::OneLogin).then_some(";")
    }

    /// User name, first name, last name, e-mail address, groups.
    fn table(self) -> [&'static [&'static str]; 5] {
        match self {
            Self::Adfs => [
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"],
                &["http://schemas.xmlsoap.org/claims/Group"],
            ],
            Self::Entra => [
                &["name_id"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"],
                &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"],
                &["http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"],
            ],
            Self::Generic => [
                &["name_id"],
                &["first_name", "firstName", "givenName", "urn:oid:2.5.4.42"],
                &["last_name", "lastName", "sn", "surname", "urn:oid:2.5.4.4"],
                &["email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"],
                &["groups"],
            ],
            Self::Google | Self::IamIdentityCenter | Self::Okta => {
                [&["name_id"], &["firstName"], &["lastName"], &["email"], &["groups"]]
            }
            Self::Keycloak => [
                &["name_id"],
                &["firstName", "givenName", "urn:oid:2.5.4.42"],
                &["lastName", "surname", "urn:oid:2.5.4.4"],
                &["email", "urn:oid:1.2.840.113549.1.9.1"],
                &["groups", "member"],
            ],
            Self::OneLogin => [
                &["name_id"],
                &["firstName", "User.FirstName"],
                &["lastName", "User.LastName"],
                &["email", "User.email"],
                &["groups", "memberOf"],
            ],
            Self::PingOne => [
                &["name_id"],
                &["firstName", "givenName", "given"],
                &["lastName", "familyName", "family"],
                &["email"],
                &["groups"],
            ],
            Self::Shibboleth => [
                &["urn:oid:1.3.6.1.4.1.5923.1.1.1.6"],
                &["urn:oid:2.5.4.42"],
                &["urn:oid:2.5.4.4"],
                &["urn:oid:0.9.2342.19200300.100.1.3"],
                &["urn:oid:1.3.6.1.4.1.5923.1.5.1.1"],
            ],
            Self::SimpleSamlPhp => [
                &["uid", "urn:oid:0.9.2342.19200300.100.1.1"],
                &["givenName", "urn:oid:2.5.4.42"],
                &["sn", "urn:oid:2.5.4.4"],
                &["mail", "urn:oid:0.9.2342.19200300.100.1.3"],
                &["groups", "isMemberOf", "memberOf", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1"],
            ],
        }
    }
}

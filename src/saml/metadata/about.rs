//! What our metadata says beside our keys and addresses.

use std::time::Duration;

use url::Url;

/// What our metadata says beside our keys and addresses.
#[derive(Debug, Clone)]
pub struct AboutUs {
    /// Whether the document is signed with the key that signs our requests. SAML metadata 3.
    pub sign: bool,
    /// How far `validUntil` is ahead of the moment at which the document is rendered; without it there is none.
    pub valid_for: Option<Duration>,
    /// `cacheDuration`: how long a reader may do with a copy.
    pub cache_for: Option<Duration>,
    /// PEM certificates that are published beside the signing key's own: the next one, or the last one.
    pub more_certificates: Vec<String>,
    /// `NameIDFormat`, most wanted first; empty: as the identity provider likes.
    pub name_id_formats: Vec<String>,
    /// `xml:lang` of every text.
    pub language: String,
    /// `mdui:Description`.
    pub description: Option<String>,
    /// `mdui:InformationURL`.
    pub information_url: Option<Url>,
    /// `mdui:PrivacyStatementURL`.
    pub privacy_url: Option<Url>,
    /// `mdui:Logo`.
    pub logo: Option<Logo>,
    /// `Organization`.
    pub organization: Option<Organization>,
    /// `ContactPerson`.
    pub contacts: Vec<Contact>,
}

/// A picture. Metadata user interface extension 2.1.5.
#[derive(Debug, Clone)]
pub struct Logo {
    /// Where it is.
    pub url: Url,
    /// In pixels.
    pub width: u64,
    /// In pixels.
    pub height: u64,
}

/// Who runs the gateway. SAML metadata 2.3.2.1.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// Where people read about it.
    pub url: Url,
}

/// Whom to call. SAML metadata 2.3.2.2.
#[derive(Debug, Clone)]
pub struct Contact {
    /// `contactType`.
    pub kind: &'static str,
    /// A person's or a team's name.
    pub name: Option<String>,
    /// An address without `mailto:`.
    pub email: String,
}

impl Default for AboutUs {
    fn default() -> Self {
        Self {
            sign: false,
            valid_for: None,
            cache_for: None,
            more_certificates: Vec::new(),
            name_id_formats: Vec::new(),
            language: "en".to_owned(),
            description: None,
            information_url: None,
            privacy_url: None,
            logo: None,
            organization: None,
            contacts: Vec::new(),
        }
    }
}

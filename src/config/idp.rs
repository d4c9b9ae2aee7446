//! `[idp.<name>]`: an identity provider, and where it puts its values.

use std::time::Duration;

use crate::mapping::{NameSources, NamesConfig, Preset};
use crate::model::{IdpChoice, IdpName};
use crate::saml::{
    Binding, IdpInitiated, IdpSettings, MetadataSource, MetadataTrust, ResponseBinding, WantSigned,
};

use super::files::Files;
use super::section::Section;
use super::{about, address, request, saml};

/// The words of `want_signed`.
const WANT_SIGNED: [(&str, WantSigned); 4] = [
    ("either", WantSigned::Either),
    ("response", WantSigned::Response),
    ("assertion", WantSigned::Assertion),
    ("both", WantSigned::Both),
];

/// What one `[idp.<name>]` says.
pub(super) struct Idp {
    pub(super) name: IdpName,
    pub(super) display_name: String,
    pub(super) email_domains: Vec<String>,
    pub(super) names: NamesConfig,
    pub(super) settings: Option<IdpSettings>,
}

impl Idp {
    pub(super) fn choice(&self) -> IdpChoice {
        IdpChoice {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            email_domains: self.email_domains.clone(),
        }
    }
}

pub(super) fn read(name: &str, section: &mut Section<'_>, files: &Files<'_>) -> Idp {
    if let Err(message) = address::name(name) {
        section.problem("", message);
    }
    let name = IdpName::new(name);
    let display_name = section.text("display_name", 100).unwrap_or_else(|| name.to_string());
    section.instead("display_name", name.as_str());
    let email_domains = email_domains(section);
    let metadata = metadata(section, files);
    let trust = trust(section, files);
    let entity_id = section.parsed("entity_id", saml::entity_id);
    let bindings = [("redirect", Some(Binding::Redirect)), ("post", Some(Binding::Post))];
    let request_binding = section.one_of("request_binding", &bindings, None);
    let bindings = [("post", ResponseBinding::Post), ("artifact", ResponseBinding::Artifact)];
    let response_binding = section.one_of("response_binding", &bindings, ResponseBinding::Post);
    let want_signed = section.one_of("want_signed", &WANT_SIGNED, WantSigned::Either);
    let clock_skew = section.optional_number("clock_skew_seconds", 0..=300).map(Duration::from_secs);
    let single_logout = section.flag("single_logout", true);
    let request = request::read(section);
    let words =
        [("off", IdpInitiated::Off), ("confirm", IdpInitiated::Confirm), ("restart", IdpInitiated::Restart)];
    let idp_initiated = section.one_of("idp_initiated", &words, IdpInitiated::Off);
    let allow_cbc = section.flag("allow_cbc", false);
    if allow_cbc {
        section.warning("allow_cbc", "is on: AES-CBC is weak; switch this provider to AES-GCM");
    }
    let preset = section.one_of("preset", &Preset::ALL, Preset::Generic);
    let names = NamesConfig {
        preset,
        attributes: section.section("attributes", |s| attributes(s, preset.sources())),
        groups_separator: section.parsed("groups_separator", |text| Ok(text.to_owned())),
    };
    let settings = metadata.map(|metadata| IdpSettings {
        name: name.clone(),
        metadata,
        entity_id,
        request_binding,
        response_binding,
        want_signed,
        clock_skew,
        single_logout,
        request,
        allow_cbc,
        trust,
        idp_initiated,
    });
    Idp { name, display_name, email_domains, names, settings }
}

fn email_domains(section: &mut Section<'_>) -> Vec<String> {
    let domains = section.texts("email_domains").unwrap_or_default();
    for domain in &domains {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
        if !domain.contains('.') || domain.starts_with('.') || !domain.bytes().all(plain) {
            section
                .problem("email_domains", "a domain is what follows the @, in lower case: \"example.org\"");
        }
    }
    domains
}

fn metadata(section: &mut Section<'_>, files: &Files<'_>) -> Option<MetadataSource> {
    let both = section.has("metadata_file") && section.has("metadata_url");
    let neither = !section.has("metadata_file") && !section.has("metadata_url");
    let file = section.parsed("metadata_file", |path| files.read(path));
    let url = section.parsed("metadata_url", metadata_url);
    if both {
        section.problem("metadata_url", "is set beside metadata_file: keep one of them");
    }
    if neither {
        section.problem("metadata_url", "is missing: write metadata_url or metadata_file");
    }
    file.map(|(text, _)| MetadataSource::Xml(text)).or(url.map(MetadataSource::Url))
}

/// Signed metadata is trusted for as long as it says, so that it must say so, and not for too long. What comes from
/// its own https address, or from a file, is as new as that, and many identity providers say nothing.
fn trust(section: &mut Section<'_>, files: &Files<'_>) -> MetadataTrust {
    let is_pinned = section.has("metadata_certificate_file");
    let certificates =
        section.parsed("metadata_certificate_file", |path| about::certificate(files.read(path)?.0));
    let days = section.number("max_metadata_days", if is_pinned { 30 } else { 0 }, 0..=3650);
    MetadataTrust {
        certificates,
        max_lifetime: (days > 0).then(|| Duration::from_secs(days * 86_400)),
        needs_valid_until: section.flag("require_valid_until", is_pinned),
    }
}

/// Some identity providers tell their applications apart in the query.
fn metadata_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).map_err(|_| "is not a URL: write https://…".to_owned())?;
    address::secure(url)
}

/// What is not written is as the preset says.
fn attributes(section: &mut Section<'_>, usual: NameSources) -> NameSources {
    let mut names = |key, usual: Vec<String>| {
        let names = section.text_or_texts(key);
        section.instead(key, usual);
        names
    };
    NameSources {
        username: names("username", usual.username),
        first_name: names("first_name", usual.first_name),
        last_name: names("last_name", usual.last_name),
        display_name: names("display_name", usual.display_name),
        email: names("email", usual.email),
        groups: names("groups", usual.groups),
    }
}

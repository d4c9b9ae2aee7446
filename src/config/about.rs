//! The part of `[saml]` that is published: what our metadata says beside our keys and addresses.

use std::time::Duration;

use url::Url;

use crate::saml::{AboutUs, Contact, Logo, Organization};

use super::files::Files;
use super::section::Section;
use super::{address, request};

/// Most certificates beside the signing key's own.
const MORE_CERTIFICATES: usize = 3;

pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> AboutUs {
    let usual = AboutUs::default();
    let language = section.parsed("language", language);
    section.usual("language", usual.language.as_str());
    let positive = |number: u64, unit: u64| (number > 0).then(|| Duration::from_secs(number * unit));
    AboutUs {
        sign: section.flag("sign_metadata", usual.sign),
        valid_for: positive(section.number("metadata_valid_days", 0, 0..=365), 86_400),
        cache_for: positive(section.number("metadata_cache_hours", 0, 0..=720), 3600),
        more_certificates: more_certificates(section, files),
        name_id_formats: name_id_formats(section),
        language: language.unwrap_or(usual.language),
        description: section.text("description", 1000),
        information_url: section.parsed("information_url", page),
        privacy_url: section.parsed("privacy_url", page),
        logo: section.section("logo", logo),
        organization: section.section("organization", organization),
        contacts: section.section("contacts", |contacts| {
            let kinds = ["technical", "support", "administrative"];
            kinds.into_iter().filter_map(|kind| contacts.section(kind, |s| contact(s, kind))).collect()
        }),
    }
}

fn more_certificates(section: &mut Section<'_>, files: &Files<'_>) -> Vec<String> {
    const KEY: &str = "additional_signing_certificate_files";
    let paths = section.texts(KEY).unwrap_or_default();
    if paths.len() > MORE_CERTIFICATES {
        section.problem(KEY, format!("names more than {MORE_CERTIFICATES} files"));
    }
    let read = |path: &String| {
        let text = files.read(path).map(|(text, _)| text).and_then(certificate);
        text.map_err(|message| section.problem(KEY, message)).ok()
    };
    paths.iter().filter_map(read).collect()
}

/// One certificate in PEM form, and nothing that must not be published.
pub(super) fn certificate(text: String) -> Result<String, String> {
    if text.contains("PRIVATE KEY-----") {
        Err("holds a private key, and certificates are published: name the certificate".to_owned())
    } else if text.contains("-----BEGIN CERTIFICATE-----") {
        Ok(text)
    } else {
        Err("is not a certificate in PEM form".to_owned())
    }
}

fn name_id_formats(section: &mut Section<'_>) -> Vec<String> {
    const KEY: &str = "name_id_formats";
    let words = section.texts(KEY).unwrap_or_default();
    let format = |word: &String| {
        request::name_id_format(word).map_err(|message| section.problem(KEY, format!("each {message}"))).ok()
    };
    words.iter().filter_map(format).collect()
}

fn language(text: &str) -> Result<String, String> {
    let plain =
        (2..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain {
        Ok(text.to_owned())
    } else {
        Err("must be a language tag, such as \"en\" or \"de-CH\"".to_owned())
    }
}

fn page(text: &str) -> Result<Url, String> {
    address::secure(Url::parse(text).map_err(|_| "is not a URL: write https://…".to_owned())?)
}

fn logo(section: &mut Section<'_>) -> Option<Logo> {
    let (url, width, height) = ("url", "width", "height");
    let is_set = [url, width, height].iter().any(|key| section.has(key));
    let url = section.parsed(url, page);
    let (width, height) =
        (section.optional_number(width, 1..=4096), section.optional_number(height, 1..=4096));
    if is_set && (url.is_none() || width.is_none() || height.is_none()) {
        section.problem("", "needs url, width and height");
    }
    Some(Logo { url: url?, width: width?, height: height? })
}

fn organization(section: &mut Section<'_>) -> Option<Organization> {
    let is_set = ["name", "display_name", "url"].iter().any(|key| section.has(key));
    let name = section.text("name", 200);
    let display_name = section.text("display_name", 200).or_else(|| name.clone());
    if let Some(name) = &name {
        section.instead("display_name", name.as_str());
    }
    let url = section.parsed("url", page);
    if is_set && (name.is_none() || url.is_none()) {
        section.problem("", "needs name and url");
    }
    Some(Organization { name: name?, display_name: display_name?, url: url? })
}

fn contact(section: &mut Section<'_>, kind: &'static str) -> Option<Contact> {
    let has_email = section.has("email");
    let name = section.text("name", 200);
    let email = section.parsed("email", email);
    if name.is_some() && !has_email {
        section.problem("email", "is missing: a contact is an address, with or without a name");
    }
    Some(Contact { kind, name, email: email? })
}

fn email(text: &str) -> Result<String, String> {
    let plain = text.len() <= 254 && text.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    let parts = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if plain && parts { Ok(text.to_owned()) } else { Err("must be an e-mail address".to_owned()) }
}

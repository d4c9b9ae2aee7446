//! What is asked of an authentication: the same keys in `[idp.<name>]` and in `[instance.<name>]`.

use crate::model::RequestOptions;

use super::saml;
use super::section::Section;

/// A request carries all of them, possibly in an address.
const MOST_CONTEXTS: usize = 10;

/// SAML core 8.3, by the words that everybody uses.
const FORMATS: &[(&str, &str)] = &[
    ("persistent", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
    ("transient", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
    ("email", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
    ("unspecified", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
];

pub(super) fn read(section: &mut Section<'_>) -> RequestOptions {
    RequestOptions {
        force_authn: section.optional_flag("force_authn"),
        is_passive: section.optional_flag("is_passive"),
        authn_contexts: section.texts("authn_contexts").map(|texts| contexts(section, texts)),
        name_id_format: section.parsed("name_id_format", name_id_format),
        allow_create: section.optional_flag("allow_create"),
    }
}

fn contexts(section: &Section<'_>, texts: Vec<String>) -> Vec<String> {
    if texts.len() > MOST_CONTEXTS || texts.iter().any(|text| saml::entity_id(text).is_err()) {
        section.problem(
            "authn_contexts",
            format!("must be at most {MOST_CONTEXTS} URIs of authentication contexts"),
        );
    }
    texts
}

/// A word for a format of SAML core 8.3, or its URI.
pub(super) fn name_id_format(text: &str) -> Result<String, String> {
    if let Some((_, urn)) = FORMATS.iter().find(|(word, _)| *word == text) {
        return Ok((*urn).to_owned());
    }
    saml::entity_id(text)
        .map_err(|_| "must be \"persistent\", \"transient\", \"email\", \"unspecified\" or a URI".to_owned())
}

//! `credentials` of an instance, and what goes with it: whose word lets the gateway assume the federation role.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::federation::CredentialSource;
use crate::model::{IdpName, InstanceArn};

use super::section::Section;

/// The longest session of a role unless somebody changed the role.
const USUAL_SECONDS: u64 = 3600;
/// Keys of the base identity's call alone.
const OF_BASE: [&str; 4] = ["external_id", "external_id_file", "source_identity", "session_tags"];

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Base,
    Assertion,
}

/// Reads `credentials`, before the keys that only one of them takes.
pub(super) fn read(
    section: &mut Section<'_>,
    instance: Option<&InstanceArn>,
    idps: &[IdpName],
) -> Option<CredentialSource> {
    let words = [("base", Word::Base), ("assertion", Word::Assertion)];
    let word = section.one_of("credentials", &words, Word::Base);
    let is_named = section.has("saml_provider_arn");
    let provider = section.parsed("saml_provider_arn", |text| provider(text, instance));
    let written = section.optional_number("role_duration_seconds", 900..=43_200);
    section.usual("role_duration_seconds", i64::try_from(USUAL_SECONDS).unwrap_or(i64::MAX));
    if word == Word::Base {
        let keys = [("saml_provider_arn", is_named), ("role_duration_seconds", written.is_some())];
        for (key, _) in keys.into_iter().filter(|(_, is_written)| *is_written) {
            section.problem(key, "does nothing without credentials = \"assertion\"");
        }
        return Some(CredentialSource::Base);
    }
    if !is_named {
        section.problem("saml_provider_arn", "is missing: write the ARN of the identity provider in IAM");
    }
    check_one_idp(section, idps);
    for key in OF_BASE.into_iter().filter(|key| section.has(key)) {
        section.problem(key, "does nothing with credentials = \"assertion\": the identity provider says it");
    }
    let duration = Duration::from_secs(written.unwrap_or(USUAL_SECONDS));
    Some(CredentialSource::Assertion { provider_arn: provider?, duration })
}

/// One provider in IAM is one identity provider: the answers of any other would all be refused by AWS.
fn check_one_idp(section: &Section<'_>, idps: &[IdpName]) {
    if idps.len() > 1 {
        let message = "must name one identity provider, the one of saml_provider_arn, with credentials = \"assertion\"; make an [instance.<name>] for each";
        section.problem("idps", message);
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html>
fn provider(text: &str, instance: Option<&InstanceArn>) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else {
        return Err("must be arn:aws:iam::<account>:saml-provider/<name>".to_owned());
    };
    let name = resource.strip_prefix("saml-provider/").unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !(1..=128).contains(&name.len()) || !name.bytes().all(plain) {
        return Err("must end in saml-provider/<name>".to_owned());
    }
    match instance {
        Some(arn) if arn.account != account || arn.partition != partition => {
            Err("must be in the instance's own account and partition, as the role is".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

/// `Tags` of `AssumeRole`. <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
pub(super) fn session_tags(section: &mut Section<'_>) -> BTreeMap<String, String> {
    const KEY: &str = "session_tags";
    let written = section.text_table(KEY, &[]);
    if written.len() > 50 {
        section.problem(KEY, "has more than 50 tags, and STS takes no more");
    }
    let mut seen = BTreeSet::new();
    for (key, value) in &written {
        let path = format!("{KEY}.{key}");
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_tag_character) {
            section.problem(&path, "the key must be 1 to 128 letters, digits, spaces and _ . : / = + - @");
        }
        if key.to_lowercase().starts_with("aws:") {
            section.problem(&path, "keys that begin with aws: are AWS's own");
        }
        if value.chars().count() > 256 || !value.chars().all(is_tag_character) {
            section.problem(&path, "must be at most 256 letters, digits, spaces and _ . : / = + - @");
        }
        if !seen.insert(key.to_lowercase()) {
            section.problem(&path, "is there twice: AWS does not tell capital from small letters here");
        }
    }
    written.into_iter().collect()
}

fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character)
}

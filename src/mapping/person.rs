//! Who the person is in Connect: user name, names, e-mail address.

use crate::model::{Denial, Identity, Username, code};

use super::names::{self, Names, ValueSource};
use super::{UserConfig, UsernameFrom, denial, text};

/// The one user name. Several values are refused: which one is right would be a guess.
pub(super) fn username(identity: &Identity, names: &Names, user: &UserConfig) -> Result<Username, Denial> {
    let sources = username_sources(names, user.username);
    let mut values = names::first_values(sources, identity);
    values.dedup();
    match values[..] {
        [value] => Username::new(shaped(value, user))
            .map_err(|why| denial(&code::MAPPING_BAD_VALUE, format!("username: {why}"))),
        [] => {
            let detail =
                format!("username: no value in {} (a transient NameID is none)", names::list(sources));
            Err(denial(&code::MAPPING_MISSING_ATTRIBUTE, detail))
        }
        _ => {
            let detail = format!("username: several values in {}", names::list(sources));
            Err(denial(&code::MAPPING_BAD_VALUE, detail))
        }
    }
}

/// The sources of the user name.
pub(super) fn username_sources(names: &Names, from: UsernameFrom) -> &[ValueSource] {
    match from {
        UsernameFrom::Username => &names.username,
        UsernameFrom::Email => &names.email,
        UsernameFrom::NameId => &[ValueSource::NameId],
    }
}

/// ASCII case only, and no Unicode normalisation: neither may turn one person's name into another's.
fn shaped(value: &str, user: &UserConfig) -> String {
    let kept = match value.split_once('@') {
        Some((local, domain)) if user.strip_domains.iter().any(|d| d.eq_ignore_ascii_case(domain)) => local,
        _ => value,
    };
    if user.lower_case { kept.to_ascii_lowercase() } else { kept.to_owned() }
}

/// The first value of a field that Connect doesn't need to find the user.
pub(super) fn name(
    identity: &Identity,
    sources: &[ValueSource],
    field: &str,
    longest: usize,
) -> Result<Option<String>, Denial> {
    let Some(value) = names::first_values(sources, identity).first().copied() else { return Ok(None) };
    text::connect_name(value, longest)
        .map(Some)
        .map_err(|why| denial(&code::MAPPING_BAD_VALUE, format!("{field} {why}")))
}

//! How large a person may be for whom something must be computed: what expressions cost is in proportion.

use crate::model::{Denial, Identity, code};

use super::denial;

/// The most groups of a person whom expressions look at.
pub const MAX_GROUPS: usize = 1000;

/// The most values that one attribute may have where expressions look at it.
pub const MAX_VALUES: usize = 1000;

/// The most attributes and values together.
pub const MAX_VALUES_IN_ALL: usize = 4000;

/// The most bytes of text in all attributes, their names and the `NameID`.
pub const MAX_TEXT: usize = 128 * 1024;

/// Whether expressions may look at this person. The bounds that they are held to at load rest on it.
///
/// # Errors
/// What there is too much of.
pub(super) fn check_size(identity: &Identity, groups: &[String]) -> Result<(), Denial> {
    if groups.len() > MAX_GROUPS {
        let detail = format!("{} groups were sent, more than {MAX_GROUPS}", groups.len());
        return Err(denial(&code::MAPPING_TOO_MANY_GROUPS, detail));
    }
    too_many_values(identity).map_or(Ok(()), |detail| Err(denial(&code::MAPPING_TOO_MANY_VALUES, detail)))
}

fn too_many_values(identity: &Identity) -> Option<String> {
    let attributes = &identity.attributes;
    let most = attributes.values().map(Vec::len).max().unwrap_or_default();
    if most > MAX_VALUES {
        return Some(format!("an attribute was sent with {most} values, more than {MAX_VALUES}"));
    }
    let values: usize = attributes.values().map(|values| 1 + values.len()).sum();
    if values > MAX_VALUES_IN_ALL {
        return Some(format!("{values} attributes and values were sent, more than {MAX_VALUES_IN_ALL}"));
    }
    let names = attributes.keys().chain(attributes.values().flatten()).map(String::len);
    let text = names.chain(identity.name_id.iter().map(|name_id| name_id.value.len())).sum::<usize>();
    (text > MAX_TEXT).then(|| format!("{text} bytes of attributes were sent, more than {MAX_TEXT}"))
}

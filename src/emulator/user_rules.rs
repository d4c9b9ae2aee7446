//! What a user of a SAML instance may look like.

use std::collections::{BTreeMap, BTreeSet};

use super::call::Call;
use super::error::{ApiError, ApiResult};
use super::shapes::{Channel, ChannelConfigs, IdentityInfo, PhoneConfig, PhoneType};
use super::state::Instance;

const LONGEST_AFTER_CONTACT_WORK: u32 = 2_000_000;

/// 1 to 64 of `[a-zA-Z0-9_.\-@\\]`, with `@` only in an e-mail address.
pub(super) fn check_username(username: &str) -> ApiResult<()> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_.-@\\".contains(character);
    if username.is_empty() || username.chars().count() > 64 || !username.chars().all(allowed) {
        return Err(ApiError::invalid_parameter("Username contains characters that are not allowed"));
    }
    match username.split_once('@') {
        Some((local, domain)) if local.is_empty() || !is_domain(domain) => {
            Err(ApiError::invalid_parameter("Username with @ must be an email address"))
        }
        _ => Ok(()),
    }
}

fn is_domain(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
        })
}

/// Names are required; an e-mail address is refused.
pub(super) fn check_identity(identity: &IdentityInfo) -> ApiResult<()> {
    if identity.email.is_some() {
        return Err(ApiError::invalid_request("Email is not supported for instances that use SAML"));
    }
    check_name("FirstName", identity.first_name.as_deref(), 255)?;
    check_name("LastName", identity.last_name.as_deref(), 300)?;
    if identity.secondary_email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(ApiError::invalid_parameter("SecondaryEmail is not an email address"));
    }
    if identity.mobile.as_deref().is_some_and(|number| !is_e164(number)) {
        return Err(ApiError::invalid_parameter("Mobile must be an E.164 number"));
    }
    Ok(())
}

fn check_name(field: &str, name: Option<&str>, longest: usize) -> ApiResult<()> {
    let name = name.unwrap_or_default();
    if name.is_empty() {
        return Err(ApiError::invalid_request(format!("{field} is required for instances that use SAML")));
    }
    if name.chars().count() > longest {
        return Err(ApiError::invalid_parameter(format!("{field} is longer than {longest} characters")));
    }
    if !unicode_normalization::is_nfc(name) {
        return Err(ApiError::invalid_parameter(format!("{field} is not in Unicode normalization form C")));
    }
    Ok(())
}

fn is_email(text: &str) -> bool {
    text.len() <= 265
        && text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && is_domain(domain))
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.chars().all(|digit| digit.is_ascii_digit())
    })
}

/// A desk phone needs an E.164 number.
pub(super) fn check_phone(phone: &PhoneConfig) -> ApiResult<()> {
    if phone.desk_phone_number.as_deref().is_some_and(|number| !number.is_empty() && !is_e164(number)) {
        return Err(ApiError::invalid_parameter("DeskPhoneNumber must be an E.164 number"));
    }
    let number = phone.desk_phone_number.as_deref().unwrap_or_default();
    if phone.phone_type == Some(PhoneType::DeskPhone) && number.is_empty() {
        return Err(ApiError::invalid_parameter("DeskPhoneNumber is required for DESK_PHONE"));
    }
    if phone.after_contact_work_time_limit.is_some_and(|limit| limit > LONGEST_AFTER_CONTACT_WORK) {
        return Err(ApiError::invalid_parameter("AfterContactWorkTimeLimit is too long"));
    }
    Ok(())
}

/// Channels appear once, what is about calls is for voice, and a setting is not given in both places.
pub(super) fn check_channels(channels: &ChannelConfigs, phone: Option<&PhoneConfig>) -> ApiResult<()> {
    let lists = [
        channels.auto_accept_configs.iter().map(|config| config.channel).collect::<Vec<_>>(),
        channels.after_contact_work_configs.iter().map(|config| config.channel).collect(),
        channels.phone_number_configs.iter().map(|config| config.channel).collect(),
        channels.persistent_connection_configs.iter().map(|config| config.channel).collect(),
        channels.voice_enhancement_configs.iter().map(|config| config.channel).collect(),
    ];
    let repeats = |list: &Vec<Channel>| {
        list.iter()
            .enumerate()
            .any(|(index, channel)| list.iter().skip(index + 1).any(|other| other == channel))
    };
    if lists.iter().any(repeats) {
        return Err(ApiError::invalid_parameter("A channel is configured twice"));
    }
    for config in &channels.phone_number_configs {
        if config.phone_number.as_deref().is_some_and(|number| !is_e164(number)) {
            return Err(ApiError::invalid_parameter("PhoneNumber must be an E.164 number"));
        }
        if config.phone_type == PhoneType::DeskPhone && config.phone_number.is_none() {
            return Err(ApiError::invalid_parameter("PhoneNumber is required for DESK_PHONE"));
        }
    }
    let limits = channels.after_contact_work_configs.iter().flat_map(|config| {
        [Some(config.after_contact_work_config), config.agent_first_callback_after_contact_work_config]
    });
    let longest = limits.flatten().map(|limit| limit.after_contact_work_time_limit).max();
    if longest.is_some_and(|longest| longest > LONGEST_AFTER_CONTACT_WORK) {
        return Err(ApiError::invalid_parameter("AfterContactWorkTimeLimit is out of range"));
    }
    check_calls_only(channels)?;
    check_no_twins(channels, phone.unwrap_or(&PhoneConfig::default()))
}

fn check_calls_only(channels: &ChannelConfigs) -> ApiResult<()> {
    let accept = channels.auto_accept_configs.iter();
    let work = channels.after_contact_work_configs.iter();
    let mut about_calls = accept
        .filter(|config| config.agent_first_callback_auto_accept.is_some())
        .map(|config| config.channel)
        .chain(
            work.filter(|config| config.agent_first_callback_after_contact_work_config.is_some())
                .map(|config| config.channel),
        )
        .chain(channels.phone_number_configs.iter().map(|config| config.channel))
        .chain(channels.persistent_connection_configs.iter().map(|config| config.channel))
        .chain(channels.voice_enhancement_configs.iter().map(|config| config.channel));
    if about_calls.any(|channel| channel != Channel::Voice) {
        return Err(ApiError::invalid_parameter("A setting of calls is for VOICE only"));
    }
    Ok(())
}

fn check_no_twins(channels: &ChannelConfigs, phone: &PhoneConfig) -> ApiResult<()> {
    let twins = [
        ("AutoAccept", phone.auto_accept.is_some() && !channels.auto_accept_configs.is_empty()),
        (
            "AfterContactWorkTimeLimit",
            phone.after_contact_work_time_limit.is_some() && !channels.after_contact_work_configs.is_empty(),
        ),
        (
            "PhoneType",
            (phone.phone_type.is_some() || phone.desk_phone_number.is_some())
                && !channels.phone_number_configs.is_empty(),
        ),
        (
            "PersistentConnection",
            phone.persistent_connection.is_some() && !channels.persistent_connection_configs.is_empty(),
        ),
    ];
    match twins.iter().find(|(_, both)| *both) {
        Some((name, _)) => {
            Err(ApiError::invalid_request(format!("{name} is set both in PhoneConfig and by channel")))
        }
        None => Ok(()),
    }
}

/// One to ten, each once, all existing.
pub(super) fn check_security_profiles(instance: &Instance, ids: &[String]) -> ApiResult<()> {
    if ids.is_empty() || ids.len() > 10 {
        return Err(ApiError::invalid_parameter("SecurityProfileIds must hold 1 to 10 ids"));
    }
    if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        return Err(ApiError::invalid_parameter("SecurityProfileIds holds an id twice"));
    }
    match ids.iter().find(|id| !instance.security_profiles.iter().any(|profile| profile.id == **id)) {
        Some(id) => Err(ApiError::not_found(format!("Security profile not found: {id}"))),
        None => Ok(()),
    }
}

/// It exists.
pub(super) fn check_routing_profile(instance: &Instance, id: &str) -> ApiResult<()> {
    if instance.routing_profiles.iter().any(|profile| profile.id == id) {
        Ok(())
    } else {
        Err(ApiError::not_found(format!("Routing profile not found: {id}")))
    }
}

/// It exists.
pub(super) fn check_group(call: &Call<'_>, id: &str) -> ApiResult<()> {
    call.instance
        .group_shown(id, call.now, call.behaviour.lag.describe)
        .map(|_| ())
        .ok_or_else(|| ApiError::not_found(format!("Hierarchy group not found: {id}")))
}

/// At most 50, keys of 1 to 128 letters, digits, spaces and `_.:/=+-@` and not Amazon's, values up to 256.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> ApiResult<()> {
    let sound = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count())
            && key.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
            && !key.starts_with("aws:")
            && value.chars().count() <= 256
    };
    if tags.len() > 50 || !tags.iter().all(sound) {
        return Err(ApiError::invalid_parameter("Tags break their constraints"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_sign_stands_only_in_an_email_address() {
        for good in ["ana", "ana.b-c_1", "DOMAIN\\ana", "ana@example.com"] {
            assert!(check_username(good).is_ok(), "{good}");
        }
        for bad in ["", "ana@example", "@example.com", "ana b", "ana+b@example.com", "añа", "a@b@c.com"] {
            assert!(check_username(bad).is_err(), "{bad}");
        }
        assert!(check_username(&"a".repeat(65)).is_err());
    }

    #[test]
    fn names_are_required_and_composed() {
        let identity = |first: &str| IdentityInfo {
            first_name: Some(first.to_owned()),
            last_name: Some("Lee".to_owned()),
            ..IdentityInfo::default()
        };
        assert!(check_identity(&identity("Zoë")).is_ok());
        assert!(check_identity(&identity("Zoe\u{308}")).is_err());
        assert!(check_identity(&identity("")).is_err());
    }
}

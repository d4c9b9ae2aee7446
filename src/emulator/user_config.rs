//! `UpdateUserConfig`: settings by channel.

use super::call::{Answer, Call};
use super::error::{ApiError, ApiResult};
use super::shapes::{Channel, ChannelConfigs, PhoneConfig, PhoneType, VoiceEnhancementMode};
use super::state::User;
use super::user_rules::check_channels;
use super::users::{current_shown, write};

/// `UpdateUserConfig`: a list that is given replaces the user's, and what the user's phone settings said
/// of the same thing.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let given: ChannelConfigs = call.input()?;
    if given == ChannelConfigs::default() {
        return Err(ApiError::invalid_request("At least one list of settings is required"));
    }
    let user = current_shown(call)?;
    check_channels(&given, None)?;
    let channels = replaced(user.channels.clone(), given);
    check_voice(&channels, user.phone.as_ref())?;
    let phone = user.phone.clone().map(|phone| without_twins(phone, &channels));
    write(call, User { phone: phone.filter(|phone| *phone != PhoneConfig::default()), channels, ..user })
}

fn replaced(held: ChannelConfigs, given: ChannelConfigs) -> ChannelConfigs {
    fn or<T>(given: Vec<T>, held: Vec<T>) -> Vec<T> {
        if given.is_empty() { held } else { given }
    }
    ChannelConfigs {
        auto_accept_configs: or(given.auto_accept_configs, held.auto_accept_configs),
        after_contact_work_configs: or(given.after_contact_work_configs, held.after_contact_work_configs),
        phone_number_configs: or(given.phone_number_configs, held.phone_number_configs),
        persistent_connection_configs: or(
            given.persistent_connection_configs,
            held.persistent_connection_configs,
        ),
        voice_enhancement_configs: or(given.voice_enhancement_configs, held.voice_enhancement_configs),
    }
}

fn without_twins(phone: PhoneConfig, channels: &ChannelConfigs) -> PhoneConfig {
    let by_phone = channels.phone_number_configs.is_empty();
    PhoneConfig {
        phone_type: phone.phone_type.filter(|_| by_phone),
        desk_phone_number: phone.desk_phone_number.filter(|_| by_phone),
        auto_accept: phone.auto_accept.filter(|_| channels.auto_accept_configs.is_empty()),
        after_contact_work_time_limit: phone
            .after_contact_work_time_limit
            .filter(|_| channels.after_contact_work_configs.is_empty()),
        persistent_connection: phone
            .persistent_connection
            .filter(|_| channels.persistent_connection_configs.is_empty()),
    }
}

/// A voice that does not come through the browser can't be enhanced there.
fn check_voice(channels: &ChannelConfigs, phone: Option<&PhoneConfig>) -> ApiResult<()> {
    let by_channel = channels.phone_number_configs.iter().find(|config| config.channel == Channel::Voice);
    let kind =
        by_channel.map(|config| config.phone_type).or_else(|| phone.and_then(|phone| phone.phone_type));
    let mut modes = channels.voice_enhancement_configs.iter().map(|config| config.voice_enhancement_mode);
    if kind == Some(PhoneType::DeskPhone) && modes.any(|mode| mode != VoiceEnhancementMode::None) {
        return Err(ApiError::condition_failed("Voice enhancement needs a soft phone"));
    }
    Ok(())
}

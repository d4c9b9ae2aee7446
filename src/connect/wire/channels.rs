//! The lists of settings by channel, between the SDK's types and ours.

use std::collections::BTreeMap;

use aws_sdk_connect::types::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, Channel as SdkChannel,
    PersistentConnectionConfig, PhoneNumberConfig, User, VoiceEnhancementConfig, VoiceEnhancementMode,
};

use super::{phone_type, sdk_phone_type, seconds, time_limit};
use crate::connect::plan::ChannelConfigs;
use crate::model::{Channel, ChannelPhone, VoiceEnhancement};

/// What a description says. A channel or a mode that this SDK does not know is left out.
pub(super) fn configs(user: &User) -> ChannelConfigs {
    let (auto_accept, work) = (user.auto_accept_configs(), user.after_contact_work_configs());
    ChannelConfigs {
        auto_accept: list(auto_accept, |c| Some((channel(&c.channel)?, c.auto_accept))),
        after_contact_work: list(work, |c| {
            Some((channel(&c.channel)?, limit(c.after_contact_work_config.as_ref()?)))
        }),
        phone_number: list(user.phone_number_configs(), |c| {
            let phone = ChannelPhone { kind: phone_type(&c.phone_type), number: c.phone_number.clone() };
            Some((channel(&c.channel)?, phone))
        }),
        persistent_connection: list(user.persistent_connection_configs(), |c| {
            Some((channel(&c.channel)?, c.persistent_connection))
        }),
        voice_enhancement: list(user.voice_enhancement_configs(), |c| {
            Some((channel(&c.channel)?, enhancement(&c.voice_enhancement_mode)?))
        }),
        callback_auto_accept: auto_accept.iter().find_map(|c| c.agent_first_callback_auto_accept),
        callback_after_contact_work: work
            .iter()
            .find_map(|c| c.agent_first_callback_after_contact_work_config.as_ref().map(limit)),
    }
}

pub(in crate::connect) fn auto_accept(configs: &ChannelConfigs) -> Option<Vec<AutoAcceptConfig>> {
    sdk_list(&configs.auto_accept, |channel, on| {
        AutoAcceptConfig::builder()
            .channel(sdk_channel(channel))
            .auto_accept(*on)
            .set_agent_first_callback_auto_accept(calls_only(channel, configs.callback_auto_accept))
            .build()
            .ok()
    })
}

pub(in crate::connect) fn after_contact_work(
    configs: &ChannelConfigs,
) -> Option<Vec<AfterContactWorkConfigPerChannel>> {
    let sdk =
        |limit| AfterContactWorkConfig::builder().after_contact_work_time_limit(time_limit(limit)).build();
    sdk_list(&configs.after_contact_work, |channel, limit| {
        let callback = calls_only(channel, configs.callback_after_contact_work);
        AfterContactWorkConfigPerChannel::builder()
            .channel(sdk_channel(channel))
            .after_contact_work_config(sdk(*limit))
            .set_agent_first_callback_after_contact_work_config(callback.map(sdk))
            .build()
            .ok()
    })
}

pub(in crate::connect) fn phone_number(configs: &ChannelConfigs) -> Option<Vec<PhoneNumberConfig>> {
    sdk_list(&configs.phone_number, |channel, phone| {
        PhoneNumberConfig::builder()
            .channel(sdk_channel(channel))
            .phone_type(sdk_phone_type(phone.kind))
            .set_phone_number(phone.number.clone())
            .build()
            .ok()
    })
}

pub(in crate::connect) fn persistent_connection(
    configs: &ChannelConfigs,
) -> Option<Vec<PersistentConnectionConfig>> {
    sdk_list(&configs.persistent_connection, |channel, on| {
        PersistentConnectionConfig::builder()
            .channel(sdk_channel(channel))
            .persistent_connection(*on)
            .build()
            .ok()
    })
}

pub(in crate::connect) fn voice_enhancement(configs: &ChannelConfigs) -> Option<Vec<VoiceEnhancementConfig>> {
    sdk_list(&configs.voice_enhancement, |channel, mode| {
        VoiceEnhancementConfig::builder()
            .channel(sdk_channel(channel))
            .voice_enhancement_mode(sdk_enhancement(*mode))
            .build()
            .ok()
    })
}

fn list<C, T>(configs: &[C], of: impl Fn(&C) -> Option<(Channel, T)>) -> BTreeMap<Channel, T> {
    configs.iter().filter_map(of).collect()
}

/// None is left out of the request. Building fails only where a required member is not given.
fn sdk_list<T, C>(list: &BTreeMap<Channel, T>, build: impl Fn(Channel, &T) -> Option<C>) -> Option<Vec<C>> {
    let items: Vec<C> = list.iter().filter_map(|(channel, value)| build(*channel, value)).collect();
    (!items.is_empty()).then_some(items)
}

fn calls_only<T>(channel: Channel, callback: Option<T>) -> Option<T> {
    callback.filter(|_| channel == Channel::Voice)
}

fn limit(config: &AfterContactWorkConfig) -> u32 {
    seconds(config.after_contact_work_time_limit)
}

fn channel(channel: &SdkChannel) -> Option<Channel> {
    match channel {
        SdkChannel::Voice => Some(Channel::Voice),
        SdkChannel::Chat => Some(Channel::Chat),
        SdkChannel::Task => Some(Channel::Task),
        SdkChannel::Email => Some(Channel::Email),
        _ => None,
    }
}

fn sdk_channel(channel: Channel) -> SdkChannel {
    match channel {
        Channel::Voice => SdkChannel::Voice,
        Channel::Chat => SdkChannel::Chat,
        Channel::Task => SdkChannel::Task,
        Channel::Email => SdkChannel::Email,
    }
}

fn enhancement(mode: &VoiceEnhancementMode) -> Option<VoiceEnhancement> {
    match mode {
        VoiceEnhancementMode::VoiceIsolation => Some(VoiceEnhancement::VoiceIsolation),
        VoiceEnhancementMode::NoiseSuppression => Some(VoiceEnhancement::NoiseSuppression),
        VoiceEnhancementMode::None => Some(VoiceEnhancement::None),
        _ => None,
    }
}

fn sdk_enhancement(mode: VoiceEnhancement) -> VoiceEnhancementMode {
    match mode {
        VoiceEnhancement::VoiceIsolation => VoiceEnhancementMode::VoiceIsolation,
        VoiceEnhancement::NoiseSuppression => VoiceEnhancementMode::NoiseSuppression,
        VoiceEnhancement::None => VoiceEnhancementMode::None,
    }
}

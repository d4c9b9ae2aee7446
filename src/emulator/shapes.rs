//! Structures of the Connect API that go in and come out alike.

use serde::{Deserialize, Serialize};

/// `UserIdentityInfo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct IdentityInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secondary_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mobile: Option<String>,
}

/// `PhoneType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum PhoneType {
    SoftPhone,
    DeskPhone,
}

/// `Channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Channel {
    Voice,
    Chat,
    Task,
    Email,
}

/// `UserPhoneConfig`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PhoneConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone_type: Option<PhoneType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auto_accept: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after_contact_work_time_limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) desk_phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) persistent_connection: Option<bool>,
}

/// The five lists of settings for each channel.
#[expect(clippy::struct_field_names, reason = "the API's names")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChannelConfigs {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) auto_accept_configs: Vec<AutoAcceptConfig>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) after_contact_work_configs: Vec<AfterContactWorkConfigPerChannel>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) phone_number_configs: Vec<PhoneNumberConfig>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) persistent_connection_configs: Vec<PersistentConnectionConfig>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) voice_enhancement_configs: Vec<VoiceEnhancementConfig>,
}

/// `AutoAcceptConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AutoAcceptConfig {
    pub(super) channel: Channel,
    auto_accept: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent_first_callback_auto_accept: Option<bool>,
}

/// `AfterContactWorkConfigPerChannel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AfterContactWorkConfigPerChannel {
    pub(super) channel: Channel,
    pub(super) after_contact_work_config: AfterContactWorkConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent_first_callback_after_contact_work_config: Option<AfterContactWorkConfig>,
}

/// `AfterContactWorkConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AfterContactWorkConfig {
    #[serde(default)]
    pub(super) after_contact_work_time_limit: u32,
}

/// `PhoneNumberConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PhoneNumberConfig {
    pub(super) channel: Channel,
    pub(super) phone_type: PhoneType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone_number: Option<String>,
}

/// `PersistentConnectionConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PersistentConnectionConfig {
    pub(super) channel: Channel,
    persistent_connection: bool,
}

/// `VoiceEnhancementConfig`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VoiceEnhancementConfig {
    pub(super) channel: Channel,
    pub(super) voice_enhancement_mode: VoiceEnhancementMode,
}

/// `VoiceEnhancementMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum VoiceEnhancementMode {
    VoiceIsolation,
    NoiseSuppression,
    None,
}

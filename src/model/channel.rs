//! What a Connect user's channels can be set to, one by one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PhoneType;

/// `Channel` of the Connect API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Calls.
    Voice,
    /// Chats.
    Chat,
    /// Tasks.
    Task,
    /// E-mail.
    Email,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Voice, Self::Chat, Self::Task, Self::Email];

    /// As rules write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Chat => "chat",
            Self::Task => "task",
            Self::Email => "email",
        }
    }
}

/// One channel's settings in `UpdateUserConfig`. What is `None` is left as it is.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_UpdateUserConfig.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ChannelSettings {
    /// Whether contacts are accepted without the agent.
    pub auto_accept: Option<bool>,
    /// After-contact work, in seconds, at most 2,000,000; 0 means no limit.
    pub after_contact_work_seconds: Option<u32>,
    /// Whether the line is kept between calls. Connect takes it for [`Channel::Voice`] only.
    pub persistent_connection: Option<bool>,
    /// Where calls ring. Connect takes it for [`Channel::Voice`] only.
    pub phone: Option<ChannelPhone>,
    /// What is done to the agent's voice. Connect takes it for [`Channel::Voice`] only.
    pub voice_enhancement: Option<VoiceEnhancement>,
}

impl ChannelSettings {
    /// For people: what is set.
    #[must_use]
    pub fn in_words(&self) -> String {
        let flag = |on: Option<bool>, yes: &str, no: &str| on.map(|on| if on { yes } else { no }.to_owned());
        let parts = [
            flag(self.auto_accept, "accepted automatically", "accepted by hand"),
            self.after_contact_work_seconds.map(|seconds| format!("{seconds} s after-contact work")),
            flag(self.persistent_connection, "line kept", "line not kept"),
            self.phone.as_ref().map(|phone| phone.kind.rings(phone.number.as_deref()).to_owned()),
            self.voice_enhancement.map(|voice| voice.words().to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// `PhoneNumberConfig` of the Connect API.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ChannelPhone {
    /// Soft phone or desk phone.
    pub kind: PhoneType,
    /// E.164 number, required for a desk phone.
    pub number: Option<String>,
}

/// `VoiceEnhancementMode` of the Connect API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoiceEnhancement {
    /// The agent's voice alone.
    VoiceIsolation,
    /// Less noise.
    NoiseSuppression,
    /// Nothing.
    None,
}

impl VoiceEnhancement {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::VoiceIsolation => "voice isolated",
            Self::NoiseSuppression => "noise suppressed",
            Self::None => "voice as it is",
        }
    }
}

impl fmt::Debug for ChannelPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelPhone").field("kind", &self.kind).finish_non_exhaustive()
    }
}

//! `[cache]`: for how long what AWS said is believed.

use std::time::Duration;

use super::section::Section;

/// What `[cache]` says.
pub(super) struct Cache {
    pub(super) token_margin: Duration,
    pub(super) refresh_ahead: Duration,
    pub(super) max_token_age: Duration,
    pub(super) directory_max_age: Duration,
    pub(super) known_for: Duration,
    pub(super) settle_within: Duration,
    pub(super) refusal_for: Duration,
}

impl Cache {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let cache = Self {
            token_margin: section.seconds("token_margin_seconds", 300, 30..=3600),
            refresh_ahead: section.seconds("refresh_ahead_seconds", 300, 0..=3600),
            max_token_age: section.seconds("max_token_age_seconds", 3600, 60..=43_200),
            directory_max_age: section.seconds("directory_max_age_seconds", 900, 10..=86_400),
            known_for: section.seconds("known_for_seconds", 300, 0..=3600),
            settle_within: section.seconds("settle_within_seconds", 10, 1..=60),
            refusal_for: section.seconds("refusal_seconds", 10, 0..=300),
        };
        if cache.token_margin + cache.refresh_ahead >= cache.max_token_age {
            let message = "must be longer than token_margin_seconds and refresh_ahead_seconds together";
            section.problem("max_token_age_seconds", message);
        }
        cache
    }
}

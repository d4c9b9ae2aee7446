//! Users and tokens against an emulated AWS, over real HTTP and with real signatures.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is surprised")]

mod accounts;
mod agents;
mod browse;
mod channels;
mod federation;
mod hand_off;
mod hierarchy;
mod hierarchy_broken_off;
mod hierarchy_missing;
mod house;
mod line;
mod preview;
mod previewed;
mod protected;
mod provisioning;
mod race;
mod standing;
mod storm;
mod users;

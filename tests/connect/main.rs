//! Users and tokens against an emulated AWS, over real HTTP and with real signatures.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is surprised")]

mod accounts;
mod agents;
mod assertion_role;
mod browse;
mod channels;
mod clocks;
mod faults;
mod federation;
mod fewest_calls;
mod hand_off;
mod hierarchy;
mod hierarchy_broken_off;
mod hierarchy_missing;
mod house;
mod line;
mod operations;
mod operations_page;
mod preview;
mod previewed;
mod protected;
mod provisioning;
mod race;
mod refusals;
mod removal;
mod standing;
mod storm;
mod unfinished;
mod users;

//! Users and tokens against an emulated AWS, over real HTTP and with real signatures.

mod federation;
mod hand_off;
mod house;
mod protected;
mod provisioning;
mod race;
mod storm;
mod users;

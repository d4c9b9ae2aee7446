//! Metadata, ours and theirs: what we publish, and how theirs is fetched, trusted and kept up to date.

mod about;
mod duration;
mod fetch;
mod own;
mod refresh;
mod signed;
mod standing;
mod warnings;

pub use about::{AboutUs, Contact, Logo, Organization};
pub use standing::MetadataStanding;

pub(super) use duration::parse as parse_duration;
pub(super) use own::{OwnMetadata, Us};
pub(super) use refresh::Refresh;
pub(super) use signed::{pinned_keys, trusted_text};
pub(super) use warnings::{Reminders, warnings};

//! `connect-gateway keys new | rotate | show`: keys of our own, and the certificates in use.

mod new;
mod rotate;
mod show;

pub use new::{KeyKind, KeyOrder, new_key};
pub use rotate::rotate_key;
pub use show::show_keys;

pub(super) use new::make;
pub(super) use show::ends;

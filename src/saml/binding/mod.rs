//! How messages travel: SAML bindings.

pub(super) mod artifact;
pub(super) mod back_channel;
pub(super) mod redirect;
pub(super) mod soap;

//! How messages travel: SAML bindings.

pub(super) mod redirect;

//! What the fuzz targets share: documents that are really signed, ways to change them, and the limits.

#[path = "../../tests/support/damage.rs"]
#[allow(dead_code, reason = "made for the tests")]
mod damage;
#[path = "../../tests/acs/encryptor.rs"]
#[allow(dead_code, reason = "made for the tests")]
mod encryptor;
#[path = "../../tests/acs/gateway.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "made for the tests")]
mod gateway;
#[path = "../../tests/acs/idp.rs"]
#[allow(dead_code, reason = "made for the tests")]
mod idp;
#[path = "../../tests/acs/logout_idp.rs"]
#[allow(dead_code, reason = "made for the tests")]
mod logout_idp;
#[path = "../../tests/support/tree.rs"]
#[allow(dead_code, reason = "made for the tests")]
mod tree;

pub mod acs;
pub mod decryption;
pub mod limits;
pub mod logout;
mod mutation;
mod readers;
mod signer;
mod tally;
mod words;

pub use readers::{acs_form, cookies, metadata, redirect_query, soap, way, xml_guard};

/// Makes keys and documents before the first input: they take longer than one may.
pub fn prepare() {
    readers::prepare();
    acs::prepare();
    decryption::prepare();
    logout::prepare();
}

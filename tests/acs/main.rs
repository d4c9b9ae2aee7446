//! What the assertion consumer service accepts and refuses, on really signed responses.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod accepted;
mod artifact;
mod artifact_envelope;
mod attacks;
mod back_channel;
mod crashers;
#[path = "../support/damage.rs"]
mod damage;
mod documents;
mod encryption;
mod encryption_parts;
mod encryption_refused;
mod encryption_xmlsec;
mod encryptor;
mod findings;
mod for_aws;
mod gateway;
mod idp;
mod idp_metadata;
mod logout_answers;
mod logout_idp;
mod logout_ours;
mod logout_queries;
mod logout_requests;
mod metadata_own;
mod metadata_refresh;
mod metadata_signed;
mod metadata_site;
mod metadata_warnings;
mod mutations;
mod oddities;
mod refused;
mod replay;
mod requested;
mod requests;
mod shapes;
mod signature_shapes;
mod signatures;
mod signed_as_wanted;
mod times;
#[path = "../support/tree.rs"]
mod tree;
mod unsolicited;

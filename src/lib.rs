//! Signs people in to Amazon Connect.
//!
//! A person opens one bookmark. The gateway, a SAML 2.0 service provider, sends them to their
//! company's identity provider, verifies what comes back, turns attributes into a Connect user by
//! the administrator's rules, makes sure that user exists and is placed right, obtains IAM
//! credentials for that one user, asks Connect for a federation token, and lands the browser inside
//! the instance.
//!
//! ```text
//! GET  /go/{instance}/{destination}   start    -> AuthnRequest + PendingSignIn     -> the identity provider
//! POST /saml/acs                      verify   -> VerifiedAssertion -> Identity       noun 1
//!                                     place    -> Placement | Denial (pure, traced)   noun 2
//!                                     session  -> 303 to /go/{instance}/{destination}
//! GET  /go/{instance}/{destination}   ensure   -> ConnectUser (resolve, plan, apply)  noun 3
//!                                     token_for-> FederationToken (cached)            noun 4
//!                                     hand-off -> into the instance
//! any error                           blame    -> status, page, code, support id; cause -> one audit line
//! ```
//!
//! Modules are listed in layer order: each imports only from layers above it in this list, and the
//! rooms of layer 1 never import each other. `tests/layers.rs` holds the table and enforces it.

#![forbid(unsafe_code)]

// Layer 0: the nouns, and the way out.
pub mod model;
pub mod outbound;

// Layer 1: one room per skill.
pub mod audit;
pub mod budget;
pub mod connect;
pub mod federation;
pub mod mapping;
pub mod metrics;
pub mod saml;
pub mod session;
pub mod store;

// Layer 2: the journeys, and what administrators see of them.
pub mod admin;
pub mod sign_in;

// Layer 3: HTTP and pages.
pub mod web;

// Layer 4: putting it together. (The fuzzer takes the rooms below apart, and builds no more than these.)
#[cfg(not(fuzzing))]
pub mod app;
#[cfg(not(fuzzing))]
pub mod config;
#[cfg(not(fuzzing))]
pub mod telemetry;

// Aside: a loopback stand-in for AWS and an identity provider. Imports nothing of the above.
#[cfg(not(fuzzing))]
pub mod emulator;

//! Shared state: sign-ins under way, used assertions, sessions. In this process's memory, or in Redis.
//!
//! Everything has an end and is swept as it is used; nothing grows without bound.

mod expiring;
mod named_sessions;
mod pending;
pub mod redis;
mod replay;
mod revisions;
mod seen;
mod sessions;

pub use named_sessions::MemoryNamedSessions;
pub use pending::MemoryPending;
pub use replay::MemoryReplay;
pub use seen::{Journal, SeenFile, seen_people};
pub use sessions::{MemorySessions, Sessions};

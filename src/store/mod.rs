//! Shared state in this process's memory: sign-ins under way, used assertions, sessions.
//!
//! Everything has an end and is swept as it is used; nothing grows without bound.

mod expiring;
mod pending;
mod replay;
mod sessions;

pub use pending::MemoryPending;
pub use replay::MemoryReplay;
pub use sessions::MemorySessions;

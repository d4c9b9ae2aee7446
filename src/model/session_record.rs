//! What a session's record says besides who is signed in, so that two who change it at once don't undo each other's
//! changes. The room that writes sessions and the stores that keep them agree on it here.

/// This state of the record: a random word, another one for each change.
pub const REVISION: &str = "revision";

/// The state that a changed record takes the place of; a store keeps the change only if that is what it has.
pub const REPLACES: &str = "replaces";

/// A store's answer to a change that comes too late.
pub const CHANGED: &str = "the session has ended or was changed meanwhile";

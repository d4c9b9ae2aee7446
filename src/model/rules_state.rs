//! Whether the rules in force are those of the file.

use super::Problem;

/// What became of the last version of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulesState {
    /// Why it could not be used: older rules are in force. Empty: it is in force.
    pub problems: Vec<Problem>,
    /// It changed something else than the rules, which waits for a restart.
    pub needs_restart: bool,
}

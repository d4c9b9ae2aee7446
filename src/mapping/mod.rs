//! From an identity to a placement, by the administrator's rules. Pure. (Signatures fixed; bodies being built.)

use std::collections::BTreeMap;

use crate::model::{Identity, IdpName, Placed, Problem, Trace};

/// The `[mapping]` section. (Fields being built.)
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {}

/// Where one identity provider's attributes are: `preset` and `attributes` of its `[idp.<name>]` table.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NamesConfig {}

/// Rules that passed every check at load.
#[derive(Debug)]
pub struct Rules {}

impl Rules {
    /// Compiles the rules.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn new(_config: &Config, _names: &BTreeMap<IdpName, NamesConfig>) -> Result<Self, Vec<Problem>> {
        Ok(Self {})
    }
}

/// What the rules make of `identity`, and why.
#[must_use]
pub fn place(_identity: &Identity, _rules: &Rules) -> Placed {
    Placed {
        outcome: Err(crate::model::Denial {
            code: &crate::model::code::MAPPING_NO_MATCH,
            rule: None,
            message: None,
            detail: String::new(),
        }),
        trace: Trace::default(),
    }
}

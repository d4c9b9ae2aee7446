//! `[admin]`: who may use the console, and how much it remembers.

use crate::mapping::{Admins, Known};

use super::mapping;
use super::section::Section;

/// Sign-ins that are remembered unless something else is written.
const KEPT: u64 = 200;

/// What `[admin]` says.
#[derive(Debug)]
pub struct Admin {
    /// Who.
    pub admins: Admins,
    /// How many recent sign-ins are kept in memory.
    pub keep_sign_ins: usize,
}

/// `None` when something is wrong.
pub(super) fn read(section: &mut Section<'_>, known: &Known) -> Option<Admin> {
    let config = mapping::conditions(section);
    let keep_sign_ins = section.number("keep_sign_ins", KEPT, 0..=2000);
    if config.idps.is_none() && known.idps.len() > 1 {
        section.warning("idps", "is missing: every identity provider can name administrators by its groups");
    }
    let admins = Admins::new("admin", &config, known).map_err(|problems| section.problems(problems)).ok()?;
    Some(Admin { admins, keep_sign_ins: usize::try_from(keep_sign_ins).unwrap_or(usize::MAX) })
}

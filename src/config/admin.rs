//! `[admin]`: who may use the console, and how much it remembers.

use std::path::{Path, PathBuf};

use crate::mapping::{Admins, Known};

use super::mapping;
use super::section::Section;

/// Sign-ins that are remembered unless something else is written.
const KEPT: u64 = 200;

/// The longest path of a socket, in bytes: systems take few more, and the file gets another name while it is made.
const LONGEST_SOCKET: usize = 90;

/// What `[admin]` says.
#[derive(Debug)]
pub struct Admin {
    /// Who.
    pub admins: Admins,
    /// How many recent sign-ins are kept in memory.
    pub keep_sign_ins: usize,
    /// Where this program's command line asks the gateway that runs.
    pub socket: Option<PathBuf>,
}

/// `None` when nobody is named, or when something is wrong. Relative paths start at `base_dir`.
pub(super) fn read(
    section: &mut Section<'_>,
    is_written: bool,
    known: &Known,
    base_dir: &Path,
) -> Option<Admin> {
    let config = mapping::conditions(section);
    let keep_sign_ins = section.number("keep_sign_ins", KEPT, 0..=2000);
    let socket = section.parsed("socket", |path| socket(base_dir, path));
    if !is_written {
        return None;
    }
    if config.idps.is_none() && known.idps.len() > 1 {
        section.warning("idps", "is missing: every identity provider can name administrators by its groups");
    }
    let admins = Admins::new("admin", &config, known).map_err(|problems| section.problems(problems)).ok()?;
    Some(Admin { admins, keep_sign_ins: usize::try_from(keep_sign_ins).unwrap_or(usize::MAX), socket })
}

fn socket(base_dir: &Path, path: &str) -> Result<PathBuf, String> {
    let whole = base_dir.join(path);
    let fits = !path.is_empty() && whole.as_os_str().len() <= LONGEST_SOCKET;
    fits.then_some(whole)
        .ok_or_else(|| format!("write a path of 1 to {LONGEST_SOCKET} bytes, with its folder"))
}

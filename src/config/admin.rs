//! `[admin]`: who may use the console, how much it remembers, and who may publish rules from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::mapping::{Admins, Known};

use super::drafts::Drafts;
use super::history::History;
use super::listen;
use super::mapping;
use super::section::Section;

/// Sign-ins that are remembered unless something else is written.
const KEPT: u64 = 200;

/// What `[admin]` says.
#[derive(Debug)]
pub struct Admin {
    /// Who.
    pub admins: Arc<Admins>,
    /// How many recent sign-ins are kept in memory.
    pub keep_sign_ins: usize,
    /// Who may publish rules; `None`: nobody.
    pub publishers: Option<Publishers>,
    /// Where this program's command line asks the gateway that runs.
    pub socket: Option<PathBuf>,
}

/// What `[admin.publishers]` says.
#[derive(Debug)]
pub struct Publishers {
    /// Which administrators.
    pub who: Admins,
    /// The rules' file and its versions.
    pub history: History,
}

impl Admin {
    /// The versions of the rules, where somebody may publish them.
    pub(super) fn history(&self) -> Option<&History> {
        self.publishers.as_ref().map(|publishers| &publishers.history)
    }
}

/// `None` when something is wrong.
pub(super) fn read(section: &mut Section<'_>, known: &Known, drafts: &Drafts) -> Option<Admin> {
    let config = mapping::conditions(section);
    let keep_sign_ins = section.number("keep_sign_ins", KEPT, 0..=2000);
    let socket = section.parsed("socket", |path| listen::socket_path(drafts.base_dir(), path));
    let publishers = section.optional("publishers", |s| publishers(s, known, drafts)).flatten();
    if config.idps.is_none() && known.idps.len() > 1 {
        section.warning("idps", "is missing: every identity provider can name administrators by its groups");
    }
    let admins = Admins::new("admin", &config, known).map_err(|problems| section.problems(problems)).ok()?;
    Some(Admin {
        admins: Arc::new(admins),
        keep_sign_ins: usize::try_from(keep_sign_ins).unwrap_or(usize::MAX),
        publishers,
        socket,
    })
}

fn publishers(section: &mut Section<'_>, known: &Known, drafts: &Drafts) -> Option<Publishers> {
    let config = mapping::conditions(section);
    let folder = section.parsed("history_folder", |text| Ok(drafts.base_dir().join(text)));
    let who = Admins::new("admin.publishers", &config, known);
    let who = who.map_err(|problems| section.problems(problems)).ok();
    let Some(file) = drafts.mapping_file() else {
        let advice = "needs the rules in a file of their own: move the [mapping] section, with its heading, to \
            mapping.toml and write mapping_file = \"mapping.toml\" at the top of this file";
        section.problem("", advice);
        return None;
    };
    let folder = folder.unwrap_or_else(|| beside(file));
    Some(Publishers { who: who?, history: History::new(file.to_owned(), folder) })
}

/// `mapping.toml.history` beside `mapping.toml`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".history");
    name.into()
}

//! `[operations]`: where monitoring asks.

use std::path::Path;

use super::listen::{Listen, parse};
use super::section::Section;

/// `None`: nowhere. `public` is where browsers come in.
pub(super) fn read(section: &mut Section<'_>, public: &Listen, base_dir: &Path) -> Option<Listen> {
    let listen = section.parsed("listen", |text| parse(base_dir, text))?;
    if listen == *public {
        section.problem("listen", "is where browsers come in: give monitoring an address of its own");
    }
    Some(listen)
}

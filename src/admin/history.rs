//! The versions of the rules beside the file, for reading.

use super::Drafts;
use super::diff::Diff;
use super::versions::{Digest, Kept, Version, Versions};

/// The file and its versions.
pub struct History {
    /// The file as it is; an error: why it can't be read.
    pub file: Result<String, String>,
    /// What is kept, newest first; an error: why nobody can tell.
    pub kept: Result<Vec<Kept>, String>,
}

/// One version, for a page.
pub struct OneVersion {
    /// Its number; `None`: the file as it is.
    pub number: Option<u32>,
    /// What is known of it; `None` of a file that was changed by hand.
    pub version: Option<Version>,
    /// Its text.
    pub text: String,
    /// From the version before it, with that one's number.
    pub from_previous: Option<(u32, Diff)>,
    /// From it to the file; `None` when it is what the file has.
    pub to_file: Option<Diff>,
}

impl History {
    pub(super) fn read(versions: &dyn Versions) -> Self {
        Self { file: versions.file(), kept: versions.all() }
    }

    /// The digest of the file.
    #[must_use]
    pub fn file_digest(&self) -> Option<Digest> {
        self.file.as_ref().ok().map(|text| Digest::of(text))
    }

    /// The newest version, when it is what the file has.
    #[must_use]
    pub fn in_file(&self) -> Option<u32> {
        let newest = self.kept.as_ref().ok()?.first()?;
        let (version, _) = newest.version.as_ref().ok()?;
        (Some(&version.digest) == self.file_digest().as_ref()).then_some(newest.number)
    }

    /// Whether the file was changed, and not from here.
    #[must_use]
    pub fn is_changed_by_hand(&self) -> bool {
        self.in_file().is_none()
    }

    /// The text with that digest.
    pub(super) fn text_of(&self, digest: &Digest) -> Option<&str> {
        let kept = self.kept.as_ref().ok()?.iter().filter_map(|kept| kept.version.as_ref().ok());
        kept.clone().find(|(version, _)| version.digest == *digest).map(|(_, text)| text.as_str())
    }

    /// The version of that number; an error: why it can't be read. `None`: there is none.
    #[must_use]
    pub fn one(&self, number: u32) -> Option<Result<OneVersion, String>> {
        let kept = self.kept.as_ref().ok()?;
        let place = kept.iter().position(|kept| kept.number == number)?;
        Some(kept[place].version.as_ref().map_err(Clone::clone).map(|(version, text)| OneVersion {
            number: Some(number),
            version: Some(version.clone()),
            text: text.clone(),
            from_previous: Self::from_previous(&kept[place + 1..], text),
            to_file: self.to_file(text),
        }))
    }

    /// The file as it is, as if it were a version.
    #[must_use]
    pub fn file_itself(&self) -> Option<OneVersion> {
        let text = self.file.as_ref().ok()?.clone();
        let from_previous = Self::from_previous(self.kept.as_ref().ok()?, &text);
        Some(OneVersion { number: None, version: None, text, from_previous, to_file: None })
    }

    fn from_previous(older: &[Kept], text: &str) -> Option<(u32, Diff)> {
        let previous = older.iter().find_map(|kept| Some((kept.number, kept.version.as_ref().ok()?)));
        previous.map(|(number, (_, old))| (number, Diff::between(old, text)))
    }

    fn to_file(&self, text: &str) -> Option<Diff> {
        let file = self.file.as_ref().ok().filter(|file| *file != text);
        file.map(|file| Diff::between(text, file))
    }
}

/// What a draft begins with.
pub struct Opened {
    /// The rules.
    pub draft: String,
    /// The digest of the file at that moment.
    pub base: Digest,
}

/// How the file changed while somebody worked on a draft.
pub struct Meanwhile {
    /// What changed; `None` when nobody kept what it was.
    pub diff: Option<Diff>,
    /// Of the file as it is.
    pub digest: Digest,
}

pub(super) fn open(
    drafts: &dyn Drafts,
    versions: Option<&dyn Versions>,
    number: Option<u32>,
) -> Option<Opened> {
    let Some(versions) = versions else {
        let draft = drafts.written();
        return number.is_none().then(|| Opened { base: Digest::of(&draft), draft });
    };
    // One look at the file for both: a change between two would be lost.
    let file = versions.file().unwrap_or_default();
    let base = Digest::of(&file);
    let draft = match number {
        Some(number) => {
            let kept = versions.all().ok()?.into_iter().find(|kept| kept.number == number)?;
            kept.version.ok()?.1
        }
        None if file.is_empty() => drafts.written(),
        None => file,
    };
    Some(Opened { draft, base })
}

pub(super) fn meanwhile(versions: &dyn Versions, base: &Digest) -> Option<Meanwhile> {
    let history = History::read(versions);
    let file = history.file.as_ref().ok()?;
    let digest = Digest::of(file);
    if digest == *base {
        return None;
    }
    let diff = history.text_of(base).map(|old| Diff::between(old, file));
    Some(Meanwhile { diff, digest })
}

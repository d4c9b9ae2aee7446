//! What a plan is made of, and how people read it.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::HierarchyPath;

/// What makes an instance's hierarchy as a file wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One call each, in the order in which they can be made.
    pub steps: Vec<Step>,
    /// What can't be done. While there is any, nothing is.
    pub conflicts: Vec<Conflict>,
    /// What is left as it is, and what to know.
    pub notes: Vec<Note>,
    /// Ids of the file's groups that are there, by the path that the file gives them.
    pub(super) ids: BTreeMap<HierarchyPath, String>,
}

/// What may be taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Groups that are not in the file.
    pub prune: bool,
    /// Levels that are not in the file.
    pub remove_levels: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `UpdateUserHierarchyStructure`: the whole structure.
    Levels {
        /// What differs.
        changes: Vec<LevelChange>,
        /// The levels before.
        before: Vec<String>,
        /// The levels after.
        after: Vec<String>,
    },
    /// `UpdateUserHierarchyGroupName`.
    Rename {
        /// The group.
        id: String,
        /// Where it was.
        from: HierarchyPath,
        /// Where it will be: the same parent.
        to: HierarchyPath,
    },
    /// `CreateUserHierarchyGroup`.
    Create {
        /// Where.
        path: HierarchyPath,
    },
    /// `DeleteUserHierarchyGroup`.
    Delete {
        /// The group.
        id: String,
        /// Where it is.
        path: HierarchyPath,
    },
}

/// A change of one level; the top one has number 1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "number and name say it")]
pub enum LevelChange {
    /// A new level at the end.
    Add { number: usize, name: String },
    /// Another name for a level.
    Rename { number: usize, from: String, to: String },
    /// The last level goes. AWS cuts contacts off from it for good.
    Remove { number: usize, name: String },
}

/// What the file wants and Connect can't do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The instance has no group with the id that the file gives.
    UnknownId {
        /// The file's id.
        id: String,
        /// The file's path.
        path: HierarchyPath,
    },
    /// The group has another parent in the file.
    Move {
        /// The group.
        id: String,
        /// Where it is.
        from: HierarchyPath,
        /// Where the file has it.
        to: HierarchyPath,
    },
    /// A group that is not in the file has the new name, and stays.
    NameTaken {
        /// The group to be renamed.
        id: String,
        /// Its path with the new name.
        to: HierarchyPath,
        /// The group that has the name.
        holder: String,
    },
    /// A level that stays for now has the new name.
    LevelNameTaken {
        /// The name.
        name: String,
    },
}

/// What is left as it is, and what to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A group that is not in the file.
    NotInFile {
        /// The group.
        id: String,
        /// Where it is.
        path: HierarchyPath,
    },
    /// A group that is not in the file and has people.
    HasPeople {
        /// The group.
        id: String,
        /// Where it is.
        path: HierarchyPath,
        /// How many.
        people: usize,
    },
    /// A group that is not in the file and is above one that stays.
    HoldsKept {
        /// The group.
        id: String,
        /// Where it is.
        path: HierarchyPath,
    },
    /// A level that is not in the file.
    LevelNotInFile {
        /// Its number, the top one being 1.
        number: usize,
        /// Its name.
        name: String,
    },
    /// A level that is not in the file and has groups that stay.
    LevelInUse {
        /// Its number.
        number: usize,
        /// Its name.
        name: String,
    },
    /// The name of a level comes to stand at another number, and its groups don't follow it.
    LevelNameMoves {
        /// The name.
        name: String,
        /// Its number now.
        from: usize,
        /// Its number then.
        to: usize,
    },
    /// More groups than an instance has room for, unless AWS raised its quota.
    OverQuota {
        /// How many there will be.
        groups: usize,
    },
}

impl Step {
    /// Whether it takes something away.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        match self {
            Self::Levels { changes, .. } => {
                changes.iter().any(|change| matches!(change, LevelChange::Remove { .. }))
            }
            Self::Delete { .. } => true,
            Self::Rename { .. } | Self::Create { .. } => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels { changes, .. } => {
                let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Rename { id, from, to } => write!(f, "~ rename {} → {} (id {id})", shown(from), shown(to)),
            Self::Create { path } => write!(f, "+ create {}", shown(path)),
            Self::Delete { id, path } => write!(f, "- delete {} (id {id})", shown(path)),
        }
    }
}

impl fmt::Display for LevelChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { number, name } => write!(f, "+ add level {number}: {}", plain(name)),
            Self::Rename { number, from, to } => {
                write!(f, "~ rename level {number}: {} → {}", plain(from), plain(to))
            }
            Self::Remove { number, name } => write!(f, "- remove level {number}: {}", plain(name)),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownId { id, path } => write!(
                f,
                "{}: the instance has no group with the id {id}. It was deleted, or the file is of another instance: \
                 take the id out of the file to create the group",
                shown(path)
            ),
            Self::Move { id, from, to } => write!(
                f,
                "{} → {} (id {id}): Amazon Connect can't move a group. Take the id out of the file to have {} \
                 created; move the people to it; then --prune deletes the old group, empty by then",
                shown(from),
                shown(to),
                shown(to)
            ),
            Self::NameTaken { id, to, holder } => write!(
                f,
                "{} (id {id}): the group {holder} has that name, is not in the file and stays. Put it into the file, \
                 or delete it with --prune",
                shown(to)
            ),
            Self::LevelNameTaken { name } => write!(
                f,
                "levels: \"{}\" is the name of a level that is not in the file and can't go first. Delete that level's \
                 groups with --prune, then run this again with --remove-levels",
                plain(name)
            ),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInFile { id, path } => {
                write!(f, "{} (id {id}): not in the file, kept; --prune would delete it", shown(path))
            }
            Self::HasPeople { id, path, people } => {
                write!(f, "{} (id {id}): not in the file, kept: people in it: {people}", shown(path))
            }
            Self::HoldsKept { id, path } => {
                write!(f, "{} (id {id}): not in the file, kept: it holds groups that are kept", shown(path))
            }
            Self::LevelNotInFile { number, name } => write!(
                f,
                "level {number}, {}: not in the file, kept; --remove-levels would remove it, and AWS would cut it off \
                 from all contacts so far, for good",
                plain(name)
            ),
            Self::LevelInUse { number, name } => {
                write!(
                    f,
                    "level {number}, {}: not in the file, kept: groups that are not in the file stay at it or at a level above it",
                    plain(name)
                )
            }
            Self::LevelNameMoves { name, from, to } => write!(
                f,
                "level {}: its name moves from number {from} to number {to}, and the groups stay at theirs",
                plain(name)
            ),
            Self::OverQuota { groups } => write!(
                f,
                "the instance will have {groups} groups: more than fit, unless AWS raised its quota of {}",
                super::GROUP_QUOTA
            ),
        }
    }
}

/// A path that can't write to a terminal what it likes.
fn shown(path: &HierarchyPath) -> String {
    plain(&path.to_string())
}

fn plain(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

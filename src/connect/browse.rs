//! What an instance has, to look at.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::client::Named;
use super::directory::{GroupPath, Kind, Resolved};
use super::words::or_unread;
use super::{Connect, Error};
use crate::model::{CallUse, Cause, Patience, UserId, Username};

/// Something of an instance, and when it was read.
pub struct Read<T> {
    /// What was read.
    pub value: T,
    /// When.
    pub at: OffsetDateTime,
}

/// What an instance has; each part with its own error, a missing permission among them.
pub struct Listings {
    /// Security profiles, by name.
    pub security_profiles: Result<Read<Vec<Listed>>, Error>,
    /// Routing profiles, by name.
    pub routing_profiles: Result<Read<Vec<Listed>>, Error>,
    /// Hierarchy groups.
    pub hierarchy: Result<Read<GroupListing>, Error>,
    /// Users, by name.
    pub users: Result<Read<Vec<Listed>>, Error>,
}

/// A name in an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name: of a user, personal data.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Whether the gateway never grants it, or never signs it in.
    pub is_protected: bool,
}

/// Hierarchy groups.
#[derive(Debug)]
pub enum GroupListing {
    /// The groups of the top level, each with those below it.
    Tree(Vec<GroupNode>),
    /// Names without their places, and the error that kept us from more.
    Flat(Vec<Listed>, Error),
}

/// A hierarchy group.
#[derive(Debug, PartialEq, Eq)]
pub struct GroupNode {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The groups below it, by name.
    pub below: Vec<GroupNode>,
}

/// One user as Connect describes it.
pub struct UserView {
    /// Its name.
    pub username: String,
    /// Its fields that have a value, with names in the place of ids. What may not be read is left out.
    pub fields: Vec<(&'static str, String)>,
    /// Why the gateway signs nobody in as this user, if it does not.
    pub refused: Option<Error>,
}

/// What is kept of an instance, and how its calls stand.
#[derive(Debug, Clone)]
pub struct InUse {
    /// Calls that were made since the start, by operation; other instances of the account and Region count too.
    pub calls: Vec<CallUse>,
    /// Users that are not described again for a while.
    pub known_users: usize,
    /// Listings that are kept, and when each was read.
    pub listings: Vec<(&'static str, OffsetDateTime)>,
}

impl Connect {
    /// What the instance has, from listings that are kept or read now.
    pub async fn listings(&self, patience: Patience) -> Listings {
        let (security_profiles, routing_profiles, hierarchy, users) = tokio::join!(
            self.entries(Kind::SecurityProfile, patience),
            self.entries(Kind::RoutingProfile, patience),
            self.hierarchy(patience),
            self.entries(Kind::User, patience),
        );
        Listings { security_profiles, routing_profiles, hierarchy, users }
    }

    /// The instance's security profiles, by name.
    ///
    /// # Errors
    /// When AWS does not answer, or not within `patience`.
    pub async fn security_profiles(&self, patience: Patience) -> Result<Vec<Listed>, Error> {
        Ok(self.entries(Kind::SecurityProfile, patience).await?.value)
    }

    /// One user; none when there is no such user.
    ///
    /// # Errors
    /// When AWS does not answer, or not within `patience`.
    pub async fn user(&self, id: &UserId, patience: Patience) -> Result<Option<UserView>, Error> {
        let provision = &self.provision;
        let Some(mut held) = provision.described(id.as_str(), patience).await? else { return Ok(None) };
        or_unread(provision.read_proficiencies(&mut held, patience).await, ())?;
        let refused = match provision.check_held(&held, patience).await {
            Ok(()) => None,
            Err(error) => Some(error.if_refusal()?),
        };
        let words = provision.words(&held.username, &held.fields, patience).await?;
        Ok(Some(UserView { username: held.username, fields: words.into_rows(), refused }))
    }

    /// The user whom a sign-in of that name would find, and its id.
    ///
    /// # Errors
    /// When AWS does not answer, or not within `patience`; or several users differ from the name in case only.
    pub async fn user_named(
        &self,
        username: &Username,
        patience: Patience,
    ) -> Result<Option<(UserId, UserView)>, Error> {
        match self.provision.directory.user(username, patience).await? {
            Resolved::Nobody => Ok(None),
            Resolved::Several(count) => Err(Error::AmbiguousUser(count)),
            Resolved::User(id) => {
                let id = UserId::new(id);
                Ok(self.user(&id, patience).await?.map(|view| (id, view)))
            }
        }
    }

    /// What is kept of the instance, and how its calls stand. Asks nobody.
    #[must_use]
    pub fn in_use(&self) -> InUse {
        let mut listings: Vec<_> =
            self.provision.directory.kept().into_iter().map(|(kind, at)| (kind.word(), at)).collect();
        listings.sort_unstable();
        InUse {
            calls: self.provision.calls.uses(),
            known_users: self.known.kept(self.provision.settings.known_for).count(),
            listings,
        }
    }

    async fn entries(&self, kind: Kind, patience: Patience) -> Result<Read<Vec<Listed>>, Error> {
        let (named, at) = self.provision.directory.listed(kind, patience).await?;
        let mut value: Vec<Listed> = named.into_iter().map(|named| self.entry(kind, named)).collect();
        value.sort();
        Ok(Read { value, at })
    }

    fn entry(&self, kind: Kind, (name, id): Named) -> Listed {
        let is_protected = self.provision.is_protected(kind, &name);
        Listed { name, id, is_protected }
    }

    async fn hierarchy(&self, patience: Patience) -> Result<Read<GroupListing>, Error> {
        match self.provision.directory.group_paths(patience).await {
            Ok((paths, at)) => Ok(Read { value: GroupListing::Tree(tree(&paths)), at }),
            Err(error) if error.is(Cause::AccessDenied) => {
                let Read { value, at } = self.entries(Kind::HierarchyGroup, patience).await?;
                Ok(Read { value: GroupListing::Flat(value, error), at })
            }
            Err(error) => Err(error),
        }
    }
}

#[derive(Default)]
struct Branch(BTreeMap<Named, Branch>);

fn tree(paths: &[GroupPath]) -> Vec<GroupNode> {
    let mut root = Branch::default();
    for path in paths {
        let mut branch = &mut root;
        for group in path {
            branch = branch.0.entry(group.clone()).or_default();
        }
    }
    root.into_groups()
}

impl Branch {
    fn into_groups(self) -> Vec<GroupNode> {
        let group = |((name, id), below): (Named, Self)| GroupNode { name, id, below: below.into_groups() };
        self.0.into_iter().map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_make_a_tree_in_which_a_name_may_stand_twice() {
        let path = |names: &[&str]| -> GroupPath {
            (1..=names.len()).map(|depth| (names[depth - 1].to_owned(), names[..depth].join("/"))).collect()
        };
        let tree =
            tree(&[path(&["US", "North"]), path(&["UK", "North"]), path(&["UK"]), path(&["UK", "East"])]);
        let shown =
            |group: &GroupNode| (group.id.clone(), group.below.iter().map(|g| g.id.clone()).collect());
        let shown: Vec<(String, Vec<String>)> = tree.iter().map(shown).collect();
        assert_eq!(
            shown,
            [
                ("UK".to_owned(), vec!["UK/East".to_owned(), "UK/North".to_owned()]),
                ("US".to_owned(), vec!["US/North".to_owned()])
            ]
        );
    }
}

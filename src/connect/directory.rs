//! Names to ids, as the instance lists them.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::aged::Aged;
use super::client::{Calls, Named};
use super::{Error, wire};
use crate::model::{Busy, Cause, Clock, HierarchyPath, Patience, Username};

/// The path of a hierarchy group from the top level down to itself.
pub(super) type GroupPath = Vec<Named>;

/// A name that is missing is looked for again in a listing at most this old.
pub(super) const MISS_AGE: Duration = Duration::from_secs(5);
/// When to come again while a long listing is being read.
const LISTING_TAKES: Duration = Duration::from_secs(2);
const GROUPS: u64 = 10_000;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    SecurityProfile,
    RoutingProfile,
    HierarchyGroup,
    User,
}

/// Who a user name belongs to.
pub(super) enum Resolved {
    /// One user; its id.
    User(String),
    Nobody,
    /// No exact match, and so many that differ in case only.
    Several(usize),
}

/// The instance's names.
#[derive(Clone)]
pub(super) struct Directory {
    calls: Arc<Calls>,
    listings: Aged<Kind, (), Arc<Listing>>,
    groups: Aged<String, (), Arc<Vec<String>>>,
    paths: Aged<(), (), Arc<Vec<GroupPath>>>,
    max_age: Duration,
}

impl Directory {
    pub(super) fn new(calls: Arc<Calls>, max_age: Duration, clock: &Arc<dyn Clock>) -> Self {
        let listings = Aged::new(Kind::ALL, Arc::clone(clock));
        let (groups, paths) = (Aged::new(GROUPS, Arc::clone(clock)), Aged::new(1, Arc::clone(clock)));
        Self { calls, listings, groups, paths, max_age }
    }

    /// The user with exactly this name, else the only one whose name differs in case only.
    pub(super) async fn user(&self, name: &Username, patience: Patience) -> Result<Resolved, Error> {
        let listing = self.listing(Kind::User, self.max_age, patience).await?;
        if let Some(id) = listing.ids(name.as_str()).first() {
            return Ok(Resolved::User(id.clone()));
        }
        // Somebody with the exact name may have come since: nobody lands as their twin.
        Ok(self.listing(Kind::User, MISS_AGE, patience).await?.user(name))
    }

    /// Like [`Self::user`], from a listing that is read now.
    pub(super) async fn user_now(&self, name: &Username, patience: Patience) -> Result<Resolved, Error> {
        Ok(self.listing(Kind::User, Duration::ZERO, patience).await?.user(name))
    }

    /// Adds a user that was created after the listing was read.
    pub(super) async fn remember_user(&self, name: &Username, id: &str) {
        let named = (name.as_str().to_owned(), id.to_owned());
        self.listings.amend(Kind::User, |listing| Arc::new(listing.with(named))).await;
    }

    /// Takes out a user that was deleted after the listing was read.
    pub(super) async fn forget_user(&self, id: &str) {
        self.listings.amend(Kind::User, |listing| Arc::new(listing.without(id))).await;
    }

    /// The id of a profile.
    pub(super) async fn id(&self, kind: Kind, name: &str, patience: Patience) -> Result<String, Error> {
        for age in self.ages() {
            if let Some(id) = self.listing(kind, age, patience).await?.ids(name).first() {
                return Ok(id.clone());
            }
        }
        Err(Error::UnknownName { kind: kind.word(), name: name.to_owned() })
    }

    /// The name of a profile, when it is listed.
    pub(super) async fn name(
        &self,
        kind: Kind,
        id: &str,
        patience: Patience,
    ) -> Result<Option<String>, Error> {
        for age in self.ages() {
            if let Some(name) = self.listing(kind, age, patience).await?.names.get(id) {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    /// Reads names and ids of these kinds anew for the next who asks, and the group at this path, where they are `age` old
    /// or older: an id was refused, and what has it may be gone.
    pub(super) async fn doubt(&self, kinds: &[Kind], path: Option<&HierarchyPath>, age: Duration) {
        let is_doubted =
            |kind: &Kind| kinds.contains(kind) && (path.is_some() || *kind != Kind::HierarchyGroup);
        self.listings.drop_older(age, |kind, _| is_doubted(kind)).await;
        if let Some(path) = path.filter(|_| kinds.contains(&Kind::HierarchyGroup)) {
            self.groups.drop_older(age, |_, names| **names == path.0).await;
        }
    }

    /// Every name that is listed.
    pub(super) async fn names(&self, kind: Kind, patience: Patience) -> Result<Vec<String>, Error> {
        let listing = self.listing(kind, self.max_age, patience).await?;
        Ok(listing.ids.keys().cloned().collect())
    }

    /// Every name and id that is listed, and when that was.
    pub(super) async fn listed(
        &self,
        kind: Kind,
        patience: Patience,
    ) -> Result<(Vec<Named>, OffsetDateTime), Error> {
        let (listing, read_at) = self.dated(kind, self.max_age, patience).await?;
        let named = listing.names.iter().map(|(id, name)| (name.clone(), id.clone()));
        Ok((named.collect(), read_at))
    }

    /// The path of every hierarchy group, and when they were searched.
    pub(super) async fn group_paths(
        &self,
        patience: Patience,
    ) -> Result<(Arc<Vec<GroupPath>>, OffsetDateTime), Error> {
        let ask = || {
            let calls = Arc::clone(&self.calls);
            Box::pin(async move { Ok(Arc::new(wire::group_paths(&calls.search_hierarchy_groups().await?))) })
        };
        in_time(patience, self.paths.read_dated((), (), self.max_age, ask)).await
    }

    /// Keeps the path of every hierarchy group, so that none has to be described.
    pub(super) async fn learn_groups(&self, patience: Patience) -> Result<(), Error> {
        let (paths, _) = self.group_paths(patience).await?;
        for path in paths.iter() {
            let Some((_, id)) = path.last() else { continue };
            let names = path.iter().map(|(name, _)| name.clone()).collect();
            self.groups.put(id.clone(), (), Arc::new(names)).await;
        }
        Ok(())
    }

    /// What is kept of listings, and when each was read.
    pub(super) fn kept(&self) -> Vec<(Kind, OffsetDateTime)> {
        self.listings.kept(self.max_age).map(|(kind, at)| (*kind, at)).collect()
    }

    /// The names of a hierarchy group's path.
    pub(super) async fn path_of(&self, id: &str, patience: Patience) -> Result<Arc<Vec<String>>, Error> {
        self.group_path(id, self.max_age, patience).await
    }

    /// The id of the hierarchy group at this path. Listings don't tell a group's parent, so the groups
    /// with the path's last name are described, and no others.
    pub(super) async fn group_id(&self, path: &HierarchyPath, patience: Patience) -> Result<String, Error> {
        let leaf = path.0.last().map_or("", String::as_str);
        for age in self.ages() {
            for id in self.listing(Kind::HierarchyGroup, age, patience).await?.ids(leaf) {
                match self.group_path(id, age, patience).await {
                    // Deleted, or not shown yet.
                    Err(error) if error.is(Cause::NotFound) => {}
                    found => {
                        if *found? == path.0 {
                            return Ok(id.clone());
                        }
                    }
                }
            }
        }
        Err(Error::UnknownName { kind: Kind::HierarchyGroup.word(), name: path.to_string() })
    }

    /// Adds a group that was created after the listing was read.
    pub(super) async fn remember_group(&self, path: &HierarchyPath, id: &str) {
        let named = (path.0.last().cloned().unwrap_or_default(), id.to_owned());
        self.listings.amend(Kind::HierarchyGroup, |listing| Arc::new(listing.with(named))).await;
        self.groups.put(id.to_owned(), (), Arc::new(path.0.clone())).await;
    }

    async fn group_path(
        &self,
        id: &str,
        max_age: Duration,
        patience: Patience,
    ) -> Result<Arc<Vec<String>>, Error> {
        let ask = || {
            let (calls, key) = (Arc::clone(&self.calls), id.to_owned());
            Box::pin(async move {
                let group = calls.describe_hierarchy_group(&key, patience).await?;
                let levels = group.and_then(|group| group.hierarchy_path);
                Ok(Arc::new(levels.as_ref().map(wire::path).unwrap_or_default()))
            })
        };
        self.groups.read(id.to_owned(), (), max_age, ask).await
    }

    /// A long listing may outlast one caller's patience; it goes on for the next.
    async fn listing(
        &self,
        kind: Kind,
        max_age: Duration,
        patience: Patience,
    ) -> Result<Arc<Listing>, Error> {
        Ok(self.dated(kind, max_age, patience).await?.0)
    }

    async fn dated(
        &self,
        kind: Kind,
        max_age: Duration,
        patience: Patience,
    ) -> Result<(Arc<Listing>, OffsetDateTime), Error> {
        let ask = || {
            let calls = Arc::clone(&self.calls);
            Box::pin(async move { Ok(Arc::new(Listing::of(kind.read(&calls).await?))) })
        };
        in_time(patience, self.listings.read_dated(kind, (), max_age, ask)).await
    }

    fn ages(&self) -> [Duration; 2] {
        [self.max_age, MISS_AGE.min(self.max_age)]
    }
}

async fn in_time<T>(patience: Patience, reading: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let in_time = tokio::time::timeout(patience.left(), reading).await;
    in_time.unwrap_or(Err(Error::Busy(Busy { retry_after: LISTING_TAKES })))
}

impl Kind {
    const ALL: u64 = 4;

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::SecurityProfile => "security profile",
            Self::RoutingProfile => "routing profile",
            Self::HierarchyGroup => "hierarchy group",
            Self::User => "user",
        }
    }

    async fn read(self, calls: &Calls) -> Result<Vec<Named>, Error> {
        match self {
            Self::SecurityProfile => calls.security_profiles().await,
            Self::RoutingProfile => calls.routing_profiles().await,
            Self::HierarchyGroup => calls.hierarchy_groups().await,
            Self::User => calls.users().await,
        }
    }
}

/// One listing, read to its end.
#[derive(Debug, Clone, Default)]
struct Listing {
    ids: HashMap<String, Vec<String>>,
    names: HashMap<String, String>,
    spellings: HashMap<String, Vec<String>>,
}

impl Listing {
    fn of(named: Vec<Named>) -> Self {
        let mut listing = Self::default();
        for named in named {
            listing.add(named);
        }
        listing
    }

    fn add(&mut self, (name, id): Named) {
        if self.names.insert(id.clone(), name.clone()).is_none() {
            self.spellings.entry(name.to_ascii_lowercase()).or_default().push(id.clone());
            self.ids.entry(name).or_default().push(id);
        }
    }

    fn with(&self, named: Named) -> Self {
        let mut listing = self.clone();
        listing.add(named);
        listing
    }

    fn without(&self, id: &str) -> Self {
        let kept = self.names.iter().filter(|(kept, _)| *kept != id);
        Self::of(kept.map(|(id, name)| (name.clone(), id.clone())).collect())
    }

    fn ids(&self, name: &str) -> &[String] {
        self.ids.get(name).map_or(&[], Vec::as_slice)
    }

    fn user(&self, name: &Username) -> Resolved {
        if let Some(id) = self.ids(name.as_str()).first() {
            return Resolved::User(id.clone());
        }
        match self.spellings.get(&name.folded()).map(Vec::as_slice) {
            None | Some([]) => Resolved::Nobody,
            Some([id]) => Resolved::User(id.clone()),
            Some(several) => Resolved::Several(several.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        Listing::of(names.iter().map(|name| ((*name).to_owned(), format!("id-{name}"))).collect())
    }

    fn user(listing: &Listing, name: &str) -> String {
        match listing.user(&Username::new(name).unwrap()) {
            Resolved::User(id) => id,
            Resolved::Nobody => "nobody".into(),
            Resolved::Several(count) => format!("{count} users"),
        }
    }

    #[test]
    fn the_exact_name_wins_over_names_that_differ_in_case() {
        let listing = listing(&["Alice", "alice", "ALICE"]);
        assert_eq!(user(&listing, "alice"), "id-alice");
        assert_eq!(user(&listing, "aLICE"), "3 users");
    }

    #[test]
    fn a_single_name_that_differs_in_case_is_found() {
        let listing = listing(&["Alice.King", "bob"]);
        assert_eq!(user(&listing, "alice.king"), "id-Alice.King");
        assert_eq!(user(&listing, "carol"), "nobody");
    }

    #[test]
    fn a_listing_can_be_amended() {
        let listing = listing(&["bob"]).with(("alice".into(), "1".into()));
        assert_eq!(user(&listing, "Alice"), "1");
        assert_eq!(user(&listing.without("1"), "Alice"), "nobody");
        assert_eq!(user(&listing.without("1"), "bob"), "id-bob");
    }
}

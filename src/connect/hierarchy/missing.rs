//! Groups that a sign-in finds missing.

use super::created::created;
use crate::connect::provision::{Groups, NEW_GROUP, Provision};
use crate::connect::{Error, GroupCreation};
use crate::model::{Busy, HierarchyPath, Patience};

impl Provision {
    /// The id of the group at `path`. Where the instance allows it, groups that are missing are created on the way, but
    /// never a level.
    pub(in crate::connect) async fn ensure_group(
        &self,
        path: &HierarchyPath,
        is_written: bool,
        patience: Patience,
    ) -> Result<String, Error> {
        match self.directory.group_id(path, patience).await {
            Err(Error::UnknownName { .. }) if self.settings.group_creation.allows(is_written) => {}
            answer => return answer,
        }
        // One at a time: those who want the same find it when their turn comes.
        let turn = tokio::time::timeout(patience.left(), self.creating_groups.lock()).await;
        let _turn = turn.map_err(|_| Error::Busy(Busy { retry_after: self.settings.settle_within }))?;
        self.check_levels(path, patience).await?;
        let mut id = None;
        for depth in 1..=path.0.len() {
            let part = HierarchyPath(path.0.iter().take(depth).cloned().collect());
            id = Some(self.ensure_child(&part, id.as_deref(), patience).await?);
        }
        id.ok_or_else(|| Error::UnknownName { kind: "hierarchy group", name: path.to_string() })
    }

    /// The id of the group at `path`, which is created only where `groups` says so.
    pub(in crate::connect) async fn group(
        &self,
        path: &HierarchyPath,
        is_written: bool,
        groups: Groups,
        patience: Patience,
    ) -> Result<String, Error> {
        if groups == Groups::Create {
            return self.ensure_group(path, is_written, patience).await;
        }
        match self.would_create(path, is_written, patience).await? {
            0 => self.directory.group_id(path, patience).await,
            _ => Ok(NEW_GROUP.to_owned()),
        }
    }

    /// How many groups [`Self::ensure_group`] would create. Calls only what reads.
    pub(in crate::connect) async fn would_create(
        &self,
        path: &HierarchyPath,
        is_written: bool,
        patience: Patience,
    ) -> Result<usize, Error> {
        match self.directory.group_id(path, patience).await {
            Err(Error::UnknownName { .. }) if self.settings.group_creation.allows(is_written) => {}
            answer => return answer.map(|_| 0),
        }
        self.check_levels(path, patience).await?;
        for depth in (1..path.0.len()).rev() {
            let above = HierarchyPath(path.0.iter().take(depth).cloned().collect());
            match self.directory.group_id(&above, patience).await {
                Err(Error::UnknownName { .. }) => {}
                answer => return answer.map(|_| path.0.len() - depth),
            }
        }
        Ok(path.0.len())
    }

    /// The instance's hierarchy is deep enough.
    async fn check_levels(&self, path: &HierarchyPath, patience: Patience) -> Result<(), Error> {
        let levels = self.calls.hierarchy_levels(patience).await?.len();
        if path.0.len() > levels {
            return Err(Error::NoLevel { wanted: path.0.len(), levels });
        }
        Ok(())
    }

    async fn ensure_child(
        &self,
        path: &HierarchyPath,
        parent: Option<&str>,
        patience: Patience,
    ) -> Result<String, Error> {
        match self.directory.group_id(path, patience).await {
            Err(Error::UnknownName { .. }) => {}
            answer => return answer,
        }
        let name = path.0.last().map_or("", String::as_str);
        let group = created(&self.calls, name, parent, patience, self.settings.settle_within).await?;
        self.directory.remember_group(path, &group.id).await;
        if !group.was_there {
            tracing::info!(target: "audit", event = "hierarchy", instance = %self.settings.instance, change = "group created", group = %group.id, "ok");
        }
        Ok(group.id)
    }
}

impl GroupCreation {
    /// Whether a group may be created whose path is written out in a rule, or not.
    pub(in crate::connect) fn allows(self, is_written: bool) -> bool {
        match self {
            Self::Never => false,
            Self::WrittenOut => is_written,
            Self::Any => true,
        }
    }
}

//! An instance's hierarchy, as code: read, compare with a file, change.

mod created;
mod error;
mod levels;
mod matching;
mod missing;
mod plan;
mod renames;
mod step;
mod tree;
mod wanted;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

pub use error::{BrokenOff, StepError};
pub use step::{Allowed, Conflict, LevelChange, Note, Plan, Step};
pub use tree::{Group, Tree};
pub use wanted::{GROUP_QUOTA, Wanted, WantedGroup};

use super::client::Calls;
use super::{Error, Settings};
use crate::model::{Cause, HierarchyPath, Pace, Patience};
use created::created;

/// How long one call of a command may wait for its turn. Nobody waits for a page.
const PATIENCE: Duration = Duration::from_mins(5);

/// One instance's hierarchy, for a command.
pub struct Hierarchy {
    calls: Calls,
    settle_within: Duration,
    /// What was described before: a group's parent never changes.
    known: BTreeMap<String, Group>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was made.
    Now,
    /// Nothing was left to do: somebody else did it, or an answer got lost.
    Before,
}

impl Hierarchy {
    /// `client` comes from [`super::client`].
    #[must_use]
    pub fn new(settings: &Settings, client: aws_sdk_connect::Client, pace: Pace) -> Self {
        let calls = Calls::new(client, pace, settings.arn.clone());
        Self { calls, settle_within: settings.settle_within, known: BTreeMap::new() }
    }

    /// Reads all of it. `progress` is told how many groups are known, of how many.
    ///
    /// # Errors
    /// When a call fails for good.
    pub async fn read(&mut self, progress: &mut (dyn FnMut(usize, usize) + Send)) -> Result<Tree, StepError> {
        Ok(self.read_with(Vec::new(), progress).await?)
    }

    /// Reads what is there, and says what must change.
    ///
    /// # Errors
    /// When a call fails for good.
    pub async fn plan(
        &mut self,
        wanted: &Wanted,
        allowed: Allowed,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<Plan, StepError> {
        let tree = self.read_with(wanted.ids().into_iter().collect(), progress).await?;
        let mut people = BTreeMap::new();
        let tops = if allowed.prune { plan::unlisted_tops(&tree, wanted) } else { Vec::new() };
        for group in tops {
            for group in self.calls.groups_of_people_below(&group, patience()).await? {
                *people.entry(group).or_default() += 1;
            }
        }
        Ok(plan::plan(&tree, wanted, &people, allowed))
    }

    /// Makes the steps of a plan without conflicts, in order. `told` hears of each when it is made.
    ///
    /// # Errors
    /// The first step that can't be made; those before it are made. A new plan says what is left.
    pub async fn apply(
        &self,
        plan: &Plan,
        told: &mut (dyn FnMut(&Step, Made) + Send),
    ) -> Result<(), BrokenOff> {
        let mut ids = plan.ids.clone();
        for (done, step) in plan.steps.iter().enumerate() {
            let made = self.make(step, &mut ids).await.map_err(|error| BrokenOff { done, error })?;
            told(step, made);
        }
        Ok(())
    }

    /// Groups that the listing does not show yet, but the file knows, are in `ids`.
    async fn read_with(
        &mut self,
        ids: Vec<String>,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<Tree, Error> {
        let levels = self.calls.hierarchy_levels(patience()).await?;
        let mut listed: BTreeMap<String, Option<String>> = ids.into_iter().map(|id| (id, None)).collect();
        let listing = self.calls.hierarchy_groups().await?;
        listed.extend(listing.into_iter().map(|(name, id)| (id, Some(name))));
        let mut groups = BTreeMap::new();
        for (id, name) in &listed {
            let known = self.known.get(id).filter(|known| name.as_ref() == Some(&known.name));
            match known {
                _ if groups.contains_key(id) => {}
                Some(known) => {
                    groups.insert(id.clone(), known.clone());
                }
                None => self.describe(id, &mut groups).await?,
            }
            progress(groups.len(), listed.len());
        }
        self.known.clone_from(&groups);
        Ok(Tree { levels, groups })
    }

    /// Adds a group and all above it; nothing when it is gone.
    async fn describe(&self, id: &str, groups: &mut BTreeMap<String, Group>) -> Result<(), Error> {
        let mut parent = None;
        for (id, name) in self.calls.lineage(id, patience()).await?.unwrap_or_default() {
            groups.insert(id.clone(), Group { name, parent: parent.replace(id) });
        }
        Ok(())
    }

    async fn make(&self, step: &Step, ids: &mut BTreeMap<HierarchyPath, String>) -> Result<Made, StepError> {
        match step {
            Step::Levels { before, after, .. } => self.update_levels(before, after).await,
            Step::Rename { id, to, .. } => self.rename(id, to).await,
            Step::Create { path } => self.create(path, ids).await,
            Step::Delete { id, .. } => self.delete(id).await,
        }
    }

    /// Sends the whole structure: a level that is left out would be removed. So what is there is asked first.
    async fn update_levels(&self, before: &[String], after: &[String]) -> Result<Made, StepError> {
        let there = self.calls.hierarchy_levels(patience()).await?;
        if there == after {
            return Ok(Made::Before);
        }
        if there != before {
            return Err(StepError::LevelsChanged);
        }
        self.calls.update_hierarchy_levels(after, patience()).await?;
        Ok(Made::Now)
    }

    async fn rename(&self, id: &str, to: &HierarchyPath) -> Result<Made, StepError> {
        let name = to.0.last().map_or("", String::as_str);
        match self.calls.rename_hierarchy_group(id, name, patience()).await {
            Ok(()) => Ok(Made::Now),
            Err(error) if error.is(Cause::Duplicate) => Err(StepError::NameTaken),
            Err(error) if error.is(Cause::NotFound) => Err(StepError::Gone),
            Err(error) => Err(error.into()),
        }
    }

    async fn create(
        &self,
        path: &HierarchyPath,
        ids: &mut BTreeMap<HierarchyPath, String>,
    ) -> Result<Made, StepError> {
        let (name, above) = path.0.split_last().ok_or(StepError::NoParent)?;
        let parent = match above {
            [] => None,
            above => Some(ids.get(&HierarchyPath(above.to_vec())).ok_or(StepError::NoParent)?),
        };
        let parent = parent.map(String::as_str);
        match created(&self.calls, name, parent, patience(), self.settle_within).await {
            Err(error) if error.is(Cause::NotFound) && parent.is_some() => Err(StepError::NoParent),
            answer => {
                let group = answer?;
                ids.insert(path.clone(), group.id);
                Ok(if group.was_there { Made::Before } else { Made::Now })
            }
        }
    }

    async fn delete(&self, id: &str) -> Result<Made, StepError> {
        match self.calls.delete_hierarchy_group(id, patience()).await {
            Ok(()) => Ok(Made::Now),
            Err(error) if error.is(Cause::NotFound) => Ok(Made::Before),
            Err(error) if error.is_in_use() => {
                let people = self.calls.groups_of_people_below(id, patience()).await?.len();
                Err(StepError::InUse { people })
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn patience() -> Patience {
    Patience::lasting(PATIENCE)
}

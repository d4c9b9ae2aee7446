//! What a sign-in would do to a user, without doing it: `ensure` but for its last step.

use std::fmt;

use super::plan::{Change, UserFields, plan, wanted_of_existing};
use super::provision::{Groups, Held, NEW_GROUP, Provision};
use super::words::{FIELDS, Words, or_unread};
use super::{Connect, Error, Provisioning};
use crate::model::{Patience, Placement, SyncPolicy, SyncWhen, UserId};

/// What a sign-in would find and do. Holds a person's values: for the eyes of whoever asked.
pub struct Preview {
    /// The user that was found: its name in Connect's spelling, and its id.
    pub user: Option<(String, UserId)>,
    /// Why the sign-in would be refused here; then it changes nothing.
    pub refused: Option<Error>,
    /// The fields that have a value, before or after.
    pub fields: Vec<PreviewField>,
    /// The operations that would be called to change something, in their order.
    pub calls: Vec<&'static str>,
}

/// One field, in words.
pub struct PreviewField {
    /// The field; what rules set is called as in rules.
    pub name: &'static str,
    /// In Connect now.
    pub now: Option<String>,
    /// In Connect after the sign-in.
    pub after: Option<String>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is as the rules want it, or they say nothing of it.
    Same,
    /// It changes.
    Change,
    /// The rules want something else, and `[mapping.sync]` leaves it.
    KeptBySync(SyncWhen),
    /// The rules want something else, and the instance's `provisioning` leaves it.
    KeptByProvisioning(Provisioning),
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("same"),
            Self::Change => f.write_str("change"),
            Self::KeptBySync(when) => write!(f, "kept, sync={}", when.word()),
            Self::KeptByProvisioning(provisioning) => write!(f, "kept, provisioning={}", provisioning.word()),
        }
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview")
            .field("refused", &self.refused)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl Connect {
    /// What [`Self::ensure`] would do for this placement, by the same steps but the last. Calls only what reads.
    ///
    /// # Errors
    /// When AWS does not answer, lets us not look, or not within `patience`. What would refuse the sign-in is part of
    /// the answer.
    pub async fn preview(&self, placement: &Placement, patience: Patience) -> Result<Preview, Error> {
        match self.provision.check_allowed(placement) {
            Ok(()) => self.provision.preview(placement, patience).await,
            Err(refusal) => Preview::refused(refusal),
        }
    }
}

impl Preview {
    fn refused(error: Error) -> Result<Self, Error> {
        let refused = Some(error.if_refusal()?);
        Ok(Self { user: None, refused, fields: Vec::new(), calls: Vec::new() })
    }
}

impl Provision {
    async fn preview(&self, placement: &Placement, patience: Patience) -> Result<Preview, Error> {
        match self.find(placement, patience).await {
            Ok(Some(held)) => self.preview_of_existing(held, placement, patience).await,
            Ok(None) => self.preview_of_new(placement, patience).await,
            Err(error) => Preview::refused(error),
        }
    }

    async fn preview_of_existing(
        &self,
        mut held: Held,
        placement: &Placement,
        patience: Patience,
    ) -> Result<Preview, Error> {
        let planned = match self.check_held(&held, patience).await {
            Ok(()) => self.changes(&mut held, placement, Groups::Tell, patience).await,
            Err(refusal) => Err(refusal),
        };
        let (changes, refused) = match planned {
            Ok(changes) => (changes, None),
            Err(error) => (Vec::new(), Some(error.if_refusal()?)),
        };
        if !placement.proficiencies.is_empty() {
            or_unread(self.read_proficiencies(&mut held, patience).await, ())?;
        }
        let mut calls = self.new_groups(changes.iter().any(is_to_new_group), placement, patience).await?;
        calls.extend(changes.iter().map(Change::operation));
        let name = &held.username;
        let now = self.words(name, &held.fields, patience).await?;
        let ruled = match refused {
            None => self.ruled(&held, placement, patience).await?,
            Some(_) => now.clone(),
        };
        let fields_after = held.fields.clone().after(changes);
        let mut after = self.words(name, &fields_after, patience).await?;
        after.put_new_group(&fields_after, placement);
        let fate = |field| self.fate(field, [&now, &after, &ruled], placement.sync);
        let fields = fields(&now, &after, fate);
        Ok(Preview { user: Some((held.username, UserId::new(held.id))), refused, fields, calls })
    }

    async fn preview_of_new(&self, placement: &Placement, patience: Patience) -> Result<Preview, Error> {
        let user = match self.new_user(placement, Groups::Tell, patience).await {
            Ok(user) => user,
            Err(error) => return Preview::refused(error),
        };
        let is_new = user.hierarchy_group.as_deref() == Some(NEW_GROUP);
        let mut calls = self.new_groups(is_new, placement, patience).await?;
        calls.push("CreateUser");
        calls.extend(user.afterwards().iter().map(Change::operation));
        let user = UserFields::from(user);
        let mut after = self.words(placement.username.as_str(), &user, patience).await?;
        after.put_new_group(&user, placement);
        let mut fields = fields(&Words::default(), &after, |_| Fate::Change);
        let ruled = Words::of_rules(placement);
        fields.extend(FIELDS.into_iter().filter_map(|name| {
            let never = policy(placement.sync, name) == Some(SyncWhen::Never);
            let left_out = never && ruled.of(name).is_some() && after.of(name).is_none();
            let fate = Fate::KeptBySync(SyncWhen::Never);
            left_out.then_some(PreviewField { name, now: None, after: None, fate })
        }));
        Ok(Preview { user: None, refused: None, fields, calls })
    }

    /// The calls that create the groups that are missing.
    async fn new_groups(
        &self,
        is_any: bool,
        placement: &Placement,
        patience: Patience,
    ) -> Result<Vec<&'static str>, Error> {
        let path = placement.hierarchy.as_ref().filter(|_| is_any);
        let Some(path) = path else { return Ok(Vec::new()) };
        let count = self.would_create(path, placement.hierarchy_is_written, patience).await?;
        Ok(vec!["CreateUserHierarchyGroup"; count])
    }

    /// The user as it would be if every field followed the rules.
    async fn ruled(&self, held: &Held, placement: &Placement, patience: Patience) -> Result<Words, Error> {
        let always = Placement { sync: SyncPolicy::default(), ..placement.clone() };
        let wanted = wanted_of_existing(&always, self.settings.send_email);
        // Names that need no id: a name that the instance lacks is no error where nobody would look for it.
        let desired = UserFields {
            identity: wanted.identity,
            phone: wanted.phone,
            channels: wanted.channels,
            tags: wanted.tags,
            proficiencies: wanted.proficiencies,
            ..UserFields::default()
        };
        let fields = held.fields.clone().after(plan(&held.fields, desired));
        let mut words = self.words(&held.username, &fields, patience).await?;
        words.put_names(placement);
        Ok(words)
    }

    fn fate(&self, field: &str, [now, after, ruled]: [&Words; 3], sync: SyncPolicy) -> Fate {
        if now.of(field) != after.of(field) {
            return Fate::Change;
        }
        let Some(when) = policy(sync, field).filter(|_| ruled.of(field) != after.of(field)) else {
            return Fate::Same;
        };
        match self.settings.provisioning {
            Provisioning::Sync if when == SyncWhen::Always => Fate::Same,
            Provisioning::Sync => Fate::KeptBySync(when),
            provisioning => Fate::KeptByProvisioning(provisioning),
        }
    }
}

fn fields(now: &Words, after: &Words, fate: impl Fn(&'static str) -> Fate) -> Vec<PreviewField> {
    let field = |name| {
        let (now, after) = (now.of(name).cloned(), after.of(name).cloned());
        (now.is_some() || after.is_some()).then(|| PreviewField { name, now, after, fate: fate(name) })
    };
    FIELDS.into_iter().filter_map(field).collect()
}

fn is_to_new_group(change: &Change) -> bool {
    matches!(change, Change::Hierarchy(id) if id == NEW_GROUP)
}

/// When a field follows the rules; none for what no rule sets.
fn policy(sync: SyncPolicy, field: &str) -> Option<SyncWhen> {
    match field {
        "first_name" | "last_name" | "email" => Some(sync.names),
        "security_profiles" => Some(sync.security_profiles),
        "routing_profile" => Some(sync.routing_profile),
        "hierarchy" => Some(sync.hierarchy),
        "phone" => Some(sync.phone),
        "proficiencies" => Some(sync.proficiencies),
        "tags" => Some(sync.tags),
        "channels" => Some(sync.channels),
        _ => None,
    }
}

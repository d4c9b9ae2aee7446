//! `connect-gateway users remove`: people who leave.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::{self, CHANGES, PATIENCE, failure};
use super::sessions::{Ended, ask_to_end, counted};
use super::terminal::confirmed;
use super::{Outcome, control, load};
use crate::connect::{Connect, Error, Leaving, Removal, Removed};
use crate::model::{InstanceName, Patience, SystemClock, Username};

/// Who is removed from where.
#[derive(Debug)]
pub struct RemoveUsers {
    /// The configuration file.
    pub config: PathBuf,
    /// The instance's name in the configuration; may be left out when there is only one.
    pub instance: Option<String>,
    /// User names, letter by letter.
    pub names: Vec<String>,
    /// Whether the plan is all.
    pub dry_run: bool,
    /// Whether nobody is asked.
    pub yes: bool,
}

/// Shows the plan, asks, looks again, removes, and tells the gateway that runs. Exit status 0: nobody of them is left; 1:
/// somebody is; 2: a dry run has changes.
pub async fn remove_users(ask: &RemoveUsers) -> Outcome {
    match Box::pin(Removing::open(ask)).await {
        Ok(removing) => removing.run(ask).await.unwrap_or_else(Outcome::Failed),
        Err(failed) => failed,
    }
}

/// What was found of the names.
#[derive(PartialEq, Eq)]
struct Plan {
    leaving: Vec<Leaving>,
    /// Names that nobody has.
    absent: Vec<Username>,
    /// Who may not be removed, and why.
    conflicts: Vec<String>,
}

struct Removing {
    connect: Connect,
    instance: InstanceName,
    names: Vec<Username>,
    removal: Removal,
    /// Where the gateway that runs answers, or why nobody knows.
    socket: Result<PathBuf, String>,
}

impl Removing {
    async fn open(ask: &RemoveUsers) -> Result<Self, Outcome> {
        let config = load(&ask.config)?.config;
        let instance = command::instance(&config, ask.instance.as_deref())?;
        let names = named(&ask.names).map_err(Outcome::Failed)?;
        let socket = control::path(&config, &ask.config).map(Path::to_owned);
        let (client, pace) = command::client(&config, &instance).await?;
        let protected = Arc::new(config.protected);
        let connect = Connect::new(instance.connect, client, pace, protected, Arc::new(SystemClock));
        let removal = connect.removal().cloned();
        let removal = removal.ok_or_else(|| Outcome::Failed(vec![no_policy(&instance.name)]))?;
        Ok(Self { connect, instance: instance.name, names, removal, socket })
    }

    async fn run(&self, ask: &RemoveUsers) -> Result<Outcome, Vec<String>> {
        let mut shown = self.plan().await?;
        loop {
            say_text!("{}", self.as_text(&shown));
            if !shown.conflicts.is_empty() {
                return Err(vec!["Nothing was changed: leave out who can't be removed.".to_owned()]);
            }
            if ask.dry_run {
                let is_done = shown.leaving.iter().all(|leaving| leaving.is_parked);
                return Ok(if is_done { Outcome::Done } else { Outcome::Exit(CHANGES, Vec::new()) });
            }
            if !shown.leaving.is_empty() && !ask.yes {
                self.confirm().map_err(|reason| vec![reason])?;
            }
            // Somebody may have been faster than the person who read the plan.
            let now = self.plan().await?;
            if now == shown {
                return self.apply(&now).await;
            }
            if ask.yes {
                return Err(vec![
                    "Nothing was changed: meanwhile somebody else changed these users. Run this again."
                        .to_owned(),
                ]);
            }
            say!("\nMeanwhile somebody changed these users. The new plan:\n");
            shown = now;
        }
    }

    async fn plan(&self) -> Result<Plan, Vec<String>> {
        let mut plan = Plan { leaving: Vec::new(), absent: Vec::new(), conflicts: Vec::new() };
        for name in &self.names {
            match self.connect.leaving(name, Patience::lasting(PATIENCE)).await {
                Ok(leaving) => plan.leaving.push(leaving),
                Err(Error::NotThere) => plan.absent.push(name.clone()),
                Err(Error::OtherCase(spelling)) => plan.conflicts.push(format!(
                    "{}: there is no user of exactly this name: write {}, if that is the user",
                    name.as_str(),
                    spelling.as_str()
                )),
                Err(error) if error.is_protected() || matches!(error, Error::AmbiguousUser(_)) => {
                    plan.conflicts.push(format!("{}: {error}", name.as_str()));
                }
                Err(error) => return Err(vec![self.told(name, &error)]),
            }
        }
        Ok(plan)
    }

    async fn apply(&self, plan: &Plan) -> Result<Outcome, Vec<String>> {
        let mut not_told = BTreeSet::new();
        let outcome = self.remove_all(&plan.leaving, &mut not_told).await;
        // They may be gone by a run that was broken off before it told anybody.
        for name in &plan.absent {
            tell((&self.socket, &self.instance), name, &mut not_told).await;
        }
        warn_of(&not_told);
        outcome.map(|()| Outcome::Done)
    }

    async fn remove_all(
        &self,
        leaving: &[Leaving],
        not_told: &mut BTreeSet<String>,
    ) -> Result<(), Vec<String>> {
        let count = leaving.len();
        for (number, leaving) in (1..).zip(leaving) {
            match self.remove(leaving, not_told).await {
                Ok(removed) => say!("[{number}/{count}] {}", done(removed, leaving.username.as_str())),
                Err(error) => {
                    let done = number - 1;
                    let left = format!(
                        "{done} of {count} users were removed. Run this again: it goes on with what is left."
                    );
                    return Err(vec![self.told(&leaving.username, &error), left]);
                }
            }
        }
        Ok(())
    }

    async fn remove(&self, leaving: &Leaving, not_told: &mut BTreeSet<String>) -> Result<Removed, Error> {
        remove_and_tell(&self.connect, (&self.socket, &self.instance), leaving, not_told).await
    }

    /// What can't be taken back is asked for by the instance's name.
    fn confirm(&self) -> Result<(), String> {
        let instance = self.instance.as_str();
        match self.removal {
            Removal::Delete => confirmed(
                &format!(
                    "Deleted users can't be brought back. Write the instance's name, {instance}, to go on: "
                ),
                instance,
            ),
            Removal::Park { .. } => confirmed("Write yes to go on: ", "yes"),
        }
    }

    fn told(&self, name: &Username, error: &Error) -> String {
        let cause = failure(error, "the gateway's AWS identity");
        format!("instance.{}: {}: {cause}", self.instance, name.as_str())
    }

    fn as_text(&self, plan: &Plan) -> String {
        let mut lines =
            vec![format!("People who leave {}: {}", self.instance, policy(&self.removal)), String::new()];
        lines.extend(plan.leaving.iter().flat_map(told_of));
        let absent = |name: &Username| format!("  {}: there is no user of exactly this name", name.as_str());
        lines.extend(plan.absent.iter().map(absent));
        lines.extend(plan.conflicts.iter().map(|conflict| format!("  ! {conflict}")));
        lines.join("\n") + "\n\n"
    }
}

/// Where the gateway that runs on this machine answers, or why nobody knows, and about which instance.
pub(super) type Gateway<'a> = (&'a Result<PathBuf, String>, &'a InstanceName);

/// Removes the user, and tells the gateway that runs; why that could not be told is added to `not_told`. Until it was told,
/// the gateway could let a person in once more, or make them anew: where it had a session of theirs, that is undone.
pub(super) async fn remove_and_tell(
    connect: &Connect,
    gateway: Gateway<'_>,
    leaving: &Leaving,
    not_told: &mut BTreeSet<String>,
) -> Result<Removed, Error> {
    let removed = connect.remove(leaving, Patience::lasting(PATIENCE)).await;
    let ended = tell(gateway, &leaving.username, not_told).await;
    let removed = removed?;
    if ended > 0 {
        remove_again(connect, &leaving.username).await?;
    }
    Ok(removed)
}

async fn remove_again(connect: &Connect, username: &Username) -> Result<(), Error> {
    match connect.leaver(username, Patience::lasting(PATIENCE)).await {
        Err(Error::NotThere) => Ok(()),
        found => connect.remove(&found?, Patience::lasting(PATIENCE)).await.map(drop),
    }
}

/// The gateway that runs on this machine forgets who was removed, and ends their sessions: how many.
async fn tell((socket, instance): Gateway<'_>, name: &Username, not_told: &mut BTreeSet<String>) -> usize {
    let asked = match socket {
        Ok(socket) => ask_to_end(socket, name.as_str(), Some(instance.clone()), false).await,
        Err(reason) => Err(reason.clone()),
    };
    match asked {
        Ok(Ended { sessions, problems, .. }) => {
            let name = name.as_str();
            say!("{name}: the gateway on this machine was told: {}.", counted(sessions));
            for problem in problems {
                eprintln!("warning: {name}: {problem}");
            }
            sessions
        }
        Err(reason) => {
            not_told.insert(reason);
            0
        }
    }
}

/// Says why the gateway that runs does not know who was removed.
pub(super) fn warn_of(not_told: &BTreeSet<String>) {
    for reason in not_told {
        eprintln!(
            "warning: no gateway was told, and one that runs believes what it knows for a while: {reason}"
        );
    }
}

/// What to do where nobody chose what becomes of people who leave.
pub(super) fn no_policy(instance: &InstanceName) -> String {
    format!(
        "instance.{instance}.removal: is not set: choose there what becomes of people who leave, policy = \"delete\" or \
         \"park\""
    )
}

/// What becomes of one person, a line each.
fn told_of(leaving: &Leaving) -> Vec<String> {
    let verb = match (&leaving.removal, leaving.is_parked) {
        (Removal::Delete, _) => "- delete",
        (Removal::Park { .. }, false) => "~ park",
        (Removal::Park { .. }, true) => "= is parked:",
    };
    let mut lines = vec![
        format!("  {verb} {} (id {})", leaving.username.as_str(), leaving.id.as_str()),
        format!("      calls: {}", leaving.calls.join(", ")),
    ];
    lines.extend(leaving.quick_connects.iter().map(|name| {
        format!(
            "      the quick connect {name:?} leads to this user and stays: change or delete it in Connect"
        )
    }));
    lines
}

/// Each name once.
fn named(names: &[String]) -> Result<Vec<Username>, Vec<String>> {
    let (mut usable, mut wrong) = (Vec::new(), Vec::new());
    for name in names {
        match Username::new(name) {
            Ok(name) if usable.contains(&name) => {}
            Ok(name) => usable.push(name),
            Err(error) => wrong.push(format!("{name:?}: {error}")),
        }
    }
    if wrong.is_empty() { Ok(usable) } else { Err(wrong) }
}

pub(super) fn policy(removal: &Removal) -> String {
    match removal {
        Removal::Delete => "deleted, for good".to_owned(),
        Removal::Park { security_profile, routing_profile } => {
            format!(
                "parked, with the security profile {security_profile:?} and the routing profile {routing_profile:?}"
            )
        }
    }
}

pub(super) fn done(removed: Removed, name: &str) -> String {
    match removed {
        Removed::Deleted => format!("deleted {name}"),
        Removed::Parked => format!("parked {name}; no session in Amazon Connect is left"),
        Removed::Gone => format!("{name} was gone already"),
    }
}

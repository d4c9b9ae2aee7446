//! `connect-gateway hierarchy plan | apply | export`: an instance's hierarchy in a file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::command::{self, CHANGES};
use super::terminal::{block, confirmed, progress};
use super::{Outcome, load, read_text, told};
use crate::config;
use crate::connect::{Allowed, BrokenOff, Conflict, Hierarchy, LevelChange, Made, Note, Plan, Step, Wanted};

/// How often a long reading says how far it is, in groups.
const READING_STEP: usize = 25;

/// Which file is compared with which instance, and what may be taken away.
#[derive(Debug)]
pub struct HierarchyFile {
    /// The configuration file.
    pub config: PathBuf,
    /// The instance's name in the configuration; may be left out when there is only one.
    pub instance: Option<String>,
    /// The file with the hierarchy.
    pub file: PathBuf,
    /// Whether groups that are not in the file may be deleted.
    pub prune: bool,
    /// Whether levels that are not in the file may be removed.
    pub remove_levels: bool,
}

impl HierarchyFile {
    fn allowed(&self) -> Allowed {
        Allowed { prune: self.prune, remove_levels: self.remove_levels }
    }
}

/// Prints what would change. Exit status 0: nothing to do; 2: there are changes; 1: an error.
pub async fn plan_hierarchy(ask: &HierarchyFile, as_json: bool) -> Outcome {
    let mut opened = match open(ask).await {
        Ok(opened) => opened,
        Err(failed) => return failed,
    };
    let plan = match opened.plan(ask).await {
        Ok(plan) => plan,
        Err(failed) => return failed,
    };
    if as_json {
        say!("{:#}", plan_as_json(&opened.instance, &plan));
    } else {
        say_text!("{}", opened.as_text(&plan));
    }
    match (plan.conflicts.is_empty(), plan.steps.is_empty()) {
        (false, _) => Outcome::Failed(vec!["Nothing can be applied before that is solved.".to_owned()]),
        (true, true) => Outcome::Done,
        (true, false) => Outcome::Exit(CHANGES, Vec::new()),
    }
}

/// Shows the plan, asks, looks again, and makes the changes.
pub async fn apply_hierarchy(ask: &HierarchyFile, yes: bool) -> Outcome {
    let mut opened = match open(ask).await {
        Ok(opened) => opened,
        Err(failed) => return failed,
    };
    let mut shown = match opened.plan(ask).await {
        Ok(plan) => plan,
        Err(failed) => return failed,
    };
    loop {
        say_text!("{}", opened.as_text(&shown));
        if !shown.conflicts.is_empty() {
            return Outcome::failed(&"Nothing was changed: first that has to be solved.");
        }
        if shown.steps.is_empty() {
            return Outcome::Done;
        }
        if !yes && let Err(reason) = confirm(&opened.instance, &shown) {
            return Outcome::Failed(vec![reason]);
        }
        // Somebody may have been faster than the person who read the plan.
        let now = match opened.plan(ask).await {
            Ok(plan) => plan,
            Err(failed) => return failed,
        };
        if now.steps == shown.steps && now.conflicts == shown.conflicts {
            return opened.apply(&now).await;
        }
        if yes {
            return Outcome::failed(
                &"Nothing was changed: the instance is not any more what the plan was made for. Run this again.",
            );
        }
        say!("\nThe instance is not any more what that plan was made for. The new plan:\n");
        shown = now;
    }
}

/// Prints the instance's hierarchy as a file.
pub async fn export_hierarchy(config: &Path, instance: Option<&str>, as_json: bool) -> Outcome {
    let (mut hierarchy, _) = match connected(config, instance).await {
        Ok(connected) => connected,
        Err(failed) => return failed,
    };
    match hierarchy.read(&mut told_of_reading()).await {
        Ok(tree) => {
            if as_json {
                let groups = tree.in_order().into_iter();
                let groups = groups.map(|(path, id)| json!({ "id": id, "path": path.0 }));
                say!("{:#}", json!({ "levels": tree.levels, "groups": groups.collect::<Vec<_>>() }));
            } else {
                say_text!("{}", config::write_hierarchy(&tree));
            }
            Outcome::Done
        }
        Err(error) => Outcome::failed(&error),
    }
}

/// A file and the instance that it is about.
struct Opened {
    hierarchy: Hierarchy,
    instance: String,
    wanted: Wanted,
    file: String,
}

async fn open(ask: &HierarchyFile) -> Result<Opened, Outcome> {
    let file = ask.file.display().to_string();
    let text = read_text(&ask.file).map_err(|reason| Outcome::Failed(vec![reason]))?;
    let wanted = config::read_hierarchy(&text).map_err(|problems| {
        Outcome::Failed(told(&problems).into_iter().map(|problem| format!("{file}: {problem}")).collect())
    })?;
    let (hierarchy, instance) = connected(&ask.config, ask.instance.as_deref()).await?;
    Ok(Opened { hierarchy, instance, wanted, file })
}

async fn connected(config: &Path, instance: Option<&str>) -> Result<(Hierarchy, String), Outcome> {
    let config = load(config)?.config;
    let instance = command::instance(&config, instance)?;
    let (client, pace) = command::client(&config, &instance).await?;
    Ok((Hierarchy::new(&instance.connect, client, pace), instance.name.to_string()))
}

impl Opened {
    async fn plan(&mut self, ask: &HierarchyFile) -> Result<Plan, Outcome> {
        let plan = self.hierarchy.plan(&self.wanted, ask.allowed(), &mut told_of_reading()).await;
        plan.map_err(|error| Outcome::failed(&error))
    }

    async fn apply(&self, plan: &Plan) -> Outcome {
        let (count, mut number) = (plan.steps.len(), 0);
        let mut made = |step: &Step, made: Made| {
            number += 1;
            let already = if made == Made::Before { " (was so already)" } else { "" };
            say!("[{number}/{count}] {}{already}", step.to_string().replace('\n', "; "));
        };
        match self.hierarchy.apply(plan, &mut made).await {
            Ok(()) => {
                say!("Done. `hierarchy export` prints the file with the ids of new groups.");
                Outcome::Done
            }
            Err(broken_off) => Outcome::Failed(left(plan, &broken_off)),
        }
    }

    fn as_text(&self, plan: &Plan) -> String {
        let mut text = format!(
            "Hierarchy of {}, compared with {} ({} groups)\n",
            self.instance,
            self.file,
            self.wanted.group_count()
        );
        text += &block("", plan.steps.iter().map(ToString::to_string));
        text += &block("Can't be done:\n", plan.conflicts.iter().map(|conflict| format!("! {conflict}")));
        text += &block("Note:\n", plan.notes.iter().map(ToString::to_string));
        let count = plan.steps.len();
        text + &match count {
            0 if !plan.conflicts.is_empty() => String::new(),
            0 => "\nNothing to do.\n".to_owned(),
            1 => "\n1 change.\n".to_owned(),
            _ => format!("\n{count} changes.\n"),
        }
    }
}

/// What was made of a plan that was broken off was told line by line; this is the rest.
fn left(plan: &Plan, BrokenOff { done, error }: &BrokenOff) -> Vec<String> {
    let mut left = plan.steps.iter().skip(*done).map(ToString::to_string);
    let mut reasons = vec![format!("{}\n  failed: {error}", left.next().unwrap_or_default())];
    let left: Vec<String> = left.map(|step| format!("  {}", step.replace('\n', "\n  "))).collect();
    if !left.is_empty() {
        reasons.push("Not done either:".to_owned());
    }
    reasons.extend(left);
    reasons.push(format!(
        "{done} of {} changes were made. Run this again: it goes on with what is there then.",
        plan.steps.len()
    ));
    reasons
}

/// Asks at the terminal; what can't be taken back is asked for by the instance's name.
fn confirm(instance: &str, plan: &Plan) -> Result<(), String> {
    let (question, wanted) = if plan.steps.iter().any(Step::is_destructive) {
        (
            format!(
                "This takes away what can't be brought back. Write the instance's name, {instance}, to go on: "
            ),
            instance,
        )
    } else {
        ("Write yes to go on: ".to_owned(), "yes")
    };
    confirmed(&question, wanted)
}

fn told_of_reading() -> impl FnMut(usize, usize) + Send {
    progress("reading", "groups", READING_STEP)
}

fn plan_as_json(instance: &str, plan: &Plan) -> Value {
    json!({
        "instance": instance,
        "changes": plan.steps.iter().flat_map(step_as_json).collect::<Vec<_>>(),
        "conflicts": plan.conflicts.iter().map(conflict_as_json).collect::<Vec<_>>(),
        "notes": plan.notes.iter().map(note_as_json).collect::<Vec<_>>(),
    })
}

fn step_as_json(step: &Step) -> Vec<Value> {
    let level = |change: &LevelChange| match change {
        LevelChange::Add { number, name } => json!({ "action": "add_level", "level": number, "name": name }),
        LevelChange::Rename { number, from, to } => {
            json!({ "action": "rename_level", "level": number, "from": from, "to": to })
        }
        LevelChange::Remove { number, name } => {
            json!({ "action": "remove_level", "level": number, "name": name })
        }
    };
    match step {
        Step::Levels { changes, .. } => changes.iter().map(level).collect(),
        Step::Rename { id, from, to } => {
            vec![json!({ "action": "rename", "id": id, "from": from, "to": to })]
        }
        Step::Create { path } => vec![json!({ "action": "create", "path": path })],
        Step::Delete { id, path } => vec![json!({ "action": "delete", "id": id, "path": path })],
    }
}

fn conflict_as_json(conflict: &Conflict) -> Value {
    let mut told = match conflict {
        Conflict::UnknownId { id, path } => json!({ "reason": "unknown_id", "id": id, "path": path }),
        Conflict::Move { id, from, to } => json!({ "reason": "move", "id": id, "from": from, "to": to }),
        Conflict::NameTaken { id, to, holder } => {
            json!({ "reason": "name_taken", "id": id, "to": to, "holder": holder })
        }
        Conflict::LevelNameTaken { name } => json!({ "reason": "level_name_taken", "name": name }),
    };
    told["message"] = conflict.to_string().into();
    told
}

fn note_as_json(note: &Note) -> Value {
    let mut told = match note {
        Note::NotInFile { id, path } => json!({ "about": "not_in_file", "id": id, "path": path }),
        Note::HasPeople { id, path, people } => {
            json!({ "about": "has_people", "id": id, "path": path, "people": people })
        }
        Note::HoldsKept { id, path } => json!({ "about": "holds_kept", "id": id, "path": path }),
        Note::LevelNotInFile { number, name } => {
            json!({ "about": "level_not_in_file", "level": number, "name": name })
        }
        Note::LevelInUse { number, name } => {
            json!({ "about": "level_in_use", "level": number, "name": name })
        }
        Note::LevelNameMoves { name, from, to } => {
            json!({ "about": "level_name_moves", "name": name, "from": from, "to": to })
        }
        Note::OverQuota { groups } => json!({ "about": "over_quota", "groups": groups }),
    };
    told["message"] = note.to_string().into();
    told
}

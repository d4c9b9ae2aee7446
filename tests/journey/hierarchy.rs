//! `connect-gateway hierarchy`, as an operator runs it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use connect_gateway::emulator::{Lag, Outage};
use serde_json::Value;

use crate::gateway::CREDENTIALS;
use crate::plain_browser::PlainBrowser;
use crate::world::{World, is_inside};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_connect-gateway");
const INSTANCE: [&str; 4] = ["-c", "gateway.toml", "--instance", "acme"];

pub(crate) fn command(world: &World, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&world.gateway.folder)
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
        .env("CONNECT_GATEWAY__BUDGET__CONNECT__PER_SECOND", "1000")
        .env("CONNECT_GATEWAY__BUDGET__CONNECT__BURST", "1000")
        .stdin(Stdio::null());
    command
}

fn hierarchy(world: &World, verb: &str, more: &[&str]) -> Output {
    command(world, PROGRAM, &[&["hierarchy", verb], &INSTANCE[..], more].concat()).output().unwrap()
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn write(world: &World, text: &str) {
    fs::write(world.gateway.folder.join("hierarchy.toml"), text).unwrap();
}

/// Exports into `hierarchy.toml`, once the listing shows everything.
fn export(world: &World) -> String {
    world.emulator.advance(Duration::from_mins(1));
    let exported = hierarchy(world, "export", &[]);
    assert!(exported.status.success(), "{}", err(&exported));
    write(world, &out(&exported));
    out(&exported)
}

async fn start() -> World {
    let world = World::start("").await;
    world.emulator.set_throttle(false);
    world.until_instances_are_looked_at().await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hierarchy_is_exported_planned_applied_and_then_as_the_file_wants_it() {
    let world = start().await;
    let file = export(&world);
    let same = hierarchy(&world, "plan", &[]);
    assert_eq!(same.status.code(), Some(0), "{}{}", out(&same), err(&same));
    assert!(out(&same).contains("Nothing to do."), "{}", out(&same));

    let changed = file.replace("\"Inbound\"", "\"Calls\"").replace(
        "groups = [\n",
        "groups = [\n    { path = [\"Service\"] },\n    { path = [\"Service\", \"Billing\"] },\n",
    );
    write(&world, &changed);
    let plan = hierarchy(&world, "plan", &[]);
    assert_eq!(plan.status.code(), Some(2), "{}{}", out(&plan), err(&plan));
    for line in [
        "  ~ rename Sales / Inbound → Sales / Calls (id ",
        "  + create Service\n",
        "  + create Service / Billing\n",
        "\n3 changes.\n",
    ] {
        assert!(out(&plan).contains(line), "{line}\n{}", out(&plan));
    }
    let json = hierarchy(&world, "plan", &["--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["changes"][0]["to"], serde_json::json!(["Sales", "Calls"]));
    assert_eq!(json["changes"][1], serde_json::json!({ "action": "create", "path": ["Service"] }));

    let refused = hierarchy(&world, "apply", &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("there is no terminal to ask at; --yes says yes"), "{}", err(&refused));
    assert_eq!(world.calls("CreateUserHierarchyGroup"), 0);

    let applied = hierarchy(&world, "apply", &["--yes"]);
    assert_eq!(applied.status.code(), Some(0), "{}{}", out(&applied), err(&applied));
    assert!(out(&applied).contains("[3/3] + create Service / Billing\n"), "{}", out(&applied));
    world.emulator.advance(Duration::from_mins(1));
    assert_eq!(hierarchy(&world, "plan", &["--prune"]).status.code(), Some(0));

    write(&world, "version = 1\nlevels = [\"Division\", \"Group\"]\ngroups = []\n");
    let kept = hierarchy(&world, "apply", &["--yes"]);
    assert!(out(&kept).contains("not in the file, kept; --prune would delete it"), "{}", out(&kept));
    assert_eq!(world.calls("DeleteUserHierarchyGroup"), 0);
    let pruned = hierarchy(&world, "apply", &["--yes", "--prune"]);
    assert_eq!(pruned.status.code(), Some(0), "{}{}", out(&pruned), err(&pruned));
    assert!(export(&world).contains("groups = [\n]"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_mistakes_a_move_and_a_wrong_argument_are_errors_with_exit_status_1() {
    let world = start().await;
    write(&world, "version = 1\nlevels = [\"Division\"]\ngroups = [{ path = [\"A\", \"B\"] }]\n");
    let plan = hierarchy(&world, "plan", &[]);
    assert_eq!(plan.status.code(), Some(1));
    assert!(
        err(&plan).contains("hierarchy.toml: groups[0].path: \"A / B\" is 2 levels deep"),
        "{}",
        err(&plan)
    );
    assert!(err(&plan).contains("(line 3)"), "{}", err(&plan));

    let file = export(&world);
    write(&world, &file.replace("[\"Sales\", \"Inbound\"]", "[\"Inbound\"]"));
    for verb in ["plan", "apply"] {
        let moved = hierarchy(&world, verb, if verb == "apply" { &["--yes", "--prune"] } else { &[] });
        assert_eq!(moved.status.code(), Some(1), "{}", out(&moved));
        assert!(out(&moved).contains("Amazon Connect can't move a group"), "{}", out(&moved));
    }
    assert_eq!(hierarchy(&world, "plan", &["--no-such-option"]).status.code(), Some(1), "2 means changes");
    assert_eq!(
        command(&world, PROGRAM, &["hierarchy", "plan", "--help"]).output().unwrap().status.code(),
        Some(0)
    );
    let missing = hierarchy(&world, "plan", &["--file", "none.toml"]);
    assert!(err(&missing).contains("none.toml: there is no such file"), "{}", err(&missing));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_leaves_what_the_next_one_completes() {
    let world = start().await;
    let groups: Vec<String> = (0..40).map(|number| format!("{{ path = [\"g{number}\"] }},\n")).collect();
    let groups = groups.concat();
    write(&world, &format!("version = 1\nlevels = [\"Division\", \"Group\"]\ngroups = [\n{groups}]\n"));
    for created in [3, 17] {
        let mut running =
            command(&world, PROGRAM, &[&["hierarchy", "apply", "--yes"], &INSTANCE[..]].concat())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
        while world.calls("CreateUserHierarchyGroup") < created {
            assert_eq!(running.try_wait().unwrap(), None, "it was to be killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.kill().unwrap();
        running.wait().unwrap();
    }
    let applied = hierarchy(&world, "apply", &["--yes"]);
    assert_eq!(applied.status.code(), Some(0), "{}{}", out(&applied), err(&applied));
    assert_eq!(export(&world).matches("[\"g").count(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_aws_refuses_half_way_is_told_with_what_is_left() {
    let world = start().await;
    write(
        &world,
        "version = 1\nlevels = [\"Division\", \"Group\"]\ngroups = [{ path = [\"A\"] }, { path = [\"B\"] }, { path = [\"C\"] }]\n",
    );
    let before = world.calls("CreateUserHierarchyGroup");
    // Levels and listing twice and the groups that are there, then a group or two.
    world.emulator.adjust(|behaviour| {
        behaviour.lag = Lag::none();
        behaviour.outage = Some(Outage { after: 8, loses_answers: false });
    });
    let broken_off = hierarchy(&world, "apply", &["--yes"]);
    assert_eq!(broken_off.status.code(), Some(1), "{}", out(&broken_off));
    assert!(world.calls("CreateUserHierarchyGroup") > before, "{}{}", out(&broken_off), err(&broken_off));
    for words in
        ["failed: InternalServiceException", "Not done either:", "of 3 changes were made. Run this again"]
    {
        assert!(err(&broken_off).contains(words), "{words}\n{}", err(&broken_off));
    }
}

/// A command at a terminal of its own.
pub(crate) struct Terminal {
    program: Child,
}

impl Terminal {
    fn start(world: &World, more: &[&str]) -> Self {
        Self::running(world, &[&["hierarchy", "apply"], &INSTANCE[..], more].concat())
    }

    pub(crate) fn running(world: &World, arguments: &[&str]) -> Self {
        let line = [&[PROGRAM], arguments].concat().join(" ");
        let said = fs::File::create(world.gateway.folder.join("said")).unwrap();
        let program =
            command(world, "script", &["--quiet", "--return", "--flush", "--command", &line, "/dev/null"])
                .stdin(Stdio::piped())
                .stdout(said)
                .spawn()
                .unwrap();
        Self { program }
    }

    pub(crate) async fn until(&self, world: &World, words: &str, times: usize) -> String {
        for _ in 0..200 {
            let mut said = String::new();
            fs::File::open(world.gateway.folder.join("said")).unwrap().read_to_string(&mut said).unwrap();
            if said.matches(words).count() >= times {
                return said;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{}", fs::read_to_string(world.gateway.folder.join("said")).unwrap());
    }

    pub(crate) fn answer(&mut self, text: &str) {
        self.program.stdin.as_mut().unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    pub(crate) fn end(mut self) -> Option<i32> {
        self.program.wait().unwrap().code()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_a_terminal_the_plan_is_asked_about_and_asked_about_again_when_the_instance_changed() {
    let world = start().await;
    write(
        &world,
        "version = 1\nlevels = [\"Division\", \"Group\"]\ngroups = [{ path = [\"Service\"] }, { path = [\"Care\"] }]\n",
    );
    let mut no = Terminal::start(&world, &[]);
    no.until(&world, "Write yes to go on: ", 1).await;
    no.answer("y");
    assert_eq!(no.end(), Some(1));
    assert_eq!(world.calls("CreateUserHierarchyGroup"), 0);

    let mut late = Terminal::start(&world, &[]);
    late.until(&world, "Write yes to go on: ", 1).await;
    let other = "version = 1\nlevels = [\"Division\", \"Group\"]\ngroups = [{ path = [\"Care\"] }]\n";
    fs::write(world.gateway.folder.join("other.toml"), other).unwrap();
    assert!(hierarchy(&world, "apply", &["--yes", "--file", "other.toml"]).status.success());
    world.emulator.advance(Duration::from_mins(1));
    late.answer("yes");
    let said = late.until(&world, "Write yes to go on: ", 2).await;
    assert!(
        said.contains("not any more what that plan was made for") && said.contains("1 change."),
        "{said}"
    );
    late.answer("yes");
    assert_eq!(late.end(), Some(0));
    assert_eq!(world.calls("CreateUserHierarchyGroup"), 2);

    world.emulator.advance(Duration::from_mins(1));
    let mut gone = Terminal::start(&world, &["--prune"]);
    gone.until(&world, "Write the instance's name, acme, to go on: ", 1).await;
    gone.answer("yes");
    assert_eq!(gone.end(), Some(1));
    assert_eq!(
        world.calls("DeleteUserHierarchyGroup"),
        0,
        "yes is not enough for what can't be brought back"
    );
    let mut gone = Terminal::start(&world, &["--prune"]);
    gone.until(&world, "Write the instance's name, acme, to go on: ", 1).await;
    gone.answer("acme");
    assert_eq!(gone.end(), Some(0));
    assert_eq!(world.calls("DeleteUserHierarchyGroup"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_creates_the_group_that_its_rule_names() {
    let world = World::configured("", |text| {
        let creates = text.replace("[instance.acme]\n", "[instance.acme]\ncreate_hierarchy_groups = true\n");
        creates.replace("\"Inbound\"", "\"Outbound\"")
    })
    .await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&browser, "acme", "newcomer").await;
    let form = page.forms().remove(0);
    let inside = browser.settle(browser.submit(&page, &form).await).await;
    assert!(is_inside(&inside, "newcomer"), "{}", inside.body);
    assert_eq!(world.calls("CreateUserHierarchyGroup"), 1);
}

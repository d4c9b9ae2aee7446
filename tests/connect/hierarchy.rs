//! A hierarchy in a file, and an instance that is made to look like it.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use connect_gateway::config;
use connect_gateway::connect::{Allowed, BrokenOff, Made, Note, Plan, StepError};
use connect_gateway::emulator::{Behaviour, Lag, Rates, Seed};

use crate::house::{ACME, House, fast, gateway, identity, reader, real_rates};

pub(crate) const NOTHING: Allowed = Allowed { prune: false, remove_levels: false };
pub(crate) const ALL: Allowed = Allowed { prune: true, remove_levels: true };

/// What `acme.toml` has, but for levels and one group.
const SHORT: &str = r#"
version = 1
levels = ["Country", "Site"]
groups = [{ path = ["UK"] }, { path = ["UK", "North"] }, { path = ["US"] }]
"#;

async fn exported(house: &House) -> String {
    config::write_hierarchy(&house.hierarchy().read(&mut |_, _| {}).await.unwrap())
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

/// Plans and applies, as the command does.
pub(crate) async fn applied(house: &House, file: &str, allowed: Allowed) -> Result<Vec<Made>, BrokenOff> {
    let plan = house.hierarchy_plan(file, allowed).await.map_err(|error| BrokenOff { done: 0, error })?;
    assert_eq!(plan.conflicts, []);
    let mut all = Vec::new();
    house.hierarchy().apply(&plan, &mut |_, made| all.push(made)).await?;
    Ok(all)
}

#[tokio::test]
async fn what_is_exported_needs_no_change_and_each_change_of_it_is_made() {
    let house = House::start(Behaviour { page_cap: 3, ..Behaviour::kind() }).await;
    let file = exported(&house).await;
    assert_eq!(house.hierarchy_plan(&file, ALL).await.unwrap().steps, []);
    let changed = file
        .replace("[\"Country\", \"Site\"]", "[\"Land\", \"Site\", \"Team\"]")
        .replace("[\"US\"]", "[\"USA\"]")
        .replace("[\"US\", ", "[\"USA\", ")
        .replace(
            "groups = [\n",
            "groups = [\n{ path = [\"UK\", \"South\"] },\n{ path = [\"UK\", \"South\", \"1st\"] },\n",
        );
    let north = changed.lines().find(|line| line.contains("[\"USA\", \"North\"]")).unwrap();
    let changed = changed.replace(north, "");
    house.emulator.clear_history();
    applied(&house, &changed, ALL).await.unwrap();
    assert_eq!(
        house.writes(),
        [
            "UpdateUserHierarchyStructure",
            "UpdateUserHierarchyGroupName",
            "CreateUserHierarchyGroup",
            "CreateUserHierarchyGroup",
            "DeleteUserHierarchyGroup"
        ]
    );
    assert_eq!(
        house.hierarchy_file().await,
        "version = 1\nlevels = [\"Land\", \"Site\", \"Team\"]\ngroups = [\n[\"UK\"] },\n[\"UK\", \"North\"] },\n\
         [\"UK\", \"South\"] },\n[\"UK\", \"South\", \"1st\"] },\n[\"USA\"] },\n]"
    );
    let again = house.hierarchy_plan(&changed, ALL).await.unwrap();
    assert_eq!((again.steps, again.conflicts), (vec![], vec![]));
}

#[tokio::test]
async fn names_of_every_kind_come_back_as_they_were() {
    let house = House::kind().await;
    for name in ["a \"quoted\" name", "back\\slash", "a / b", "日本", "it's"] {
        house.sdk().create_user_hierarchy_group().instance_id(ACME).name(name).send().await.unwrap();
    }
    let file = exported(&house).await;
    assert_eq!(house.hierarchy_plan(&file, ALL).await.unwrap().steps, [], "{file}");
}

#[tokio::test]
async fn a_group_is_described_once_and_those_above_it_never() {
    let house = House::kind().await;
    let mut hierarchy = house.hierarchy();
    let first = hierarchy.read(&mut |_, _| {}).await.unwrap();
    assert!(house.calls("DescribeUserHierarchyGroup").good <= 4);
    house.emulator.clear_history();
    assert_eq!(hierarchy.read(&mut |_, _| {}).await.unwrap(), first);
    assert_eq!(house.calls("DescribeUserHierarchyGroup").good, 0, "a parent never changes");
    let us = first.in_order().into_iter().find(|(path, _)| path.to_string() == "US").unwrap().1.to_owned();
    let rename = house.sdk().update_user_hierarchy_group_name().instance_id(ACME).hierarchy_group_id(us);
    rename.name("USA").send().await.unwrap();
    let second = hierarchy.read(&mut |_, _| {}).await.unwrap();
    assert!(second.in_order().iter().any(|(path, _)| path.to_string() == "USA / North"));
}

#[tokio::test]
async fn a_level_goes_after_its_groups_and_only_when_that_is_wanted() {
    let house = House::kind().await;
    let file = "version = 1\nlevels = [\"Country\"]\ngroups = [{ path = [\"UK\"] }, { path = [\"US\"] }]";
    let kept = house.hierarchy_plan(file, NOTHING).await.unwrap();
    assert_eq!(kept.steps, []);
    assert_eq!(kept.notes[0], Note::LevelNotInFile { number: 2, name: "Site".into() });
    assert!(house.emulator.delete_user("acme", "ada"));
    house.emulator.clear_history();
    applied(&house, file, ALL).await.unwrap();
    assert_eq!(
        house.writes(),
        ["DeleteUserHierarchyGroup", "DeleteUserHierarchyGroup", "UpdateUserHierarchyStructure"]
    );
    assert_eq!(house.hierarchy_plan(file, ALL).await.unwrap().steps, []);
}

#[tokio::test]
async fn groups_with_people_and_what_is_above_them_are_kept_and_said_to_be() {
    let house = House::kind().await;
    let file = "version = 1\nlevels = [\"Country\", \"Site\"]\ngroups = []";
    let plan = house.hierarchy_plan(file, ALL).await.unwrap();
    assert_eq!(plan.steps.len(), 2, "{:?}", lines(&plan));
    let told: Vec<String> =
        plan.notes.iter().map(|note| note.to_string().split(" (id").next().unwrap().to_owned()).collect();
    assert_eq!(told, ["UK", "UK / North"]);
    assert!(plan.notes[1].to_string().ends_with("people in it: 1"));
    applied(&house, file, ALL).await.unwrap();
    assert!(house.hierarchy_file().await.contains("[\"UK\", \"North\"]"));
}

#[tokio::test]
async fn somebody_who_came_into_a_group_after_the_plan_keeps_it() {
    let house = House::kind().await;
    let plan = house.hierarchy_plan(SHORT, ALL).await.unwrap();
    assert_eq!(lines(&plan).len(), 1);
    let user = house.described("Grace.Hopper").await.id.unwrap();
    let group = lines(&plan)[0].split("id ").last().unwrap().trim_end_matches(')').to_owned();
    house
        .sdk()
        .update_user_hierarchy()
        .instance_id(ACME)
        .user_id(user)
        .hierarchy_group_id(group)
        .send()
        .await
        .unwrap();
    let refused = house.hierarchy().apply(&plan, &mut |_, _| {}).await.unwrap_err();
    assert_eq!(refused, BrokenOff { done: 0, error: StepError::InUse { people: 1 } });
    assert!(house.hierarchy_file().await.contains("[\"US\", \"North\"]"));
    assert_eq!(house.hierarchy_plan(SHORT, ALL).await.unwrap().steps, [], "and now the plan knows");
}

#[tokio::test]
async fn what_changed_after_the_plan_is_told_and_not_overwritten() {
    let file = "version = 1\nlevels = [\"Country\", \"Place\"]\ngroups = [{ path = [\"UK\"] }]";
    let house = House::kind().await;
    let plan = house.hierarchy_plan(file, NOTHING).await.unwrap();
    let level =
        |name: &str| aws_sdk_connect::types::HierarchyLevelUpdate::builder().name(name).build().unwrap();
    let structure = aws_sdk_connect::types::HierarchyStructureUpdate::builder();
    let structure =
        structure.level_one(level("Country")).level_two(level("Town")).level_three(level("Team")).build();
    let update =
        house.sdk().update_user_hierarchy_structure().instance_id(ACME).hierarchy_structure(structure);
    update.send().await.unwrap();
    let refused = house.hierarchy().apply(&plan, &mut |_, _| {}).await.unwrap_err();
    assert_eq!(refused.error, StepError::LevelsChanged);
    assert!(
        house.hierarchy_file().await.contains("[\"Country\", \"Town\", \"Team\"]"),
        "the third level is not lost"
    );
}

#[tokio::test]
async fn groups_that_come_and_go_after_the_plan_are_told() {
    let file = |house: String| house.replace("[\"US\"]", "[\"USA\"]").replace("[\"US\", ", "[\"USA\", ");
    let house = House::kind().await;
    let create = |name: &str| house.sdk().create_user_hierarchy_group().instance_id(ACME).name(name).send();
    let renamed = house.hierarchy_plan(&file(exported(&house).await), NOTHING).await.unwrap();
    create("USA").await.unwrap();
    let refused = house.hierarchy().apply(&renamed, &mut |_, _| {}).await.unwrap_err();
    assert_eq!(refused.error, StepError::NameTaken);

    let below = "version = 1\nlevels = [\"Country\", \"Site\"]\ngroups = [{ path = [\"USA\"] }, { path = [\"USA\", \"East\"] }]";
    let below = house.hierarchy_plan(below, NOTHING).await.unwrap();
    let tree = house.hierarchy().read(&mut |_, _| {}).await.unwrap();
    let usa = tree.in_order().into_iter().find(|(path, _)| path.to_string() == "USA").unwrap().1.to_owned();
    house.sdk().delete_user_hierarchy_group().instance_id(ACME).hierarchy_group_id(usa).send().await.unwrap();
    let refused = house.hierarchy().apply(&below, &mut |_, _| {}).await.unwrap_err();
    assert_eq!(refused.error, StepError::NoParent);

    let mut gone = renamed.clone();
    gone.steps.retain(|step| matches!(step, connect_gateway::connect::Step::Rename { .. }));
    let tree = house.hierarchy().read(&mut |_, _| {}).await.unwrap();
    let us = tree.in_order().into_iter().filter(|(path, _)| path.to_string().starts_with("US"));
    for (_, id) in us.rev() {
        house
            .sdk()
            .delete_user_hierarchy_group()
            .instance_id(ACME)
            .hierarchy_group_id(id)
            .send()
            .await
            .unwrap();
    }
    let refused = house.hierarchy().apply(&gone, &mut |_, _| {}).await.unwrap_err();
    assert_eq!(refused.error, StepError::Gone);
}

#[tokio::test]
async fn what_aws_refuses_is_told_with_who_must_act() {
    let more = SHORT.replace("groups = [", "groups = [{ path = [\"FR\"] },");
    let seed =
        include_str!("acme.toml").replacen("security_profiles", "group_quota = 4\nsecurity_profiles", 1);
    let house = House::with(Seed::parse(&seed).unwrap(), Behaviour::kind()).await;
    let full = applied(&house, &more, NOTHING).await.unwrap_err().to_string();
    assert!(full.contains("LimitExceededException") && full.contains("ask AWS for a higher quota"), "{full}");

    let plan = house.hierarchy_plan(&more, NOTHING).await.unwrap();
    let told = |sdk: SdkConfig| {
        let (hierarchy, plan) = (house.hierarchy_as(&sdk, fast()), plan.clone());
        async move { hierarchy.apply(&plan, &mut |_, _| {}).await.unwrap_err().to_string() }
    };
    let denied = told(reader()).await;
    assert!(denied.contains("needs connect:CreateUserHierarchyGroup"), "{denied}");
    let wrong = told(identity("AKIAGATEWAYGATEWAY01", "wrong")).await;
    assert!(wrong.contains("Check the AWS identity"), "{wrong}");
    house.emulator.set_fault_rate(1.0);
    let down = told(gateway()).await;
    assert!(down.contains("AWS does not answer"), "{down}");
}

#[tokio::test]
async fn two_people_who_apply_the_same_file_at_once_both_succeed() {
    let house = House::start(Behaviour {
        lag: Lag { list: Duration::from_secs(1), ..Lag::default() },
        ..Behaviour::kind()
    })
    .await;
    let file = SHORT.replace("groups = [", "groups = [{ path = [\"FR\"] }, { path = [\"FR\", \"Lyon\"] },");
    let plan = house.hierarchy_plan(&file, NOTHING).await.unwrap();
    let apply = || async {
        let mut all = Vec::new();
        house.hierarchy().apply(&plan, &mut |_, made| all.push(made)).await.unwrap();
        all
    };
    let (one, other) = tokio::join!(apply(), apply());
    let both = [one, other].concat();
    assert_eq!(both.iter().filter(|made| **made == Made::Now).count(), 2, "{both:?}");
    assert_eq!(house.hierarchy_file().await.matches("FR").count(), 2);
}

#[tokio::test]
async fn at_the_real_rates_nothing_fails_however_much_there_is_to_do() {
    let groups: Vec<String> = (0..12).map(|number| format!("{{ path = [\"g{number}\"] }}, ")).collect();
    let groups = groups.concat();
    let file = SHORT.replace("groups = [", &format!("groups = [{groups}"));
    let behaviour = Behaviour { throttle: Some(Rates::default()), ..Behaviour::kind() };
    let house = House::start(behaviour).await;
    let wanted = config::read_hierarchy(&file).unwrap();
    let mut hierarchy = house.hierarchy_as(&gateway(), real_rates());
    let start = Instant::now();
    let plan = hierarchy.plan(&wanted, NOTHING, &mut |_, _| {}).await.unwrap();
    hierarchy.apply(&plan, &mut |_, _| {}).await.unwrap();
    assert!(start.elapsed() > Duration::from_secs(3), "nobody was made to wait");
    assert_eq!(house.calls("CreateUserHierarchyGroup").bad, 0, "the budget kept to AWS's pace");

    house.emulator.set_throttle(true);
    let hasty = house.hierarchy_as(&gateway(), fast());
    let more = file.replace("[\"g", "[\"h");
    let plan =
        hierarchy.plan(&config::read_hierarchy(&more).unwrap(), NOTHING, &mut |_, _| {}).await.unwrap();
    hasty.apply(&plan, &mut |_, _| {}).await.unwrap();
    let throttled =
        house.calls("CreateUserHierarchyGroup").bad + house.calls("DescribeUserHierarchyGroup").bad;
    assert!(throttled > 0, "AWS throttled, and it was waited for");
}

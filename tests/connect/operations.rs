//! Each operation, through the product, against each error that AWS documents for it: who must act, and what the next
//! run makes of it. `docs/aws-operations.md` names the rows.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_gateway::connect::{Allowed, Connect, Error, Removal, StepError};
use connect_gateway::emulator::{Behaviour, Failing, Lag};
use connect_gateway::federation::{self, Federation};
use connect_gateway::model::{
    Blamed as _, Channel, ChannelSettings, ConnectUser, Phone, PhoneType, Placement, Proficiency,
    ProficiencyLevel, UserId, Username,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::assertion_role;
use crate::hierarchy::ALL;
use crate::house::{ACME, House, asked, names as profiles, nobody, path, placement};

/// One operation and what becomes of it, by the codes of `docs/errors.md`; `complete` where the error is none.
struct Row {
    operation: &'static str,
    run: Run,
    /// `InvalidRequestException`, `InvalidParameterException`, `ResourceNotFoundException`, `AccessDeniedException`.
    common: [&'static str; 4],
    /// Errors that not every operation has.
    own: &'static [(&'static str, &'static str)],
}

/// What somebody does that makes the call.
#[derive(Clone, Copy)]
enum Run {
    /// A person who has no user yet signs in.
    New,
    /// A person signs in whose rules changed.
    Changed(fn() -> Placement),
    /// The same after they have had other proficiencies.
    Skilled(fn() -> Placement),
    /// A person who is in place gets a token.
    Token,
    /// A person brings their own answer for AWS.
    Answer,
    /// `connect-gateway users remove`.
    Remove,
    /// `connect-gateway sessions end`.
    End,
    /// `connect-gateway hierarchy apply`.
    Apply(&'static str),
    /// The console's page of the instance.
    Browse,
    /// `connect-gateway check --online`.
    Check,
}

const REFUSED: [&str; 4] = ["connect.refused", "connect.refused", "connect.refused", "connect.access_denied"];
const LISTING: [&str; 4] =
    ["connect.refused", "connect.refused", "connect.no_instance", "connect.access_denied"];

const fn row(operation: &'static str, run: Run, common: [&'static str; 4]) -> Row {
    Row { operation, run, common, own: &[] }
}

const fn with(
    operation: &'static str,
    run: Run,
    common: [&'static str; 4],
    own: &'static [(&'static str, &'static str)],
) -> Row {
    Row { operation, run, common, own }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    with("CreateUser", Run::New, REFUSED, &[("DuplicateResourceException", "connect.unavailable"), ("LimitExceededException", "connect.quota")]),
    // Connect may answer in either way for a user whom it does not show yet.
    row("DescribeUser", Run::Changed(moved), ["connect.unavailable", "connect.unavailable", "connect.unavailable", "connect.access_denied"]),
    row("ListUsers", Run::Changed(moved), LISTING),
    row("UpdateUserRoutingProfile", Run::Changed(moved), REFUSED),
    row("UpdateUserHierarchy", Run::Changed(promoted), REFUSED),
    row("UpdateUserPhoneConfig", Run::Changed(desked), REFUSED),
    row("UpdateUserIdentityInfo", Run::Changed(renamed), REFUSED),
    row("UpdateUserSecurityProfiles", Run::Changed(trusted), REFUSED),
    // Who is gone already is gone.
    row("DeleteUser", Run::Remove, ["connect.refused", "connect.refused", "complete", "connect.access_denied"]),
    row("ListSecurityProfiles", Run::New, LISTING),
    row("ListRoutingProfiles", Run::New, LISTING),
    row("ListUserHierarchyGroups", Run::New, LISTING),
    row("DescribeUserHierarchyGroup", Run::New, ["connect.refused", "connect.refused", "connect.unknown_name", "connect.access_denied"]),
    row("DescribeUserHierarchyStructure", Run::Apply(GROWN), LISTING),
    with("GetFederationToken", Run::Token, ["federation.refused", "federation.refused", "connect.no_instance", "federation.permission"], &[("UserNotFoundException", "federation.no_user"), ("DuplicateResourceException", "federation.role_binding")]),
    with("DeleteUserHierarchyGroup", Run::Apply(SHRUNK), ["connect.refused", "connect.refused", "complete", "connect.access_denied"], &[("ResourceInUseException", "in use")]),
    with("UpdateUserHierarchyStructure", Run::Apply(GROWN), ["connect.refused", "connect.refused", "connect.no_instance", "connect.access_denied"], &[("ResourceInUseException", "connect.refused")]),
    with("UpdateUserHierarchyGroupName", Run::Apply(RENAMED), ["connect.refused", "connect.refused", "gone", "connect.access_denied"], &[("DuplicateResourceException", "name taken")]),
    with("CreateUserHierarchyGroup", Run::Apply(GROWN), ["connect.refused", "connect.refused", "no parent", "connect.access_denied"], &[("DuplicateResourceException", "connect.refused"), ("LimitExceededException", "connect.group_quota")]),
    // What the gateway calls besides.
    with("AssumeRole", Run::Token, ["federation.role", "federation.role", "federation.role", "federation.role"], &[("MalformedPolicyDocument", "federation.role"), ("PackedPolicyTooLarge", "federation.role"), ("RegionDisabledException", "federation.role"), ("ExpiredTokenException", "federation.expired_credentials")]),
    with("AssumeRoleWithSAML", Run::Answer, ["federation.role", "federation.role", "federation.role", "federation.role"], &[("IDPRejectedClaim", "federation.assertion"), ("InvalidIdentityToken", "federation.assertion"), ("MalformedPolicyDocument", "federation.role"), ("PackedPolicyTooLarge", "federation.role"), ("RegionDisabledException", "federation.role"), ("ExpiredTokenException", "federation.assertion")]),
    row("DeleteAllEntitySessions", Run::End, ["connect.refused", "connect.refused", "complete", "connect.access_denied"]),
    row("SearchQuickConnects", Run::Remove, LISTING),
    with("UpdateUserConfig", Run::Changed(chatty), REFUSED, &[("ConditionalOperationFailedException", "connect.refused")]),
    row("TagResource", Run::Changed(tagged), REFUSED),
    row("ListUserProficiencies", Run::Changed(skilled), REFUSED),
    // The user was there a moment ago: what is not there is the predefined attribute.
    row("AssociateUserProficiencies", Run::Changed(skilled), ["connect.refused", "connect.refused", "connect.unknown_name", "connect.access_denied"]),
    row("UpdateUserProficiencies", Run::Skilled(skilled), REFUSED),
    row("DisassociateUserProficiencies", Run::Skilled(skilled), REFUSED),
    row("SearchUsers", Run::Apply(SHRUNK), LISTING),
    // A console that may not search shows a list.
    row("SearchUserHierarchyGroups", Run::Browse, ["connect.refused", "connect.refused", "connect.no_instance", "complete"]),
    row("DescribeInstance", Run::Check, LISTING),
];

/// The operations of the table.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.operation)
}

const COMMON: [&str; 4] = [
    "InvalidRequestException",
    "InvalidParameterException",
    "ResourceNotFoundException",
    "AccessDeniedException",
];

/// Everything, and one level and one group more.
const GROWN: &str = r#"
version = 1
levels = ["Country", "Site", "Team"]
groups = [{ path = ["UK"] }, { path = ["UK", "North"] }, { path = ["UK", "South"] }, { path = ["US"] }, { path = ["US", "North"] }]
"#;

/// All but the groups of the US.
const SHRUNK: &str = r#"
version = 1
levels = ["Country", "Site"]
groups = [{ path = ["UK"] }, { path = ["UK", "North"] }]
"#;

/// The US by another name; `US-ID` stands for its id.
const RENAMED: &str = r#"
version = 1
levels = ["Country", "Site"]
groups = [{ path = ["UK"] }, { path = ["UK", "North"] }, { id = "US-ID", path = ["USA"] }, { path = ["USA", "North"] }]
"#;

fn new() -> Placement {
    Placement { hierarchy: Some(path(&["UK", "North"])), ..placement("new.agent") }
}

fn moved() -> Placement {
    Placement { routing_profile: Some("Night".into()), ..placement("ada") }
}

fn promoted() -> Placement {
    Placement { hierarchy: Some(path(&["US", "North"])), ..placement("ada") }
}

fn desked() -> Placement {
    let phone = Phone {
        kind: PhoneType::DeskPhone,
        auto_accept: false,
        after_contact_work_seconds: 60,
        desk_number: Some("+442079460000".into()),
    };
    Placement { phone: Some(phone), ..placement("ada") }
}

fn renamed() -> Placement {
    Placement { first_name: Some("Augusta".into()), ..placement("ada") }
}

fn trusted() -> Placement {
    Placement { security_profiles: profiles(&["Agent", "Supervisor"]), ..placement("ada") }
}

fn chatty() -> Placement {
    let chat = ChannelSettings { after_contact_work_seconds: Some(60), ..ChannelSettings::default() };
    Placement { channels: BTreeMap::from([(Channel::Chat, chat)]), ..placement("ada") }
}

fn tagged() -> Placement {
    Placement { tags: BTreeMap::from([("team".to_owned(), "north".to_owned())]), ..placement("ada") }
}

fn levels(levels: &[(&str, f64)]) -> BTreeMap<Proficiency, ProficiencyLevel> {
    let level = |(value, level): &(&str, f64)| {
        (Proficiency::new("Product", *value).unwrap(), ProficiencyLevel::new(*level).unwrap())
    };
    levels.iter().map(level).collect()
}

fn skilled() -> Placement {
    Placement { proficiencies: levels(&[("1", 2.0), ("2", 5.0)]), ..placement("ada") }
}

/// Of the same attribute, one to be changed and one to be taken away.
fn otherwise_skilled() -> Placement {
    Placement { proficiencies: levels(&[("1", 4.0), ("3", 1.0)]), ..placement("ada") }
}

/// One product in front of one AWS, from the first try to the one that succeeds.
struct Case {
    house: House,
    connect: Connect,
    /// Only where it is run.
    federation: Option<Federation>,
    run: Run,
    file: String,
}

impl Case {
    async fn start(run: Run, behaviour: Behaviour) -> Self {
        let house = match run {
            Run::Answer => assertion_role::house().await,
            _ => House::kind().await,
        };
        let mut file = String::new();
        match run {
            Run::Skilled(_) => drop(house.connect().ensure(&otherwise_skilled()).await.unwrap()),
            Run::Apply(text) => {
                let tree = house.hierarchy().read(&mut |_, _| {}).await.unwrap();
                let us = |(path, id): (_, String)| (format!("{path}") == "US").then_some(id);
                let id =
                    tree.in_order().into_iter().find_map(|(path, id)| us((path, id.to_owned()))).unwrap();
                file = text.replace("US-ID", &id);
            }
            _ => {}
        }
        house.emulator.adjust(|now| *now = behaviour);
        house.emulator.clear_history();
        let connect = house.connect_with(|settings| {
            settings.settle_within = Duration::from_secs(3);
            settings.removal = Some(Removal::Delete);
        });
        let patient = |settings: &mut federation::Settings| settings.place_kept_for = Duration::from_secs(6);
        let federation = match run {
            Run::Token => Some(house.federation_with(patient)),
            Run::Answer => Some(assertion_role::federation_with(&house, patient)),
            _ => None,
        };
        Self { house, connect, federation, run, file }
    }

    fn fail(&self, operation: &str, error: &str, times: usize, loses_answers: bool) {
        let failing =
            Failing { operation: operation.to_owned(), error: error.to_owned(), times, loses_answers };
        self.house.emulator.adjust(|behaviour| behaviour.failing = vec![failing]);
    }

    /// The code of what went wrong, or `complete`.
    async fn try_it(&self) -> String {
        let code = |error: &connect_gateway::connect::Error| error.code().id.to_owned();
        let tried = match self.run {
            Run::New => self.connect.ensure(&new()).await.map(drop).map_err(|e| code(&e)),
            Run::Changed(wanted) | Run::Skilled(wanted) => {
                self.connect.ensure(&wanted()).await.map(drop).map_err(|e| code(&e))
            }
            Run::Token => self.token(&ada(&self.house).await).await,
            Run::Answer => {
                let (user, answer) = (ada(&self.house).await, assertion_role::adas(&self.house).await);
                let federation = self.federation.as_ref().unwrap();
                match assertion_role::present(federation, &user, &answer, self.house.in_an_hour()).await {
                    Ok(()) => self.token(&user).await,
                    Err(error) => Err(error.code().id.to_owned()),
                }
            }
            Run::Remove => self.remove().await.map_err(|e| code(&e)),
            Run::End => self.connect.end_sessions(&username(), asked()).await.map(drop).map_err(|e| code(&e)),
            Run::Apply(_) => self.apply().await.map_err(|error| word(&error)),
            Run::Browse => self.connect.listings(asked()).await.hierarchy.map(drop).map_err(|e| code(&e)),
            Run::Check => self.connect.report().await.map(drop).map_err(|e| code(&e)),
        };
        tried.err().unwrap_or_else(|| "complete".to_owned())
    }

    async fn token(&self, user: &ConnectUser) -> Result<(), String> {
        let federation = self.federation.as_ref().unwrap();
        let token = federation.token_for(user, self.house.in_an_hour()).await;
        token.map(drop).map_err(|error| error.code().id.to_owned())
    }

    async fn remove(&self) -> Result<(), Error> {
        match self.connect.leaving(&username(), asked()).await {
            Err(Error::NotThere) => Ok(()),
            leaving => self.connect.remove(&leaving?, asked()).await.map(drop),
        }
    }

    async fn apply(&self) -> Result<(), StepError> {
        let plan = self.house.hierarchy_plan(&self.file, self.allowed()).await?;
        assert_eq!(plan.conflicts, []);
        self.house.hierarchy().apply(&plan, &mut |_, _| {}).await.map_err(|broken_off| broken_off.error)
    }

    fn allowed(&self) -> Allowed {
        Allowed { prune: self.file.len() == SHRUNK.len(), ..ALL }
    }

    /// Nothing is left to do, as somebody else finds it: what was told to be done is done.
    async fn is_done(&self) -> bool {
        self.house.emulator.adjust(|behaviour| *behaviour = Behaviour::kind());
        match self.run {
            Run::New => self.has(&new()).await,
            Run::Changed(wanted) | Run::Skilled(wanted) => self.has(&wanted()).await,
            Run::Apply(_) => {
                self.house.hierarchy_plan(&self.file, self.allowed()).await.unwrap().steps.is_empty()
            }
            Run::Remove => !self.house.emulator.usernames("acme").contains(&"ada".to_owned()),
            Run::Token | Run::Answer | Run::End | Run::Browse | Run::Check => true,
        }
    }

    async fn has(&self, wanted: &Placement) -> bool {
        let preview = self.house.connect().preview(wanted, asked()).await.unwrap();
        preview.user.is_some() && preview.refused.is_none() && preview.calls.is_empty()
    }
}

fn username() -> Username {
    Username::new("ada").unwrap()
}

async fn ada(house: &House) -> ConnectUser {
    let id = house.sdk().list_users().instance_id(ACME).send().await.unwrap();
    let user = id.user_summary_list().iter().find(|user| user.username() == Some("ada")).unwrap();
    ConnectUser { id: UserId::new(user.id().unwrap()), username: username(), ..nobody() }
}

fn word(error: &StepError) -> String {
    match error {
        StepError::LevelsChanged => "levels changed".to_owned(),
        StepError::NoParent => "no parent".to_owned(),
        StepError::Gone => "gone".to_owned(),
        StepError::NameTaken => "name taken".to_owned(),
        StepError::InUse { .. } => "in use".to_owned(),
        StepError::Call(error) => error.code().id.to_owned(),
    }
}

/// Rows that are run at the same time, of all tests here: more would take the machine from tests that watch the clock.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Runs a case for every row and tells what went wrong.
async fn for_every_row<F>(case: impl Fn(&'static Row) -> F)
where
    F: Future<Output = Vec<String>> + Send + 'static,
{
    let mut rows = JoinSet::new();
    for row in ROWS {
        let case = case(row);
        rows.spawn(async move {
            let _turn = AT_ONCE.acquire().await.unwrap();
            case.await
        });
    }
    let wrong: Vec<String> = rows.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_succeeds_and_what_it_is_for_is_done() {
    for_every_row(|row| async move {
        let case = Case::start(row.run, Behaviour::kind()).await;
        let outcome = case.try_it().await;
        let called = case.house.calls(row.operation).good;
        let done = case.is_done().await;
        let fine = outcome == "complete" && called > 0 && done;
        (!fine)
            .then(|| format!("{}: {outcome}, {called} calls, done: {done}", row.operation))
            .into_iter()
            .collect()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_error_says_who_must_act_and_the_next_run_completes() {
    for_every_row(|row| async move {
        let mut wrong = Vec::new();
        let common = COMMON.iter().copied().zip(row.common);
        for (error, wanted) in common.chain(row.own.iter().copied()) {
            let case = Case::start(row.run, Behaviour::kind()).await;
            case.fail(row.operation, error, usize::MAX, false);
            let outcome = case.try_it().await;
            let failed = case.house.calls(row.operation).bad;
            case.fail(row.operation, error, 0, false);
            case.house.clock.advance(Duration::from_secs(11));
            let next = case.try_it().await;
            let done = case.is_done().await;
            if outcome != wanted || failed == 0 || next != "complete" || !done {
                wrong.push(format!(
                    "{} {error}: {outcome} (wanted {wanted}; {failed} calls), then {next}, done: {done}",
                    row.operation
                ));
            }
        }
        wrong
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_aws_is_tried_again_and_told_as_such_when_it_lasts() {
    for_every_row(|row| async move {
        let case = Case::start(row.run, Behaviour::kind()).await;
        case.fail(row.operation, "InternalServiceException", usize::MAX, false);
        let (lasting, tries) = (case.try_it().await, case.house.calls(row.operation).bad);
        case.fail(row.operation, "InternalServiceException", 2, false);
        let short = case.try_it().await;
        let done = case.is_done().await;
        let fine = lasting.ends_with(".unavailable") && tries == 3 && short == "complete" && done;
        (!fine)
            .then(|| format!("{}: {lasting} after {tries}, then {short}, done: {done}", row.operation))
            .into_iter()
            .collect()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_call_goes_back_to_the_budget_and_is_made() {
    for_every_row(|row| async move {
        let case = Case::start(row.run, Behaviour::kind()).await;
        let code = if row.operation.starts_with("AssumeRole") { "Throttling" } else { "ThrottlingException" };
        case.fail(row.operation, code, 4, false);
        let outcome = case.try_it().await;
        let throttled = case.house.calls(row.operation).bad;
        let done = case.is_done().await;
        let fine = outcome == "complete" && throttled == 4 && done;
        (!fine)
            .then(|| format!("{}: {outcome}, throttled {throttled} times, done: {done}", row.operation))
            .into_iter()
            .collect()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_carried_out_and_answered_with_a_fault_is_completed() {
    for_every_row(|row| async move {
        let mut wrong = Vec::new();
        for times in [1, 3] {
            let case = Case::start(row.run, Behaviour::kind()).await;
            case.fail(row.operation, "InternalServiceException", times, true);
            let first = case.try_it().await;
            case.house.clock.advance(Duration::from_secs(11));
            let next = case.try_it().await;
            let done = case.is_done().await;
            let users = case.house.emulator.usernames("acme");
            let twins = users.iter().filter(|name| name.eq_ignore_ascii_case("new.agent")).count();
            if next != "complete" || !done || twins > 1 {
                wrong.push(format!(
                    "{} lost {times} times: {first}, then {next}, done: {done}, {twins} new",
                    row.operation
                ));
            }
        }
        wrong
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aws_that_shows_things_late_is_waited_for() {
    for_every_row(|row| async move {
        let late = Behaviour { lag: Lag::default(), page_cap: 3, ..Behaviour::kind() };
        let case = Case::start(row.run, late).await;
        let outcome = case.try_it().await;
        let done = case.is_done().await;
        (outcome != "complete" || !done)
            .then(|| format!("{}: {outcome}, done: {done}", row.operation))
            .into_iter()
            .collect()
    })
    .await;
}

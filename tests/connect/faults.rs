//! AWS in trouble, with several people at the door: nobody lands as somebody else, nobody is created twice, whoever has
//! a token keeps coming in, and everybody gets in when the trouble is over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use connect_gateway::connect::Connect;
use connect_gateway::emulator::{Behaviour, Failing, Lag, Rate, Rates};
use connect_gateway::federation::Federation;
use connect_gateway::model::{Blamed as _, FederationToken, Pace};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::house::{House, budget, fast, gateway, placement};

/// People who have a user, and people who have none yet.
const KNOWN: usize = 6;
const NEW: usize = 4;
/// Calls of the one piece of work that tries, after some seconds, whether there is an answer again.
const ONE_TRIAL: usize = 3;

/// A gateway's rooms, and how people come to it.
pub(crate) struct Door {
    pub(crate) house: House,
    connect: Connect,
    federation: Federation,
}

impl Door {
    pub(crate) async fn start(behaviour: Behaviour, pace: Pace) -> Arc<Self> {
        Self::with(behaviour, pace, &gateway(), |_| {}).await
    }

    pub(crate) async fn with(
        behaviour: Behaviour,
        pace: Pace,
        sdk: &aws_config::SdkConfig,
        change: impl FnOnce(&mut connect_gateway::connect::Settings),
    ) -> Arc<Self> {
        let house = House::start(behaviour).await;
        house.add_agents(KNOWN, person);
        let connect = house.connect_as(sdk, pace.clone(), change);
        let federation = house.federation_as(sdk, pace, |_| {});
        Arc::new(Self { house, connect, federation })
    }

    pub(crate) fn fail(&self, operation: &str, error: &str, times: usize) {
        self.break_down(operation, error, times, false);
    }

    fn break_down(&self, operation: &str, error: &str, times: usize, loses_answers: bool) {
        let failing = Failing { operation: operation.into(), error: error.into(), times, loses_answers };
        self.house.emulator.adjust(|behaviour| behaviour.failing = vec![failing]);
    }

    fn heal(&self) {
        self.house.emulator.adjust(|behaviour| *behaviour = Behaviour::kind());
    }

    /// One person at the door: the token, or the code of the page.
    pub(crate) async fn enter(&self, number: usize) -> Result<Arc<FederationToken>, &'static str> {
        let user = self.connect.ensure(&placement(&person(number))).await.map_err(|e| e.code().id)?;
        assert_eq!(user.username.as_str(), person(number));
        let token = self.federation.token_for(&user, self.house.in_an_hour()).await;
        let token = token.map_err(|error| error.code().id)?;
        assert_eq!(token.user_id, user.id);
        Ok(token)
    }

    /// The same until it succeeds, as a person who reloads does; the pages that were shown on the way.
    async fn enter_at_last(&self, number: usize) -> BTreeSet<&'static str> {
        let mut pages = BTreeSet::new();
        for _ in 0..600 {
            match self.enter(number).await {
                Ok(_) => return pages,
                Err(page) => pages.insert(page),
            };
            sleep(Duration::from_millis(100)).await;
        }
        panic!("{} never got in: {pages:?}", person(number));
    }

    /// All of them at once, once.
    async fn all_try(self: &Arc<Self>, people: impl Iterator<Item = usize>) -> Vec<Result<(), &'static str>> {
        let mut tries = JoinSet::new();
        for number in people {
            let door = Arc::clone(self);
            tries.spawn(async move { door.enter(number).await.map(drop) });
        }
        tries.join_all().await
    }

    /// All of them at once, until they are in; every page that anybody saw.
    async fn all_get_in(self: &Arc<Self>) -> BTreeSet<&'static str> {
        let mut entries = JoinSet::new();
        for number in 0..KNOWN + NEW {
            let door = Arc::clone(self);
            entries.spawn(async move { door.enter_at_last(number).await });
        }
        entries.join_all().await.into_iter().flatten().collect()
    }

    /// By AWS's own books: everybody exists once, and every token was asked for in the name of its user.
    async fn check_books(&self) {
        let users = self.house.emulator.usernames("acme");
        let folded: BTreeSet<String> = users.iter().map(|name| name.to_lowercase()).collect();
        // "Twin" and "TWIN" of the seed.
        assert_eq!(folded.len() + 1, users.len(), "somebody was created twice: {users:?}");
        assert!((0..KNOWN + NEW).all(|number| users.contains(&person(number))), "{users:?}");
        let history = self.house.emulator.history();
        let tokens = history.iter().filter(|call| call.operation == "GetFederationToken");
        assert!(tokens.clone().count() > 0);
        for call in tokens.filter(|call| call.username.is_some()) {
            assert_eq!(call.principal, call.username, "a token was asked for in somebody else's name");
        }
        let mut tokens = BTreeSet::new();
        for number in 0..KNOWN + NEW {
            let token = self.enter(number).await.unwrap();
            let user = self.house.described(&person(number)).await;
            assert_eq!(Some(token.user_id.as_str()), user.id(), "{} is somebody else", person(number));
            assert!(tokens.insert(token.access_token.expose().to_owned()), "two people share a token");
        }
    }
}

fn person(number: usize) -> String {
    format!("agent.{number:02}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sts_that_is_down_from_the_start_keeps_everybody_out_until_it_is_back() {
    let door = Door::start(Behaviour::kind(), fast()).await;
    door.fail("AssumeRole", "ServiceUnavailable", usize::MAX);
    let tries = door.all_try(0..KNOWN + NEW).await;
    assert_eq!(tries, vec![Err("federation.unavailable"); KNOWN + NEW]);
    let asked = door.house.calls("AssumeRole").bad;
    let again = door.all_try(0..KNOWN + NEW).await;
    assert_eq!(again, tries);
    let more = door.house.calls("AssumeRole").bad - asked;
    assert!(more <= ONE_TRIAL, "it is left alone for a while: {more} calls");
    door.heal();
    door.all_get_in().await;
    door.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sts_that_goes_down_keeps_nobody_out_who_has_a_token() {
    let door = Door::start(Behaviour::kind(), fast()).await;
    assert_eq!(door.all_try(0..3).await, [Ok(()); 3]);
    door.fail("AssumeRole", "ServiceUnavailable", usize::MAX);
    assert_eq!(door.all_try(3..KNOWN).await, [Err("federation.unavailable"); 3]);
    assert_eq!(door.all_try(0..3).await, [Ok(()); 3], "whoever has a token");
    door.heal();
    door.all_get_in().await;
    door.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_of_calls_that_fail_keeps_nobody_out_for_good() {
    let unwell = Behaviour { fault_rate: 0.3, lag: Lag::default(), ..Behaviour::kind() };
    let door = Door::start(unwell, fast()).await;
    let pages = door.all_get_in().await;
    let known: BTreeSet<&str> =
        ["busy", "connect.unavailable", "federation.unavailable", "federation.no_user"].into();
    assert!(pages.is_subset(&known), "{pages:?}");
    let faults = door.house.emulator.history().iter().filter(|call| call.status == 500).count();
    assert!(faults > 5, "{faults}");
    door.heal();
    door.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connect_that_does_not_answer_fails_to_a_clear_page_and_heals_by_itself() {
    let door = Door::start(Behaviour::kind(), fast()).await;
    assert_eq!(door.all_try(0..2).await, [Ok(()); 2]);
    door.house.emulator.set_fault_rate(1.0);
    let tries = door.all_try(2..KNOWN + NEW).await;
    assert_eq!(tries, vec![Err("connect.unavailable"); KNOWN + NEW - 2]);
    door.house.emulator.clear_history();
    assert_eq!(door.all_try(2..KNOWN + NEW).await, tries);
    let calls = door.house.all_calls();
    assert!(calls.len() <= ONE_TRIAL, "hardly anybody asks while nobody answers: {calls:?}");
    assert_eq!(door.all_try(0..2).await, [Ok(()); 2], "whoever has a token");
    door.heal();
    door.all_get_in().await;
    door.check_books().await;
}

/// AWS allows a tenth of what the gateway was told: 2 calls a second in the place of 20.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_throttled_waits_and_gets_in() {
    let door = Door::start(Behaviour::kind(), budget(20.0, 5)).await;
    assert_eq!(door.all_try(0..2).await, [Ok(()); 2]);
    let rates = Rates { connect: Rate { per_second: 2.0, burst: 1 }, ..Rates::default() };
    door.house.emulator.adjust(|behaviour| behaviour.throttle = Some(rates));
    let crowd = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.all_get_in().await }
    });
    while door.house.calls("DescribeUser").bad + door.house.calls("GetFederationToken").bad < 3 {
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(door.all_try(0..2).await, [Ok(()); 2], "whoever has a token");
    let pages = crowd.await.unwrap();
    assert!(pages.iter().all(|page| *page == "busy"), "{pages:?}");
    door.heal();
    door.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_whose_creation_is_answered_with_a_fault_are_there_once_and_complete() {
    let door = Door::start(Behaviour::kind(), fast()).await;
    door.break_down("CreateUser", "InternalServiceException", NEW, true);
    let pages = door.all_get_in().await;
    assert!(pages.is_subset(&BTreeSet::from(["connect.unavailable"])), "{pages:?}");
    assert_eq!(door.house.calls("CreateUser").good, 0, "every answer was lost");
    door.heal();
    door.check_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_connect_refuses_is_looked_up_anew_in_the_same_sign_in() {
    let door = Door::start(Behaviour::kind(), fast()).await;
    door.enter(KNOWN).await.unwrap();
    door.house.emulator.clear_history();
    door.house.clock.advance(Duration::from_secs(6));
    door.fail("CreateUser", "ResourceNotFoundException", 1);
    door.enter(KNOWN + 1).await.unwrap();
    assert_eq!(door.house.calls("ListRoutingProfiles").good, 1, "the listing was kept, and was read again");
    assert_eq!(door.house.calls("CreateUser").good, 1);
}

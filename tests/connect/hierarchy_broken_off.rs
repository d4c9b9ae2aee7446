//! A plan that is broken off at any of its calls, and taken up again.

use std::time::Duration;

use connect_gateway::connect::BrokenOff;
use connect_gateway::emulator::{Behaviour, Lag, Outage};
use tokio::task::JoinSet;

use crate::hierarchy::{ALL, applied};
use crate::house::House;

/// A file, and what it makes of the instance.
#[derive(Clone, Copy)]
struct Case {
    file: &'static str,
    end: &'static str,
}

/// A level renamed and one added, two groups that swap their names, groups created, one deleted. Ada is in UK / North.
const GROWS: Case = Case {
    file: r#"
version = 1
levels = ["Land", "Site", "Team"]
groups = [
    { id = "UK-ID", path = ["US"] },
    { id = "US-ID", path = ["UK"] },
    { path = ["US", "North"] },
    { path = ["US", "North", "Billing"] },
    { path = ["US", "South"] },
    { path = ["FR"] },
]
"#,
    end: "version = 1\nlevels = [\"Land\", \"Site\", \"Team\"]\ngroups = [\n[\"FR\"] },\n[\"UK\"] },\n[\"US\"] },\n\
          [\"US\", \"North\"] },\n[\"US\", \"North\", \"Billing\"] },\n[\"US\", \"South\"] },\n]",
};

/// Groups deleted, and then their level. Nobody is in them.
const SHRINKS: Case = Case {
    file: r#"
version = 1
levels = ["Land"]
groups = [{ path = ["UK"] }, { path = ["FR"] }]
"#,
    end: "version = 1\nlevels = [\"Land\"]\ngroups = [\n[\"FR\"] },\n[\"UK\"] },\n]",
};

impl Case {
    /// An instance, and the file with its ids.
    async fn start(self) -> (House, String) {
        let house = House::kind().await;
        let tree = house.hierarchy().read(&mut |_, _| {}).await.unwrap();
        let id =
            |name: &str| tree.in_order().into_iter().find(|(path, _)| path.to_string() == name).unwrap().1;
        let file = self.file.replace("UK-ID", id("UK")).replace("US-ID", id("US"));
        if self.file == SHRINKS.file {
            assert!(house.emulator.delete_user("acme", "ada"));
            house.emulator.advance(Duration::from_mins(1));
        }
        house.emulator.clear_history();
        (house, file)
    }

    /// How many calls it takes without an outage.
    async fn calls(self) -> usize {
        let (house, file) = self.start().await;
        applied(&house, &file, ALL).await.unwrap();
        let calls = house.all_calls().len();
        assert_eq!(house.hierarchy_file().await, self.end);
        calls
    }

    async fn with_outage(self, behaviour: Behaviour, outage: Outage) -> Result<(), BrokenOff> {
        let (house, file) = self.start().await;
        house.emulator.adjust(|now| *now = Behaviour { outage: Some(outage), ..behaviour });
        let broken_off = applied(&house, &file, ALL).await.map(drop);
        house.emulator.adjust(|behaviour| behaviour.outage = None);
        applied(&house, &file, ALL).await.unwrap_or_else(|error| panic!("{outage:?}: {error}"));
        assert_eq!(house.hierarchy_file().await, self.end, "{outage:?}");
        let again = house.hierarchy_plan(&file, ALL).await.unwrap();
        assert_eq!(again.steps, [], "{outage:?}");
        broken_off
    }

    async fn at_every_call(self, behaviour: &Behaviour, loses_answers: bool) {
        let calls = self.calls().await;
        assert!(calls >= 10, "{calls}");
        let mut cases = JoinSet::new();
        for after in 0..calls {
            let behaviour = behaviour.clone();
            cases.spawn(async move {
                let broken_off = self.with_outage(behaviour, Outage { after, loses_answers }).await;
                assert!(broken_off.is_err(), "the outage after {after} calls broke nothing off");
            });
        }
        cases.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_at_any_call_leaves_what_the_next_run_completes() {
    GROWS.at_every_call(&Behaviour::kind(), false).await;
    SHRINKS.at_every_call(&Behaviour::kind(), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_at_any_call_leaves_what_the_next_run_completes() {
    GROWS.at_every_call(&Behaviour::kind(), true).await;
    SHRINKS.at_every_call(&Behaviour::kind(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_an_outage_at_any_call_while_listings_are_late() {
    let late = Behaviour { lag: Lag::default(), ..Behaviour::kind() };
    GROWS.at_every_call(&late, true).await;
    SHRINKS.at_every_call(&late, true).await;
}

//! What sign-ins cost in AWS calls, as `docs/operations.md` promises it.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_gateway::connect::{Connect, Provisioning};
use connect_gateway::federation::Federation;
use connect_gateway::model::{Placement, Proficiency, ProficiencyLevel};

use crate::house::{House, path, placement};

const PAGE: &str = include_str!("../../docs/operations.md");

/// What the page promises of this sign-in: how many calls, and which.
fn promised(sign_in: &str) -> Vec<String> {
    let start = format!("| {sign_in} |");
    let row = PAGE.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row {start}"));
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [_, count, which] = cells[..] else { panic!("three cells: {row}") };
    let named: Vec<String> = which.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(count.parse(), Ok(named.len()), "{row}");
    named
}

struct Gateway {
    connect: Connect,
    federation: Federation,
}

impl Gateway {
    /// One that has read its listings, for somebody else.
    async fn start(house: &House) -> Self {
        let gateway = Self::cold(house);
        let other = Placement { hierarchy: Some(path(&["UK", "North"])), ..placement("Grace.Hopper") };
        gateway.connect.ensure(&other).await.unwrap();
        gateway
    }

    fn cold(house: &House) -> Self {
        Self { connect: house.connect(), federation: house.federation() }
    }

    async fn sign_in(&self, house: &House, wanted: &Placement) -> Vec<String> {
        house.emulator.clear_history();
        let user = self.connect.ensure(wanted).await.unwrap();
        self.federation.token_for(&user, house.in_an_hour()).await.unwrap();
        house.all_calls()
    }
}

#[tokio::test]
async fn a_known_person_costs_what_the_page_says() {
    let house = House::kind().await;
    let gateway = Gateway::start(&house).await;
    let first = gateway.sign_in(&house, &placement("ada")).await;
    assert_eq!(first, promised("the first one since a start, nothing to change"));
    assert_eq!(
        gateway.sign_in(&house, &placement("ada")).await,
        promised("again, with a token that is kept")
    );
    gateway.federation.purge(&placement("ada").username).await;
    let cold = gateway.sign_in(&house, &placement("ada")).await;
    assert_eq!(cold, promised("of a person found in place in the last minutes"));
    gateway.federation.purge(&placement("ada").username).await;
    let wanted = Placement { routing_profile: Some("Night".into()), ..placement("ada") };
    assert_eq!(gateway.sign_in(&house, &wanted).await, promised("with one field to change"));
}

#[tokio::test]
async fn somebody_new_costs_what_the_page_says() {
    let house = House::kind().await;
    let gateway = Gateway::start(&house).await;
    house.clock.advance(Duration::from_secs(6));
    assert_eq!(gateway.sign_in(&house, &placement("new.agent")).await, promised("of somebody new"));
    house.clock.advance(Duration::from_secs(6));
    let german = Proficiency::new("connect:Language", "connect:German").unwrap();
    let proficiencies = BTreeMap::from([(german, ProficiencyLevel::new(4.0).unwrap())]);
    let skilled = Placement { proficiencies, ..placement("other.agent") };
    assert_eq!(gateway.sign_in(&house, &skilled).await, promised("of somebody new with proficiencies"));
}

#[tokio::test]
async fn the_first_sign_in_of_all_reads_each_listing_once_and_later_ones_none() {
    let house = House::kind().await;
    let gateway = Gateway::cold(&house);
    let wanted = |name: &str| Placement { hierarchy: Some(path(&["UK", "North"])), ..placement(name) };
    let listings =
        |calls: Vec<String>| calls.into_iter().filter(|name| name.starts_with("List")).collect::<Vec<_>>();
    let mut first = listings(gateway.sign_in(&house, &wanted("ada")).await);
    let mut listed = promised("the first one of all");
    first.sort();
    listed.sort();
    assert_eq!(first, listed);
    assert_eq!(listings(gateway.sign_in(&house, &wanted("Grace.Hopper")).await), [""; 0]);
}

#[tokio::test]
async fn somebody_who_is_refused_again_costs_what_the_page_says() {
    let house = House::kind().await;
    let connect = house.connect_with(|settings| settings.provisioning = Provisioning::Off);
    let refused = connect.ensure(&placement("nobody")).await.unwrap_err();
    // A listing of a moment ago serves anyway.
    house.clock.advance(Duration::from_secs(6));
    house.emulator.clear_history();
    assert_eq!(connect.ensure(&placement("nobody")).await.unwrap_err(), refused);
    assert_eq!(house.all_calls(), promised("of somebody who is refused again"));
}

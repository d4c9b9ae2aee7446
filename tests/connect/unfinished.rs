//! Users whose first call succeeded and whose next one did not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_connect::types::UserProficiency;
use connect_gateway::connect::{Connect, Provisioning};
use connect_gateway::emulator::Failing;
use connect_gateway::model::{Blamed as _, Placement, Proficiency, ProficiencyLevel};
use tokio::task::JoinSet;

use crate::house::{ACME, House, placement};

const PEOPLE: usize = 4;

fn skilled(number: usize) -> Placement {
    let proficiency = Proficiency::new("Product", "1").unwrap();
    let proficiencies = BTreeMap::from([(proficiency, ProficiencyLevel::new(3.0).unwrap())]);
    Placement { proficiencies, ..placement(&format!("new.{number}")) }
}

/// These operations fail: whether they are carried out, and how often.
fn fail(house: &House, failing: &[(&str, bool, usize)]) {
    let failing = failing.iter().map(|(operation, loses_answers, times)| Failing {
        operation: (*operation).to_owned(),
        error: "InternalServiceException".to_owned(),
        times: *times,
        loses_answers: *loses_answers,
    });
    house.emulator.adjust(|behaviour| behaviour.failing = failing.collect());
}

async fn all_come(connect: &Arc<Connect>) -> Vec<Result<(), &'static str>> {
    let mut people = JoinSet::new();
    for number in 0..PEOPLE {
        let connect = Arc::clone(connect);
        people.spawn(async move {
            connect.ensure(&skilled(number)).await.map(drop).map_err(|error| error.code().id)
        });
    }
    people.join_all().await
}

async fn proficiencies_of(house: &House, name: &str) -> usize {
    let id = house.described(name).await.id.unwrap();
    let request = house.sdk().list_user_proficiencies().instance_id(ACME).user_id(id);
    request.max_results(100).send().await.unwrap().user_proficiency_list().len()
}

/// The fault, and then the sign-in that completes everybody, however existing users are treated.
async fn complete_after(failing: &[(&str, bool, usize)]) {
    for provisioning in [Provisioning::Create, Provisioning::Sync] {
        let house = House::kind().await;
        let connect = Arc::new(house.connect_with(|settings| settings.provisioning = provisioning));
        fail(&house, failing);
        let tries = all_come(&connect).await;
        assert!(tries.contains(&Err("connect.unavailable")), "{provisioning:?} {failing:?}: {tries:?}");
        fail(&house, &[]);
        // Nobody asks for five seconds when nobody answered.
        for _ in 0..100 {
            if all_come(&connect).await == [Ok(()); PEOPLE] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let users = house.emulator.usernames("acme");
        for number in 0..PEOPLE {
            let name = format!("new.{number}");
            assert_eq!(users.iter().filter(|user| **user == name).count(), 1, "{name}");
            assert_eq!(proficiencies_of(&house, &name).await, 1, "{provisioning:?} {failing:?}: {name}");
        }
        house.emulator.clear_history();
        assert_eq!(all_come(&connect).await, [Ok(()); PEOPLE]);
        assert_eq!(house.writes(), [""; 0], "nothing is left to do");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proficiencies_that_fail_after_the_creation_are_given_at_the_next_sign_in() {
    complete_after(&[("AssociateUserProficiencies", false, 3 * PEOPLE)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_are_those_of_users_whose_creation_was_answered_with_a_fault() {
    complete_after(&[("CreateUser", true, PEOPLE), ("AssociateUserProficiencies", false, 3 * PEOPLE)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proficiencies_that_were_given_and_answered_with_a_fault_are_not_given_twice() {
    complete_after(&[("AssociateUserProficiencies", true, 3 * PEOPLE)]).await;
}

#[tokio::test]
async fn what_somebody_gave_such_a_user_by_hand_stays() {
    let house = House::kind().await;
    let connect = house.connect_with(|settings| settings.provisioning = Provisioning::Create);
    fail(&house, &[("AssociateUserProficiencies", false, 3)]);
    connect.ensure(&skilled(0)).await.unwrap_err();
    fail(&house, &[]);
    let id = house.described("new.0").await.id.unwrap();
    let by_hand =
        UserProficiency::builder().attribute_name("Product").attribute_value("2").level(5.0).build().unwrap();
    let request = house.sdk().associate_user_proficiencies().instance_id(ACME).user_id(id);
    request.user_proficiencies(by_hand).send().await.unwrap();
    connect.ensure(&skilled(0)).await.unwrap();
    assert_eq!(proficiencies_of(&house, "new.0").await, 2);
    assert_eq!(house.calls("DisassociateUserProficiencies").good, 0);
}

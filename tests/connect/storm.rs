//! Eight o'clock in the morning.

use std::sync::Arc;
use std::time::Duration;

use connect_gateway::emulator::Behaviour;
use tokio::task::JoinSet;

use crate::house::{Calls, House, gateway, placement, real_rates};

/// At AWS's default rates: two calls a second, five at once, per operation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sign_ins_of_fifty_people_make_fifty_calls_of_each_kind_and_all_succeed() {
    let rates = connect_gateway::emulator::Rates::default();
    let house = House::start(Behaviour { throttle: Some(rates), ..Behaviour::kind() }).await;
    house.add_agents(50, |number| format!("agent.{number}"));
    let budget = real_rates();
    let patience = Duration::from_mins(2);
    let connect =
        Arc::new(house.connect_as(&gateway(), budget.clone(), |settings| settings.patience = patience));
    let federation =
        Arc::new(house.federation_as(&gateway(), budget, |settings| settings.patience = patience));
    let not_after = house.in_an_hour();
    let mut people = JoinSet::new();
    for sign_in in 0..1000 {
        let (connect, federation) = (Arc::clone(&connect), Arc::clone(&federation));
        people.spawn(async move {
            let user = connect.ensure(&placement(&format!("agent.{}", sign_in % 50))).await.unwrap();
            federation.token_for(&user, not_after).await.unwrap();
        });
    }
    people.join_all().await;
    for operation in ["AssumeRole", "GetFederationToken", "DescribeUser"] {
        assert_eq!(house.calls(operation), Calls { good: 50, bad: 0 }, "{operation}");
    }
    assert_eq!(house.writes(), [""; 0]);
}

//! Eight o'clock, and one of two replicas is killed in the middle of it.

use std::collections::BTreeMap;

use connect_gateway::emulator::{Behaviour, Rate, Rates};
use tokio::task::JoinSet;

use crate::balancers::Kind;
use crate::people::agent;
use crate::plain_browser::PlainBrowser;
use crate::redis_server::Server;
use crate::topology::{AOF, Topology, until};
use crate::world::{World, is_inside};

const PEOPLE: usize = 100;
const PER_SECOND: f64 = 5.0;
const BURST: u32 = 12;
/// A place is that of a person's turn. Whoever's replica was killed takes it up again with the next look of their page, some
/// seconds later: 5 calls a second have then gone to others.
const MOVED: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_their_place_when_one_of_two_replicas_is_killed_halfway() {
    let throttle = Rates {
        connect: Rate { per_second: PER_SECOND, burst: BURST },
        sts: Rate { per_second: 100.0, burst: 100 },
    };
    let behaviour = Behaviour { throttle: Some(throttle), ..Behaviour::kind() };
    let budget = format!("\n[budget]\nconnect = {{ per_second = {PER_SECOND:.1}, burst = {BURST} }}\n");
    let mut topology = Topology::with(Kind::Haproxy, &budget, Server::with(&AOF), behaviour).await;
    // HAProxy closes a kept connection without an answer when the replica behind it dies. Browsers then ask again by
    // themselves; this one does not, and so keeps none.
    let (client, url) = (topology.client_that_keeps(0), topology.url.clone());
    let mut people = JoinSet::new();
    for number in 0..PEOPLE {
        let (browser, url) = (PlainBrowser::new(client.clone()), url.clone());
        people.spawn(async move {
            let uid = agent(number);
            let answer = World::pick(&url, &browser, "acme", &uid).await;
            let mut page = browser.settle(answer).await;
            // A second try is what the death of a replica may cost.
            for _ in 0..2 {
                if page.status == 200 {
                    break;
                }
                let again = browser.open(&format!("{url}/go/acme")).await;
                page = browser.settle(again).await;
            }
            assert!(is_inside(&page, &uid), "{uid}: {} {} {}", page.url, page.status, page.body);
        });
    }
    let served = |topology: &Topology| order(topology, "GetFederationToken").len();
    until("half of them are in", async || served(&topology) >= PEOPLE / 2).await;
    topology.replicas.members[0].kill();
    while let Some(ended) = people.join_next().await {
        ended.unwrap();
    }
    let throttled = topology.emulator.history().iter().filter(|call| call.status == 429).count();
    let [described, served] =
        ["DescribeUser", "GetFederationToken"].map(|operation| order(&topology, operation));
    assert_eq!((described.len(), served.len()), (PEOPLE, PEOPLE), "everybody is in");
    let mut moved: Vec<usize> = described.iter().map(|(uid, place)| served[uid].abs_diff(*place)).collect();
    moved.sort_unstable();
    println!("{throttled} calls throttled; places moved by at most {:?}", &moved[PEOPLE - 5..]);
    assert!(throttled <= 2, "{throttled} calls were throttled");
    assert!(moved[PEOPLE - 1] <= MOVED, "{moved:?}");
}

/// Whose turn it was first, second and so on.
fn order(topology: &Topology, operation: &str) -> BTreeMap<String, usize> {
    let history = topology.emulator.history().into_iter();
    let good = history.filter(|call| call.operation == operation && call.error.is_none());
    let mut places = BTreeMap::new();
    for name in good.filter_map(|call| call.username).filter(|name| name.starts_with("agent")) {
        let next = places.len();
        places.entry(name).or_insert(next);
    }
    places
}

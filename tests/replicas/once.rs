//! An answer that is posted to two replicas at the same moment.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::balancers::Kind;
use crate::people::agent;
use crate::topology::{PEOPLE, Topology};

const ANSWERS: usize = 1000;
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_answers_posted_to_both_at_once_each_is_accepted_once_and_refused_once() {
    let topology = Arc::new(Topology::start(Kind::Haproxy, "").await);
    let mut workers = JoinSet::new();
    for worker in 0..AT_ONCE {
        let topology = Arc::clone(&topology);
        workers.spawn(async move {
            let mut ends = Vec::new();
            for number in (worker..ANSWERS).step_by(AT_ONCE) {
                ends.push(posted_to_both(&topology, number).await);
            }
            ends
        });
    }
    let mut both = 0;
    while let Some(ends) = workers.join_next().await {
        for mut statuses in ends.unwrap() {
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 400]);
            both += 1;
        }
    }
    assert_eq!(both, ANSWERS);
}

/// The statuses of both, in the order of the replicas.
async fn posted_to_both(topology: &Topology, number: usize) -> [u16; 2] {
    let browser = topology.browser();
    let page = topology.answer_for(&browser, &agent(number % PEOPLE)).await;
    let form = page.forms().remove(0);
    let cookies = browser.cookies_for(&form.action);
    let client = topology.client();
    let post = async |replica: usize| {
        let url = format!("http://{}/saml/acs", topology.replicas.members[replica].address);
        let request = client.post(url).header("cookie", &cookies).form(&form.fields);
        request.send().await.unwrap().status().as_u16()
    };
    let (one, other) = tokio::join!(post(0), post(1));
    [one, other]
}

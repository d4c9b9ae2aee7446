//! Both replicas are restarted, one after the other, while people sign in without a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::balancers::Kind;
use crate::people::agent;
use crate::plain_browser::PlainBrowser;
use crate::topology::{PEOPLE, Topology};
use crate::world::{World, is_inside};

/// People who sign in at the same time.
const AT_ONCE: usize = 4;

async fn nobody_fails(kind: Kind) {
    let mut topology = Topology::start(kind, "").await;
    let (over, number) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut people = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (over, number, client, url) =
            (Arc::clone(&over), Arc::clone(&number), topology.client(), topology.url.clone());
        people.spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let uid = agent(number.fetch_add(1, Ordering::SeqCst) % PEOPLE);
                let browser = PlainBrowser::new(client.clone());
                let answer = World::pick(&url, &browser, "acme", &uid).await;
                let page = browser.settle(answer).await;
                assert!(is_inside(&page, &uid), "{uid}: {} {} {}", page.url, page.status, page.body);
            }
        });
    }
    for member in &mut topology.replicas.members {
        assert_eq!(member.stop().await, Some(0));
        member.start().await;
        // Until the proxy has seen it, as whoever restarts replicas waits.
        sleep(Duration::from_secs(5)).await;
    }
    over.store(true, Ordering::SeqCst);
    while let Some(ended) = people.join_next().await {
        ended.unwrap();
    }
    let count = number.load(Ordering::SeqCst);
    assert!(count > 20, "{count} sign-ins are no load");
    println!("{count} sign-ins, none failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_no_sign_in_fails_while_replicas_are_restarted() {
    nobody_fails(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_no_sign_in_fails_while_replicas_are_restarted() {
    nobody_fails(Kind::Haproxy).await;
}

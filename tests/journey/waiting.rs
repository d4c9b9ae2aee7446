//! What goes on for people while their page waits.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::plain_browser::{Page, PlainBrowser};
use crate::storm::people;
use crate::world::{World, emulator, is_inside};

/// One description at once and the others five seconds apart; a page that waits after one second.
const SCARCE: &str = "
[budget]
patience_seconds = 1
operations.DescribeUser = { per_second = 0.2, burst = 3 }
";

async fn world() -> World {
    let emulator = emulator(&people()).await;
    emulator.adjust(|behaviour| behaviour.page_cap = 1000);
    let world = World::around(emulator, |settings| format!("{SCARCE}{settings}"), &[]).await;
    let first = PlainBrowser::new(PlainBrowser::client());
    let page = arrived(&world, &first, "agent00").await;
    assert!(is_inside(&first.settle(page).await, "agent00"));
    world
}

/// Up to the first page that stays: inside, or waiting.
async fn arrived(world: &World, browser: &PlainBrowser, uid: &str) -> Page {
    let mut page = world.answer_for(browser, "acme", uid).await;
    while page.goes_on() && page.refresh().is_none() {
        page = browser.step(page).await;
    }
    page
}

fn tokens_of(world: &World, username: &str) -> usize {
    let of = |call: &connect_gateway::emulator::HistoryEntry| {
        call.operation == "GetFederationToken" && call.username.as_deref() == Some(username)
    };
    world.emulator.history().iter().filter(|call| of(call)).count()
}

async fn until_asked_for(world: &World, username: &str) {
    let asked_for = async {
        while tokens_of(world, username) == 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_mins(1), asked_for).await.expect("the token is asked for");
}

#[tokio::test]
async fn the_token_is_there_when_the_page_comes_back_for_it() {
    let world = world().await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = arrived(&world, &browser, "agent01").await;
    assert!(page.refresh().is_some(), "{}", page.body);
    until_asked_for(&world, "agent01").await;
    assert!(is_inside(&browser.settle(browser.open(page.url.as_str()).await).await, "agent01"));
    assert_eq!(tokens_of(&world, "agent01"), 1);
}

#[tokio::test]
async fn nothing_is_asked_for_in_the_name_of_somebody_who_signed_out_while_waiting() {
    let world = world().await;
    let [gone, stays] = [(); 2].map(|()| PlainBrowser::new(PlainBrowser::client()));
    assert!(arrived(&world, &gone, "agent01").await.refresh().is_some());
    let page = gone.open(&format!("{}/sign-out", world.gateway_url)).await;
    let form = page.forms().into_iter().find(|form| form.action.path() == "/sign-out").unwrap();
    gone.submit(&page, &form).await;
    assert!(arrived(&world, &stays, "agent02").await.refresh().is_some());
    until_asked_for(&world, "agent02").await;
    assert_eq!(tokens_of(&world, "agent01"), 0);
}

#[tokio::test]
async fn a_request_that_hangs_begins_nothing_for_somebody_who_signs_out_meanwhile() {
    let world = world().await;
    let [gone, stays] = [(); 2].map(|()| PlainBrowser::new(PlainBrowser::client()));
    let waiting = arrived(&world, &gone, "agent01").await;
    assert!(waiting.refresh().is_some());
    let page = gone.open(&format!("{}/sign-out", world.gateway_url)).await;
    let form = page.forms().into_iter().find(|form| form.action.path() == "/sign-out").unwrap();
    let sign_out = async {
        // The other request waits a second for its turn.
        sleep(Duration::from_millis(300)).await;
        gone.submit(&page, &form).await
    };
    tokio::join!(gone.open(waiting.url.as_str()), sign_out);
    assert!(arrived(&world, &stays, "agent02").await.refresh().is_some());
    until_asked_for(&world, "agent02").await;
    assert_eq!(tokens_of(&world, "agent01"), 0);
}

/// Ctrl-C, for the process that works in this gateway's folder.
fn interrupt(world: &World) {
    let config = world.gateway.folder.join("gateway.toml").display().to_string();
    let is_it = |process: &std::path::Path| {
        std::fs::read(process.join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&config))
    };
    let mut processes = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let process = processes.find(|process| is_it(process)).unwrap();
    let kill = format!("kill -INT {}", process.file_name().unwrap().display());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[tokio::test]
async fn what_people_wait_for_comes_to_its_end_when_the_gateway_is_told_to_stop() {
    let world = world().await;
    let browser = PlainBrowser::new(PlainBrowser::client());
    assert!(arrived(&world, &browser, "agent01").await.refresh().is_some());
    interrupt(&world);
    until_asked_for(&world, "agent01").await;
}

//! The harness itself: the browser obeys the rules that the other tests rely on.

use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::browser::{Browser, Javascript};
use crate::tls::{Answers, TestCa, install_provider};

const PAGE: &str =
    "<body><p id=script>off</p><script>document.getElementById('script').textContent='on'</script>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_runs_scripts_only_when_it_may() {
    install_provider();
    let ca = TestCa::new();
    let site = ca.site("page.test").await;
    let url = site.url.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    site.forward_to(listener.local_addr().unwrap(), Answers::Untouched);
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/", get(|| async { Html(PAGE) }))).await.unwrap();
    });
    for (javascript, expected) in [(Javascript::On, "on"), (Javascript::Off, "off")] {
        let browser = Browser::start(&ca, javascript).await;
        browser.open(&url).await;
        assert_eq!(browser.text("#script").await, expected);
    }
}

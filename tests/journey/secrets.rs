//! Nothing secret or personal in a log line, a URL or an error page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::gateway::CREDENTIALS;
use crate::plain_browser::{Page, PlainBrowser};
use crate::world::{World, is_inside};

/// The attribute values of `seed.toml`, as far as they are ASCII and long enough to be no accident.
const PERSONAL: &[&str] = &[
    "alice",
    "Alice",
    "Lindstr",
    "blue & <green>",
    "newcomer",
    "Nil\u{fc}fer",
    "O'Neill",
    "O&#39;Neill",
    "stranger",
    "Stranger",
    "visitors",
    "cc-agents",
    "cc-supervisors",
];

/// Parts of AWS messages that carry credentials.
const AWS: &[&str] = &["SecretAccessKey", "SessionToken", "AWS4-HMAC-SHA256", "x-amz-security-token"];

/// What a run must keep to itself, and what it showed.
#[derive(Default)]
struct Run {
    secrets: Vec<String>,
    urls: Vec<Url>,
    error_pages: Vec<String>,
}

impl Run {
    /// Signs in step by step, and notes each secret as it passes.
    async fn sign_in(&mut self, world: &World, instance: &str, uid: &str) -> (PlainBrowser, Page) {
        let browser = PlainBrowser::new(PlainBrowser::client());
        let mut page = world.answer_for(&browser, instance, uid).await;
        self.note(&browser, world, &page);
        for _ in 0..20 {
            page = browser.step(page).await;
            self.note(&browser, world, &page);
            if !page.goes_on() {
                break;
            }
        }
        (browser, page)
    }

    /// The same from the identity provider's own page.
    async fn sign_in_from_the_list_of_apps(&mut self, world: &World, uid: &str) -> Page {
        let browser = PlainBrowser::new(PlainBrowser::client());
        let answer = world.portal(&browser, uid, "acme").await;
        self.note(&browser, world, &answer);
        let question = browser.step(answer).await;
        self.note(&browser, world, &question);
        let mut page = browser.submit(&question, &question.forms()[0]).await;
        self.note(&browser, world, &page);
        while page.goes_on() {
            page = browser.step(page).await;
            self.note(&browser, world, &page);
        }
        page
    }

    fn note(&mut self, browser: &PlainBrowser, world: &World, page: &Page) {
        let gateway = Url::parse(&world.gateway_url).unwrap();
        let cookies = browser.cookies_for(&gateway);
        let values = cookies.split("; ").filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        // Short ones name an instance, in hex.
        self.secrets.extend(values.filter(|value| value.len() >= 16).map(str::to_owned));
        for form in page.forms() {
            if let Some(response) = form.value("SAMLResponse") {
                self.secrets.extend(pieces(response));
            }
            self.secrets.extend(form.value("confirmation").map(str::to_owned));
            if let Some(credentials) = form.value("credentials") {
                let credentials: serde_json::Value = serde_json::from_str(credentials).unwrap();
                let texts = credentials.as_object().unwrap().values().filter_map(|value| value.as_str());
                self.secrets.extend(texts.map(str::to_owned));
            }
        }
        for url in page.redirects.iter().chain([&page.url]) {
            // The one secret that a redirect may carry: it is looked for in the log, not in this URL.
            match url.query_pairs().find(|(key, _)| key == "SigninToken") {
                Some((_, token)) => self.secrets.push(token.into_owned()),
                None => self.urls.push(url.clone()),
            }
        }
    }
}

/// A long secret in pieces, so that a log line that holds part of it is found as well.
fn pieces(secret: &str) -> Vec<String> {
    secret.as_bytes().chunks_exact(40).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_run_shows_no_secret_and_no_attribute_in_logs_urls_or_error_pages() {
    let world = World::start("").await;
    let mut run = Run::default();
    run.secrets.push(CREDENTIALS.1.to_owned());
    let key = std::fs::read_to_string(world.gateway.folder.join("signing.key")).unwrap();
    run.secrets.extend(key.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));

    let (alice, page) = run.sign_in(&world, "acme", "alice").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let (_, page) = run.sign_in(&world, "acme", "newcomer").await;
    assert!(is_inside(&page, "newcomer"), "{}", page.body);
    let (_, page) = run.sign_in(&world, "by-console", "alice").await;
    assert!(is_inside(&page, "alice"), "{}", page.body);
    let (_, page) = run.sign_in(&world, "acme", "stranger").await;
    assert_eq!(page.status, 403, "{}", page.body);
    run.error_pages.push(page.body);
    let page = run.sign_in_from_the_list_of_apps(&world, "newcomer").await;
    assert!(is_inside(&page, "newcomer"), "{}", page.body);
    let page = tampered(&mut run, &world).await;
    run.error_pages.push(page);
    let page = alice.open(&format!("{}/sign-out", world.gateway_url)).await;
    let page = alice.submit(&page, &page.forms()[0]).await;
    assert_eq!(page.status, 200, "{}", page.body);

    let log = world.gateway.log();
    assert!(log.contains("mapping.no_match") && log.contains("saml."), "the log was not read:\n{log}");
    assert!(run.secrets.len() > 50, "few secrets were seen: {}", run.secrets.len());
    let secrets = run.secrets.iter().map(String::as_str);
    for secret in secrets.chain(PERSONAL.iter().copied()).chain(AWS.iter().copied()) {
        if let Some(line) = log.lines().find(|line| line.contains(secret)) {
            panic!("{secret} is in the log:\n{line}");
        }
        let shown = run.urls.iter().find(|url| names(url, secret));
        assert!(shown.is_none(), "{secret} is in a URL: {shown:?}");
        let shown = run.error_pages.iter().find(|page| page.contains(secret));
        assert!(shown.is_none(), "{secret} is on an error page: {shown:?}");
    }
}

fn names(url: &Url, secret: &str) -> bool {
    url.as_str().contains(secret) || url.query_pairs().any(|(_, value)| value.contains(secret))
}

/// An answer that was changed on the way: the error page.
async fn tampered(run: &mut Run, world: &World) -> String {
    let browser = PlainBrowser::new(PlainBrowser::client());
    let page = world.answer_for(&browser, "acme", "alice").await;
    run.note(&browser, world, &page);
    let form = page.forms().remove(0);
    let response = String::from_utf8(STANDARD.decode(form.value("SAMLResponse").unwrap()).unwrap()).unwrap();
    assert!(response.contains("alice"));
    let changed = STANDARD.encode(response.replace("alice", "carol"));
    let page = browser.submit(&page, &form.with("SAMLResponse", &changed)).await;
    assert_eq!(page.status / 100, 4, "{}", page.body);
    page.body
}

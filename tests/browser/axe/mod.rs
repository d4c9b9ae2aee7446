//! Every page that a person can be shown, looked at by axe-core: light and dark, on a phone and on a desktop. Some are
//! in German, whose words are longer.
//!
//! Pages that leave by themselves are held still: the browser of those tests runs no scripts of pages (axe-core is
//! no page's), and the TLS terminator spoils the tag that loads another page. So axe-core sees no
//! `<meta http-equiv="refresh">`. We use it where a script would be needed otherwise: to go on at once, which asks
//! nothing of anybody, and on the page of waiting, where nothing is lost by it; the page of renewal has a link that
//! stops it.

mod agents;
mod console;
mod directory;
mod publishing;
mod ways_out;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::browser::{Browser, Javascript, LOOKS};
use crate::tls::Answers;
use crate::world::{Scene, World};

/// Which pages each tour looks at. A new template belongs in one of them.
const AGENTS: &[&str] = &[
    "authn_request.html",
    "choose.html",
    "choose_idp.html",
    "confirm.html",
    "error.html",
    "hand_off.html",
    "onward.html",
    "waiting.html",
];
const WAYS_OUT: &[&str] =
    &["renew.html", "setup.html", "sign_out.html", "signed_out.html", "signing_out.html"];
const CONSOLE: &[&str] = &[
    "admin/config.html",
    "admin/history.html",
    "admin/overview.html",
    "admin/playground.html",
    "admin/sign_in.html",
    "admin/sign_ins.html",
    "admin/test.html",
    "error.html",
    "test_begin.html",
    "test_over.html",
];

const DIRECTORY: &[&str] = &[
    "admin/directory.html",
    "admin/directory_user.html",
    "admin/overview.html",
    "admin/playground.html",
    "admin/sign_in.html",
];
const PUBLISHING: &[&str] = &["admin/history.html", "admin/playground.html", "admin/version.html"];

/// WCAG 2.2 up to level AA, and what axe-core's authors think good.
const RUN: &str = r#"
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const options = {
  runOnly: { type: "tag", values: tags }, rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"], iframes: false, preload: false,
};
axe.run(document, options).then(
  found => done(found.violations.flatMap(rule => rule.nodes.map(node =>
    `${rule.id} (${rule.impact}): ${rule.help}\n    ${node.target.join(" ")}\n    ${node.html}\n    ` +
    node.failureSummary.replaceAll("\n", "\n    ")))),
  failed => done(["axe-core stopped: " + failed]));
"#;

/// Where pages may not run scripts no timer goes off, and axe-core would wait for one that is due at once.
const TIMERS: &str = r"
const later = window.setTimeout;
window.setTimeout = (work, after, ...rest) =>
  after ? later(work, after, ...rest) : (Promise.resolve().then(() => work(...rest)), 0);
";

/// What can't be said by a rule of axe-core: which cells of the console's tables have no name on a phone, where the
/// row of headings is gone.
const UNNAMED_CELLS: &str = r#"
return [...document.querySelectorAll(".admin tbody td:not([data-label])")].map(cell => cell.outerHTML).join("\n");
"#;

/// One walk through pages.
struct Tour {
    world: World,
    axe: String,
    seen: BTreeSet<&'static str>,
    found: Vec<String>,
}

impl Tour {
    /// Begins it; pages are held still.
    async fn begin(scene: Scene<'_>) -> Self {
        let axe = tokio::task::spawn_blocking(axe_core).await.unwrap();
        let world = World::of(Scene { answers: Answers::HeldStill, ..scene }).await;
        Self { world, axe, seen: BTreeSet::new(), found: Vec::new() }
    }

    async fn browser(&self, javascript: Javascript) -> Browser {
        self.world.browser(javascript).await
    }

    /// Opens a page of the gateway.
    async fn open(&self, browser: &Browser, path: &str) {
        browser.open(&format!("{}{path}", self.world.gateway_url)).await;
    }

    /// Looks at the page that `template` makes, in the state in which `css` is on it.
    async fn look(&mut self, browser: &Browser, template: &'static str, state: &str, css: &str) {
        browser.find(css).await;
        self.seen.insert(template);
        browser.script(&format!("{TIMERS}{}", self.axe)).await;
        let name = format!("{}-{state}", template.trim_end_matches(".html").replace(['/', '_'], "-"));
        for (look, phone, dark) in LOOKS {
            browser.look(phone, dark).await;
            browser.whole_page(&format!("page-{name}-{look}")).await;
            let found = browser.answer(RUN).await;
            let lines = found.as_array().unwrap().iter().map(|line| Value::as_str(line).unwrap());
            self.found.extend(lines.map(|line| format!("{name}, {look}: {line}")));
        }
        browser.look(false, false).await;
        let unnamed = browser.script(UNNAMED_CELLS).await;
        if !unnamed.is_empty() {
            self.found.push(format!("{name}: cells without a data-label: {unnamed}"));
        }
    }

    /// Nothing was found, and nothing was left out.
    fn end(self, pages: &[&str]) {
        assert!(self.found.is_empty(), "\n{}", self.found.join("\n"));
        assert_eq!(self.seen, pages.iter().copied().collect());
    }
}

/// The text of axe-core's script.
fn axe_core() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/axe-core");
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/axe-core");
    let fetched = Command::new(script).arg(folder).output().unwrap();
    assert!(fetched.status.success(), "{script}: {}", String::from_utf8_lossy(&fetched.stderr));
    std::fs::read_to_string(String::from_utf8(fetched.stdout).unwrap().trim()).unwrap()
}

/// The templates that are pages: those that fill in a page's frame and are no frame themselves.
fn pages(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            pages(&path, &format!("{name}/"), found);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            if text.starts_with("{% extends") && !text.contains("{% block page %}") {
                found.insert(name);
            }
        }
    }
}

#[test]
fn every_page_is_in_a_tour() {
    let mut found = BTreeSet::new();
    pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), "", &mut found);
    let toured =
        [AGENTS, WAYS_OUT, CONSOLE, DIRECTORY, PUBLISHING].concat().into_iter().map(str::to_owned).collect();
    assert_eq!(found, toured, "let a tour in tests/browser/axe/ look at each state of a new page");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_shuts_people_out_is_found() {
    let mut tour = Tour::begin(Scene::default()).await;
    let browser = tour.browser(Javascript::Off).await;
    tour.open(&browser, "/nowhere").await;
    let spoil = "document.querySelector('#code').style.color = '#999'; document.querySelector('h1').remove(); \
                 document.querySelector('main').insertAdjacentHTML('beforeend', '<input><b tabindex=5>x</b>'); return ''";
    browser.script(spoil).await;
    tour.look(&browser, "error.html", "spoiled", "main input").await;
    for (rule, times) in [("color-contrast", 1), ("page-has-heading-one", 4), ("label", 4), ("tabindex", 4)] {
        let found = tour.found.iter().filter(|line| line.contains(&format!(": {rule} ("))).count();
        assert!(found >= times, "{rule}: {:#?}", tour.found);
    }
}

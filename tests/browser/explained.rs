//! What the console says of a person is what their sign-in does: told beforehand and afterwards, for each person of a
//! worked example, and compared with the Connect user whom they are inside as.

use std::collections::BTreeMap;

use connect_gateway::emulator::{Person, Seed};
use serde_json::json;

use crate::browser::{Browser, Javascript};
use crate::sign_in::press_on;
use crate::world::{Scene, World};

const SEED: &str = include_str!("explained.toml");
const EXAMPLE: &str = include_str!("../../config/three-teams.toml");
const SETTINGS: &str = "preset = \"okta\"\n[admin]\ngroups = [\"console-admins\"]";

/// The last table of an explanation, field by field; or the code that refuses.
const RESULT: &str = r#"
const result = [...document.querySelectorAll("h3")].find(one => one.textContent === "Result").nextElementSibling;
if (result.matches("p")) return { refused: result.querySelector("code").textContent };
return Object.fromEntries([...result.querySelectorAll("tbody tr")].map(row => [...row.cells].map(cell => cell.textContent)));
"#;

/// The Connect user on the instance's page, or the code on ours.
const OUTCOME: &str = r##"
const said = document.querySelector("#code");
if (said) return { refused: said.textContent };
return Object.fromEntries([...document.querySelectorAll("dd[id]")].map(one => [one.id, one.textContent]));
"##;

type Fields = BTreeMap<String, String>;

async fn read(browser: &Browser, script: &str) -> Fields {
    serde_json::from_str(&browser.script(script).await).unwrap()
}

/// What is to be seen on the instance's page of somebody who has what an explanation says. Not the e-mail address:
/// instances of SAML take none, and `send_email` is off.
fn on_the_page(told: &Fields) -> Fields {
    let told = |name: &str| told.get(name).cloned().unwrap_or_default();
    let (phone, rest) = told("phone").split_once(", ").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (work, accepts) = rest.split_once(" s after-contact work").unwrap();
    let destination = if told("landing") == "workspace" { "/agent-app-v2/" } else { "/ccp-v2/" };
    let accepts = if accepts.ends_with("answered automatically") { "yes" } else { "no" };
    let phone =
        if phone == "in the browser" { "Soft phone".to_owned() } else { format!("Desk phone {phone}") };
    [
        ("connect-user", told("username")),
        ("connect-name", format!("{} {}", told("first_name"), told("last_name"))),
        ("security-profiles", told("security_profiles")),
        ("routing-profile", told("routing_profile")),
        ("hierarchy", told("hierarchy")),
        ("phone", phone),
        ("after-contact-work", format!("{work} s")),
        ("auto-accept", accepts.to_owned()),
        ("destination", destination.to_owned()),
    ]
    .map(|(id, text)| (id.to_owned(), text))
    .into()
}

/// What the playground says of somebody with these attributes, by the rules that it begins with.
async fn told_beforehand(world: &World, boss: &Browser, person: &Person) -> Fields {
    boss.open(&format!("{}/admin/playground", world.gateway_url)).await;
    boss.click("input[value=pasted]").await;
    let pasted = json!({ "name_id": person.name_id, "attributes": person.attributes });
    boss.put("#attributes", &pasted.to_string()).await;
    boss.click("main button[type=submit]").await;
    boss.find("#preview").await;
    assert!(!boss.shows("#preview [role=alert]").await, "{}", boss.text("#preview").await);
    read(boss, RESULT).await
}

/// What really happens, and the newest line of the console about it.
async fn signs_in(world: &World, person: &Person) -> Fields {
    let browser = world.browser(Javascript::On).await;
    browser.open(&format!("{}/go/acme", world.gateway_url)).await;
    browser.click(&format!("#user-{}", person.uid)).await;
    browser.find("#connect-user, #code").await;
    read(&browser, OUTCOME).await
}

async fn told_afterwards(world: &World, boss: &Browser) -> Fields {
    boss.open(&format!("{}/admin/sign-ins", world.gateway_url)).await;
    boss.click("tbody tr:first-child a").await;
    boss.find("#outcome").await;
    read(boss, RESULT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_console_says_of_people_is_what_their_sign_ins_do() {
    let rules = format!("[mapping]\n{}", EXAMPLE.split_once("\n[mapping]\n").unwrap().1);
    let world = World::of(Scene {
        idp_settings: SETTINGS,
        attributes: Some("groups = \"connectGroups\""),
        seed: Some(SEED),
        rules: Some(&rules),
        ..Scene::default()
    })
    .await;
    let boss = world.browser(Javascript::Off).await;
    boss.open(&format!("{}/admin", world.gateway_url)).await;
    press_on(&boss, "#user-boss").await;
    boss.click("#user-boss").await;
    press_on(&boss, "#rules-state").await;

    let people = Seed::parse(SEED).unwrap().people;
    for (uid, outcome) in [
        ("ana", "ana.silva@acme.example"),
        ("bo", "bo@acme.example"),
        ("fay", "fay@acme.example"),
        ("cy", "mapping.denied"),
        ("di", "mapping.check_failed"),
    ] {
        let person = people.iter().find(|person| person.uid == uid).unwrap();
        let before = told_beforehand(&world, &boss, person).await;
        let found = signs_in(&world, person).await;
        assert_eq!(told_afterwards(&world, &boss).await, before, "{uid}");
        if found.contains_key("refused") {
            assert_eq!(found, before, "{uid}");
            assert_eq!(found["refused"], outcome, "{uid}");
        } else {
            assert_eq!(found, on_the_page(&before), "{uid}");
            assert_eq!(found["connect-user"], outcome, "{uid}");
        }
    }
    assert_eq!(world.emulator.usernames("acme").len(), 3, "nobody who is refused has a user");
}

//! The command line asks the gateway that runs, at its control socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::admin::{NAMED, SEED, between, browser, sign_in_at};
use crate::gateway::{CREDENTIALS, free_address};
use crate::plain_browser::Page;
use crate::world::{World, is_inside};

async fn world() -> World {
    World::configured(SEED, |settings| format!("{settings}{NAMED}socket = \"control.sock\"\n")).await
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_connect-gateway"));
    program.args(arguments).current_dir(folder);
    program.env("AWS_ACCESS_KEY_ID", CREDENTIALS.0).env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1);
    program
}

fn explain(world: &World, arguments: &[&str]) -> Output {
    program(&world.gateway.folder, &[&["mapping", "explain"], arguments].concat()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Writes the configuration with a change under another name.
fn draft(world: &World, name: &str, change: impl Fn(&str) -> String) {
    let folder = &world.gateway.folder;
    let text = std::fs::read_to_string(folder.join("gateway.toml")).unwrap();
    std::fs::write(folder.join(name), change(&text)).unwrap();
}

fn support_id(page: &Page) -> String {
    between(&page.body, "<dd id=\"support-id\">", "<").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recent_sign_in_is_explained_by_the_rules_of_the_file_at_hand() {
    let world = world().await;
    let refused = sign_in_at(&world, &browser(), "/go/acme", "stranger").await;
    let id = support_id(&refused);
    let told = explain(&world, &["--sign-in", &id.to_ascii_lowercase(), "-c", "gateway.toml"]);
    assert_eq!(told.status.code(), Some(3), "{}", said(&told));
    for part in
        ["Received from corporate on the way to acme", "stranger@example.com", "Refused: mapping.no_match"]
    {
        assert!(said(&told).contains(part), "{part}: {}", said(&told));
    }
    draft(&world, "draft.toml", |text| text.replace("\"cc-agents\"", "\"visitors\""));
    let told = explain(&world, &["--sign-in", &id, "-c", "draft.toml", "--json"]);
    assert_eq!(told.status.code(), Some(0), "{}", said(&told));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["instance"], &told["rules"][0]["outcome"]), (&"acme".into(), &"hit".into()), "{told}");
    draft(&world, "broken.toml", |text| text.replace("version = 1", "version = 2"));
    assert_eq!(explain(&world, &["--sign-in", &id, "-c", "broken.toml"]).status.code(), Some(2));
    draft(&world, "other.toml", |text| text.replace("idp.corporate", "idp.elsewhere"));
    let told = explain(&world, &["--sign-in", &id, "-c", "other.toml"]);
    assert!(told.status.code() == Some(1) && said(&told).contains("idp.corporate"), "{}", said(&told));

    let log = world.gateway.log();
    assert!(log.contains("\"event\":\"control\"") && log.contains("\"question\":\"sign_in\""), "{log}");
    assert!(!log.contains("stranger") && !log.contains("visitors"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_explained_is_told_with_what_to_do() {
    let world = world().await;
    let unknown = explain(&world, &["--sign-in", "0000-0000-0000", "-c", "gateway.toml"]);
    assert!(
        unknown.status.code() == Some(1) && said(&unknown).contains("is remembered"),
        "{}",
        said(&unknown)
    );

    let browser = browser();
    let answer = world.answer_for(&browser, "acme", "alice").await;
    let form = answer.forms().remove(0);
    let broken = form.value("SAMLResponse").unwrap().replace('A', "B");
    let page = browser.submit(&answer, &form.with("SAMLResponse", &broken)).await;
    let nobody = explain(&world, &["--sign-in", &support_id(&page), "-c", "gateway.toml"]);
    assert!(
        nobody.status.code() == Some(1) && said(&nobody).contains("names no person"),
        "{}",
        said(&nobody)
    );

    draft(&world, "none.toml", |text| text.replace("socket = \"control.sock\"", ""));
    let none = explain(&world, &["--sign-in", "x", "-c", "none.toml"]);
    assert!(
        none.status.code() == Some(1) && said(&none).contains("admin.socket is not set"),
        "{}",
        said(&none)
    );
    draft(&world, "gone.toml", |text| text.replace("control.sock", "gone.sock"));
    let gone = explain(&world, &["--live", "--instance", "acme", "-c", "gone.toml"]);
    assert!(
        gone.status.code() == Some(1) && said(&gone).contains("no gateway answers there"),
        "{}",
        said(&gone)
    );
    for (arguments, words) in [
        (&["--live", "-c", "gateway.toml"][..], "name one with --instance"),
        (&["--live", "--instance", "acme", "--idp", "nobody", "-c", "gateway.toml"], "--idp nobody"),
        (&["--again", "--sign-in", "x"], "cannot be used with"),
        (&["--again", "--attributes", "x"], "cannot be used with"),
    ] {
        let told = explain(&world, arguments);
        assert!(!told.status.success() && said(&told).contains(words), "{}", said(&told));
    }
}

/// A live test under way, and the address that it printed.
fn live(world: &World, arguments: &[&str]) -> (Child, String, BufReader<std::process::ChildStderr>) {
    let arguments =
        [&["mapping", "explain", "--live", "--instance", "acme", "-c", "gateway.toml"], arguments];
    let mut program = program(&world.gateway.folder, &arguments.concat());
    let mut program = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(program.stderr.take().unwrap());
    let mut line = String::new();
    while !line.trim().starts_with("http") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "no address was printed");
    }
    (program, line.trim().to_owned(), stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_test_is_waited_for_and_explained_as_it_comes_back() {
    let world = world().await;
    for (uid, status) in [("alice", 0), ("stranger", 3)] {
        let (program, address, _stderr) = live(&world, &["--again", "--json"]);
        let guest = browser();
        let page = guest.open(&address).await;
        let page = guest.settle(guest.submit(&page, &page.forms()[0]).await).await;
        let people = page.forms().into_iter().find(|form| form.action.path() == "/saml/choose").unwrap();
        let over = guest.settle(guest.submit(&page, &people.with("uid", uid)).await).await;
        assert!(over.body.contains("The test is over"), "{}", over.body);
        let told = program.wait_with_output().unwrap();
        assert_eq!(told.status.code(), Some(status), "{}", said(&told));
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let received = told["received"].as_array().unwrap();
        let name = received.iter().find(|one| one["field"] == "username").unwrap();
        assert_eq!(name["values"][0], uid, "{told}");
    }
    assert_eq!(world.calls("CreateUser") + world.calls("AssumeRole"), 0);
    let log = world.gateway.log();
    assert!(log.contains("\"question\":\"make_test\"") && !log.contains("alice"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_test_that_is_interrupted_ends_at_once_and_says_so() {
    let world = world().await;
    let (program, _, mut stderr) = live(&world, &[]);
    let mut line = String::new();
    while !line.contains("left. Ctrl-C ends it.") {
        assert!(stderr.read_line(&mut line).unwrap() > 0, "{line}");
    }
    signal("INT", program.id());
    let told = program.wait_with_output().unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(told.status.code() == Some(1) && rest.contains("stopped. Nothing changed"), "{told:?} {rest}");
}

pub(crate) fn signal(name: &str, process: u32) {
    assert!(
        Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap().success()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_is_private_refused_while_it_is_in_use_and_gone_in_the_end() {
    let world = world().await;
    let folder = &world.gateway.folder;
    let socket = folder.join("control.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let listen = format!("listen = \"{}\"", world.gateway.address);
    let operations = world.operations_url.trim_start_matches("http://");
    let elsewhere = |text: &str| {
        let text = text.replace(&listen, &format!("listen = \"{}\"", free_address()));
        text.replace(operations, &free_address().to_string())
    };
    draft(&world, "second.toml", elsewhere);
    let second = program(folder, &["serve", "-c", "second.toml"]).output().unwrap();
    assert!(said(&second).contains("somebody listens there already"), "{}", said(&second));
    assert_eq!(second.status.code(), Some(1));

    draft(&world, "third.toml", |text| elsewhere(text).replace("control.sock", "third.sock"));
    let mut third = program(folder, &["serve", "-c", "third.toml"]);
    let mut third = third.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let path = folder.join("third.sock");
    for _ in 0..100 {
        if path.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let asked = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["mapping", "explain", "--sign-in", "x", "-c", "third.toml"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(said(&asked).contains("is remembered"), "{}", said(&asked));
    signal("TERM", third.id());
    assert!(third.wait().unwrap().success());
    assert!(!path.exists() && socket.exists(), "its own, and no other's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_question_harms_nobody() {
    let world = world().await;
    let path = world.gateway.folder.join("control.sock");
    for sent in
        [&b"\n"[..], b"{}\n", &[b'x'; 8192], b"{\"sign_in\":{\"support_id\":\"\xff\"}}\n", b"[[[[[[[[\n"]
    {
        let mut stream = UnixStream::connect(&path).unwrap();
        // The gateway may have heard enough before all was said.
        stream.write_all(sent).ok();
        let mut told = String::new();
        stream.read_to_string(&mut told).ok();
        assert!(!told.contains("identity"), "{told}");
    }
    let silent: Vec<UnixStream> = (0..40).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let inside = sign_in_at(&world, &browser(), "/go/acme", "alice").await;
    assert!(is_inside(&inside, "alice"), "{}", inside.body);
    let told = explain(&world, &["--sign-in", "x", "-c", "gateway.toml"]);
    assert!(said(&told).contains("is remembered"), "who says nothing is not waited for: {}", said(&told));
    drop(silent);
}

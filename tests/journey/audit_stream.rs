//! Audit lines on their own way: a file that vouches for itself, syslog, standard output.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::control::signal;
use crate::gateway::{CREDENTIALS, Gateway};
use crate::mapping::sign_in;
use crate::world::{World, is_inside};

const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn world(audit: &str) -> World {
    let audit = format!("{audit}\n");
    World::with_files("", |settings| format!("{audit}{settings}"), &[("audit.key", KEY)]).await
}

/// Audit lines of the file, once there are so many.
async fn lines(path: &Path, wanted: usize) -> Vec<Value> {
    for _ in 0..100 {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        if lines.len() >= wanted {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{wanted} lines are not in {}", path.display());
}

fn verify(folder: &Path, file: &str, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["audit", "verify", file], more].concat();
    let output: Output = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_tampered_with_says_where_and_one_that_was_moved_away_goes_on_in_the_next() {
    let audit =
        "[audit]\nto = \"file\"\nfile = \"audit.jsonl\"\nchain = true\nchain_key_file = \"audit.key\"";
    let world = world(audit).await;
    let folder = world.gateway.folder.clone();
    let file = folder.join("audit.jsonl");
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    let is_refusal = |line: &Value| line["code"] == "mapping.no_match";
    let mut first = lines(&file, 3).await;
    for _ in 0..50 {
        if first.iter().any(is_refusal) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        first = lines(&file, 3).await;
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!world.gateway.log().contains("\"target\":\"audit\""), "the log has audit lines, too");
    let with_key = ["--key-file", "audit.key"];
    let (status, said) = verify(&folder, "audit.jsonl", &with_key);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(verify(&folder, "audit.jsonl", &["--config", "gateway.toml"]).0, Some(0));
    assert_eq!(verify(&folder, "audit.jsonl", &[]).0, Some(3), "without the key nothing holds");
    assert_eq!(verify(&folder, "nothing.jsonl", &with_key).0, Some(1));

    let support_id = first.iter().find(|line| is_refusal(line)).unwrap()["support_id"].as_str().unwrap();
    let explained = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["explain", support_id, "--config", "gateway.toml"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let explained = String::from_utf8_lossy(&explained.stdout).into_owned();
    assert!(explained.contains("code: mapping.no_match"), "{explained}");

    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replacen("mapping.no_match", "mapping.denied", 1);
    fs::write(folder.join("changed.jsonl"), changed + &text.lines().last().unwrap().replace('a', "b"))
        .unwrap();
    let (status, said) = verify(&folder, "changed.jsonl", &[&with_key[..], &["--json"]].concat());
    assert_eq!(status, Some(3), "{said}");
    let found: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert!(!found["breaks"].as_array().unwrap().is_empty(), "{found}");

    fs::rename(&file, folder.join("audit.1")).unwrap();
    signal("HUP", world.gateway.program.id());
    let next = loop {
        assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
        let next = fs::read_to_string(&file).unwrap_or_default();
        if let Some(first) = next.lines().next() {
            break serde_json::from_str::<Value>(first).unwrap();
        }
    };
    let old = fs::read_to_string(folder.join("audit.1")).unwrap();
    let last: Value = serde_json::from_str(old.lines().last().unwrap()).unwrap();
    assert_eq!(next["number"].as_u64(), last["number"].as_u64().map(|number| number + 1));
    let both = old + &fs::read_to_string(&file).unwrap();
    fs::write(folder.join("both.jsonl"), both).unwrap();
    for whole in ["audit.1", "both.jsonl"] {
        let (status, said) = verify(&folder, whole, &with_key);
        assert_eq!(status, Some(0), "{whole}: {said}");
    }
    let (status, said) = verify(&folder, "audit.jsonl", &with_key);
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("the beginning is missing"), "{said}");
    let (seal, number) = (last["seal"].as_str().unwrap(), next["number"].to_string());
    for known in [["--after", seal], ["--first", &number]] {
        let (status, said) = verify(&folder, "audit.jsonl", &[&with_key[..], &known].concat());
        assert_eq!(status, Some(0), "{known:?}: {said}");
    }
    assert_eq!(verify(&folder, "both.jsonl", &[&with_key[..], &["--after", seal]].concat()).0, Some(3));
}

/// Stops the gateway, does something to its files, and starts it again.
async fn restart(gateway: &mut Gateway, meanwhile: impl FnOnce()) {
    signal("TERM", gateway.program.id());
    gateway.program.wait().unwrap();
    meanwhile();
    let log = |name| fs::File::options().append(true).open(gateway.folder.join(name)).unwrap();
    gateway.program = Command::new(env!("CARGO_BIN_EXE_connect-gateway"))
        .args(["serve", "--config", "gateway.toml"])
        .current_dir(&gateway.folder)
        .env("AWS_ACCESS_KEY_ID", CREDENTIALS.0)
        .env("AWS_SECRET_ACCESS_KEY", CREDENTIALS.1)
        .stdout(log("stdout"))
        .stderr(log("stderr"))
        .spawn()
        .unwrap();
    for _ in 0..300 {
        if tokio::net::TcpStream::connect(gateway.address).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the gateway does not answer:\n{}", gateway.log());
}

/// What becomes of the text of a file.
type Hand = fn(&str) -> String;

/// Whoever may write the file and has no key, while the gateway is down: what is at the end of the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_somebody_without_the_key_made_is_not_vouched_for_by_the_next_start() {
    let audit =
        "[audit]\nto = \"file\"\nfile = \"audit.jsonl\"\nchain = true\nchain_key_file = \"audit.key\"";
    let mut world = world(audit).await;
    let (folder, with_key) = (world.gateway.folder.clone(), ["--key-file", "audit.key"]);
    let file = folder.join("audit.jsonl");
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    restart(&mut world.gateway, || ()).await;
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    restart(&mut world.gateway, || ()).await;
    let (status, said) = verify(&folder, "audit.jsonl", &with_key);
    assert_eq!(status, Some(0), "a start breaks nothing: {said}");

    let appended = |text: &str| {
        let line = text.lines().last().unwrap();
        let last: Value = serde_json::from_str(line).unwrap();
        let (number, seal) = (last["number"].as_u64().unwrap(), last["seal"].as_str().unwrap());
        let next = line.replace(&format!("\"number\":{number}"), &format!("\"number\":{}", number + 1));
        let next = next.replace(last["previous"].as_str().unwrap(), seal);
        format!("{text}{next}\n")
    };
    let changed = |text: &str| {
        let (before, last) = text.trim_end().rsplit_once('\n').unwrap();
        format!("{before}\n{}\n", last.replace("\"message\":\"", "\"message\":\"not "))
    };
    let cut = |text: &str| text[..text.len() - 20].to_owned();
    let blank = |text: &str| text.to_owned() + "\n";
    let hands: [(&str, Hand, &str); 4] = [
        ("appended", appended, "is not as it was sealed"),
        ("changed", changed, "is not as it was sealed"),
        ("cut", cut, "can't be read"),
        ("blank", blank, "can't be read"),
    ];
    for (number, (hand, made, said_of_it)) in (1..).zip(hands) {
        fs::remove_file(&file).unwrap();
        restart(&mut world.gateway, || ()).await;
        assert_eq!(sign_in(&world, "stranger").await.status, 403);
        let mut text = String::new();
        restart(&mut world.gateway, || {
            text = made(&fs::read_to_string(&file).unwrap());
            fs::write(&file, &text).unwrap();
        })
        .await;
        let end = text.lines().count();
        for _ in 0..100 {
            if fs::read_to_string(&file).unwrap().lines().count() > end {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let now = fs::read_to_string(&file).unwrap();
        assert!(now.starts_with(&text), "{hand}: what was there is lost:\n{now}");
        let anew: Value = serde_json::from_str(now.lines().nth(end).unwrap()).unwrap();
        assert_eq!((anew["event"].as_str(), anew["number"].as_u64()), (Some("chain"), Some(1)), "{anew}");
        let (status, said) = verify(&folder, "audit.jsonl", &with_key);
        assert_eq!(status, Some(3), "{hand}: {said}");
        assert!(said.contains(&format!("line {end}: {said_of_it}")), "{hand}: {said}");
        assert!(said.contains(&format!("line {}: says that the gateway began", end + 1)), "{hand}: {said}");
        assert_eq!(world.gateway.log().matches("audit.chain begins anew").count(), number, "{hand}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn syslog_gets_messages_of_rfc_5424() {
    let path = std::env::temp_dir().join(format!("connect-gateway-syslog-{}", std::process::id()));
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let world = world(&format!("[audit]\nto = \"syslog\"\nsyslog = \"unix:{}\"", path.display())).await;
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    let mut buffer = vec![0_u8; 65_536];
    let message = loop {
        let length = server.recv(&mut buffer).unwrap();
        let message = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if message.contains("mapping.no_match") {
            break message;
        }
    };
    fs::remove_file(&path).ok();
    let parts: Vec<&str> = message.splitn(8, ' ').collect();
    assert_eq!(
        (parts[0], parts[3], parts[5], parts[6]),
        ("<86>1", "connect-gateway", "sign_in", "-"),
        "{message}"
    );
    assert_eq!(parts[4], world.gateway.program.id().to_string());
    assert_eq!(serde_json::from_str::<Value>(parts[7]).unwrap()["code"], "mapping.no_match");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_syslog_server_that_comes_late_gets_the_lines_that_waited_for_it() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    drop(server);
    let world = world(&format!("[audit]\nto = \"syslog\"\nsyslog = \"tcp://{address}\"")).await;
    assert_eq!(sign_in(&world, "stranger").await.status, 403);
    let server = tokio::net::TcpListener::bind(address).await.unwrap();
    let (mut stream, _) = server.accept().await.unwrap();
    let mut text = String::new();
    while !text.contains("mapping.no_match") {
        let mut buffer = vec![0_u8; 65_536];
        let length = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await.unwrap();
        assert!(length > 0, "{text}");
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
    let (length, rest) = text.split_once(' ').unwrap();
    let first = &rest[..length.parse::<usize>().unwrap()];
    assert!(first.starts_with("<86>1 ") && first.ends_with('}'), "{first}");
}

/// So many requests for a page that there is not, on one connection.
async fn ask_for_nothing(address: SocketAddr, times: usize) {
    let request = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(times - 1);
    let (mut from, mut to) = tokio::net::TcpStream::connect(address).await.unwrap().into_split();
    let asking = tokio::spawn(async move {
        to.write_all(&request).await.unwrap();
        to.write_all(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        to
    });
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await.unwrap();
    drop(asking.await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_strangers_pushes_no_decision_out_of_the_queue_of_a_server_that_does_not_read() {
    let path = std::env::temp_dir().join(format!("connect-gateway-flood-{}", std::process::id()));
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let world = world(&format!("[audit]\nto = \"syslog\"\nsyslog = \"unix:{}\"", path.display())).await;
    // More than there are places, and than the socket itself holds.
    let most = fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").unwrap();
    let requests = 10_500 + most.trim().parse::<usize>().unwrap();
    let address = world.gateway.address;
    let floods: Vec<_> = (0..4).map(|_| tokio::spawn(ask_for_nothing(address, requests / 4 + 1))).collect();
    for flood in floods {
        flood.await.unwrap();
    }
    assert!(is_inside(&sign_in(&world, "alice").await, "alice"));
    ask_for_nothing(address, 10).await;

    let numbers =
        reqwest::get(format!("{}/metrics", world.operations_url)).await.unwrap().text().await.unwrap();
    let lost = |kind: &str| {
        let series = format!("connect_gateway_audit_lines_lost{{kind=\"{kind}\"}} ");
        numbers.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(lost("decision"), 0);
    assert!(lost("anonymous") > requests / 2, "{}", lost("anonymous"));
    let mut buffer = vec![0_u8; 65_536];
    let (mut strangers, mut decisions) = (0, 0);
    loop {
        let length = server.recv(&mut buffer).unwrap();
        let message = std::str::from_utf8(&buffer[..length]).unwrap();
        strangers += usize::from(message.contains(r#""anonymous":true"#));
        if message.contains(r#""event":"hand_off""#) {
            assert!(!message.contains("anonymous"), "{message}");
            decisions += 1;
        }
        if message.contains(r#""event":"lost""#) {
            let count = format!("\"lost_anonymous\":{}", lost("anonymous"));
            assert!(message.contains(&count) && message.contains("\"lost_decisions\":0"), "{message}");
            break;
        }
    }
    assert_eq!(decisions, 1, "it came before what says that others did not");
    assert!(strangers > 0, "the lines that waited come in their order");
    let told = world.gateway.log();
    assert!(told.contains(r#""message":"audit lines are lost","decisions":0,"anonymous":"#), "{told}");
    fs::remove_file(&path).ok();
}

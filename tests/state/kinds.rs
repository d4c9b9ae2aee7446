//! Every kind of Redis that can be configured: with passwords, TLS, Sentinel, as a cluster; and those that are refused.

use std::sync::Arc;

use connect_gateway::model::{
    Clock as _, NamedSessions as _, NoteList, OpenSessions as _, Pending as _, ReplayGuard as _, Secret,
    SessionId, SharedNotes as _, SystemClock, Use,
};
use connect_gateway::store::redis::{
    Error, Login, Mode, Redis, RedisNamedSessions, RedisPending, RedisReplay, RedisSessions, Settings, Tls,
    Transport,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use time::Duration;
use tower_sessions::SessionStore as _;

use crate::contract::{assertion, changed, pending_key, session, sign_in, subject};
use crate::redis_server::{Server, cli, connect, free_port, settings, wait_for, write};

/// Each store, once around.
pub(crate) async fn use_each(redis: &Redis, word: &str) {
    let soon = SystemClock.now() + Duration::minutes(5);
    let pending = Arc::new(RedisPending::new(redis.clone(), "sign-in"));
    pending.put(pending_key(word), sign_in("alice"), soon).await.unwrap();
    assert!(pending.take(&pending_key(word)).await.unwrap().is_some());
    let replay = RedisReplay::new(redis.clone());
    assert!(matches!(replay.first_use(assertion(word), soon).await, Ok(Use::First { .. })));
    assert_eq!(replay.first_use(assertion(word), soon).await, Ok(Use::Again));
    let sessions = RedisSessions::new(redis.clone());
    let mut record = session("alice");
    sessions.create(&mut record).await.unwrap();
    sessions.save(&changed(&record, "2", "alice")).await.unwrap();
    let id = SessionId::new(record.id.to_string());
    assert!(sessions.ids().await.unwrap().contains(&id));
    let named = RedisNamedSessions::new(redis.clone());
    named.register(subject(word), None, id.clone(), soon).await.unwrap();
    assert_eq!(named.find(&subject(word), &[]).await, Ok(vec![id.clone()]));
    named.remove(&subject(word), &id).await.unwrap();
    assert!(sessions.count().await.unwrap() > 0);
    sessions.delete(&record.id).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
    redis.note(NoteList::SignIns, word.as_bytes(), 9, std::time::Duration::from_mins(1)).await.unwrap();
    let noted = redis.since(NoteList::SignIns, 0).await.unwrap().notes;
    assert_eq!(noted.last().map(|note| &note[..]), Some(word.as_bytes()));
}

/// The user of the documentation, with a password: what it needs and no more.
pub(crate) fn documented_user() -> String {
    let page = include_str!("../../docs/operations.md");
    let (_, rest) = page.split_once("\nuser gateway on >… ").expect("the user");
    let (rights, _) = rest.split_once("\n```").expect("the end of it");
    format!("user gateway on >hunter2 {}\n", rights.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn a_user_with_few_rights_and_a_password_is_enough() {
    let mut server = Server::prepared(&["--aclfile", "FOLDER/users.acl"]);
    write(&server.folder, "users.acl", &format!("user default off\n{}", documented_user()));
    server.run();
    let login = Login { username: Some("gateway".to_owned()), password: Some(Secret::new("hunter2")) };
    let redis = connect(&Settings { login, ..server.settings() }).await.unwrap();
    use_each(&redis, "a").await;
    for password in [None, Some(Secret::new("hunter3"))] {
        let login = Login { username: password.as_ref().map(|_| "gateway".to_owned()), password };
        let refused = connect(&Settings { login, ..server.settings() }).await.unwrap_err();
        assert!(matches!(&refused, Error::Refused(words) if !words.contains("hunter")), "{refused}");
    }
}

/// Each right that the documentation lists is needed, and whoever has forgotten one is told at the start what to write.
#[tokio::test]
async fn a_user_without_one_of_the_rights_is_refused_at_the_start_with_what_to_write() {
    let server = Server::start();
    let user = documented_user();
    let words: Vec<&str> = user.split_whitespace().skip(1).collect();
    let rights = words.iter().filter_map(|word| word.strip_prefix('+'));
    let taken: Vec<_> = rights.map(|right| (format!("-{right}"), format!(" add +{right} "))).collect();
    assert!(taken.len() > 20, "{taken:?}");
    let keys = ("resetkeys".to_owned(), " add ~cg1:* ".to_owned());
    let two = ("-zscore -hdel".to_owned(), " add +hdel +zscore ".to_owned());
    for (taken, advice) in taken.into_iter().chain([keys, two]) {
        let made = ["ACL", "SETUSER"].iter().chain(&words).copied().chain(taken.split(' '));
        assert_eq!(server.cli(&made.collect::<Vec<_>>()), "OK");
        let login = Login { username: Some("gateway".to_owned()), password: Some(Secret::new("hunter2")) };
        let refused = connect(&Settings { login, ..server.settings() }).await.unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains(&advice) && !refused.contains("hunter"), "{taken}: {refused}");
    }
    let made = ["ACL", "SETUSER"].iter().chain(&words).copied();
    assert_eq!(server.cli(&made.collect::<Vec<_>>()), "OK");
    let login = Login { username: Some("gateway".to_owned()), password: Some(Secret::new("hunter2")) };
    connect(&Settings { login, ..server.settings() }).await.unwrap();
}

#[tokio::test]
async fn a_unix_socket_is_enough() {
    let server = Server::with(&["--unixsocket", "FOLDER/redis.sock"]);
    let redis = connect(&settings(vec![Transport::Unix(server.folder.join("redis.sock"))])).await.unwrap();
    use_each(&redis, "a").await;
}

/// A certificate authority, and a server's key and certificate of its making, all in PEM.
struct Certificates {
    ca: String,
    certificate: String,
    key: String,
}

fn certificates() -> Certificates {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Redis CA");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    Certificates { ca: issuer.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
}

#[tokio::test]
async fn tls_is_believed_only_from_whom_the_configuration_names_and_clients_may_need_a_certificate() {
    let tls_port = free_port();
    let port = tls_port.to_string();
    let mut server = Server::prepared(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        "FOLDER/server.crt",
        "--tls-key-file",
        "FOLDER/server.key",
        "--tls-ca-cert-file",
        "FOLDER/ca.crt",
        "--tls-auth-clients",
        "yes",
    ]);
    let ours = certificates();
    for (name, text) in [("ca.crt", &ours.ca), ("server.crt", &ours.certificate), ("server.key", &ours.key)] {
        write(&server.folder, name, text);
    }
    server.run();
    let at = |host: &str| vec![Transport::Tls(host.to_owned(), tls_port)];
    let client = Some((ours.certificate.clone(), Secret::new(ours.key.clone())));
    let good = Tls { ca: Some(ours.ca.clone()), client: client.clone() };
    let redis = connect(&Settings { tls: good.clone(), ..settings(at("localhost")) }).await.unwrap();
    use_each(&redis, "a").await;
    let stranger = Tls { ca: Some(certificates().ca), client };
    let no_client = Tls { ca: Some(ours.ca), client: None };
    for (tls, host) in [(stranger, "localhost"), (no_client, "localhost"), (good, "127.0.0.1")] {
        let settings = Settings { tls, ..settings(at(host)) };
        let redis = Redis::new(
            &settings,
            Arc::new(SystemClock),
            Arc::new(connect_gateway::model::SystemRandom),
            Arc::new(connect_gateway::model::Unobserved),
        );
        let refused = redis.unwrap().check().await;
        assert!(matches!(refused, Err(Error::Unreachable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_redis_that_throws_records_away_is_refused() {
    let server = Server::with(&["--maxmemory", "50mb", "--maxmemory-policy", "volatile-lru"]);
    let refused = connect(&server.settings()).await.unwrap_err();
    assert_eq!(refused, Error::Eviction("volatile-lru".to_owned()));
}

/// Sentinels that agree quickly.
fn sentinel(port: u16, master: u16, folder: &std::path::Path) -> std::process::Child {
    let text = format!(
        "port {port}\nbind 127.0.0.1\ndir {}\nlogfile {}/sentinel.log\nsentinel monitor gateway 127.0.0.1 {master} 1\n\
         sentinel down-after-milliseconds gateway 500\nsentinel failover-timeout gateway 2000\n",
        folder.display(),
        folder.display()
    );
    let config = write(folder, "sentinel.conf", &text);
    std::process::Command::new("redis-server")
        .args([&config, "--sentinel"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinel_names_the_master_and_the_next_one_when_that_is_gone() {
    let mut master = Server::start();
    let at = master.port.to_string();
    let replica = Server::with(&["--replicaof", "127.0.0.1", &at]);
    wait_for("the replica", || replica.cli(&["INFO", "replication"]).contains("master_link_status:up"));
    let port = free_port();
    let mut watcher = sentinel(port, master.port, &replica.folder);
    let known = || cli(port, &["SENTINEL", "master", "gateway"]).contains("num-slaves\n1");
    wait_for("the sentinel", known);
    let mode = Mode::Sentinel { master: "gateway".to_owned(), login: Login::default() };
    let at = vec![Transport::Plain("127.0.0.1".to_owned(), port)];
    let redis = connect(&Settings { mode, ..settings(at) }).await.unwrap();
    use_each(&redis, "a").await;
    let since = since(&redis, "_1").await;
    master.kill();
    wait_for("the failover", || replica.cli(&["ROLE"]).starts_with("master"));
    use_each(&redis, "b").await;
    assert!(self::since(&redis, "_2").await > since, "the next master may have missed something");
    watcher.kill().unwrap();
    watcher.wait().unwrap();
}

async fn since(redis: &Redis, id: &str) -> time::OffsetDateTime {
    let soon = SystemClock.now() + Duration::minutes(5);
    match RedisReplay::new(redis.clone()).first_use(assertion(id), soon).await.unwrap() {
        Use::First { remembered_since: Some(since) } => since,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_keeps_everything_though_each_node_keeps_a_part() {
    let cluster = ["--cluster-enabled", "yes", "--cluster-config-file", "FOLDER/nodes.conf"];
    let nodes = [Server::with(&cluster), Server::with(&cluster), Server::with(&cluster)];
    let at: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    let created = std::process::Command::new("redis-cli")
        .args(["--cluster", "create", &at[0], &at[1], &at[2], "--cluster-yes"])
        .output()
        .unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
    for node in &nodes {
        wait_for("the cluster", || node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    }
    let seeds = nodes[..2].iter().map(|node| Transport::Plain("127.0.0.1".to_owned(), node.port)).collect();
    for node in &nodes {
        let user = format!("{} +cluster|slots +ping +asking", documented_user().trim());
        let made: Vec<&str> = ["ACL", "SETUSER"].into_iter().chain(user.split(' ').skip(1)).collect();
        assert_eq!(node.cli(&made), "OK");
    }
    let login = Login { username: Some("gateway".to_owned()), password: Some(Secret::new("hunter2")) };
    let redis = connect(&Settings { mode: Mode::Cluster, login, ..settings(seeds) }).await.unwrap();
    for word in 0..20 {
        use_each(&redis, &word.to_string()).await;
    }
    let used = nodes.iter().filter(|node| node.cli(&["DBSIZE"]) != "0").count();
    assert_eq!(used, 3);
}

//! One connection to one server, to the master that Sentinel names, or to a cluster; made again when it breaks.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo as _, RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, TlsMode, Value,
};
use tokio::sync::Mutex;

use super::settings::{Address, Login, Mode, Settings, Tls, Transport};

/// How long one answer may take.
const RESPONSE: Duration = Duration::from_secs(2);
/// How long making a connection may take.
const CONNECTING: Duration = Duration::from_secs(1);
/// How often a cluster's connection asks again by itself, after redirections above all.
const CLUSTER_RETRIES: u32 = 3;
/// How many requests may wait to be written.
const QUEUE: usize = 1000;

/// How connections are made.
enum Maker {
    Single(Box<Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

/// An open connection. Clones share it.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Sends one command and waits for its answer.
    pub(super) async fn ask(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Single(connection) => cmd.query_async(connection).await,
            Self::Cluster(connection) => cmd.query_async(connection).await,
        }
    }
}

/// The connection, and how the next one is made.
pub(super) struct Link {
    state: Mutex<State>,
}

struct State {
    maker: Maker,
    open: Option<Connection>,
    /// Counts the connections: whoever saw one break must not close the next.
    generation: u64,
}

impl Link {
    pub(super) fn new(settings: &Settings) -> RedisResult<Self> {
        Ok(Self { state: Mutex::new(State { maker: maker(settings)?, open: None, generation: 0 }) })
    }

    /// The open connection with its number, or a new one.
    pub(super) async fn open(&self) -> RedisResult<(u64, Connection)> {
        let mut state = self.state.lock().await;
        if let Some(open) = &state.open {
            return Ok((state.generation, open.clone()));
        }
        let open = state.maker.connect().await?;
        state.generation += 1;
        state.open = Some(open.clone());
        Ok((state.generation, open))
    }

    /// Gives the connection of this number up.
    pub(super) async fn close(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.open = None;
        }
    }
}

impl Maker {
    async fn connect(&mut self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(RESPONSE))
            .set_pipeline_buffer_size(QUEUE);
        match self {
            Self::Single(client) => {
                client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
            }
            Self::Sentinel(client) => {
                client.get_async_connection_with_config(&config).await.map(Connection::Single)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }
}

fn maker(settings: &Settings) -> RedisResult<Maker> {
    let mut infos = settings.addresses.iter().map(|address| info(address, &settings.login));
    let tls = settings.addresses.iter().any(|address| matches!(address.transport, Transport::Tls(..)));
    let certificates = tls.then(|| certificates(&settings.tls)).flatten();
    match &settings.mode {
        Mode::Single => single(infos.next(), certificates).map(|client| Maker::Single(Box::new(client))),
        Mode::Sentinel { master, login } => {
            let client = sentinel(settings, (master, login), tls, certificates)?;
            Ok(Maker::Sentinel(Box::new(client)))
        }
        Mode::Cluster => {
            let infos: Vec<_> = infos.collect::<RedisResult<_>>()?;
            cluster(infos, certificates).map(|client| Maker::Cluster(Box::new(client)))
        }
    }
}

fn single(
    info: Option<RedisResult<ConnectionInfo>>,
    certificates: Option<TlsCertificates>,
) -> RedisResult<Client> {
    let none = || RedisError::from((ErrorKind::InvalidClientConfig, "no address"));
    let info = info.ok_or_else(none)??;
    match certificates {
        Some(certificates) => Client::build_with_tls(info, certificates),
        None => Client::open(info),
    }
}

/// Where the sentinels speak TLS, so does Redis.
fn sentinel(
    settings: &Settings,
    (master, login): (&str, &Login),
    tls: bool,
    certificates: Option<TlsCertificates>,
) -> RedisResult<SentinelClient> {
    let sentinels = settings.addresses.iter().map(address);
    let mut builder = SentinelClientBuilder::new(sentinels, master, SentinelServerType::Master)?
        .set_client_to_redis_tcp_settings(tcp())
        .set_client_to_sentinel_tcp_settings(tcp());
    if let Some(database) = settings.addresses.first().map(|address| address.database) {
        builder = builder.set_client_to_redis_db(database);
    }
    if let Some(username) = &settings.login.username {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = &settings.login.password {
        builder = builder.set_client_to_redis_password(password.expose());
    }
    if let Some(username) = &login.username {
        builder = builder.set_client_to_sentinel_username(username);
    }
    if let Some(password) = &login.password {
        builder = builder.set_client_to_sentinel_password(password.expose());
    }
    if tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = certificates {
        builder = builder
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates);
    }
    builder.build()
}

fn cluster(infos: Vec<ConnectionInfo>, certificates: Option<TlsCertificates>) -> RedisResult<ClusterClient> {
    let mut builder = ClusterClientBuilder::new(infos)
        .connection_timeout(CONNECTING)
        .response_timeout(RESPONSE)
        .tcp_settings(tcp())
        .retries(CLUSTER_RETRIES);
    if let Some(certificates) = certificates {
        builder = builder.certs(certificates);
    }
    builder.build()
}

fn info(at: &Address, login: &Login) -> RedisResult<ConnectionInfo> {
    let mut redis = RedisConnectionInfo::default().set_db(at.database);
    if let Some(username) = &login.username {
        redis = redis.set_username(username);
    }
    if let Some(password) = &login.password {
        redis = redis.set_password(password.expose());
    }
    Ok(address(at).into_connection_info()?.set_redis_settings(redis).set_tcp_settings(tcp()))
}

fn address(address: &Address) -> ConnectionAddr {
    match &address.transport {
        Transport::Plain(host, port) => ConnectionAddr::Tcp(host.clone(), *port),
        Transport::Tls(host, port) => {
            ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None }
        }
        Transport::Unix(path) => ConnectionAddr::Unix(path.clone()),
    }
}

/// `None`: those that the machine trusts, and no certificate of ours.
fn certificates(tls: &Tls) -> Option<TlsCertificates> {
    let client = tls.client.as_ref().map(|(certificate, key)| ClientTlsConfig {
        client_cert: certificate.as_bytes().to_vec(),
        client_key: key.expose().as_bytes().to_vec(),
    });
    let root = tls.ca.as_ref().map(|ca| ca.as_bytes().to_vec());
    (client.is_some() || root.is_some()).then_some(TlsCertificates { client_tls: client, root_cert: root })
}

/// Small requests must not wait for larger ones.
fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

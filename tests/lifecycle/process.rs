//! The real program in a process of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Nobody answers there.
const NOBODY: &str = "http://127.0.0.1:9";

/// How a gateway is started.
#[derive(Default)]
pub(crate) struct Start {
    /// Instead of a free port.
    pub(crate) listen: Option<String>,
    /// Sections of the configuration.
    pub(crate) sections: String,
    /// Instead of the identity provider and the instance of [`PEOPLE`].
    pub(crate) people: Option<String>,
    /// Variables.
    pub(crate) environment: Vec<(String, String)>,
    /// A socket that is passed as systemd does, and its name.
    pub(crate) activated: Option<(OwnedFd, String)>,
}

impl Start {
    pub(crate) fn with(sections: &str) -> Self {
        Self { sections: sections.to_owned(), ..Self::default() }
    }
}

/// A running gateway; gone when dropped.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) operations: SocketAddr,
    pub(crate) folder: Folder,
    pub(crate) program: Child,
}

/// A folder; gone when dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("lifecycle-{}-{}", std::process::id(), free_address().port());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// An identity provider that does not exist, and an instance that nobody is asked about.
pub(crate) fn people(metadata: &str) -> String {
    format!(
        r#"
[idp.corporate]
{metadata}
[instance.acme]
arn = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555"
url = "https://acme.my.connect.aws"
role_arn = "arn:aws:iam::111122223333:role/connect-federation"
[aws]
connect_endpoint = "{NOBODY}"
sts_endpoint = "{NOBODY}"
[[mapping.rule]]
name = "agents"
groups = ["cc-agents"]
set = {{ security_profiles = ["Agent"], routing_profile = "Basic Routing Profile", phone = {{ type = "soft_phone" }} }}
"#
    )
}

impl Gateway {
    /// Until sign-ins are taken.
    pub(crate) async fn start(start: Start) -> Self {
        let mut gateway = Self::begin(start, Folder::new());
        gateway.until_started().await;
        gateway
    }

    /// The process alone.
    pub(crate) fn begin(start: Start, folder: Folder) -> Self {
        let (address, operations) = (free_address(), free_address());
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples");
        let examples = examples.display();
        let listen = start.listen.unwrap_or_else(|| address.to_string());
        let metadata = format!("metadata_file = \"{examples}/idp-metadata.xml\"");
        let people = start.people.unwrap_or_else(|| people(&metadata));
        let config = format!(
            "version = 1\npublic_url = \"http://localhost:{}\"\nlisten = \"{listen}\"\n\
             operations.listen = \"{operations}\"\nsaml.signing_key_file = \"{examples}/signing.key\"\n\
             saml.signing_certificate_file = \"{examples}/signing.crt\"\n{}{people}",
            address.port(),
            start.sections
        );
        fs::write(folder.0.join("gateway.toml"), config).unwrap();
        let program = program(&folder.0, start.environment, start.activated);
        Self { address, operations, folder, program }
    }

    pub(crate) async fn until_started(&mut self) {
        let started = async {
            while self.asked("/startupz").await.is_none_or(|(status, _)| status != 200) {
                if let Some(status) = self.program.try_wait().unwrap() {
                    panic!("the gateway ended with {status}:\n{}", self.log());
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(timeout(PATIENCE, started).await.is_ok(), "{}", self.log());
    }

    /// What it says of itself to monitoring; `None`: nothing.
    pub(crate) async fn asked(&self, path: &str) -> Option<(u16, String)> {
        let answer = reqwest::get(format!("http://{}{path}", self.operations)).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// `/readyz?verbose`.
    pub(crate) async fn readiness(&self) -> (u16, Value) {
        let (status, text) = self.asked("/readyz?verbose").await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    /// What it says at its public address.
    pub(crate) async fn at_public(&self, path: &str) -> Option<(u16, String)> {
        let answer = reqwest::get(format!("http://{}{path}", self.address)).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    pub(crate) async fn connection(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Until nobody takes connections there.
    pub(crate) async fn until_closed(&self) {
        let closed = async {
            while TcpStream::connect(self.address).await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(timeout(PATIENCE, closed).await.is_ok(), "{}", self.log());
    }

    pub(crate) fn signal(&self, name: &str) {
        let process = self.program.id().expect("it runs");
        let kill = format!("kill -{name} {process}");
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Its exit status.
    pub(crate) async fn end(&mut self) -> Option<i32> {
        let ended = timeout(PATIENCE, self.program.wait()).await;
        ended.unwrap_or_else(|_| panic!("it does not end:\n{}", self.log())).unwrap().code()
    }

    pub(crate) fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.0.join(name)).unwrap();
        read("stdout") + &read("stderr")
    }
}

fn program(folder: &Path, environment: Vec<(String, String)>, activated: Option<(OwnedFd, String)>) -> Child {
    let mut command = Command::new("sh");
    // The shell becomes the program: both are one process.
    let passed = match activated {
        None => {
            command.stdin(Stdio::null());
            String::new()
        }
        Some((socket, name)) => {
            command.stdin(Stdio::from(socket));
            format!("exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES={name}; ")
        }
    };
    command
        .args(["-c", &format!("{passed}exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_connect-gateway")])
        .args(["serve", "--config", "gateway.toml"])
        .current_dir(folder)
        .env("AWS_ACCESS_KEY_ID", "AKIATESTGATEWAY00001")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENGbPxRfiCYTESTGATEWAY1")
        .envs(environment)
        .stdout(File::create(folder.join("stdout")).unwrap())
        .stderr(File::create(folder.join("stderr")).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Everything until the other end closes.
pub(crate) async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Vec<u8> {
    let mut octets = Vec::new();
    // A reset is an end too.
    timeout(PATIENCE, stream.read_to_end(&mut octets)).await.expect("it is closed").ok();
    octets
}

/// What comes back to these octets until the other end closes.
pub(crate) async fn exchanged(stream: &mut TcpStream, octets: &[u8]) -> String {
    stream.write_all(octets).await.ok();
    String::from_utf8_lossy(&rest(stream).await).into_owned()
}

/// A form whose last octet is not sent yet.
pub(crate) async fn unfinished(gateway: &Gateway) -> TcpStream {
    let mut stream = gateway.connection().await;
    let request = "POST /saml/acs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    // The form is wanted: the request is under way.
    let mut told = [0_u8; 25];
    timeout(PATIENCE, stream.read_exact(&mut told)).await.expect("it goes on").unwrap();
    assert!(told.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&told));
    stream.write_all(b"a=").await.unwrap();
    stream
}

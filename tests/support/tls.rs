//! HTTPS for names under `.test`: a certificate authority for one test, and a terminator per site.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData as _,
};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// A certificate authority that exists for one test.
pub(crate) struct TestCa {
    pub(crate) issuer: CertifiedIssuer<'static, KeyPair>,
}

impl TestCa {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test CA");
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Base64 of the SHA-256 of its public key, as Chromium names keys to trust.
    pub(crate) fn key_pin(&self) -> String {
        let key = self.issuer.key().subject_public_key_info();
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(key))
    }

    /// A listener on a free port that speaks for `https://<name>:<port>`.
    pub(crate) async fn site(&self, name: &str) -> Site {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let chain = vec![certificate.der().clone(), self.issuer.der().clone()];
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{name}:{}", listener.local_addr().unwrap().port());
        Site { url, listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

/// A site whose port is known and that nobody answers yet.
pub(crate) struct Site {
    /// `https://<name>:<port>`.
    pub(crate) url: String,
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

/// What a terminator does to answers on their way to the browser.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Nothing.
    #[default]
    Untouched,
    /// `SameSite=None` becomes `SameSite=Lax`, to see what a browser makes of that.
    CookiesMadeLax,
    /// Pages don't load or leave by themselves, as far as that is no script's work, and can be looked at.
    HeldStill,
}

impl Site {
    /// Answers with what `target`, a plain HTTP server, says.
    pub(crate) fn forward_to(self, target: SocketAddr, answers: Answers) {
        tokio::spawn(async move {
            while let Ok((client, _)) = self.listener.accept().await {
                let acceptor = self.acceptor.clone();
                tokio::spawn(async move {
                    // A browser drops connections whenever it likes: that is no failure.
                    let Ok(client) = acceptor.accept(client).await else { return };
                    let Ok(server) = TcpStream::connect(target).await else { return };
                    let (client_reader, client_writer) = tokio::io::split(client);
                    let (server_reader, server_writer) = tokio::io::split(server);
                    tokio::join!(
                        copy(client_reader, server_writer, Answers::Untouched),
                        copy(server_reader, client_writer, answers),
                    );
                });
            }
        });
    }
}

async fn copy(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
    answers: Answers,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..length];
        match answers {
            Answers::Untouched => {}
            Answers::CookiesMadeLax => replace(bytes, b"SameSite=None", b"SameSite=Lax "),
            Answers::HeldStill => replace(bytes, b"http-equiv=\"refresh\"", b"http-equiv=\"delayed\""),
        }
        if to.write_all(bytes).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    // The other direction may still have something to say.
    to.shutdown().await.ok();
}

/// Replaces bytes by as many others, so that no length changes.
fn replace<const N: usize>(bytes: &mut [u8], from: &[u8; N], to: &[u8; N]) {
    let starts: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| window == from)
        .map(|(at, _)| at)
        .collect();
    for at in starts {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
}

/// rustls takes its cryptography from one provider per process.
pub(crate) fn install_provider() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    });
}

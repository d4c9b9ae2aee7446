//! The certificate that browsers see: read from its files again and again, so that nobody restarts for a new one.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use zeroize::Zeroizing;

use crate::app::background::ticks;
use crate::config::{Tls, unreadable};

/// How often the files are looked at.
const TICK: Duration = Duration::from_secs(2);

/// The certificate and key in use.
pub(in crate::app) struct Certificate {
    files: Tls,
    in_use: RwLock<Arc<ServerConfig>>,
    watched: Mutex<Watched>,
    /// Why those of the files can't be used; `None`: they are in use.
    problem: watch::Sender<Option<String>>,
}

struct Watched {
    /// As they were when they were read.
    read: Digest,
    /// As they were found since.
    found: Digest,
}

/// The certificate file's octets and the key file's.
type Texts = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);
/// Tells what is in both files from anything else; `None`: one can't be read.
type Digest = Option<[u8; 32]>;

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence that names the key whose file can't be used.
    pub(in crate::app) fn load(files: &Tls) -> Result<Self, String> {
        let (digest, config) = read(files);
        Ok(Self {
            files: files.clone(),
            in_use: RwLock::new(config?),
            watched: Mutex::new(Watched { read: digest, found: digest }),
            problem: watch::Sender::new(None),
        })
    }

    /// For the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.in_use.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Why what is in the files now is not in use.
    pub(in crate::app) fn problem(&self) -> watch::Receiver<Option<String>> {
        self.problem.subscribe()
    }

    /// Looks at the files now and then.
    pub(in crate::app) async fn follow(self: Arc<Self>) {
        let mut ticks = ticks(TICK);
        loop {
            ticks.tick().await;
            let certificate = Arc::clone(&self);
            let look = move || {
                if certificate.has_changed() {
                    certificate.again();
                }
            };
            if spawn_blocking(look).await.is_err() {
                tracing::error!("reading the certificate again stopped unexpectedly: the old one stays");
            }
        }
    }

    /// Whether the files are others than those that were read, and the same as a look ago: nobody is writing them.
    fn has_changed(&self) -> bool {
        let now = texts(&self.files).ok().as_ref().map(digest);
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let is_settled = watched.found == now;
        watched.found = now;
        is_settled && now != watched.read
    }

    /// Reads the files, and puts what is in them in use if it can be.
    pub(in crate::app) fn again(&self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let (digest, config) = read(&self.files);
        *watched = Watched { read: digest, found: digest };
        match config {
            Ok(config) => {
                *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = config;
                self.problem.send_replace(None);
                tracing::info!("the certificate was read again and is in use");
            }
            Err(problem) => {
                tracing::error!(problem, "the certificate in its file can't be used: the old one stays");
                self.problem.send_replace(Some(problem));
            }
        }
    }
}

/// What is in the files, and what comes of it.
fn read(files: &Tls) -> (Digest, Result<Arc<ServerConfig>, String>) {
    match texts(files) {
        Ok(texts) => (Some(digest(&texts)), config(&texts.0, &texts.1)),
        Err(reason) => (None, Err(reason)),
    }
}

fn texts(files: &Tls) -> Result<Texts, String> {
    let text = |key: &str, path: &Path| {
        std::fs::read(path)
            .map(Zeroizing::new)
            .map_err(|error| format!("tls.{key}: {} can't be read: {}", path.display(), unreadable(&error)))
    };
    Ok((text("certificate_file", &files.certificate_file)?, text("key_file", &files.key_file)?))
}

fn digest((certificate, key): &Texts) -> [u8; 32] {
    let each = [Sha256::digest(certificate), Sha256::digest(key)];
    Sha256::digest(each.concat()).into()
}

/// TLS 1.2 and 1.3 with the library's own choice of ciphers.
fn config(certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.map_err(|error| format!("tls.certificate_file: is not PEM: {error}"))?;
    if chain.is_empty() {
        return Err("tls.certificate_file: there is no certificate in PEM form in it".to_owned());
    }
    // Whatever the library says of a key that it can't read, the key itself must not be in it.
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| "tls.key_file: there is no private key in PEM form in it".to_owned())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("tls: {error}"))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| format!("tls: certificate and key can't be used together: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

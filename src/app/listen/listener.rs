//! Where connections come in, whatever kind of socket it is.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use super::activation::Activated;
use crate::app::socket::{Socket, Who};
use crate::config::Listen;
use crate::model::SystemRandom;
use crate::web::Peer;

/// What a connection is read from and written to.
pub(super) trait Octets: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Octets for T {}

/// A listening socket.
pub struct Listener(Kind);

enum Kind {
    Tcp(TcpListener),
    /// Of systemd.
    Unix(UnixListener),
    /// Our own, whose file goes with it.
    File(Socket),
}

impl Listener {
    /// Listens where `key` of the configuration says. `activated`: what systemd passed.
    ///
    /// # Errors
    /// A sentence that names the key whose place can't be used.
    pub(in crate::app) async fn bind(
        key: &str,
        listen: &Listen,
        activated: &mut Activated,
    ) -> Result<Self, String> {
        let bound = match listen {
            Listen::Address(address) => TcpListener::bind(address)
                .await
                .map(Self::from)
                .map_err(|error| format!("{address}: {error}; choose another address, or stop what uses it")),
            Listen::Unix(path) => {
                let socket = Socket::bind(path, Who::Group, &SystemRandom);
                socket.map(|socket| Self(Kind::File(socket))).map_err(|error| error.to_string())
            }
            Listen::Systemd(name) => activated.take(name).map_err(|reason| format!("{name}: {reason}")),
        };
        bound.map_err(|reason| format!("{key}: {reason}"))
    }

    /// The next connection, and who is at its other end.
    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Octets>, Peer)> {
        let unix = match &self.0 {
            Kind::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                return Ok((Box::new(stream), Peer(Some(from.ip()))));
            }
            Kind::Unix(listener) => listener,
            Kind::File(socket) => &socket.listener,
        };
        let (stream, _) = unix.accept().await?;
        Ok((Box::new(stream), Peer(None)))
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self(Kind::Tcp(listener))
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self(Kind::Unix(listener))
    }
}

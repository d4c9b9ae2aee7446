//! Sockets that systemd opened for us. They are its own: they stay open while the gateway is started anew.

use listenfd::ListenFd;
use tokio::net::{TcpListener, UnixListener};

use super::listener::Listener;

/// The sockets that were passed to this process. `sd_listen_fds(3)`.
pub(in crate::app) struct Activated {
    sockets: ListenFd,
    names: Vec<String>,
}

impl Activated {
    /// What the environment says, once: programs that this one starts find nothing there. `names` is what
    /// `LISTEN_FDNAMES` says.
    pub(in crate::app) fn from_environment(names: Option<&str>) -> Self {
        let names = names.unwrap_or_default().split(':').map(str::to_owned).collect();
        Self { sockets: ListenFd::from_env(), names }
    }

    /// The listening socket of that name.
    ///
    /// # Errors
    /// There is none, or there are several, or it is of another kind.
    pub(super) fn take(&mut self, name: &str) -> Result<Listener, String> {
        let named = |(at, other): (usize, &String)| (other == name).then_some(at);
        let found: Vec<usize> =
            self.names.iter().take(self.sockets.len()).enumerate().filter_map(named).collect();
        let [at] = found[..] else {
            let unit = "with one ListenStream= and this FileDescriptorName=";
            return Err(format!(
                "systemd passed {} sockets of this name; a socket unit {unit} passes one",
                found.len()
            ));
        };
        self.at(at).map_err(|error| format!("what systemd passed can't be used: {error}"))
    }

    fn at(&mut self, at: usize) -> std::io::Result<Listener> {
        if let Ok(Some(listener)) = self.sockets.take_tcp_listener(at) {
            listener.set_nonblocking(true)?;
            return TcpListener::from_std(listener).map(Listener::from);
        }
        let Some(listener) = self.sockets.take_unix_listener(at)? else {
            return Err(std::io::Error::other("it was taken before"));
        };
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener).map(Listener::from)
    }
}

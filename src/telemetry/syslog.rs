//! Syslog: RFC 5424 messages in datagrams (RFC 5426, or a socket of this machine) or with octet counting over TCP
//! (RFC 6587).

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tracing::Level;

use super::sink::Written;
use super::stream::Line;
use crate::config::SyslogAddress;

/// Facility 10: security and authorization messages.
const FACILITY: u8 = 10;
const APP: &str = "connect-gateway";
/// How long a server may take to answer or to take a line.
const TIMEOUT: Duration = Duration::from_secs(3);
/// `EMSGSIZE` of Linux.
const TOO_LONG: i32 = 90;

/// A way to a server that is open.
enum Way {
    Unix(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

/// A syslog server.
pub(super) struct Syslog {
    address: SyslogAddress,
    host: String,
    way: Option<Way>,
}

impl Syslog {
    /// Nothing is opened before the first line.
    pub(super) fn new(address: SyslogAddress) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host: String = host.chars().filter(char::is_ascii_graphic).take(255).collect();
        Self { address, host: if host.is_empty() { "-".to_owned() } else { host }, way: None }
    }

    /// `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - MSG`, the message in JSON; the event is its id.
    pub(super) fn message(&self, line: Line) -> String {
        let priority = FACILITY * 8 + severity(line.level);
        let event = line.fields.get("event").and_then(|event| event.as_str()).unwrap_or("-").to_owned();
        let (time, host, process) = (timestamp(&line.timestamp), &self.host, std::process::id());
        let message = format!("<{priority}>1 {time} {host} {APP} {process} {event} - {}", line.text(None));
        match self.address {
            SyslogAddress::Tcp(_) => format!("{} {message}", message.len()),
            SyslogAddress::Unix(_) | SyslogAddress::Udp(_) => message,
        }
    }

    pub(super) fn send(&mut self, message: &[u8]) -> Written {
        let way = match self.way.take().map_or_else(|| open(&self.address), Ok) {
            Ok(way) => way,
            Err(error) => return Written::Failed(error),
        };
        let sent = match &way {
            Way::Unix(socket) => socket.send(message).map(drop),
            Way::Udp(socket) => socket.send(message).map(drop),
            Way::Tcp(stream) => {
                let mut stream = stream;
                stream.write_all(message)
            }
        };
        match sent {
            Ok(()) => self.way = Some(way),
            Err(error) if error.raw_os_error() == Some(TOO_LONG) => return Written::Never,
            Err(error) => return Written::Failed(error),
        }
        Written::Done
    }
}

fn open(address: &SyslogAddress) -> io::Result<Way> {
    Ok(match address {
        SyslogAddress::Unix(path) => {
            let socket = UnixDatagram::unbound()?;
            socket.connect(path)?;
            socket.set_write_timeout(Some(TIMEOUT))?;
            Way::Unix(socket)
        }
        SyslogAddress::Udp(server) => {
            let server = resolved(server)?;
            let any = match server {
                SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            };
            let socket = UdpSocket::bind(any)?;
            socket.connect(server)?;
            Way::Udp(socket)
        }
        SyslogAddress::Tcp(server) => {
            let stream = TcpStream::connect_timeout(&resolved(server)?, TIMEOUT)?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            Way::Tcp(stream)
        }
    })
}

fn resolved(server: &str) -> io::Result<SocketAddr> {
    let nobody = || io::Error::new(io::ErrorKind::NotFound, "the syslog server's name has no address");
    server.to_socket_addrs()?.next().ok_or_else(nobody)
}

fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        _ => 6,
    }
}

/// RFC 5424 takes six digits of a second at most.
fn timestamp(rfc3339: &str) -> String {
    let Some((seconds, fraction)) = rfc3339.trim_end_matches('Z').split_once('.') else {
        return rfc3339.to_owned();
    };
    format!("{seconds}.{}Z", &fraction[..fraction.len().min(6)])
}

#[cfg(test)]
mod tests {
    use super::super::stream::Of;
    use super::*;

    #[test]
    fn a_message_has_the_parts_of_rfc_5424_in_their_order() {
        let fields = serde_json::json!({ "event": "sign_in", "message": "ok" });
        let line = |level| Line {
            of: Of::Decision,
            timestamp: "2026-03-01T09:30:00.123456789Z".to_owned(),
            level,
            fields: fields.as_object().unwrap().clone(),
        };
        let syslog = |address| Syslog { address, host: "web-1".to_owned(), way: None };
        let process = std::process::id();
        let wanted = format!(
            "<86>1 2026-03-01T09:30:00.123456Z web-1 connect-gateway {process} sign_in - \
             {{\"event\":\"sign_in\",\"message\":\"ok\"}}"
        );
        let udp = SyslogAddress::Udp("localhost:514".to_owned());
        assert_eq!(syslog(udp.clone()).message(line(Level::INFO)), wanted);
        assert!(syslog(udp).message(line(Level::ERROR)).starts_with("<83>1 "));
        let tcp = syslog(SyslogAddress::Tcp("localhost:601".to_owned())).message(line(Level::INFO));
        assert_eq!(tcp, format!("{} {wanted}", wanted.len()));
    }
}

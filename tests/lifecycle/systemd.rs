//! What systemd is told.

use tokio::net::UnixDatagram;
use tokio::time::timeout;

use crate::process::{Folder, Gateway, PATIENCE, Start};

/// Where systemd would listen.
struct Manager(UnixDatagram);

impl Manager {
    /// The next message that holds `part`.
    async fn told(&self, part: &str) -> String {
        let mut octets = [0_u8; 4096];
        let told = async {
            loop {
                let length = self.0.recv(&mut octets).await.unwrap();
                let message = String::from_utf8_lossy(&octets[..length]).into_owned();
                if message.lines().any(|line| line.starts_with(part)) {
                    return message;
                }
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("{part} is not told"))
    }
}

fn managed(more: &[(&str, &str)]) -> (Gateway, Manager) {
    let folder = Folder::new();
    let path = folder.0.join("notify");
    let manager = Manager(UnixDatagram::bind(&path).unwrap());
    let mut environment = vec![("NOTIFY_SOCKET".to_owned(), path.display().to_string())];
    environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let sections = "[shutdown]\npre_stop_seconds = 0\n".to_owned();
    (Gateway::begin(Start { sections, environment, ..Start::default() }, folder), manager)
}

#[tokio::test]
async fn systemd_is_told_when_it_serves_reads_again_and_stops() {
    let (mut gateway, manager) = managed(&[]);
    manager.told("STATUS=reading identity provider metadata").await;
    assert_eq!(manager.told("READY=1").await, "READY=1\nSTATUS=serving\n");
    assert_eq!(gateway.at_public("/healthz").await.unwrap().0, 200);
    gateway.signal("HUP");
    let reloading = manager.told("RELOADING=1").await;
    assert!(reloading.contains("\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(manager.told("READY=1").await, "READY=1\nSTATUS=serving\n");
    std::fs::write(gateway.folder.0.join("gateway.toml"), "version = 2\n").unwrap();
    gateway.signal("HUP");
    assert!(manager.told("READY=1").await.contains("older rules stay"));
    gateway.signal("TERM");
    assert_eq!(manager.told("STOPPING=1").await, "STOPPING=1\nSTATUS=draining\n");
    assert_eq!(gateway.end().await, Some(0));
}

#[tokio::test]
async fn systemd_hears_again_and_again_that_the_runtime_turns() {
    let (_gateway, manager) = managed(&[("WATCHDOG_USEC", "200000")]);
    for _ in 0..3 {
        manager.told("WATCHDOG=1").await;
    }
}

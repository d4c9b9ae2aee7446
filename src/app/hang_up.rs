//! SIGHUP: everything that is read again without a restart is read at once.

use std::sync::Arc;

use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;

use super::listen::Certificate;
use super::reload::Reload;
use super::systemd;
use crate::admin::Follow as _;
use crate::telemetry::Telemetry;

/// Reads rules and certificate again at every SIGHUP, opens the audit file again, and tells systemd of it.
pub(super) async fn read_again_at(
    mut hang_ups: Signal,
    reload: Option<Arc<Reload>>,
    certificate: Option<Arc<Certificate>>,
    telemetry: Option<Arc<Telemetry>>,
) {
    while hang_ups.recv().await.is_some() {
        systemd::reloading();
        // The audit file may have been moved away.
        if let Some(telemetry) = &telemetry {
            telemetry.reopen();
        }
        let (reload, certificate) = (reload.clone(), certificate.clone());
        let reading = spawn_blocking(move || {
            if let Some(certificate) = certificate {
                certificate.again();
            }
            reload.is_none_or(|reload| reload.again().is_ok())
        });
        match reading.await {
            Ok(true) => systemd::ready("serving"),
            Ok(false) => {
                systemd::ready("serving; the configuration can't be used, and older rules stay: see the log");
            }
            Err(_) => {
                tracing::error!("reading the configuration again stopped unexpectedly: the old rules stay");
                systemd::ready("serving; reading the configuration again failed: see the log");
            }
        }
    }
}

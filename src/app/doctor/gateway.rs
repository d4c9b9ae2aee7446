//! The gateway that runs on this machine: its listeners and its control socket.

use std::path::Path;

use serde_json::Value;

use super::super::control::{self, Question};
use super::super::healthcheck::{Door, READY, why};
use super::super::remark::Remark;
use crate::config::{Config, Listen};

const ASK_MORE: &str = "/readyz?verbose";

pub(super) async fn examined(config: &Config, file: &Path) -> Vec<Remark> {
    let mut remarks = Vec::new();
    // Behind TLS only the public name is right; that is asked by itself.
    if config.tls.is_none() {
        remarks.push(listener("listen", &config.listen).await);
    }
    match &config.operations {
        Some(listen) => remarks.push(listener("operations.listen", listen).await),
        None => remarks.push(Remark::well("operations.listen", "is not set: monitoring has nowhere to ask")),
    }
    remarks.push(control(config, file).await);
    remarks
}

async fn listener(key: &str, listen: &Listen) -> Remark {
    let Some(door) = Door::of(listen) else {
        return Remark::well(key, format!("{listen}: systemd opens it, so it is not asked from here"));
    };
    match door.ask(ASK_MORE).await {
        Ok((200, text)) => ready(key, &door, &text),
        Ok((status, text)) => Remark::failing(
            key,
            match why(&text) {
                why if why.is_empty() => {
                    format!(
                        "{door} answers {READY} with {status}: is it the gateway, and does its log say why?"
                    )
                }
                why => format!("{door} answers {READY} with {status}{why}"),
            },
        ),
        Err(reason) => {
            Remark::failing(key, format!("{door}: {reason}: start the gateway, or look at its log"))
        }
    }
}

/// What the gateway says of itself beside being ready.
fn ready(key: &str, door: &Door, text: &str) -> Remark {
    let said: Value = serde_json::from_str(text).unwrap_or_default();
    if said["rules"] == "older_than_file" {
        return Remark::doubtful(
            key,
            format!(
                "{door}: ready, with older rules than the file has: `check` says what is wrong with those"
            ),
        );
    }
    if said["needs_restart"] == true {
        return Remark::doubtful(
            key,
            format!(
                "{door}: ready, and something else than the rules changed in the file: restart the gateway"
            ),
        );
    }
    Remark::well(key, format!("{door}: ready"))
}

async fn control(config: &Config, file: &Path) -> Remark {
    let Ok(socket) = control::path(config, file) else {
        return Remark::well(
            "admin.socket",
            "is not set: `sessions` and `users remove` can't reach the gateway",
        );
    };
    match control::ask(socket, &Question::Sessions {}).await {
        Ok(_) => Remark::well("admin.socket", format!("{}: answers", socket.display())),
        Err(reason) => Remark::failing("admin.socket", reason),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::remark::Standing;
    use super::*;

    #[test]
    fn what_a_ready_gateway_says_of_its_rules_is_told() {
        let door = Door::of(&Listen::Address("127.0.0.1:1".parse().unwrap())).unwrap();
        for (said, standing) in [
            (r#"{"ready":true,"rules":"in_force","needs_restart":false}"#, Standing::Well),
            (r#"{"ready":true,"rules":"older_than_file","needs_restart":false}"#, Standing::Doubtful),
            (r#"{"ready":true,"rules":"in_force","needs_restart":true}"#, Standing::Doubtful),
        ] {
            assert_eq!(ready("listen", &door, said).standing, standing, "{said}");
        }
    }
}

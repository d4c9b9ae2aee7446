//! `connect-gateway mapping explain --sign-in | --live`: what the identity provider said to the gateway that runs.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::path::Path;
use std::time::Duration;

use tokio::time::interval;

use super::control::{self, Answer, Found, Question};
use super::mapping::{Explain, chosen};
use crate::config::Config;
use crate::model::{Identity, InstanceName, SupportId, TestId};

/// Who signed in, and on the way to where.
pub(super) async fn subject(ask: &Explain, config: &Config) -> Result<(Identity, InstanceName), String> {
    let socket = control::path(config, &ask.config)?;
    let support_id = match &ask.sign_in {
        Some(support_id) => support_id.clone(),
        None => live(ask, socket).await?.to_string(),
    };
    let question = Question::SignIn { support_id: support_id.clone() };
    let Answer::SignIn(found) = control::ask(socket, &question).await? else {
        return Err(control::unexpected(socket));
    };
    named(ask, config, &support_id, *found)
}

/// The person, as far as this configuration knows where they come from and go to.
fn named(
    ask: &Explain,
    config: &Config,
    support_id: &str,
    found: Found,
) -> Result<(Identity, InstanceName), String> {
    let Found { instance, outcome, identity } = found;
    let identity = identity.ok_or_else(|| {
        format!(
            "{support_id}: names no person, so there is nothing to explain by rules. It ended with {outcome}"
        )
    })?;
    if !config.idps.iter().any(|idp| idp.name == identity.idp) {
        return Err(format!(
            "{support_id}: came from idp.{}, which {} does not have",
            identity.idp,
            ask.config.display()
        ));
    }
    let known = config.instances.iter().map(|instance| instance.name.as_str());
    let instance = ask.instance.as_deref().or(instance.as_ref().map(InstanceName::as_str));
    Ok((identity, InstanceName::new(chosen("--instance", instance, known)?)))
}

/// A test sign-in from here: the address to open, and then its end.
async fn live(ask: &Explain, socket: &Path) -> Result<SupportId, String> {
    let question =
        Question::MakeTest { instance: ask.instance.clone(), idp: ask.idp.clone(), again: ask.again };
    let Answer::Test { id, address, open_seconds, answer_seconds } = control::ask(socket, &question).await?
    else {
        return Err(control::unexpected(socket));
    };
    eprintln!(
        "Open this address in a browser and sign in there. It can be opened once, within {} minutes; nobody is \
         signed in by it.\n\n  {address}\n",
        open_seconds / 60
    );
    let ended = tokio::select! {
        ended = end_of(socket, &id) => ended,
        () = count_down(answer_seconds) => Err("nobody took the test in time: start again".to_owned()),
        _ = tokio::signal::ctrl_c() => Err("stopped. Nothing changed; whoever opens the link now is not signed in by it".to_owned()),
    };
    eprintln!();
    ended
}

async fn end_of(socket: &Path, id: &TestId) -> Result<SupportId, String> {
    loop {
        match control::ask(socket, &Question::AwaitTest { id: id.clone() }).await? {
            Answer::Waiting => {}
            Answer::Ended { support_id } => return Ok(support_id),
            _ => return Err(control::unexpected(socket)),
        }
    }
}

/// Says how long it may still take: every second to a person, every minute to a file.
async fn count_down(seconds: u64) {
    let (mut ticks, is_watched) = (interval(Duration::from_secs(1)), stderr().is_terminal());
    for left in (1..=seconds).rev() {
        ticks.tick().await;
        let told = format!("Waiting for the test: {}:{:02} left. Ctrl-C ends it.", left / 60, left % 60);
        if is_watched {
            eprint!("\r{told} ");
            let _ = stderr().flush();
        } else if left % 60 == 0 || left == seconds {
            eprintln!("{told}");
        }
    }
    ticks.tick().await;
}

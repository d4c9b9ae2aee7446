//! `connect-gateway sessions list | end`: who is signed in at the gateway that runs on this machine.

use std::path::Path;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::command::NOBODY;
use super::control::{self, Answer, EndedInConnect, OpenSession, Question};
use super::mapping::{chosen, table};
use super::{Outcome, load};
use crate::config::Config;
use crate::model::{InstanceName, Username};

/// Prints the sessions, those that began last first.
pub async fn list_sessions(config: &Path, as_json: bool) -> Outcome {
    let told = async {
        let loaded = load(config)?.config;
        let socket = control::path(&loaded, config).map_err(failed)?;
        match control::ask(socket, &Question::Sessions {}).await.map_err(failed)? {
            Answer::Sessions { sessions, left_out } => Ok((sessions, left_out)),
            _ => Err(failed(control::unexpected(socket))),
        }
    };
    let (sessions, left_out) = match told.await {
        Ok(told) => told,
        Err(failed) => return failed,
    };
    if as_json {
        say!(
            "{:#}",
            json!({ "sessions": sessions.iter().map(as_value).collect::<Vec<_>>(), "left_out": left_out })
        );
    } else {
        say_text!("{}", as_text(&sessions, left_out));
    }
    Outcome::Done
}

/// Ends a user's sessions, at the gateway and in Amazon Connect. Exit status 0: none is left that could be ended; 1: one
/// may be; 3: nobody has that name.
pub async fn end_sessions(config: &Path, username: &str, instance: Option<&str>, as_json: bool) -> Outcome {
    let asked = async {
        let loaded = load(config)?.config;
        let instance = instance.map(|name| one_of(&loaded, name)).transpose().map_err(failed)?;
        Username::new(username).map_err(|error| Outcome::failed(&error))?;
        let socket = control::path(&loaded, config).map_err(failed)?;
        ask_to_end(socket, username, instance, true).await.map_err(failed)
    };
    let Ended { sessions, connect, mut problems } = match asked.await {
        Ok(ended) => ended,
        Err(failed) => return failed,
    };
    let nobody = sessions == 0 && connect.iter().all(|ended| !ended.was_there && ended.failed.is_none());
    if as_json {
        say!("{:#}", ended_as_json(sessions, &connect, &problems));
    } else {
        say!("{} at this gateway.", counted(sessions));
    }
    for EndedInConnect { instance, was_there, failed } in connect {
        match failed {
            Some(reason) => {
                problems.push(format!("{instance}: sessions in Amazon Connect may live on: {reason}"));
            }
            None if as_json => {}
            None if was_there => say!("{instance}: every session in Amazon Connect ended."),
            None => say!("{instance}: Amazon Connect has no user of exactly that name."),
        }
    }
    match (problems.is_empty(), nobody) {
        (false, _) => Outcome::Failed(problems),
        (true, true) => {
            Outcome::Exit(NOBODY, vec!["nobody has that user name: is it spelled right?".to_owned()])
        }
        (true, false) => Outcome::Done,
    }
}

fn ended_as_json(sessions: usize, connect: &[EndedInConnect], problems: &[String]) -> Value {
    let connect = connect.iter().map(
        |ended| json!({ "instance": ended.instance, "was_there": ended.was_there, "failed": ended.failed }),
    );
    json!({ "sessions": sessions, "connect": connect.collect::<Vec<_>>(), "problems": problems })
}

/// What a gateway that was asked to end sessions says.
pub(super) struct Ended {
    pub(super) sessions: usize,
    pub(super) connect: Vec<EndedInConnect>,
    /// What may live on at the gateway.
    pub(super) problems: Vec<String>,
}

/// Asks the gateway that listens at `socket`.
///
/// # Errors
/// When it can't be asked, or refuses.
pub(super) async fn ask_to_end(
    socket: &Path,
    username: &str,
    instance: Option<InstanceName>,
    in_connect: bool,
) -> Result<Ended, String> {
    let question = Question::EndSessions { username: username.to_owned(), instance, in_connect };
    match control::ask(socket, &question).await? {
        Answer::SessionsEnded { sessions, failed, connect } => {
            let problems =
                failed.into_iter().map(|why| format!("sessions at this gateway may live on: {why}"));
            Ok(Ended { sessions, connect, problems: problems.collect() })
        }
        _ => Err(control::unexpected(socket)),
    }
}

pub(super) fn counted(sessions: usize) -> String {
    match sessions {
        0 => "No session".to_owned(),
        1 => "1 session ended".to_owned(),
        count => format!("{count} sessions ended"),
    }
}

fn one_of(config: &Config, name: &str) -> Result<InstanceName, String> {
    let known = config.instances.iter().map(|instance| instance.name.as_str());
    chosen("--instance", Some(name), known).map(InstanceName::new)
}

fn failed(reason: String) -> Outcome {
    Outcome::Failed(vec![reason])
}

fn as_value(session: &OpenSession) -> Value {
    let entered = session.entered.iter().map(|entered| {
        json!({ "instance": entered.instance, "username": entered.username, "token_kept": entered.has_token })
    });
    json!({
        "idp": session.idp,
        "since": at(session.since),
        "until": at(session.until),
        "entered": entered.collect::<Vec<_>>(),
    })
}

fn as_text(sessions: &[OpenSession], left_out: usize) -> String {
    let rows = sessions.iter().flat_map(|session| {
        let row = |username: &str, instance: &str, token: &str| {
            let (idp, since, until) = (session.idp.to_string(), at(session.since), at(session.until));
            [username.to_owned(), instance.to_owned(), idp, since, until, token.to_owned()]
        };
        let entered = session.entered.iter().map(|entered| {
            row(&entered.username, entered.instance.as_str(), if entered.has_token { "kept" } else { "-" })
        });
        let rows: Vec<_> = entered.collect();
        if rows.is_empty() { vec![row("(in no instance yet)", "-", "-")] } else { rows }
    });
    let listed = table(["user", "instance", "identity provider", "since", "until", "token"], rows);
    let more = if left_out > 0 { format!("  and {left_out} that began earlier\n") } else { String::new() };
    listed
        + &more
        + &match sessions.len() + left_out {
            1 => "1 session at this gateway.\n".to_owned(),
            count => format!("{count} sessions at this gateway.\n"),
        }
}

fn at(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

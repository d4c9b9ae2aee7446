//! The gateway's side: who may ask, how much and how long, and the answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_sessions::SessionStore;
use url::Url;

use super::{Answer, Found, Question};
use crate::admin::{Console, Outcome};
use crate::app::mapping::chosen;
use crate::app::socket::Socket;
use crate::audit;
use crate::model::{Clock, IdpName, InstanceName, OpenSessions, TestId};
use crate::sign_in::{SignIn, TestAsk};

/// The longest question, in bytes.
const LONGEST: u64 = 4096;
/// How long a question may take to arrive, and an answer to leave.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one question about a test waits for its end.
const WAIT: Duration = Duration::from_secs(20);
/// Most questions at once; more wait in the system's queue.
const AT_ONCE: usize = 16;
/// Pause after the system refused a connection.
const REFUSED: Duration = Duration::from_millis(100);

/// Answers.
pub(crate) struct Server {
    /// The journeys, for test sign-ins.
    pub(crate) sign_in: Arc<SignIn>,
    /// What is remembered of recent sign-ins.
    pub(crate) console: Arc<Console>,
    /// Where browsers find the gateway.
    pub(crate) public_url: Url,
    /// The sessions.
    pub(crate) store: Arc<dyn SessionStore>,
    /// Which there are.
    pub(crate) open_sessions: Arc<dyn OpenSessions>,
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Server {
    /// Answers until it is dropped.
    pub(crate) async fn serve(self, socket: Arc<Socket>) {
        let (server, slots) = (Arc::new(self), Arc::new(Semaphore::new(AT_ONCE)));
        let may_ask = [socket.uid, 0];
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            match socket.listener.accept().await {
                Ok((stream, _)) => {
                    let server = Arc::clone(&server);
                    connections.spawn(async move {
                        let _slot = slot;
                        // What goes wrong on a connection is the client's affair.
                        let _ =
                            exchange(stream, &may_ask, |question, uid| server.audited(question, uid)).await;
                    });
                }
                Err(error) => {
                    tracing::warn!(cause = %error, "a connection to the control socket could not be accepted");
                    sleep(REFUSED).await;
                }
            }
        }
    }

    async fn audited(&self, question: Question, uid: u32) -> Answer {
        let word = match &question {
            Question::SignIn { .. } => "sign_in",
            Question::MakeTest { .. } => "make_test",
            Question::AwaitTest { .. } => "await_test",
            Question::Sessions {} => "sessions",
            Question::EndSessions { .. } => "end_sessions",
        };
        let answer = self.answer(question).await;
        match &answer {
            // Asked for again and again.
            Answer::Waiting => {}
            Answer::Refused { reason } => audit::control(word, uid, Some(reason)),
            _ => audit::control(word, uid, None),
        }
        answer
    }

    async fn answer(&self, question: Question) -> Answer {
        match question {
            Question::SignIn { support_id } => self.sign_in(&support_id).await,
            Question::MakeTest { instance, idp, again } => {
                let made = self.make_test(instance.as_deref(), idp.as_deref(), again).await;
                made.unwrap_or_else(|reason| refused(&reason))
            }
            Question::AwaitTest { id } => self.await_test(&id).await,
            Question::Sessions {} => self.sessions().await,
            Question::EndSessions { username, instance, in_connect } => {
                self.end_sessions(&username, instance, in_connect).await
            }
        }
    }

    async fn sign_in(&self, support_id: &str) -> Answer {
        self.console.look_around().await;
        let Some(sign_in) = self.console.sign_in(support_id) else {
            return refused(
                "no sign-in with that support id is remembered: they are kept for a day at most, in the number of \
                 admin.keep_sign_ins, and not over a restart. `connect-gateway explain` finds older ones in the log",
            );
        };
        let outcome = match &sign_in.outcome {
            Outcome::LetIn => "let_in".to_owned(),
            Outcome::Refused(code, cause) => format!("{}: {cause}", code.id),
        };
        let (instance, identity) = (sign_in.instance.clone(), sign_in.identity.clone());
        Answer::SignIn(Box::new(Found { instance, outcome, identity }))
    }

    async fn make_test(
        &self,
        instance: Option<&str>,
        idp: Option<&str>,
        again: bool,
    ) -> Result<Answer, String> {
        if !self.console.remembers() {
            return Err("admin.keep_sign_ins is 0: there would be nothing to read after a test".to_owned());
        }
        let instances = self.sign_in.choices();
        let names = instances.iter().map(|instance| instance.name.as_str());
        let instance = InstanceName::new(chosen("--instance", instance, names)?);
        let idps = self.sign_in.idps(&instance).map_err(|error| error.to_string())?;
        let idp = IdpName::new(chosen("--idp", idp, idps.iter().map(|idp| idp.name.as_str()))?);
        let link = self.sign_in.make_test_link(TestAsk { instance, idp, again }).await;
        let link = link.map_err(|error| audit::cause(&error))?;
        let now = self.clock.now();
        let seconds = |until| time::Duration::whole_seconds(until - now).max(0).unsigned_abs();
        Ok(Answer::Test {
            address: crate::web::test_link(&self.public_url, &link.token),
            open_seconds: seconds(link.open_until),
            answer_seconds: seconds(link.answer_until),
            id: link.id,
        })
    }

    async fn await_test(&self, id: &TestId) -> Answer {
        match timeout(WAIT, self.console.tested(id)).await {
            Ok(sign_in) => Answer::Ended { support_id: sign_in.support_id.clone() },
            Err(_) => Answer::Waiting,
        }
    }
}

/// One question and its answer, for whoever is one of `may_ask`: user ids.
async fn exchange<F: Future<Output = Answer>>(
    mut stream: UnixStream,
    may_ask: &[u32],
    answer: impl FnOnce(Question, u32) -> F,
) -> std::io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    if !may_ask.contains(&uid) {
        audit::control("connect", uid, Some("another user"));
        return Ok(());
    }
    let answer = match timeout(PATIENCE, question(&mut stream)).await {
        Ok(Some(question)) => answer(question, uid).await,
        _ => refused("not a question of this program: is it of another version?"),
    };
    let line = serde_json::to_string(&answer).unwrap_or_default() + "\n";
    timeout(PATIENCE, stream.write_all(line.as_bytes())).await?
}

pub(super) fn refused(reason: &str) -> Answer {
    Answer::Refused { reason: reason.to_owned() }
}

/// One line, no longer than it may be.
async fn question(stream: &mut UnixStream) -> Option<Question> {
    let mut line = Vec::new();
    BufReader::new(stream.take(LONGEST)).read_until(b'\n', &mut line).await.ok()?;
    serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes back to whoever sends `sent`, and whether the question was asked at all.
    async fn told(sent: &[u8], may_ask: impl Fn(u32) -> u32) -> (String, bool) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let may_ask = [may_ask(ours.peer_cred().unwrap().uid())];
        theirs.write_all(sent).await.unwrap();
        theirs.shutdown().await.unwrap();
        let mut asked = false;
        let answer = |_, _| {
            asked = true;
            async { Answer::Waiting }
        };
        exchange(ours, &may_ask, answer).await.unwrap();
        let mut told = Vec::new();
        // Closed on what was not read: an error after all that was told.
        theirs.read_to_end(&mut told).await.ok();
        (String::from_utf8(told).unwrap(), asked)
    }

    const QUESTION: &[u8] = b"{\"sign_in\":{\"support_id\":\"4F7K-9Q2M-X0TB\"}}\n";

    #[tokio::test]
    async fn another_user_is_told_nothing_even_where_the_file_would_let_them_in() {
        assert_eq!(told(QUESTION, |own| own).await, ("\"waiting\"\n".to_owned(), true));
        assert_eq!(told(QUESTION, |own| own + 1).await, (String::new(), false));
    }

    #[tokio::test]
    async fn only_a_whole_short_question_is_answered() {
        let long = format!("{{\"sign_in\":{{\"support_id\":\"{}\"}}}}\n", "x".repeat(4096));
        let half = &QUESTION[..QUESTION.len() - 1];
        let unknown = b"{\"sign_in\":{\"support_id\":\"x\",\"more\":1}}\n";
        for bad in [&b""[..], b"\n", b"GET / HTTP/1.1\n", b"{\"stop\":{}}\n", unknown, half, long.as_bytes()]
        {
            let (told, asked) = told(bad, |own| own).await;
            assert!(told.starts_with("{\"refused\"") && !asked, "{bad:?}: {told}");
        }
    }
}

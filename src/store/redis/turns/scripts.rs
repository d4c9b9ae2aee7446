//! What Redis is asked about lines.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::FromRedisValue;
use tokio::time::Instant;

use super::super::name::Name;
use super::super::script::Script;
use super::Shared;
use super::line::{Place, Standing};
use crate::model::{Call, Patience, Priority, StateUnavailable};

static JOIN: Script = Script::new(concat!(include_str!("line.lua"), include_str!("join.lua")));
static SERVE: Script = Script::new(concat!(include_str!("line.lua"), include_str!("serve.lua")));
static THROTTLED: Script = Script::new(concat!(include_str!("line.lua"), include_str!("throttled.lua")));
static OUTLOOK: Script = Script::new(include_str!("outlook.lua"));

/// What became of a call that came to a line.
#[derive(Clone, Copy)]
pub(super) enum Joined {
    Passed,
    Waits(Duration),
    Never(Duration),
}

/// What became of this replica's people.
pub(super) struct Served {
    /// Their turns have come.
    pub(super) turns: Vec<String>,
    /// When the next one's turn comes.
    pub(super) next: Option<Duration>,
    pub(super) standing: Standing,
    /// Those who wait, where they are fewer than there should be.
    pub(super) mine: Option<Vec<String>>,
}

/// How a line stands, as scripts answer it.
type Stands = (u64, u32, usize);

impl Shared {
    /// Takes a turn or a place. `left`: how long it may wait for it; none: not at all, and a place that is held is given up.
    pub(super) async fn join(
        &self,
        place: &Place,
        patience: Patience,
        left: Option<Duration>,
        takes_over: bool,
    ) -> Result<(Joined, Standing), StateUnavailable> {
        let left = left.map_or("-1".to_owned(), |left| left.as_millis().to_string());
        let is_again = if patience.is_again() { "1" } else { "0" };
        let takes_over = if takes_over { "1" } else { "0" };
        let priority = (patience.priority() as u8).to_string();
        let args = [place.entry.as_str(), &priority, is_again, &left, takes_over].map(str::to_owned);
        let (kind, wait, stands): (u8, u64, Stands) =
            self.ask("turns.join", &JOIN, &place.call, &[], args).await?;
        let wait = Duration::from_millis(wait);
        let joined = match kind {
            0 => Joined::Passed,
            1 => Joined::Waits(wait),
            _ => Joined::Never(wait),
        };
        Ok((joined, standing(stands)))
    }

    /// Asks for the turns of this replica's people, `waiting` of them; those in `left` gave up. `number` is this question's.
    pub(super) async fn turns(
        &self,
        call: &Call,
        number: u64,
        waiting: usize,
        left: Vec<String>,
    ) -> Result<Served, StateUnavailable> {
        let args = [number.to_string(), waiting.to_string()].into_iter().chain(left);
        let (turns, next, stands, mine): (Vec<String>, i64, Stands, Option<Vec<String>>) =
            self.ask("turns.serve", &SERVE, call, &["given"], args).await?;
        let next = u64::try_from(next).ok().map(Duration::from_millis);
        Ok(Served { turns, next, standing: standing(stands), mine })
    }

    pub(super) async fn slow_down(&self, call: &Call) -> Result<Standing, StateUnavailable> {
        self.ask("turns.throttled", &THROTTLED, call, &[], []).await.map(standing)
    }

    /// When the turn of `entry` comes in one of the lines.
    pub(super) async fn look_for(
        &self,
        (account, region): (&str, &str),
        operations: &BTreeSet<&'static str>,
        entry: &str,
        wanted: Priority,
    ) -> Result<Option<Duration>, StateUnavailable> {
        let (mut names, mut args) = (Vec::new(), vec![entry.to_owned(), (wanted as u8).to_string()]);
        for operation in operations {
            let line = self.line(account, region, operation);
            names.extend([line.part("pace"), line.part("waiting")]);
            args.extend(self.rate(operation));
        }
        let names: Vec<&Name> = names.iter().collect();
        let turn: i64 = self.redis.run("turns.outlook", &OUTLOOK, &names, args).await?;
        Ok(u64::try_from(turn).ok().map(Duration::from_millis))
    }

    async fn ask<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &'static Script,
        call: &Call,
        more: &[&str],
        args: impl IntoIterator<Item = String>,
    ) -> Result<T, StateUnavailable> {
        let line = self.line(&call.account, &call.region, call.operation);
        let parts = ["pace", "waiting", "owners", "seen"].iter().chain(more);
        let names: Vec<Name> = parts.map(|part| line.part(part)).collect();
        let names: Vec<&Name> = names.iter().collect();
        let args: Vec<String> =
            [self.replica.clone()].into_iter().chain(self.rate(call.operation)).chain(args).collect();
        self.redis.run(operation, script, &names, args).await
    }

    /// All lines of an account and a Region stand together: one script can look through them.
    fn line(&self, account: &str, region: &str, operation: &str) -> Name {
        self.redis.name_of_guessable("turns", &[account.as_bytes(), region.as_bytes()]).part(operation)
    }

    fn rate(&self, operation: &str) -> [String; 2] {
        let rate = self.rates.of(operation);
        [rate.per_second.to_string(), rate.burst.to_string()]
    }
}

fn standing((lead, thousandths, waiting): Stands) -> Standing {
    Standing {
        at: Instant::now(),
        lead: Duration::from_millis(lead),
        factor: f64::from(thousandths) / 1000.0,
        waiting,
    }
}

//! Scripts run as one: nothing comes in between. <https://redis.io/docs/latest/develop/programmability/eval-intro/>

use std::sync::OnceLock;

use redis::{Cmd, ToRedisArgs, cmd};

use super::name::Name;

/// A script in Lua, known to the server by its hash once it has seen it.
///
/// It may run twice for one request, when the answer was lost: the second run must do no harm and answer the same. It
/// touches only the records whose names it is given, all of one tag, and sets the end of each in what it writes.
pub(super) struct Script {
    source: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    pub(super) const fn new(source: &'static str) -> Self {
        Self { source, hash: OnceLock::new() }
    }

    /// The call by hash.
    pub(super) fn by_hash(&self, names: &[&Name], args: &impl ToRedisArgs) -> Cmd {
        let hash = self.hash.get_or_init(|| redis::Script::new(self.source).get_hash().to_owned());
        call("EVALSHA", hash, names, args)
    }

    /// The call that brings the script along.
    pub(super) fn in_full(&self, names: &[&Name], args: &impl ToRedisArgs) -> Cmd {
        call("EVAL", self.source, names, args)
    }
}

fn call(word: &str, script: &str, names: &[&Name], args: &impl ToRedisArgs) -> Cmd {
    let mut call = cmd(word);
    call.arg(script).arg(names.len());
    for name in names {
        call.arg(name.as_str());
    }
    call.arg(args);
    call
}

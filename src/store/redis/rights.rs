//! Whether the user at Redis may do all that scripts do, asked before the first person comes.

use redis::{FromRedisValue as _, RedisError};
use tokio::time::Instant;

use super::name::VERSION;
use super::script::Script;
use super::start::Error;
use super::{Redis, failure};

static RIGHTS: Script = Script::new(include_str!("rights.lua"));

impl Redis {
    /// Tries every command that scripts run, so that none is refused first when somebody signs in.
    ///
    /// # Errors
    /// [`Error::Rights`] with what its rules have to say; another one when nobody can tell.
    pub(super) async fn check_rights(&self, deadline: Instant) -> Result<(), Error> {
        let names = ["text", "hash", "zset"].map(|part| self.name_of_one("rights").part(part));
        // As a whole: a server that knows all scripts would not be asked for `EVAL` before it has forgotten them.
        let cmd = RIGHTS.in_full(&names.each_ref(), &("",));
        let answer = self.ask_until("state.rights", &cmd, deadline).await;
        let refused = answer.and_then(|value| Ok(Vec::<String>::from_redis_value(value)?));
        let refused = refused.map_err(|error| refusal(&error))?;
        if refused.is_empty() { Ok(()) } else { Err(Error::Rights(refused.join(" "))) }
    }
}

/// What an error means before anybody has signed in.
pub(super) fn refusal(error: &RedisError) -> Error {
    let words = failure::words(error);
    if failure::passes(error) { Error::Unreachable(words) } else { refused_with(words) }
}

/// What Redis said no with: the rule that is missing, where it names one.
pub(super) fn refused_with(words: String) -> Error {
    if !words.contains("NOPERM") {
        return Error::Refused(words);
    }
    match words.split_once("run the '").and_then(|(_, rest)| rest.split_once('\'')) {
        Some((command, _)) => Error::Rights(format!("+{command}")),
        None if words.contains(" key") => Error::Rights(format!("~{VERSION}:*")),
        None => Error::Refused(words),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/redis");

    /// The files that have scripts, but those about rights.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
        files.filter(|path| path.file_stem().is_some_and(|stem| stem != "rights")).collect()
    }

    /// What stands after each `call`: one command, between quotes.
    fn commands(text: &str, call: &str) -> BTreeSet<String> {
        let rest = text.split(call).skip(1);
        let command = |rest: &str| rest.strip_prefix('\'')?.split_once('\'').map(|(word, _)| word.to_owned());
        rest.map(|rest| command(rest).unwrap_or_else(|| panic!("no plain command: {rest:.40}"))).collect()
    }

    #[test]
    fn every_command_of_every_script_is_tried_at_the_start() {
        let texts = files(Path::new(FOLDER)).into_iter().map(|path| fs::read_to_string(path).unwrap());
        let text = texts.collect::<String>();
        let calls = text.matches("redis.call").count() + text.matches("redis.pcall").count();
        assert_eq!(text.matches("redis.call(").count(), calls, "each as this test finds it");
        let used = commands(&text, "redis.call(");
        assert!(used.len() > 20, "{used:?}");
        assert_eq!(commands(include_str!("rights.lua"), "\ntry("), used);
    }

    #[test]
    fn a_refusal_says_which_rule_is_missing_and_other_words_are_passed_on() {
        let rights = |rule: &str| Error::Rights(rule.to_owned());
        for (words, error) in [
            ("NOPERM User gateway has no permissions to run the 'eval' command", rights("+eval")),
            (
                "NOPERM this user has no permissions to run the 'eval' command or its subcommand",
                rights("+eval"),
            ),
            ("NOPERM No permissions to access a key", rights("~cg1:*")),
            (
                "NOPERM this user has no permissions to access one of the keys used as arguments",
                rights("~cg1:*"),
            ),
            ("WRONGPASS no", Error::Refused("WRONGPASS no".to_owned())),
        ] {
            assert_eq!(refused_with(words.to_owned()), error);
        }
    }
}

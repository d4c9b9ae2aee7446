//! What administrators compute: the Common Expression Language, <https://cel.dev>. The only module that knows `cel`.
//!
//! An expression sees one person and nothing else, and has no loops but the macros over what it is given. At load it is
//! read with the largest person in mind whom [`super::limits`] let through: what it can cost, how large its values can
//! grow, and of which types they are. What could fail for some person is found at load too, by trying made-up people.

mod amount;
mod calls;
mod comparing;
mod language;
mod macros;
mod people;
mod reading;
mod scope;
mod shape;

#[cfg(test)]
mod grammar_tests;

use std::collections::BTreeSet;
use std::{fmt, thread};

use cel::{Program, Value as Cel};

use crate::model::Caret;

use language::LANGUAGE;
use reading::Reading;

pub(super) use scope::Scope;

/// The longest expression, in bytes.
const LONGEST: usize = 2048;

/// The parser goes one level down for each bracket, and is young: it reads on a thread of its own, with more stack than
/// the longest expression can use, and whatever it does there the gateway goes on.
const STACK: usize = 128 * 1024 * 1024;

/// An expression that passed every check at load.
pub(super) struct Expression {
    source: String,
    program: Program,
    attributes: BTreeSet<String>,
    steps: u64,
}

/// What an expression is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Whether a rule hits: `true` or `false`, for everybody.
    Condition,
    /// [`Purpose::Condition`], after the rules: sees what they made of the person.
    Check,
    /// One text, several, or none.
    Value,
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) caret: Option<Caret>,
}

/// Why an expression that passed every check at load can't be computed for this person. Holds no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed(pub(super) &'static str);

impl Expression {
    /// Reads `source` and tries it.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn new(source: &str, purpose: Purpose) -> Result<Self, Mistake> {
        if source.len() > LONGEST {
            return Err(Mistake::plain(format!("is longer than {LONGEST} bytes: use several rules")));
        }
        thread::scope(|scope| {
            let reader = thread::Builder::new().stack_size(STACK);
            let reader = reader.spawn_scoped(scope, || Self::read(source, purpose));
            reader
                .ok()
                .and_then(|reader| reader.join().ok())
                .unwrap_or_else(|| Err(Mistake::plain("can't be read")))
        })
    }

    fn read(source: &str, purpose: Purpose) -> Result<Self, Mistake> {
        let program = LANGUAGE.compile(source)?;
        let reading = Reading::of(&program, purpose).map_err(|found| found.within(source, &program))?;
        let attributes = reading.attributes.clone();
        let expression = Self { source: source.to_owned(), program, attributes, steps: reading.steps };
        people::attempt(&expression, &reading, purpose)?;
        Ok(expression)
    }

    /// As it is written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The most steps that it takes for anybody, each about a nanosecond.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// The attributes that it names.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(String::as_str)
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// When it can't be told.
    pub(super) fn holds(&self, scope: &Scope) -> Result<bool, Failed> {
        match scope.compute(&self.program).map_err(|error| Failed(scope::kind_of(&error)))? {
            Cel::Bool(holds) => Ok(holds),
            _ => Err(Failed("it is neither true nor false")),
        }
    }

    /// The texts that it computes. None when it looks at what was not sent.
    ///
    /// # Errors
    /// When it can't be computed.
    pub(super) fn texts(&self, scope: &Scope) -> Result<Vec<String>, Failed> {
        match scope.compute(&self.program) {
            Ok(value) => scope::texts(&value).ok_or(Failed("it is neither a text nor a list of texts")),
            Err(error) if scope::is_absence(&error) => Ok(Vec::new()),
            Err(error) => Err(Failed(scope::kind_of(&error))),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Mistake {
    fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), caret: None }
    }
}

//! Which names and functions there are.

use std::sync::{Arc, LazyLock};

use cel::{Env, ParseErrors, Program, extensions};

use crate::mapping::MAX_SECURITY_PROFILES;
use crate::mapping::limits::{MAX_GROUPS, MAX_TEXT, MAX_VALUES, MAX_VALUES_IN_ALL};
use crate::model::{Caret, HierarchyPath};

use super::amount::Amount;
use super::shape::{Kind, Shape};
use super::{Mistake, Purpose};

/// No value has more text, in bytes.
const TEXT: u64 = MAX_TEXT as u64;

/// `user.<field>`: what the names layer found. A field without a value is not there.
pub(super) const USER_FIELDS: [&str; 6] =
    ["name_id", "username", "first_name", "last_name", "display_name", "email"];

/// `placement.<field>`: what the rules made of the person. Every one is there.
pub(super) const PLACEMENT_FIELDS: [&str; 3] = ["security_profiles", "routing_profile", "hierarchy"];

/// What may be called. Patterns are not among them: `groups_glob` is the one there is, and takes time in proportion.
pub(super) const FUNCTIONS: [&str; 29] = [
    "all",
    "charAt",
    "contains",
    "distinct",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "flatten",
    "has",
    "hasValue",
    "indexOf",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "map",
    "or",
    "orValue",
    "replace",
    "reverse",
    "size",
    "slice",
    "sort",
    "split",
    "startsWith",
    "string",
    "substring",
    "trim",
    "upperAscii",
];

/// What the parser makes of operators.
pub(super) const OPERATORS: [&str; 21] = [
    "!_",
    "-_",
    "@in",
    "@not_strictly_false",
    "_!=_",
    "_%_",
    "_&&_",
    "_*_",
    "_+_",
    "_-_",
    "_/_",
    "_<=_",
    "_<_",
    "_==_",
    "_>=_",
    "_>_",
    "_?._",
    "_?_:_",
    "_[?_]",
    "_[_]",
    "_||_",
];

pub(super) static LANGUAGE: LazyLock<Language> = LazyLock::new(Language::new);

pub(super) struct Language {
    pub(super) env: Arc<Env>,
}

impl Language {
    fn new() -> Self {
        let mut env = Env::stdlib();
        for extension in [extensions::strings, extensions::lists] {
            // Fails only for a name that is declared twice, and then its functions are missed at once.
            let _declared = env.add_extension(extension);
        }
        Self { env: Arc::new(env) }
    }

    pub(super) fn compile(&self, source: &str) -> Result<Program, Mistake> {
        self.env.compile(source).map_err(|errors| syntax(source, &errors))
    }
}

/// The names that an expression may use.
pub(super) fn variables(purpose: Purpose) -> &'static [&'static str] {
    match purpose {
        Purpose::Condition | Purpose::Value => &["attrs", "groups", "idp", "instance", "user"],
        Purpose::Check => &["attrs", "groups", "idp", "instance", "placement", "user"],
    }
}

/// What a name, or a field of `placement`, yields for the largest person who is let through.
pub(super) fn variable(name: &str) -> Shape {
    let (groups, values) = (MAX_GROUPS as u64, MAX_VALUES as u64);
    let text = |bytes: u64| Shape::text(Amount::of(bytes));
    let list = |count: u64, bytes: u64, longest: u64| {
        Shape::list(text(longest), Amount::of(count), Amount::of(bytes))
    };
    let map = |of: Shape, count: u64, bytes: u64| Shape::many(Kind::Map(Box::new(of)), count, bytes);
    match name {
        "groups" => list(groups, TEXT, TEXT),
        "attrs" => map(list(values, TEXT, TEXT), MAX_VALUES_IN_ALL as u64, TEXT),
        "user" => map(text(TEXT), 2 * USER_FIELDS.len() as u64, TEXT * USER_FIELDS.len() as u64),
        "security_profiles" => list(MAX_SECURITY_PROFILES as u64, TEXT, TEXT),
        "hierarchy" => list(HierarchyPath::DEEPEST as u64, TEXT, TEXT),
        "placement" => map(Shape::many(Kind::Unknown, 100, TEXT), 100, TEXT),
        _ => text(TEXT),
    }
}

fn syntax(source: &str, errors: &ParseErrors) -> Mistake {
    let Some(first) = errors.errors.first() else { return Mistake::plain("is no expression") };
    let message = first.msg.lines().next().unwrap_or_default();
    let line = usize::try_from(first.pos.0).unwrap_or(1).max(1);
    let column = usize::try_from(first.pos.1).unwrap_or(1).max(1);
    Mistake {
        message: format!("is no expression: {message}"),
        caret: source.lines().nth(line - 1).map(|text| Caret { text: text.to_owned(), column }),
    }
}

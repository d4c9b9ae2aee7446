//! Made-up expressions: each is refused with its place, or yields what was worked out for the largest person.

use std::collections::BTreeMap;

use cel::Value;

use super::language::LANGUAGE;
use super::reading::{MOST_STEPS, Reading};
use super::scope::{self, Scope};
use super::shape::{Kind, Shape};
use super::{Expression, Failed, Purpose};

/// Writes expressions. The same numbers in every run.
struct Writer {
    state: u64,
    /// Names that macros gave, of texts.
    bound: Vec<String>,
}

impl Writer {
    fn below(&mut self, end: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).expect("31 bits") % end
    }

    fn text(&mut self, depth: usize) -> String {
        if self.below(40) == 0 {
            return self.list(depth);
        }
        match if depth == 0 { self.below(4) } else { self.below(16) } {
            0 => "user.?email.orValue('')".to_owned(),
            1 => ["''", "'-'", "'a'", "'aaaaaaaaaaaaaaaa'", "idp", "instance"][self.below(6)].to_owned(),
            2 | 3 => match self.bound.len() {
                0 => "'cc-'".to_owned(),
                count => {
                    let one = self.below(count);
                    self.bound[one].clone()
                }
            },
            4 => format!("({} + {})", self.text(depth - 1), self.text(depth - 1)),
            5 => format!("{}.{}()", self.text(depth - 1), ["lowerAscii", "trim", "reverse"][self.below(3)]),
            6 => {
                let text = self.text(depth - 1);
                format!("{text}.replace({}, {})", self.text(depth - 1), self.text(depth - 1))
            }
            7 => format!("{}.substring(0)", self.text(depth - 1)),
            8 | 9 => format!("{}.join({})", self.list(depth - 1), self.text(depth - 1)),
            10 | 11 => {
                format!("{}[?{}].orValue({})", self.list(depth - 1), self.below(3), self.text(depth - 1))
            }
            12 => format!("string({})", self.number(depth - 1)),
            13 => format!("(['a', 'b'] + {})[1]", self.list(depth - 1)),
            _ => format!("({} ? {} : {})", self.truth(depth - 1), self.text(depth - 1), self.text(depth - 1)),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        if self.below(40) == 0 {
            return self.text(depth);
        }
        match if depth == 0 { self.below(3) } else { self.below(16) } {
            0 => "groups".to_owned(),
            1 => ["attrs.?groups.orValue([])", "attrs[?'other'].orValue(groups)", "[]"][self.below(3)]
                .to_owned(),
            2 => "['cc', '-']".to_owned(),
            3 => format!("[{}, {}]", self.text(depth - 1), self.text(depth - 1)),
            4 | 5 => format!("{}.split({})", self.text(depth - 1), self.text(depth - 1)),
            6 => self.macro_("map", depth, Self::text),
            7 => format!("{}.flatten()", self.macro_("map", depth, Self::list)),
            8 | 9 => self.macro_("filter", depth, Self::truth),
            10 => format!("({} + {})", self.list(depth - 1), self.list(depth - 1)),
            11 => format!("{}.{}()", self.list(depth - 1), ["sort", "distinct", "reverse"][self.below(3)]),
            12 => format!("[?{}[?0], {}]", self.list(depth - 1), self.text(depth - 1)),
            13 => format!("{}.slice(0, 0)", self.list(depth - 1)),
            14 => format!("[{}, {}].flatten()", self.list(depth - 1), self.list(depth - 1)),
            _ => format!("({} ? {} : {})", self.truth(depth - 1), self.list(depth - 1), self.list(depth - 1)),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        match if depth == 0 { 0 } else { self.below(12) } {
            0 => ["'cc' in groups", "has(attrs.other)", "user.?email.hasValue()"][self.below(3)].to_owned(),
            1 => format!(
                "{} {} {}",
                self.text(depth - 1),
                ["==", "!=", "<"][self.below(3)],
                self.text(depth - 1)
            ),
            2 => format!("({} == {})", self.list(depth - 1), self.list(depth - 1)),
            3 => format!(
                "{}.{}({})",
                self.text(depth - 1),
                ["contains", "startsWith"][self.below(2)],
                self.text(depth - 1)
            ),
            4 => format!("({} in {})", self.text(depth - 1), self.list(depth - 1)),
            5..=7 => self.macro_("exists", depth, Self::truth),
            8 => self.macro_("all", depth, Self::truth),
            9 => self.macro_("exists_one", depth, Self::truth),
            10 => format!("({} > {})", self.number(depth - 1), self.number(depth - 1)),
            _ => format!(
                "({} {} {})",
                self.truth(depth - 1),
                ["&&", "||"][self.below(2)],
                self.truth(depth - 1)
            ),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        match if depth == 0 { 0 } else { self.below(5) } {
            0 => self.below(9).to_string(),
            1 => format!("size({})", self.list(depth - 1)),
            2 => format!("{}.size()", self.text(depth - 1)),
            3 => format!("{}.indexOf({})", self.text(depth - 1), self.text(depth - 1)),
            _ => format!("({} + {})", self.number(depth - 1), self.number(depth - 1)),
        }
    }

    fn macro_(&mut self, name: &str, depth: usize, body: fn(&mut Self, usize) -> String) -> String {
        let range = self.list(depth - 1);
        let bound = format!("v{}", self.bound.len());
        self.bound.push(bound.clone());
        let body = body(self, depth - 1);
        self.bound.pop();
        format!("{range}.{name}({bound}, {body})")
    }
}

/// Values at any depth, and bytes of text.
fn size(value: &Value) -> (u64, u64) {
    let of = |parts: Vec<(u64, u64)>| {
        parts.iter().fold((0, 0), |all, part| (all.0 + part.0.max(1), all.1 + part.1))
    };
    match value {
        Value::String(text) => (1, text.len() as u64),
        Value::List(list) => of(list.iter().map(size).collect()),
        Value::Opaque(opaque) => opaque
            .downcast_ref::<cel::objects::OptionalValue>()
            .and_then(|optional| optional.value().map(size))
            .unwrap_or((1, 0)),
        _ => (1, 0),
    }
}

fn is_a(value: &Value, kind: &Kind) -> bool {
    match (value, kind) {
        (_, Kind::Unknown)
        | (Value::String(_), Kind::Text)
        | (Value::Bool(_), Kind::Truth)
        | (Value::Int(_), Kind::Number)
        | (Value::Opaque(_), Kind::Optional(_)) => true,
        (Value::List(list), Kind::List(element)) => list.iter().all(|value| is_a(value, &element.kind)),
        _ => false,
    }
}

/// A person with so many groups and values of so many bytes: within every limit.
fn person(count: usize, length: usize) -> Scope {
    let values: Vec<String> = (0..count).map(|n| format!("{n}-{}", "a-".repeat(length / 2))).collect();
    let attributes = ["groups", "other"].map(|name| (name.to_owned(), values.clone()));
    let attributes: BTreeMap<String, Vec<String>> = attributes.into();
    Scope::new([("email", values[0].as_str())], &values, &attributes, ("okta", "prod"))
}

/// Whether it is accepted.
fn check(source: &str, scope: &Scope) -> bool {
    let program = LANGUAGE.compile(source).expect("the grammar is that of CEL");
    let (reading, shape) = match Reading::with_shape(&program, Purpose::Value) {
        Ok(read) => read,
        Err(found) => {
            let mistake = found.within(source, &program);
            let column = mistake.caret.expect("a caret").column;
            assert!((1..=source.chars().count()).contains(&column), "{source}: {}", mistake.message);
            return false;
        }
    };
    assert!(reading.steps <= MOST_STEPS);
    match scope.compute(&program) {
        Ok(value) => check_value(source, &value, &shape),
        Err(error) => assert_ne!(scope::kind_of(&error), "it can't be computed", "{source}: {error:?}"),
    }
    true
}

fn check_value(source: &str, value: &Value, shape: &Shape) {
    let (values, bytes) = size(value);
    assert!(values <= shape.values.most(&[]).max(1), "{source}: {values} values of {:?}", shape.values);
    assert!(bytes <= shape.bytes.most(&[]), "{source}: {bytes} bytes of {:?}", shape.bytes);
    assert!(is_a(value, &shape.kind), "{source}: {:?}", shape.kind);
}

/// One to three characters changed, taken out or put in.
fn damaged(source: &str, numbers: &mut Writer) -> String {
    let mut letters: Vec<char> = source.chars().collect();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(letters.len());
        let other = ['(', ')', '[', ']', '.', '?', '\'', '+', '!', '@', 'g', '0', ' ', '=', '&', '\u{e9}']
            [numbers.below(16)];
        match numbers.below(3) {
            0 => letters[at] = other,
            1 => drop(letters.remove(at)),
            _ => letters.insert(at, other),
        }
    }
    letters.into_iter().collect()
}

#[test]
fn damaged_expressions_are_refused_or_can_be_computed() {
    let large = person(1000, 60);
    let mut numbers = Writer { state: 29, bound: Vec::new() };
    let (mut accepted, mut refused) = (0, 0);
    for source in [
        "groups.exists(g, g.startsWith('cc-') && g.endsWith('-leads'))",
        "groups.filter(g, g in ['cc-billing', 'cc-tech', 'cc-sales']).size() <= 1",
        "user.?email.orValue('').lowerAscii().endsWith('@acme.example')",
        "has(attrs.other) && groups.exists(g, g == 'cc-' + attrs.other[0])",
        "groups.map(g, g.split('-')[0].replace('c', '')).distinct()[?0].orValue('') != ''",
    ] {
        for _ in 0..300 {
            match Expression::new(&damaged(source, &mut numbers), Purpose::Condition) {
                Err(mistake) => {
                    assert!(!mistake.message.is_empty());
                    refused += 1;
                }
                Ok(expression) => {
                    let outcome = expression.holds(&large);
                    assert_ne!(outcome, Err(Failed("it can't be computed")), "{}", expression.source());
                    accepted += 1;
                }
            }
        }
    }
    assert!(accepted > 100 && refused > 500, "{accepted} accepted, {refused} refused");
}

#[test]
fn thousands_of_made_up_expressions_are_refused_with_a_place_or_keep_to_what_was_worked_out() {
    let (small, large) = (person(20, 12), person(1000, 60));
    let mut writer = Writer { state: 23, bound: Vec::new() };
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..6000 {
        let depth = 1 + writer.below(4);
        let source = match writer.below(3) {
            0 => writer.truth(depth),
            1 => writer.list(depth),
            _ => writer.text(depth),
        };
        if source.len() > super::LONGEST {
            continue;
        }
        if check(&source, if round % 8 == 0 { &large } else { &small }) {
            accepted += 1;
        } else {
            refused += 1;
        }
    }
    assert!(accepted > 2000 && refused > 500, "{accepted} accepted, {refused} refused");
}

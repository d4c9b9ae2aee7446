//! Reads an expression without computing it: which names it uses, and whether its cost is bounded.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr};
use cel::{IdedExpr, Program};

use crate::model::{Caret, advice};

use super::language::{FUNCTIONS, GROWING, PLACEMENT_FIELDS, USER_FIELDS, variables};
use super::{Mistake, Purpose};

/// At most this many calls in one expression make texts longer: what they make is multiplied.
const MOST_GROWING: usize = 2;

/// How deep an expression may be nested: so deep goes the evaluation, on a thread with a usual stack.
const DEEPEST: usize = 24;

/// What made-up people need to have so that an expression has something to look at.
#[derive(Default)]
pub(super) struct Reading {
    /// Attributes that are named.
    pub(super) attributes: BTreeSet<String>,
    /// Texts that are compared with something.
    pub(super) texts: BTreeSet<String>,
}

/// What is wrong with one part of an expression.
pub(super) struct Found {
    part: u64,
    /// How many characters the name stands before (a call is known by its bracket) or behind (a field by its dot) the
    /// place of the part.
    shift: isize,
    message: String,
}

impl Found {
    /// With the line that the part stands in.
    pub(super) fn within(self, source: &str, program: &Program) -> Mistake {
        let offset = program.source_info().offset_for(self.part).map_or(0, |(start, _)| start);
        let offset = usize::try_from(offset).unwrap_or(0).saturating_add_signed(self.shift);
        let before: String = source.chars().take(offset).collect();
        let line = before.matches('\n').count();
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let text = source.lines().nth(line).unwrap_or_default().to_owned();
        Mistake { message: self.message, caret: Some(Caret { text, column }) }
    }
}

impl Reading {
    /// Reads all of it.
    ///
    /// # Errors
    /// The first name that does not exist, or what makes the cost boundless.
    pub(super) fn of(program: &Program, purpose: Purpose) -> Result<Self, Found> {
        let mut reader = Reader {
            variables: variables(purpose),
            bound: Vec::new(),
            inside: 0,
            depth: 0,
            growing: 0,
            sees_person: false,
            reading: Self::default(),
        };
        let root = program.expression();
        reader.read(root)?;
        if purpose != Purpose::Value && !reader.sees_person {
            return Err(found(root, "is the same for everyone: it looks at nothing of the person"));
        }
        Ok(reader.reading)
    }
}

struct Reader {
    variables: &'static [&'static str],
    /// Names that macros around this part gave.
    bound: Vec<String>,
    /// How many macros are around this part.
    inside: usize,
    depth: usize,
    growing: usize,
    sees_person: bool,
    reading: Reading,
}

impl Reader {
    fn read(&mut self, part: &IdedExpr) -> Result<(), Found> {
        if self.depth == DEEPEST {
            return Err(found(part, format!("is nested more than {DEEPEST} deep: use several rules")));
        }
        self.depth += 1;
        let outcome = self.read_part(part);
        self.depth -= 1;
        outcome
    }

    fn read_part(&mut self, part: &IdedExpr) -> Result<(), Found> {
        match &part.expr {
            Expr::Ident(name) => self.name(part, name),
            Expr::Select(select) => self.select(part, select),
            Expr::Call(call) => self.call(part, call),
            Expr::Comprehension(comprehension) => self.comprehension(part, comprehension),
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.read(element)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => self.read(&entry.key).and_then(|()| self.read(&entry.value)),
                EntryExpr::StructField(field) => self.read(&field.value),
            }),
            Expr::Literal(LiteralValue::String(text)) => {
                self.reading.texts.insert(text.inner().to_owned());
                Ok(())
            }
            Expr::Literal(_) => Ok(()),
            Expr::Struct(_) | Expr::Unspecified => Err(found(part, "can't be used here")),
        }
    }

    fn name(&mut self, part: &IdedExpr, name: &str) -> Result<(), Found> {
        if name.starts_with('@') || self.bound.iter().any(|bound| bound == name) {
            return Ok(());
        }
        if !self.variables.contains(&name) {
            return Err(unknown(part, "name", name, self.variables));
        }
        if name == "groups" && self.inside > 0 {
            return Err(found(part, "`groups` can't be gone through again inside a macro"));
        }
        self.sees_person = true;
        Ok(())
    }

    fn select(&mut self, part: &IdedExpr, select: &SelectExpr) -> Result<(), Found> {
        self.field(part, &select.operand, &select.field).map_err(|found| Found { shift: 1, ..found })?;
        self.read(&select.operand)
    }

    /// A field of one of the names that have them.
    fn field(&mut self, part: &IdedExpr, of: &IdedExpr, field: &str) -> Result<(), Found> {
        let Expr::Ident(of) = &of.expr else { return Ok(()) };
        if self.bound.contains(of) {
            return Ok(());
        }
        let fields: &'static [&'static str] = match of.as_str() {
            "user" => &USER_FIELDS,
            "placement" => &PLACEMENT_FIELDS,
            "attrs" => {
                self.reading.attributes.insert(field.to_owned());
                return Ok(());
            }
            _ => return Ok(()),
        };
        if fields.contains(&field) { Ok(()) } else { Err(unknown(part, "field", field, fields)) }
    }

    fn call(&mut self, part: &IdedExpr, call: &CallExpr) -> Result<(), Found> {
        let name = call.func_name.as_str();
        let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_operator && !FUNCTIONS.contains(&name) {
            let shift = isize::try_from(name.len()).map_or(0, isize::wrapping_neg);
            return Err(Found { shift, ..unknown(part, "function", name, &FUNCTIONS) });
        }
        if GROWING.contains(&name) {
            self.growing += 1;
            if self.growing > MOST_GROWING {
                return Err(found(part, "`join` and `replace` may be there twice at most"));
            }
        }
        if let ("_[_]" | "_[?_]" | "_?._", [of, index]) = (name, &call.args[..])
            && let Expr::Literal(LiteralValue::String(field)) = &index.expr
        {
            self.field(part, of, field.inner())?;
        }
        call.target.iter().try_for_each(|target| self.read(target))?;
        call.args.iter().try_for_each(|argument| self.read(argument))
    }

    /// A macro, or one around another one: not three.
    fn comprehension(&mut self, part: &IdedExpr, macro_: &ComprehensionExpr) -> Result<(), Found> {
        self.read(&macro_.iter_range)?;
        if self.inside == 2 {
            return Err(found(part, "is a macro inside a macro inside a macro: two are the most"));
        }
        let names = self.bound.len();
        self.bound.push(macro_.iter_var.clone());
        self.bound.extend(macro_.iter_var2.clone());
        self.inside += 1;
        let body = [&macro_.accu_init, &macro_.loop_cond, &macro_.loop_step, &macro_.result];
        let outcome = body.into_iter().try_for_each(|body| self.read(body));
        self.inside -= 1;
        self.bound.truncate(names);
        outcome
    }
}

fn found(part: &IdedExpr, message: impl Into<String>) -> Found {
    Found { part: part.id, shift: 0, message: message.into() }
}

fn unknown(part: &IdedExpr, what: &str, name: &str, known: &[&str]) -> Found {
    found(part, format!("there is no {what} `{name}`: {}", advice(name, known, "`")))
}

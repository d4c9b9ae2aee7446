//! Reads an expression without computing it: which names it uses, what it compares, and what it can cost.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, EntryExpr, Expr, ListExpr, LiteralValue, MapExpr, SelectExpr};
use cel::{IdedExpr, Program};

use crate::model::{Caret, advice};

use super::amount::{Amount, Loop};
use super::calls::{CALL, LOOK, called, copied};
use super::comparing;
use super::language::{FUNCTIONS, OPERATORS, PLACEMENT_FIELDS, USER_FIELDS, variable, variables};
use super::shape::{Kind, Shape};
use super::{Mistake, Purpose};

/// The most steps that an expression may take for anybody; a step takes about a nanosecond.
pub(super) const MOST_STEPS: u64 = 100_000_000;

/// The most memory that one value may take, in bytes: each value in it counts 64 and its text.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How deep an expression may be nested: so deep goes the evaluation, on a thread with a usual stack.
const DEEPEST: usize = 24;

/// What made-up people need to have so that an expression has something to look at.
#[derive(Default)]
pub(super) struct Reading {
    /// Attributes that are named.
    pub(super) attributes: BTreeSet<String>,
    /// Texts that are compared with something.
    pub(super) texts: BTreeSet<String>,
    /// The most steps that it takes for anybody.
    pub(super) steps: u64,
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
    /// The first name that does not exist, comparison that can't be meant, or part that can cost too much; or a result
    /// that is not what the expression is for.
    pub(super) fn of(program: &Program, purpose: Purpose) -> Result<Self, Found> {
        Self::with_shape(program, purpose).map(|(reading, _)| reading)
    }

    /// [`Self::of`], with what the expression yields.
    pub(super) fn with_shape(program: &Program, purpose: Purpose) -> Result<(Self, Shape), Found> {
        let mut reader = Reader {
            variables: variables(purpose),
            bound: Vec::new(),
            loops: Vec::new(),
            depth: 0,
            sees_person: false,
            reading: Self::default(),
        };
        let root = program.expression();
        let shape = reader.read(root)?;
        if purpose != Purpose::Value && !reader.sees_person {
            return Err(found(root, "is the same for everyone: it looks at nothing of the person"));
        }
        check_purpose(root, purpose, &shape.kind)?;
        Ok((reader.reading, shape))
    }
}

/// Whether the result is of a type that the expression can be for.
fn check_purpose(root: &IdedExpr, purpose: Purpose, kind: &Kind) -> Result<(), Found> {
    let (fits, wanted) = match purpose {
        Purpose::Value => {
            let others = matches!(kind, Kind::Truth | Kind::Number | Kind::Map(_));
            (!others, "neither a text nor a list of texts")
        }
        Purpose::Condition | Purpose::Check => {
            (matches!(kind, Kind::Truth | Kind::Unknown), "neither true nor false")
        }
    };
    if fits { Ok(()) } else { Err(found(root, format!("is {}: {wanted}", kind.word()))) }
}

pub(super) struct Reader {
    variables: &'static [&'static str],
    /// Names that macros around this part gave, and what they stand for.
    pub(super) bound: Vec<(String, Shape)>,
    /// The macros around this part.
    pub(super) loops: Vec<Loop>,
    depth: usize,
    sees_person: bool,
    reading: Reading,
}

impl Reader {
    /// What the part yields.
    pub(super) fn read(&mut self, part: &IdedExpr) -> Result<Shape, Found> {
        if self.depth == DEEPEST {
            return Err(found(part, format!("is nested more than {DEEPEST} deep: use several rules")));
        }
        self.spend(part, LOOK)?;
        self.depth += 1;
        let outcome = self.read_part(part);
        self.depth -= 1;
        let shape = outcome?;
        self.check_size(part, &shape)?;
        Ok(shape)
    }

    fn read_part(&mut self, part: &IdedExpr) -> Result<Shape, Found> {
        match &part.expr {
            Expr::Ident(name) => self.name(part, name),
            Expr::Select(select) => self.select(part, select),
            Expr::Call(call) => self.call(part, call),
            Expr::Comprehension(comprehension) => self.comprehension(part, comprehension),
            Expr::List(list) => self.list(part, list),
            Expr::Map(map) => self.map(part, map),
            Expr::Literal(literal) => {
                if let LiteralValue::String(text) = literal {
                    self.reading.texts.insert(text.inner().to_owned());
                }
                Ok(written(literal))
            }
            Expr::Struct(_) | Expr::Unspecified => Err(found(part, "can't be used here")),
        }
    }

    fn name(&mut self, part: &IdedExpr, name: &str) -> Result<Shape, Found> {
        if let Some((_, shape)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(shape.clone());
        }
        if !self.variables.contains(&name) {
            return Err(unknown(part, "name", name, self.variables));
        }
        self.sees_person = true;
        Ok(variable(name))
    }

    fn select(&mut self, part: &IdedExpr, select: &SelectExpr) -> Result<Shape, Found> {
        let known =
            self.field(part, &select.operand, &select.field).map_err(|found| Found { shift: 1, ..found })?;
        let of = self.read(&select.operand)?;
        self.spend(part, CALL)?;
        if select.test {
            return Ok(Shape::of(Kind::Truth));
        }
        if let Kind::Optional(_) = of.kind {
            self.spend(part, copied(&of))?;
        }
        Ok(known.unwrap_or_else(|| of.part()))
    }

    /// A field of one of the names that have them; what it yields, where fields differ.
    fn field(&mut self, part: &IdedExpr, of: &IdedExpr, field: &str) -> Result<Option<Shape>, Found> {
        let Expr::Ident(of) = &of.expr else { return Ok(None) };
        if self.bound.iter().any(|(bound, _)| bound == of) {
            return Ok(None);
        }
        let fields: &'static [&'static str] = match of.as_str() {
            "user" => &USER_FIELDS,
            "placement" => &PLACEMENT_FIELDS,
            "attrs" => {
                self.reading.attributes.insert(field.to_owned());
                return Ok(None);
            }
            _ => return Ok(None),
        };
        if !fields.contains(&field) {
            return Err(unknown(part, "field", field, fields));
        }
        Ok((of == "placement").then(|| variable(field)))
    }

    fn call(&mut self, part: &IdedExpr, call: &CallExpr) -> Result<Shape, Found> {
        let name = call.func_name.as_str();
        if !OPERATORS.contains(&name) && !FUNCTIONS.contains(&name) {
            let shift = isize::try_from(name.len()).map_or(0, isize::wrapping_neg);
            return Err(Found { shift, ..unknown(part, "function", name, &FUNCTIONS) });
        }
        if let ("_[_]" | "_[?_]" | "_?._", [of, index]) = (name, &call.args[..])
            && let Expr::Literal(LiteralValue::String(field)) = &index.expr
        {
            self.field(part, of, field.inner())?;
        }
        let parts = call.target.as_deref().into_iter().chain(&call.args);
        let given: Vec<Shape> = parts.map(|part| self.read(part)).collect::<Result<_, Found>>()?;
        if let Some(mistake) = comparing::mistake(call, &given) {
            return Err(found(part, mistake));
        }
        let (shape, cost) = called(name, &given, &self.loops);
        self.spend(part, if OPERATORS.contains(&name) { cost } else { cost.plus(CALL) })?;
        Ok(shape)
    }

    fn list(&mut self, part: &IdedExpr, list: &ListExpr) -> Result<Shape, Found> {
        let (mut element, mut values, mut bytes) = (None, Amount::default(), Amount::default());
        for (index, one) in list.elements.iter().enumerate() {
            let mut shape = self.read(one)?;
            if list.optional_indices.contains(&index) {
                shape = shape.present();
            }
            values = values.plus(shape.values_in_list());
            bytes = bytes.plus(shape.bytes);
            element = Some(element.map_or(shape.clone(), |element: Shape| element.or(shape)));
        }
        let shape = Shape::list(element.unwrap_or_else(|| Shape::of(Kind::Unknown)), values, bytes);
        self.spend(part, CALL.plus(copied(&shape)))?;
        Ok(shape)
    }

    fn map(&mut self, part: &IdedExpr, map: &MapExpr) -> Result<Shape, Found> {
        let (mut of, mut all, mut is_named) = (None, Shape::many(Kind::Unknown, 0, 0), true);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err(found(part, "can't be used here"));
            };
            let (key, value) = (self.read(&entry.key)?, self.read(&entry.value)?.present());
            is_named &= matches!(key.kind, Kind::Text);
            all = all.unknown(&key).unknown(&value).unknown(&Shape::of(Kind::Unknown));
            of = Some(of.map_or(value.clone(), |of: Shape| of.or(value)));
        }
        let of = of.filter(|_| is_named);
        let kind = of.map_or(Kind::Unknown, |of| Kind::Map(Box::new(of)));
        let shape = Shape { kind, ..all };
        self.spend(part, CALL.plus(copied(&shape).times(2)))?;
        Ok(shape)
    }

    /// Adds what the part costs each time, for as often as the macros around it do it.
    pub(super) fn spend(&mut self, part: &IdedExpr, cost: Amount) -> Result<(), Found> {
        self.reading.steps = self.reading.steps.saturating_add(cost.total(&self.loops));
        if self.reading.steps <= MOST_STEPS {
            return Ok(());
        }
        Err(found(
            part,
            if self.loops.is_empty() {
                "takes too long for a person with as many groups and values as there may be: use several rules"
            } else {
                "takes too long, done again for each value that the macro around it may go through: put it before the macro, use `in`, or use several rules"
            },
        ))
    }

    fn check_size(&self, part: &IdedExpr, shape: &Shape) -> Result<(), Found> {
        let size = shape.values.times(64).plus(shape.bytes).most(&self.loops);
        if size <= LARGEST {
            return Ok(());
        }
        let most = LARGEST / 1024 / 1024;
        Err(found(
            part,
            format!(
                "can grow beyond {most} MB for a person with as many groups and values as there may be: repeat less, or use several rules"
            ),
        ))
    }
}

/// What a literal yields.
fn written(literal: &LiteralValue) -> Shape {
    match literal {
        LiteralValue::Boolean(_) => Shape::of(Kind::Truth),
        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Shape::of(Kind::Number),
        LiteralValue::Null => Shape::of(Kind::Null),
        LiteralValue::Bytes(bytes) => {
            Shape { kind: Kind::Unknown, ..Shape::text(Amount::of(bytes.inner().len() as u64)) }
        }
        LiteralValue::String(text) => Shape::text(Amount::of(text.inner().len() as u64)),
    }
}

pub(super) fn found(part: &IdedExpr, message: impl Into<String>) -> Found {
    Found { part: part.id, shift: 0, message: message.into() }
}

fn unknown(part: &IdedExpr, what: &str, name: &str, known: &[&str]) -> Found {
    found(part, format!("there is no {what} `{name}`: {}", advice(name, known, "`")))
}

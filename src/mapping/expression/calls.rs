//! What each operator and function yields, and what it costs: for values of any size, at most.
//!
//! Costs are in steps of about a nanosecond, rounded up, as `cargo bench --bench mapping` measures them.

use super::amount::{Amount, Loop};
use super::shape::{Kind, Shape};

/// To look at one part.
pub(super) const LOOK: Amount = Amount::of(32);

/// To call a function.
pub(super) const CALL: Amount = Amount::of(64);

/// To go on to the next element, without copying it.
pub(super) const NEXT: Amount = Amount::of(100);

/// To make, copy or drop one value. Its text comes on top: eight bytes a step.
const VALUE: u64 = 48;

/// What a number is as a text, at most: a fraction is written out.
const LONGEST_NUMBER: u64 = 400;

/// To copy all of it.
pub(super) fn copied(shape: &Shape) -> Amount {
    shape.values.times(VALUE).plus(shape.bytes.divided(8))
}

/// To compare all of it with something.
fn compared(shape: &Shape) -> Amount {
    shape.values.times(8).plus(shape.bytes.divided(8))
}

/// What it yields for what it is given, the target first, and the cost.
pub(super) fn called(name: &str, given: &[Shape], loops: &[Loop]) -> (Shape, Amount) {
    let known = operated(name, given, loops)
        .or_else(|| asked(name, given, loops))
        .or_else(|| of_texts(name, given, loops))
        .or_else(|| of_lists(name, given, loops));
    known.unwrap_or_else(|| {
        let all = given.iter().fold(Shape::many(Kind::Unknown, 0, 0), |all, one| all.unknown(one));
        let cost = copied(&all);
        (all, cost)
    })
}

fn operated(name: &str, given: &[Shape], loops: &[Loop]) -> Option<(Shape, Amount)> {
    Some(match (name, given) {
        ("_?_:_", [_, yes, no]) => (yes.clone().or(no.clone()), Amount::default()),
        ("_+_", [left, right]) => {
            let sum = sum(left, right);
            let cost = copied(&sum);
            (sum, cost)
        }
        ("_-_" | "_*_" | "_/_" | "_%_" | "-_", _) => (Shape::of(Kind::Number), Amount::default()),
        ("_[_]", [of, index]) => (of.part(), compared(index)),
        ("_[?_]" | "_?._", [of, index]) => {
            let part = of.part();
            let cost = copied(&part).plus(compared(index));
            (part.optional(), cost)
        }
        ("_&&_" | "_||_" | "!_" | "@not_strictly_false", _) => (Shape::of(Kind::Truth), Amount::default()),
        ("_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_", [left, right]) => {
            // Up to the first difference, and never beyond the shorter one.
            let (left, right) = (compared(left), compared(right));
            let shorter = if left.total(loops) < right.total(loops) { left } else { right };
            (Shape::of(Kind::Truth), shorter)
        }
        ("@in", [value, list]) => (Shape::of(Kind::Truth), compared(value).plus(compared(list))),
        _ => return None,
    })
}

/// What is asked of a value, or instead of one that is missing.
fn asked(name: &str, given: &[Shape], loops: &[Loop]) -> Option<(Shape, Amount)> {
    Some(match (name, given) {
        ("or", [this, other]) => (this.clone().or(other.clone()), Amount::default()),
        ("orValue", [this, other]) => (this.clone().present().or(other.clone()), Amount::default()),
        ("hasValue", _) => (Shape::of(Kind::Truth), Amount::default()),
        ("size", [Shape { kind: Kind::List(_) | Kind::Map(_), .. }]) => {
            (Shape::of(Kind::Number), Amount::default())
        }
        ("size", [of]) => (Shape::of(Kind::Number), of.bytes.divided(4)),
        ("startsWith" | "endsWith", [_, part]) => (Shape::of(Kind::Truth), compared(part)),
        ("contains", [text, part]) => (Shape::of(Kind::Truth), text.bytes.plus(part.bytes)),
        ("indexOf" | "lastIndexOf", [text, part, ..]) => {
            let each = part.bytes.divided(8).plus(Amount::of(8));
            (Shape::of(Kind::Number), text.bytes.product(each, loops))
        }
        _ => return None,
    })
}

fn of_texts(name: &str, given: &[Shape], loops: &[Loop]) -> Option<(Shape, Amount)> {
    let bytes = given.first()?.bytes;
    Some(match (name, given) {
        ("charAt" | "lowerAscii" | "substring" | "trim" | "upperAscii", _) => {
            (Shape::text(bytes), bytes.times(4))
        }
        ("string", _) => (Shape::text(bytes.plus(Amount::of(LONGEST_NUMBER))), bytes),
        ("replace", [_, from, to, ..]) => {
            // Between any two letters, when what is replaced is empty.
            let places = bytes.plus(Amount::of(1));
            let text = Shape::text(bytes.plus(places.product(to.bytes, loops)));
            let cost = bytes.times(8).plus(copied(&text)).plus(compared(from));
            (text, cost)
        }
        ("split", _) => {
            let element = Shape::text(bytes);
            let list = Shape::list(element, bytes.plus(Amount::of(1)), bytes);
            // Each piece is made, then put into a list.
            let cost = bytes.times(2).plus(copied(&list).times(2));
            (list, cost)
        }
        _ => return None,
    })
}

fn of_lists(name: &str, given: &[Shape], loops: &[Loop]) -> Option<(Shape, Amount)> {
    let list = given.first()?;
    let copied = copied(list);
    Some(match (name, given) {
        ("join", _) => {
            let between = given.get(1).map_or_else(Amount::default, |text| text.bytes);
            let text = Shape::text(list.bytes.plus(list.values.product(between, loops)));
            let cost = list.values.times(16).plus(self::copied(&text));
            (text, cost)
        }
        ("distinct", _) => {
            let cost = list.values.product(list.values.times(8).plus(list.bytes.divided(8)), loops);
            (list.clone(), cost.plus(copied))
        }
        ("sort", _) => (list.clone(), list.values.times(20 * 16).plus(list.bytes.times(3)).plus(copied)),
        ("reverse", _) => (list.clone(), list.bytes.times(4).plus(copied)),
        ("slice", _) => (list.clone(), copied),
        ("flatten", [_]) => {
            let inner = list.element();
            let element = if let Kind::List(_) = inner.kind {
                inner.element()
            } else {
                Shape { kind: Kind::Unknown, ..inner }
            };
            (Shape::list(element, list.values, list.bytes), copied.times(2))
        }
        _ => return None,
    })
}

/// Two texts or lists behind each other, or a number.
fn sum(left: &Shape, right: &Shape) -> Shape {
    let sum = left.unknown(right);
    match (&left.kind, &right.kind) {
        (Kind::Text, Kind::Text) => Shape::text(sum.bytes),
        (Kind::Number, Kind::Number) => Shape::of(Kind::Number),
        (Kind::List(one), Kind::List(other)) => {
            Shape::list((**one).clone().or((**other).clone()), sum.values, sum.bytes)
        }
        _ => sum,
    }
}

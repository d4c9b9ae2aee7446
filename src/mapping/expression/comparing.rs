//! Comparisons that can't be meant: a list with a text is never equal, so that a rule would hit nobody, or everybody.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue};

use super::shape::{Kind, Shape};

/// What is wrong with a call that compares, or that says what stands in for something missing; `given` is what its
/// target and arguments yield.
pub(super) fn mistake(call: &CallExpr, given: &[Shape]) -> Option<String> {
    let [left, right] = given else { return None };
    match call.func_name.as_str() {
        "_==_" | "_!=_" => equality(call, left, right),
        "_<_" | "_<=_" | "_>_" | "_>=_" => left
            .kind
            .never_equals(&right.kind)
            .then(|| format!("compares {} with {}: they are of different types", word(left), word(right))),
        "@in" => membership(call, left, right),
        "orValue" => default(call, left, right),
        _ => None,
    }
}

fn equality(call: &CallExpr, left: &Shape, right: &Shape) -> Option<String> {
    if !left.kind.never_equals(&right.kind) {
        return None;
    }
    let (this, other) = (call.args.first()?, call.args.get(1)?);
    let advice = advice(this, left, other, right).or_else(|| advice(other, right, this, left));
    Some(format!(
        "compares {} with {}, which are never equal{}",
        word(left),
        word(right),
        advice.map(|advice| format!(": {advice}")).unwrap_or_default()
    ))
}

fn membership(call: &CallExpr, value: &Shape, list: &Shape) -> Option<String> {
    match &list.kind {
        Kind::List(element) if value.kind.never_equals(&element.kind) => {
            let advice = call.args.first().and_then(|part| of_one(part, value));
            let advice = advice.map(|advice| format!(": {advice}")).unwrap_or_default();
            Some(format!(
                "looks for {} in a list whose elements are {}, where it never is{advice}",
                word(value),
                plural(&element.kind)
            ))
        }
        Kind::Map(_) if value.kind.never_equals(&Kind::Text) => {
            Some(format!("looks for {} among names, where it never is", word(value)))
        }
        Kind::Unknown | Kind::List(_) | Kind::Map(_) => None,
        Kind::Optional(_) => {
            Some("looks into something that may be missing: write `.orValue([])` behind it".to_owned())
        }
        Kind::Text => Some("looks into a text: write `.contains(…)`, or `==`".to_owned()),
        kind => Some(format!("looks into {}, which has no elements", kind.word())),
    }
}

/// `orValue` of another type than what may be missing: what is compared with it differs by whether it was sent.
fn default(call: &CallExpr, this: &Shape, default: &Shape) -> Option<String> {
    let Kind::Optional(present) = &this.kind else { return None };
    if !present.kind.never_equals(&default.kind) {
        return None;
    }
    let target = call.target.as_deref();
    let advice = match (&present.kind, &default.kind) {
        (Kind::List(_), Kind::Text) => target
            .and_then(first_value)
            .unwrap_or_else(|| "take one of its values by `[?0]` first".to_owned()),
        _ => "write one of the same type".to_owned(),
    };
    Some(format!("`orValue` gives {} where there may be {}: {advice}", word(default), word(present)))
}

/// What to write instead of `this`, which is compared with `other`.
fn advice(this: &IdedExpr, shape: &Shape, other: &IdedExpr, with: &Shape) -> Option<String> {
    if !matches!(with.kind, Kind::Text) {
        return None;
    }
    if let Some(advice) = of_one(this, shape) {
        return Some(advice);
    }
    if !matches!(shape.kind, Kind::List(_)) {
        return None;
    }
    Some(match (&this.expr, &other.expr) {
        (Expr::Ident(list), Expr::Literal(LiteralValue::String(text))) if !text.inner().contains('\'') => {
            format!("write `'{}' in {list}`", text.inner())
        }
        _ => "use `in`".to_owned(),
    })
}

/// How to get one text out of a part.
fn of_one(this: &IdedExpr, shape: &Shape) -> Option<String> {
    if let Some(advice) = first_value(this) {
        return Some(advice);
    }
    match &shape.kind {
        Kind::Optional(present) if matches!(present.kind, Kind::List(_)) => {
            Some("write `[?0].orValue('')` behind it".to_owned())
        }
        Kind::Optional(_) => Some(field(this).filter(|(of, ..)| *of == "user").map_or_else(
            || "write `.orValue('')` behind it".to_owned(),
            |(_, name)| format!("write `user.?{name}.orValue('')`"),
        )),
        _ => None,
    }
}

/// How to get the first value of an attribute.
fn first_value(part: &IdedExpr) -> Option<String> {
    let (_, name) = field(part).filter(|(of, _)| *of == "attrs")?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    Some(if is_name {
        format!("write `attrs.?{name}[?0].orValue('')`")
    } else {
        format!("write `attrs[?'{name}'][?0].orValue('')`")
    })
}

/// `of.name`, `of.?name`, `of['name']` or `of[?'name']`.
pub(super) fn field(part: &IdedExpr) -> Option<(&str, &str)> {
    let (of, name) = match &part.expr {
        Expr::Select(select) => (&*select.operand, select.field.as_str()),
        Expr::Call(call) => match (call.func_name.as_str(), &call.args[..]) {
            ("_[_]" | "_[?_]" | "_?._", [of, index]) => match &index.expr {
                Expr::Literal(LiteralValue::String(name)) => (of, name.inner()),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    if let Expr::Ident(of) = &of.expr { Some((of, name)) } else { None }
}

fn word(shape: &Shape) -> String {
    match &shape.kind {
        Kind::Optional(present) if !matches!(present.kind, Kind::Unknown) => {
            format!("{} that may be missing", present.kind.word())
        }
        kind => kind.word().to_owned(),
    }
}

fn plural(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "texts",
        Kind::Number => "numbers",
        Kind::List(_) => "lists",
        _ => "of another type",
    }
}

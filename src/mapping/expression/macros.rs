//! The macros: what goes through a list.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue};

use super::amount::{Loop, MOST_LOOPS};
use super::calls::{CALL, NEXT, copied};
use super::reading::{Found, Reader, found};
use super::shape::{Kind, Shape};

/// What is done with each element.
enum Body<'e> {
    /// `all`, `exists`, `exists_one`: whether something holds for it.
    Test(Kind),
    /// `map`, `filter`: what is put into a new list, where the guard is true.
    Collect { guard: Option<&'e IdedExpr>, item: &'e IdedExpr },
}

impl Reader {
    /// A macro, or one around another one: not three.
    pub(super) fn comprehension(
        &mut self,
        part: &IdedExpr,
        macro_: &ComprehensionExpr,
    ) -> Result<Shape, Found> {
        let Some(body) = body(macro_) else {
            let known = "all, exists, exists_one, filter and map";
            return Err(found(part, format!("is a macro that can't be used: there are {known}")));
        };
        let range = self.read(&macro_.iter_range)?;
        if self.loops.len() == MOST_LOOPS {
            return Err(found(part, "is a macro inside a macro inside a macro: two are the most"));
        }
        let names = self.bound.len();
        self.enter(macro_, &range);
        let outcome = self.each(macro_, &body);
        let shape = outcome.map(|shape| self.after(shape));
        self.loops.pop();
        self.bound.truncate(names);
        shape
    }

    fn enter(&mut self, macro_: &ComprehensionExpr, range: &Shape) {
        let element = range.element();
        let (most_values, most_bytes) = (element.values.most(&self.loops), element.bytes.most(&self.loops));
        let element = element.at(self.loops.len());
        self.loops.push(Loop { values: range.values, bytes: range.bytes, most_values, most_bytes });
        self.bound.push((macro_.iter_var.clone(), element));
    }

    /// What one round yields: for a list, what is added to it.
    fn each(&mut self, macro_: &ComprehensionExpr, body: &Body<'_>) -> Result<Shape, Found> {
        let element =
            self.bound.last().map_or_else(|| Shape::of(Kind::Unknown), |(_, element)| element.clone());
        self.spend(&macro_.iter_range, NEXT.plus(copied(&element)))?;
        match body {
            Body::Test(kind) => {
                self.bound.push((macro_.accu_var.clone(), Shape::of(kind.clone())));
                let parts = [&macro_.accu_init, &macro_.loop_cond, &macro_.loop_step, &macro_.result];
                parts.into_iter().try_for_each(|part| self.read(part).map(|_| ()))?;
                Ok(Shape::of(Kind::Truth))
            }
            Body::Collect { guard, item } => {
                if let Some(guard) = guard {
                    self.read(guard)?;
                }
                let item = self.read(item)?;
                self.spend(&macro_.iter_range, CALL.plus(copied(&item)))?;
                let values = item.values_in_list();
                let bytes = item.bytes;
                Ok(Shape::list(item, values, bytes))
            }
        }
    }

    /// What all rounds yield together.
    fn after(&self, shape: Shape) -> Shape {
        let Kind::List(element) = shape.kind else { return shape };
        let (values, bytes) = (shape.values.sum(&self.loops), shape.bytes.sum(&self.loops));
        Shape::list(element.largest(&self.loops), values, bytes)
    }
}

/// Recognises what the parser makes of a macro.
fn body(macro_: &ComprehensionExpr) -> Option<Body<'_>> {
    match &macro_.accu_init.expr {
        Expr::Literal(LiteralValue::Boolean(_)) => Some(Body::Test(Kind::Truth)),
        Expr::Literal(LiteralValue::Int(_)) => Some(Body::Test(Kind::Number)),
        Expr::List(list) if list.elements.is_empty() => match call(&macro_.loop_step) {
            Some(("_?_:_", [guard, step, _])) => {
                Some(Body::Collect { guard: Some(guard), item: added(step)? })
            }
            _ => Some(Body::Collect { guard: None, item: added(&macro_.loop_step)? }),
        },
        _ => None,
    }
}

/// `item` of `@result + [item]`.
fn added(step: &IdedExpr) -> Option<&IdedExpr> {
    match call(step) {
        Some(("_+_", [_, list])) => match &list.expr {
            Expr::List(list) => list.elements.first(),
            _ => None,
        },
        _ => None,
    }
}

fn call(part: &IdedExpr) -> Option<(&str, &[IdedExpr])> {
    match &part.expr {
        Expr::Call(call) => Some((&call.func_name, &call.args)),
        _ => None,
    }
}

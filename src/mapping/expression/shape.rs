//! What a part of an expression yields: of which type, and how large at most.

use super::amount::{Amount, Loop};

/// What a part yields.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// Values at any depth: one for a text, at least one for each element of a list.
    pub(super) values: Amount,
    /// Bytes of text in all of them.
    pub(super) bytes: Amount,
}

/// The type, as far as it is known.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Unknown,
    Text,
    Truth,
    Number,
    Null,
    /// With the largest of its elements.
    List(Box<Shape>),
    /// From texts to values, with the largest of these.
    Map(Box<Shape>),
    /// What may be missing, when it is there.
    Optional(Box<Shape>),
}

impl Kind {
    /// In words.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Unknown => "a value",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::Number => "a number",
            Self::Null => "null",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Optional(_) => "something that may be missing",
        }
    }

    /// Whether no value of this type is ever equal to one of the other.
    pub(super) fn never_equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => false,
            (Self::List(this), Self::List(other))
            | (Self::Map(this), Self::Map(other))
            | (Self::Optional(this), Self::Optional(other)) => this.kind.never_equals(&other.kind),
            _ => std::mem::discriminant(self) != std::mem::discriminant(other),
        }
    }
}

impl Shape {
    pub(super) fn of(kind: Kind) -> Self {
        Self { kind, values: Amount::of(1), bytes: Amount::default() }
    }

    pub(super) fn text(bytes: Amount) -> Self {
        Self { bytes, ..Self::of(Kind::Text) }
    }

    /// A list or a map of so many values with so much text.
    pub(super) fn many(kind: Kind, values: u64, bytes: u64) -> Self {
        Self { kind, values: Amount::of(values), bytes: Amount::of(bytes) }
    }

    /// A list of such elements.
    pub(super) fn list(element: Self, values: Amount, bytes: Amount) -> Self {
        Self { kind: Kind::List(Box::new(element)), values, bytes }
    }

    /// Of no known type, as large as both together.
    pub(super) fn unknown(&self, other: &Self) -> Self {
        let (values, bytes) = (self.values.plus(other.values), self.bytes.plus(other.bytes));
        Self { kind: Kind::Unknown, values, bytes }
    }

    /// What is there when it is not missing.
    pub(super) fn present(self) -> Self {
        if let Kind::Optional(present) = self.kind { *present } else { self }
    }

    pub(super) fn optional(self) -> Self {
        if matches!(self.kind, Kind::Optional(_)) {
            return self;
        }
        Self { values: self.values, bytes: self.bytes, kind: Kind::Optional(Box::new(self)) }
    }

    /// What is under an index or a name.
    pub(super) fn part(&self) -> Self {
        match &self.kind {
            Kind::List(part) | Kind::Map(part) => (**part).clone(),
            Kind::Optional(present) => present.part().optional(),
            _ => Self { kind: Kind::Unknown, ..self.clone() },
        }
    }

    /// What a macro goes through: the elements of a list, the names in a map.
    pub(super) fn element(&self) -> Self {
        match &self.kind {
            Kind::List(element) => (**element).clone(),
            Kind::Map(_) => Self::text(self.bytes),
            _ => Self { kind: Kind::Unknown, ..self.clone() },
        }
    }

    /// What it counts for as an element.
    pub(super) fn values_in_list(&self) -> Amount {
        match self.kind {
            Kind::Text | Kind::Truth | Kind::Number | Kind::Null => self.values,
            _ => self.values.plus(Amount::of(1)),
        }
    }

    /// One or the other.
    pub(super) fn or(self, other: Self) -> Self {
        let (values, bytes) = (self.values.or(other.values), self.bytes.or(other.bytes));
        let kind = match (self.kind, other.kind) {
            (Kind::List(this), Kind::List(other)) => Kind::List(Box::new(this.or(*other))),
            (Kind::Map(this), Kind::Map(other)) => Kind::Map(Box::new(this.or(*other))),
            (Kind::Optional(this), Kind::Optional(other)) => Kind::Optional(Box::new(this.or(*other))),
            (this, other) if std::mem::discriminant(&this) == std::mem::discriminant(&other) => this,
            _ => Kind::Unknown,
        };
        Self { kind, values, bytes }
    }

    /// The element that the macro at this depth is at.
    pub(super) fn at(self, depth: usize) -> Self {
        let values = match self.kind {
            Kind::Text | Kind::Truth | Kind::Number | Kind::Null => self.values,
            _ => Amount::values_at(depth),
        };
        self.resized(|_| values, |_| Amount::bytes_at(depth))
    }

    /// For the largest element that the innermost of `loops` is at.
    pub(super) fn largest(self, loops: &[Loop]) -> Self {
        self.resized(|values| values.largest(loops), |bytes| bytes.largest(loops))
    }

    fn resized(
        self,
        values: impl Fn(Amount) -> Amount + Copy,
        bytes: impl Fn(Amount) -> Amount + Copy,
    ) -> Self {
        let inner = |shape: Box<Self>| Box::new(shape.resized(values, bytes));
        let kind = match self.kind {
            Kind::List(element) => Kind::List(inner(element)),
            Kind::Map(part) => Kind::Map(inner(part)),
            Kind::Optional(present) => Kind::Optional(inner(present)),
            kind => kind,
        };
        Self { kind, values: values(self.values), bytes: bytes(self.bytes) }
    }
}

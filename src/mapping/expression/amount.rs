//! How much something can be at most, in terms of what the macros around it go through.

/// At most so many macros are around a part of an expression.
pub(super) const MOST_LOOPS: usize = 2;

/// A number, and so much more for each value and each byte of the element that a macro around the part is at.
///
/// An element alone can be as large as all of them together, yet all together are no larger than that: keeping the two
/// apart until the macro ends is what lets `groups.map(g, g.split(','))` through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    fixed: u64,
    /// For each macro, the outermost first: for each value, for each byte.
    rates: [[u64; 2]; MOST_LOOPS],
}

/// What one macro goes through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop {
    /// How often, and how many values the elements have together.
    pub(super) values: Amount,
    /// How many bytes of text the elements have together.
    pub(super) bytes: Amount,
    /// How many values one element has at most.
    pub(super) most_values: u64,
    /// How many bytes one element has at most.
    pub(super) most_bytes: u64,
}

impl Amount {
    pub(super) const fn of(fixed: u64) -> Self {
        Self { fixed, rates: [[0; 2]; MOST_LOOPS] }
    }

    /// The values of the element that this macro is at.
    pub(super) fn values_at(depth: usize) -> Self {
        Self::rate(depth, [1, 0])
    }

    /// The bytes of the element that this macro is at.
    pub(super) fn bytes_at(depth: usize) -> Self {
        Self::rate(depth, [0, 1])
    }

    fn rate(depth: usize, rate: [u64; 2]) -> Self {
        let mut amount = Self::default();
        amount.rates[depth] = rate;
        amount
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    /// Whichever is larger.
    pub(super) fn or(self, other: Self) -> Self {
        self.with(other, u64::max)
    }

    pub(super) fn times(self, factor: u64) -> Self {
        self.with(Self::default(), |amount, _| amount.saturating_mul(factor))
    }

    /// Rounded up.
    pub(super) fn divided(self, by: u64) -> Self {
        self.with(Self::default(), |amount, _| amount.div_ceil(by))
    }

    /// The product; where both depend on elements, the other one at its largest.
    pub(super) fn product(self, other: Self, loops: &[Loop]) -> Self {
        let is_fixed = self.rates == Self::default().rates;
        if is_fixed { other.times(self.fixed) } else { self.times(other.most(loops)) }
    }

    /// The sum over all that the innermost of `loops` goes through.
    pub(super) fn sum(self, loops: &[Loop]) -> Self {
        let Some((innermost, around)) = loops.split_last() else { return self };
        let [value, byte] = self.rates[around.len()];
        let mut each = self;
        each.rates[around.len()] = [0; 2];
        let each = each.product(innermost.values, around);
        each.plus(innermost.values.times(value)).plus(innermost.bytes.times(byte))
    }

    /// The sum over all that all `loops` go through.
    pub(super) fn total(self, loops: &[Loop]) -> u64 {
        (1..=loops.len()).rev().fold(self, |amount, depth| amount.sum(&loops[..depth])).fixed
    }

    /// For the largest element that the innermost of `loops` is at.
    pub(super) fn largest(mut self, loops: &[Loop]) -> Self {
        let Some((innermost, around)) = loops.split_last() else { return self };
        let [value, byte] = std::mem::take(&mut self.rates[around.len()]);
        let values = value.saturating_mul(innermost.most_values);
        self.plus(Self::of(values.saturating_add(byte.saturating_mul(innermost.most_bytes))))
    }

    /// For the largest elements.
    pub(super) fn most(self, loops: &[Loop]) -> u64 {
        (1..=loops.len()).rev().fold(self, |amount, depth| amount.largest(&loops[..depth])).fixed
    }

    fn with(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let rate = |depth: usize, of: usize| join(self.rates[depth][of], other.rates[depth][of]);
        Self {
            fixed: join(self.fixed, other.fixed),
            rates: std::array::from_fn(|depth| std::array::from_fn(|of| rate(depth, of))),
        }
    }
}

//! What a refused message said, point by point, for whoever has to find out why.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One point of a message beside what it should have been. Protocol values only, cleaned and shortened: never a
/// name identifier, an attribute value or a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where in the message, in the specification's words.
    pub item: String,
    /// What it had to be, when one value or range can be named.
    pub expected: Option<String>,
    /// What it was.
    pub received: String,
    /// Whether that is not as it had to be.
    pub differs: bool,
}

impl Finding {
    /// A point without a wish.
    #[must_use]
    pub fn seen(item: &str, received: &str) -> Self {
        Self { item: item.to_owned(), expected: None, received: clean(received), differs: false }
    }

    /// A point that had to be `expected`.
    #[must_use]
    pub fn compared(item: &str, expected: &str, received: &str, differs: bool) -> Self {
        Self { expected: Some(clean(expected)), differs, ..Self::seen(item, received) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.differs { "≠" } else { " " };
        write!(f, "{mark} {}: {}", self.item, self.received)?;
        match &self.expected {
            Some(expected) if self.differs => write!(f, "\n    expected: {expected}"),
            _ => Ok(()),
        }
    }
}

/// What comes from a message can't break a line or fill a log.
fn clean(text: &str) -> String {
    const MOST: usize = 200;
    let mut clean: String =
        text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_from_a_message_is_one_short_line() {
        let finding = Finding::seen("Issuer", &format!("a\r\nb\u{1b}[2J{}", "x".repeat(1000)));
        assert!(finding.received.starts_with("a\u{fffd}\u{fffd}b\u{fffd}[2J"));
        assert_eq!(finding.received.chars().count(), 201);
    }

    #[test]
    fn what_was_expected_is_told_where_it_differs() {
        let finding = Finding::compared("Audience", "https://us.test", "https://them.test", true);
        assert_eq!(finding.to_string(), "≠ Audience: https://them.test\n    expected: https://us.test");
    }
}

//! One thing that is wrong with the configuration.

use std::fmt;

/// A problem, with the key it is about. All problems are reported at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the key, such as `instance.prod.role_arn`.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub message: String,
    /// Where in the value, for a value long enough to get lost in.
    pub caret: Option<Caret>,
}

/// A place in a line of a value that is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caret {
    /// The line.
    pub text: String,
    /// The character, counted from 1.
    pub column: usize,
}

impl Problem {
    /// A problem of `key`.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into(), caret: None }
    }

    /// The problem with the place that it is about.
    #[must_use]
    pub fn at(mut self, caret: Option<Caret>) -> Self {
        self.caret = caret;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)?;
        match &self.caret {
            Some(Caret { text, column }) => write!(f, "\n    {text}\n    {:>column$}", "^"),
            None => Ok(()),
        }
    }
}

/// The known name that `name` was probably meant to be: at most a third of it differs, or it is the beginning of one.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = name.chars().count().div_ceil(3);
    let near = known.into_iter().map(|known| {
        let is_beginning = name.len() > 2 && known.starts_with(name);
        (if is_beginning { most } else { distance(name, known) }, known)
    });
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, known)| known)
}

/// What to write instead of `name`, which is none of `known`; the one that was probably meant stands in `quotes`.
#[must_use]
pub fn advice(name: &str, known: &[&str], quotes: &str) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {quotes}{near}{quotes}?"),
        None => format!("there are {}", known.join(", ")),
    }
}

/// How many letters must be put in, left out or changed. Case does not count.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_near_the_one_that_was_meant() {
        let known = ["groups", "user", "attrs", "idp"];
        for (name, wanted) in [
            ("grups", Some("groups")),
            ("USER", Some("user")),
            ("attributes", None),
            ("x", None),
            ("att", Some("attrs")),
        ] {
            assert_eq!(nearest(name, known), wanted, "{name}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn the_caret_stands_below_the_character_it_is_about() {
        let caret = Caret { text: "grups == []".to_owned(), column: 7 };
        let problem = Problem::new("when", "no").at(Some(caret));
        assert_eq!(problem.to_string(), "when: no\n    grups == []\n          ^");
    }
}

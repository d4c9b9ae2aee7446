//! Two texts, line by line.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Lines around a change that are shown with it.
const AROUND: usize = 3;
/// After this long the rest is told more coarsely: texts may be made to be slow.
const LONGEST: Duration = Duration::from_millis(500);

/// What differs between two texts; empty when nothing does.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Changed places in their order, each with the lines around it.
    pub places: Vec<Vec<DiffLine>>,
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Its number in the old text, when it is there.
    pub old: Option<usize>,
    /// Its number in the new text, when it is there.
    pub new: Option<usize>,
    /// Without its end.
    pub text: String,
}

impl Diff {
    /// From `old` to `new`. How lines end does not count.
    #[must_use]
    pub fn between(old: &str, new: &str) -> Self {
        let (old, new) = (old.replace("\r\n", "\n"), new.replace("\r\n", "\n"));
        let diff = TextDiff::configure().timeout(LONGEST).diff_lines(&old, &new);
        let line = |change: similar::Change<&str>| DiffLine {
            old: change.old_index().filter(|_| change.tag() != ChangeTag::Insert).map(|index| index + 1),
            new: change.new_index().filter(|_| change.tag() != ChangeTag::Delete).map(|index| index + 1),
            text: change.value().trim_end_matches('\n').to_owned(),
        };
        let groups = diff.grouped_ops(AROUND);
        let places =
            groups.iter().map(|group| group.iter().flat_map(|op| diff.iter_changes(op)).map(line).collect());
        Self { places: places.collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let sign = |line: &DiffLine| match (line.old, line.new) {
            (Some(_), None) => '-',
            (None, _) => '+',
            _ => ' ',
        };
        let places = Diff::between(old, new).places.into_iter();
        places.flatten().map(|line| format!("{}{}", sign(&line), line.text)).collect()
    }

    #[test]
    fn what_went_and_what_came_is_told_line_by_line() {
        assert_eq!(told("a\nb\nc\n", "a\nB\nc\n"), [" a", "-b", "+B", " c"]);
        assert_eq!(told("a\r\nb\r\n", "a\nb\n"), Vec::<String>::new());
        assert_eq!(told("", "a\n"), ["+a"]);
        let far = |middle: &str| format!("x\n{}{middle}\n{}y\n", "=\n".repeat(20), "=\n".repeat(20));
        let diff = Diff::between(&far("1"), &far("2"));
        assert_eq!((diff.places.len(), diff.places[0].len()), (1, 8), "{diff:?}");
        assert_eq!((diff.places[0][3].old, diff.places[0][3].new), (Some(22), None));
    }

    #[test]
    fn texts_that_are_made_to_be_slow_are_not() {
        let line = |n: usize| (n % 977).to_string();
        let lines = |step: usize| (0..60_000).map(|n| line(n * step)).collect::<Vec<_>>().join("\n");
        let start = Instant::now();
        assert!(!Diff::between(&lines(7), &lines(31)).places.is_empty());
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
}

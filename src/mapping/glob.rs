//! Group names with `*`.

/// A pattern: `*` stands for any number of any characters, everything else for itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glob(String);

impl Glob {
    pub(super) fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of `text` looks like the pattern; in time proportional to the lengths of both multiplied.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut left) = text.strip_prefix(first) else { return false };
        let mut parts: Vec<&str> = rest.split('*').collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let Some((_, behind)) = left.split_once(part) else { return false };
            left = behind;
        }
        left.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_the_rest_for_itself() {
        for (pattern, texts, others) in [
            ("cc-*", &["cc-", "cc-a", "cc-a-b"][..], &["cc", "CC-a", "xcc-a"][..]),
            ("*-leads", &["-leads", "cc-leads"], &["leads", "cc-leads "]),
            ("cc-*-leads", &["cc--leads", "cc-a-leads", "cc-a-leads-leads"], &["cc-leads", "cc-a-leads-x"]),
            ("*", &["", "a"], &[]),
            ("a*b*b", &["abb", "axbyb"], &["ab", "aab"]),
            ("cc", &["cc"], &["c", "ccc", ""]),
            ("a.c?", &["a.c?"], &["abcd"]),
        ] {
            let glob = Glob::new(pattern);
            assert!(texts.iter().all(|text| glob.matches(text)), "{pattern}");
            assert!(!others.iter().any(|text| glob.matches(text)), "{pattern}");
        }
    }
}

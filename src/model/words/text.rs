//! Texts of a page: as they are, with one place that the page fills, or in a form for each way of counting.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use super::language::{FORMS, Language};
use super::texts::Texts;

/// Most characters of a text.
const LONGEST: usize = 500;

/// The place of the number in [`Counted`].
const COUNT: &str = "count";

/// A kind of text.
pub trait Kind: Clone {
    /// The text under `key`, whose place is called `place`. `None`: it is missing, or faulty, which `texts` notes.
    fn read(texts: &mut Texts, key: &str, place: &'static str) -> Option<Self>;
}

/// A text without a place. Displays as it is.
#[derive(Debug, Clone)]
pub struct Text(String);

/// A text with one place.
#[derive(Debug, Clone)]
pub struct With {
    before: String,
    after: String,
}

/// A text about a number: a form for each way that its language counts.
#[derive(Debug, Clone)]
pub struct Counted {
    language: Arc<Language>,
    forms: Vec<(&'static str, String)>,
}

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl With {
    /// The text with `value` in its place.
    pub fn with(&self, value: impl fmt::Display) -> String {
        format!("{}{value}{}", self.before, self.after)
    }

    /// What stands before the place.
    #[must_use]
    pub fn before(&self) -> &str {
        &self.before
    }

    /// What stands after the place.
    #[must_use]
    pub fn after(&self) -> &str {
        &self.after
    }
}

impl Counted {
    /// The text about `number`.
    #[must_use]
    pub fn of(&self, number: impl Borrow<u64>) -> String {
        let number = *number.borrow();
        let wanted = self.language.form(number);
        let found = self.forms.iter().find(|(form, _)| *form == wanted).or(self.forms.last());
        found.map_or_else(String::new, |(_, text)| text.replace("{count}", &number.to_string()))
    }
}

impl Kind for Text {
    fn read(texts: &mut Texts, key: &str, _: &'static str) -> Option<Self> {
        let raw = texts.take(key)?;
        texts.noted(key, checked(&raw, None)).map(Self)
    }
}

impl Kind for With {
    fn read(texts: &mut Texts, key: &str, place: &'static str) -> Option<Self> {
        let raw = texts.take(key)?;
        let text = texts.noted(key, checked(&raw, Some(place)).and_then(|text| needs(&text, place)))?;
        let (before, after) = text.split_once(&format!("{{{place}}}"))?;
        Some(Self { before: before.to_owned(), after: after.to_owned() })
    }
}

impl Kind for Counted {
    /// The forms stand below `key`; all that the language needs must be there, or none.
    fn read(texts: &mut Texts, key: &str, _: &'static str) -> Option<Self> {
        let language = texts.language();
        let needed = language.forms();
        if texts.remove(key).is_some() {
            let forms: Vec<String> = needed.iter().map(|form| format!("{key}.{form}")).collect();
            return texts.noted(key, Err(format!("is about a number: write {}", forms.join(" and "))));
        }
        if !texts.has_below(key) {
            texts.miss(key);
            return None;
        }
        let mut forms = Vec::new();
        for form in FORMS {
            let key = format!("{key}.{form}");
            let read = match (texts.remove(&key), needed.contains(&form)) {
                (None, false) => continue,
                (None, true) => Err(format!("is missing: the language counts in {}", needed.join(", "))),
                (Some(_), false) => {
                    Err(format!("is never used: the language counts in {}", needed.join(", ")))
                }
                (Some(raw), true) => checked(&raw, Some(COUNT)).and_then(|text| {
                    // Words for two may hold the number themselves; for 1, 21 and 31 they can't.
                    if language.is_one_number(form) { Ok(text) } else { needs(&text, COUNT) }
                }),
            };
            forms.extend(texts.noted(&key, read).map(|text| (form, text)));
        }
        Some(Self { language, forms })
    }
}

/// One paragraph of plain text, without any place but `place`, which is there once at most.
fn checked(raw: &str, place: Option<&str>) -> Result<String, String> {
    let text = raw.trim();
    if text.is_empty() {
        return Err("is empty: leave the key out to keep the English text".to_owned());
    }
    if text.chars().any(char::is_control) || text.chars().count() > LONGEST {
        return Err(format!("must be one paragraph of at most {LONGEST} characters"));
    }
    if text.contains(['<', '>']) {
        return Err("holds < or >: texts are shown as they are written, and HTML is none".to_owned());
    }
    let found = places(text)?;
    let instead = place.map_or_else(|| "it has none".to_owned(), |place| format!("write {{{place}}}"));
    if let Some(other) = found.iter().find(|found| Some(**found) != place) {
        return Err(format!("there is no {{{other}}} in this text: {instead}"));
    }
    if found.len() > 1 {
        return Err(format!("{{{}}} is there more than once", found[0]));
    }
    Ok(text.to_owned())
}

fn needs(text: &str, place: &str) -> Result<String, String> {
    let place = format!("{{{place}}}");
    if text.contains(&place) { Ok(text.to_owned()) } else { Err(format!("{place} is missing")) }
}

/// The names between braces.
fn places(text: &str) -> Result<Vec<&str>, String> {
    let unpaired = || "has a brace without its other one".to_owned();
    let mut found = Vec::new();
    let mut parts = text.split('{');
    if parts.next().is_some_and(|start| start.contains('}')) {
        return Err(unpaired());
    }
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or_else(unpaired)?;
        if rest.contains('}') {
            return Err(unpaired());
        }
        found.push(name);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_places_that_the_page_fills_and_no_others() {
        for (raw, place, wrong) in [
            ("It is your turn.", None, None),
            (" It is your turn in {wait}. ", Some("wait"), None),
            ("It is your turn.", Some("wait"), None),
            ("In {weit}.", Some("wait"), Some("no {weit} in this text: write {wait}")),
            ("In {wait}.", None, Some("it has none")),
            ("In {wait}, {wait}.", Some("wait"), Some("more than once")),
            ("In {wait.", Some("wait"), Some("brace")),
            ("In wait}.", Some("wait"), Some("brace")),
            ("In {wait}}.", Some("wait"), Some("brace")),
            ("In {{wait}.", Some("wait"), Some("brace")),
            ("", None, Some("empty")),
            (" \n ", None, Some("empty")),
            ("a\nb", None, Some("one paragraph")),
            ("a <b>b</b>", None, Some("HTML")),
        ] {
            let problem = checked(raw, place).err();
            match wrong {
                None => assert_eq!(problem, None, "{raw}"),
                Some(words) => {
                    assert!(problem.as_ref().is_some_and(|p| p.contains(words)), "{raw}: {problem:?}");
                }
            }
        }
        assert!(checked(&"a".repeat(LONGEST + 1), None).is_err());
    }

    #[test]
    fn what_fills_a_place_is_never_read_as_a_place() {
        let text = With { before: "a ".to_owned(), after: " {x}".to_owned() };
        assert_eq!(text.with("{x}{place}"), "a {x}{place} {x}");
    }
}

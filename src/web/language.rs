//! Which language a page is in: the browser says what its person reads, the configuration which there are.

use axum::http::{HeaderMap, header};

use super::Site;
use crate::model::Brand;

/// Most languages of a header that are looked at.
const MOST_RANGES: usize = 20;

impl Site {
    /// The look of pages in the language that the browser asks for; in English where there is none of its languages.
    pub(super) fn brand_for(&self, headers: &HeaderMap) -> &Brand {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let brands: Vec<&Brand> = std::iter::once(&self.brand).chain(&self.translated).collect();
        let tags: Vec<&str> = brands.iter().map(|brand| brand.words.language().as_str()).collect();
        asked.and_then(|asked| preferred(asked, &tags)).map_or(&self.brand, |place| brands[place])
    }
}

/// Which of `tags` an `Accept-Language` header prefers. RFC 9110 12.5.4, with lookup as in RFC 4647 3.4: `de-AT` finds
/// `de`. What is asked for in general, `pt`, finds `pt-BR` too.
fn preferred(asked: &str, tags: &[&str]) -> Option<usize> {
    for range in ranges(asked) {
        if range == "*" {
            return None;
        }
        let general = |tag: &&str| {
            let start = tag.get(..range.len()).is_some_and(|start| start.eq_ignore_ascii_case(range));
            start && tag[range.len()..].starts_with('-')
        };
        let found = lookup(range, tags).or_else(|| tags.iter().position(general));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The place of `range` among `tags`; where it is not there, of its beginning.
fn lookup(range: &str, tags: &[&str]) -> Option<usize> {
    let found = tags.iter().position(|tag| tag.eq_ignore_ascii_case(range));
    found.or_else(|| lookup(range.rsplit_once('-')?.0, tags))
}

/// The languages that a header names, the most wanted first.
fn ranges(asked: &str) -> Vec<&str> {
    let mut ranges: Vec<(&str, f32)> = asked.split(',').take(MOST_RANGES).filter_map(weighted).collect();
    ranges.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    ranges.into_iter().map(|(range, _)| range).collect()
}

/// A language and its weight; `None` when it is not wanted, or no language.
fn weighted(part: &str) -> Option<(&str, f32)> {
    let (range, weight) = match part.split_once(';') {
        None => (part, 1.0),
        Some((range, weight)) => {
            let weight = weight.trim().strip_prefix("q=").or(weight.trim().strip_prefix("Q="))?;
            (range, weight.parse().ok()?)
        }
    };
    let range = range.trim();
    let is_language = (1..=35).contains(&range.len()) && (0.0..=1.0).contains(&weight) && weight > 0.0;
    is_language.then_some((range, weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_and_is_there_is_taken() {
        let tags = ["en", "de", "pt-BR", "zh-TW"];
        for (asked, found) in [
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("de-Latn-AT-1996", Some("de")),
            ("fr, de;q=0.5, en;q=0.4", Some("de")),
            ("en;q=0.4, de;q=0.5", Some("de")),
            ("en-GB,de", Some("en")),
            ("en, de;q=1.0", Some("en")),
            ("de;q=0, en;q=0.1", Some("en")),
            ("pt", Some("pt-BR")),
            ("pt-PT,pt;q=0.9,en;q=0.8", Some("pt-BR")),
            ("pt-PT", None),
            ("zh-TW,zh;q=0.9", Some("zh-TW")),
            ("d", None),
            ("dex", None),
            ("fr, *;q=0.5, de;q=0.4", None),
            ("*", None),
            ("", None),
            (" ,;, ;q=1,de;q=high,de;q=nan,de;q=2,de;q=-1,de;level=1", None),
            ("de ; q=0.5", Some("de")),
            ("ü,de", Some("de")),
        ] {
            assert_eq!(preferred(asked, &tags).map(|place| tags[place]), found, "{asked}");
        }
    }

    #[test]
    fn a_long_header_is_looked_at_as_far_as_people_have_languages() {
        let late = format!("{}de", "fr,".repeat(MOST_RANGES));
        assert_eq!(preferred(&late, &["en", "de"]), None);
        assert_eq!(preferred(&"-".repeat(60_000), &["en", "de"]), None);
    }
}

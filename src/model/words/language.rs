//! A language: its tag, how it counts, and whether it is written from right to left.

use std::fmt;

use icu_locale::{LanguageIdentifier, LocaleDirectionality};
use icu_plurals::{PluralCategory, PluralRules};

/// The forms of CLDR.
pub(super) const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// The largest number that pages count: seconds of a minute, minutes of an hour, hours of a day.
const LARGEST: u64 = 60;

/// A language of the pages. Displays as its tag (BCP 47).
#[derive(Debug)]
pub struct Language {
    tag: String,
    is_rtl: bool,
    /// The form that each number takes, from 0 on.
    forms: Vec<&'static str>,
}

impl Language {
    /// The language of a tag such as `de` or `pt-BR`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn new(tag: &str) -> Result<Self, String> {
        let advice = || "is no language tag: write one such as de, pt-BR or zh-Hant".to_owned();
        let tag = LanguageIdentifier::try_from_str(tag).map_err(|_| advice())?;
        // Longer ones are possible, and there are none.
        if tag.language.is_unknown() || tag.language.as_str().len() > 3 {
            return Err(advice());
        }
        // How a language counts does not depend on its script, but CLDR's data ends there: `sr-Latn` would count like none.
        let counting = LanguageIdentifier { script: None, ..tag.clone() };
        let rules = PluralRules::try_new_cardinal((&counting).into()).map_err(|_| advice())?;
        Ok(Self {
            is_rtl: LocaleDirectionality::new_common().is_right_to_left(&tag),
            tag: tag.to_string(),
            forms: (0..=LARGEST).map(|number| name(rules.category_for(number))).collect(),
        })
    }

    /// Its tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.tag
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub fn is_rtl(&self) -> bool {
        self.is_rtl
    }

    /// The form that a number takes, by its name in CLDR; of a larger one than pages count, that of the largest.
    #[must_use]
    pub fn form(&self, number: u64) -> &'static str {
        let form = usize::try_from(number).ok().and_then(|number| self.forms.get(number));
        form.or(self.forms.last()).copied().unwrap_or("other")
    }

    /// The forms that numbers on pages take.
    #[must_use]
    pub fn forms(&self) -> Vec<&'static str> {
        FORMS.into_iter().filter(|form| self.forms.contains(form)).collect()
    }

    /// Whether one number alone takes the form.
    #[must_use]
    pub fn is_one_number(&self, form: &str) -> bool {
        self.forms.iter().filter(|taken| **taken == form).count() == 1
    }
}

fn name(form: PluralCategory) -> &'static str {
    match form {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_knows_its_spelling_its_direction_and_its_forms() {
        for (tag, spelling, is_rtl, forms) in [
            ("en", "en", false, &["one", "other"][..]),
            ("PT-br", "pt-BR", false, &["one", "other"]),
            ("pl", "pl", false, &["one", "few", "many"]),
            ("sr-Latn", "sr-Latn", false, &["one", "few", "other"]),
            ("ja", "ja", false, &["other"]),
            ("ar", "ar", true, &["zero", "one", "two", "few", "many"]),
            ("fa-IR", "fa-IR", true, &["one", "other"]),
            ("az-Arab", "az-Arab", true, &["one", "other"]),
        ] {
            let language = Language::new(tag).unwrap();
            assert_eq!((language.as_str(), language.is_rtl()), (spelling, is_rtl));
            assert_eq!(language.forms(), forms, "{tag}");
        }
        assert!(Language::new("he").unwrap().is_rtl() && Language::new("ur").unwrap().is_rtl());
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for bad in ["", "german", "de/AT", "*", "und", "d", "de-AT-"] {
            assert!(Language::new(bad).is_err(), "{bad}");
        }
    }
}

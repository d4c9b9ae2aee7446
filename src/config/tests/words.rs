//! Catalogues of the pages' words.

use super::*;
use crate::config::english;
use crate::config::words::catalogue;
use crate::model::{Words, code};

/// The short configuration with the languages of `more`, read in `folder`.
fn loaded(folder: &Folder, more: &str) -> Result<Loaded, Vec<Problem>> {
    parse(&format!("{SHORT}[pages.languages]\n{more}\n"), &folder.0, keys())
}

fn read(tag: &str, text: &str) -> Result<(Words, Vec<String>), Vec<String>> {
    catalogue(tag, "x.toml", text, &english().expect("English"))
}

#[test]
fn the_english_catalogue_has_every_text_and_no_other() {
    assert_eq!(english().map(|words| words.language().to_string()), Ok("en".to_owned()));
}

#[test]
fn the_english_catalogue_says_of_every_code_what_the_code_says_of_itself() {
    let words = english().expect("English");
    for code in code::ALL {
        assert_eq!((words.title(code), words.advice(code)), (code.title, code.advice), "{}", code.id);
    }
}

#[test]
fn the_german_catalogue_is_complete() {
    let text = include_str!("../../../config/words/de.toml");
    let (words, missing) = read("de", text).expect("German");
    assert_eq!(missing, [""; 0]);
    assert_eq!(
        words.waiting.turn.with(words.waiting.seconds.of(1)),
        "Sie sind angemeldet und in etwa 1 Sekunde an der Reihe. Diese Seite geht von selbst weiter."
    );
}

#[test]
fn what_is_wrong_with_a_catalogue_is_said_with_its_line() {
    for (text, wrong) in [
        ("[page]\nnexd = \"Weiter\"", "x.toml line 2: page.nexd: unknown key: did you mean `page.next`?"),
        (
            "[pages]\n\nsomething.else_altogether = \"a\"",
            "x.toml line 3: pages.something.else_altogether: unknown key: en.toml has them all",
        ),
        (
            "[choose]\nplaces = \"Bereiche in {instanz}\"",
            "line 2: choose.places: there is no {instanz} in this text: write {instance}",
        ),
        ("[choose]\nplaces = \"Bereiche\"", "line 2: choose.places: {instance} is missing"),
        (
            "[choose]\nheading = \"{instance}\"",
            "line 2: choose.heading: there is no {instance} in this text: it has none",
        ),
        ("[choose]\nheading = \" \"", "line 2: choose.heading: is empty"),
        ("[choose]\nheading = \"a\\nb\"", "line 2: choose.heading: must be one paragraph"),
        ("[choose]\nheading = \"<b>a</b>\"", "line 2: choose.heading: holds < or >"),
        ("[choose]\nheading = 1", "line 2: choose.heading: must be text in quotes"),
        ("[choose]\nheading.one = \"a\"", "line 2: choose.heading.one: unknown key"),
        (
            "[waiting]\nseconds = \"a\"",
            "line 2: waiting.seconds: is about a number: write waiting.seconds.one and waiting.seconds.other",
        ),
        (
            "[waiting]\nseconds.one = \"eine\"",
            "line 2: waiting.seconds.other: is missing: the language counts in",
        ),
        (
            "[waiting]\nseconds = { one = \"eine\", other = \"viele\" }",
            "line 2: waiting.seconds.other: {count} is missing",
        ),
        (
            "[waiting]\nseconds = { one = \"1\", few = \"{count}\", other = \"{count}\" }",
            "waiting.seconds.few: is never used",
        ),
        (
            "[code.busy]\ntitel = \"a\"",
            "line 2: code.busy.titel: unknown key: did you mean `code.busy.title`?",
        ),
        ("[page\nnext = \"a\"", "x.toml line 1: not TOML"),
    ] {
        let problems = read("de", text).expect_err(text);
        assert!(problems.iter().any(|problem| problem.contains(wrong)), "{wrong} not in {problems:#?}");
    }
}

#[test]
fn a_language_counts_in_its_own_way() {
    let polish = "[waiting.seconds]\none = \"{count} sekundę\"\nfew = \"{count} sekundy\"\nmany = \"{count} sekund\"\n";
    let (words, _) = read("pl", polish).expect("Polish");
    let counted: Vec<String> = [1, 2, 5, 22].map(|number: u64| words.waiting.seconds.of(number)).into();
    assert_eq!(counted, ["1 sekundę", "2 sekundy", "5 sekund", "22 sekundy"]);
    assert_eq!(words.renew.minutes.of(1), "1 minute", "English words, counted in English");
}

#[test]
fn a_missing_text_stays_english_with_one_warning() {
    let folder = Folder::new();
    folder.write("de.toml", "[page]\nnext = \"Weiter\"\n", 0o644);
    let loaded = loaded(&folder, "de = \"de.toml\"").expect("usable");
    let warnings: Vec<_> = loaded.warnings.iter().filter(|w| w.key == "pages.languages.de").collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let told = &warnings[0].message;
    assert!(told.contains("texts are missing in de.toml and stay English: page.footer, page.stuck, choose.heading and others (line"), "{told}");
    let words = &loaded.config.translated[0].words;
    assert_eq!(
        (words.page.next.as_str(), words.page.footer.as_str()),
        ("Weiter", "Sign-in to Amazon Connect")
    );
}

#[test]
fn other_words_for_english_need_not_be_all_of_them() {
    let folder = Folder::new();
    folder.write("en.toml", "[choose]\nheading = \"Choose a contact center\"\n", 0o644);
    let loaded = loaded(&folder, "en = \"en.toml\"").expect("usable");
    assert!(loaded.warnings.iter().all(|warning| !warning.key.starts_with("pages")), "{:?}", loaded.warnings);
    assert_eq!(loaded.config.brand.words.choose.heading.as_str(), "Choose a contact center");
    assert!(loaded.config.translated.is_empty());
}

#[test]
fn a_language_is_named_by_its_tag_once_and_its_file_can_be_read() {
    let folder = Folder::new();
    folder.write("a.toml", "", 0o644);
    folder.write("latin1.toml", "", 0o644);
    fs::write(folder.0.join("latin1.toml"), b"# \xfc").expect("a file");
    folder.write("wrong.toml", "[page]\nnext = \"\"\n", 0o644);
    for (more, key, words) in [
        ("german = \"a.toml\"", "pages.languages.german", "no language tag"),
        ("de = \"none.toml\"", "pages.languages.de", "there is no such file"),
        ("de = \"latin1.toml\"", "pages.languages.de", "not UTF-8"),
        ("de-AT = \"a.toml\"\nde-at = \"a.toml\"", "pages.languages.de-at", "is there twice"),
        ("de = 1", "pages.languages.de", "text in quotes"),
        ("de = \"wrong.toml\"", "pages.languages.de", "wrong.toml line 2: page.next: is empty"),
    ] {
        assert_about(&loaded(&folder, more).expect_err(more), key, words);
    }
}

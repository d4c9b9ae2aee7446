//! `[pages.languages]`: catalogues of the words on pages.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use toml::{Table, Value};

use crate::model::{Language, Problem, Texts, Words};

use super::files::Files;
use super::section::Section;
use super::source;

/// The catalogue of the program itself.
const ENGLISH: &str = include_str!("../../config/words/en.toml");
/// Octets of the largest catalogue.
const LARGEST: usize = 256 * 1024;
/// Most languages.
const MOST: usize = 40;
/// How many missing texts a warning names.
const NAMED: usize = 3;

/// The words of the program itself.
///
/// # Errors
/// None: a test reads them.
pub fn english() -> Result<Arc<Words>, Vec<Problem>> {
    static WORDS: LazyLock<Result<Arc<Words>, Vec<Problem>>> = LazyLock::new(|| read_english().map(Arc::new));
    WORDS.clone()
}

fn read_english() -> Result<Words, Vec<Problem>> {
    let language = Language::new("en").map_err(|message| vec![Problem::new("en", message)])?;
    let mut texts = Texts::new(Arc::new(language), flat(source::table(ENGLISH)?)?);
    let words = Words::read(&mut texts, None);
    let missing = texts.missing().iter().map(|key| Problem::new(key, "is missing")).collect();
    let problems = [missing, texts.problems()].concat();
    words.filter(|_| problems.is_empty()).ok_or(problems)
}

/// The words in English, and in every other language.
pub(super) struct Spoken {
    pub(super) english: Arc<Words>,
    pub(super) others: Vec<Arc<Words>>,
}

pub(super) fn read(section: &mut Section<'_>, files: &Files<'_>) -> Option<Spoken> {
    let written = section.text_table("languages", &[]);
    let ours = english().map_err(|problems| section.problems(problems)).ok()?;
    if written.len() > MOST {
        section.problem("languages", format!("has more than {MOST} languages"));
    }
    let mut others = Vec::<Arc<Words>>::new();
    for (tag, file) in written.iter().take(MOST) {
        let key = format!("languages.{tag}");
        match read_file(tag, file, files, &ours) {
            Ok((words, missing)) => {
                if others.iter().any(|known| known.language().as_str() == words.language().as_str()) {
                    section.problem(&key, "is there twice, in two spellings");
                }
                // Other words for English need not be all of them.
                if !missing.is_empty() && !is_english(&words) {
                    section.warning(&key, told(file, &missing));
                }
                others.push(Arc::new(words));
            }
            Err(messages) => {
                for message in messages {
                    section.problem(&key, message);
                }
            }
        }
    }
    let english = others.iter().position(|words| is_english(words)).map(|place| others.remove(place));
    Some(Spoken { english: english.unwrap_or(ours), others })
}

fn is_english(words: &Words) -> bool {
    words.language().as_str() == "en"
}

/// The words of a catalogue, English where it has none, and the keys that it has not.
fn read_file(
    tag: &str,
    file: &str,
    files: &Files<'_>,
    english: &Words,
) -> Result<(Words, Vec<String>), Vec<String>> {
    let octets = files.octets(file, LARGEST).map_err(|message| vec![message])?;
    let text = String::from_utf8(octets).map_err(|_| vec![format!("{file} is not UTF-8")])?;
    catalogue(tag, file, &text, english)
}

/// The same, of the text of a file.
pub(crate) fn catalogue(
    tag: &str,
    file: &str,
    text: &str,
    english: &Words,
) -> Result<(Words, Vec<String>), Vec<String>> {
    let language = Language::new(tag).map_err(|message| vec![message])?;
    let told = |problems: Vec<Problem>| told_with_lines(file, text, &problems);
    let mut texts = Texts::new(Arc::new(language), source::table(text).and_then(flat).map_err(told)?);
    let words = Words::read(&mut texts, Some(english));
    let missing = texts.missing().to_vec();
    let problems = texts.problems();
    words.filter(|_| problems.is_empty()).map(|words| (words, missing)).ok_or_else(|| told(problems))
}

/// Every text under its dotted key.
fn flat(table: Table) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let (mut texts, mut problems) = (BTreeMap::new(), Vec::new());
    let mut tables = vec![(String::new(), table)];
    while let Some((start, table)) = tables.pop() {
        for (key, value) in table {
            let key = format!("{start}{key}");
            match value {
                Value::String(text) => drop(texts.insert(key, text)),
                Value::Table(below) => tables.push((format!("{key}."), below)),
                _ => problems.push(Problem::new(key, "must be text in quotes")),
            }
        }
    }
    if problems.is_empty() { Ok(texts) } else { Err(problems) }
}

fn told_with_lines(file: &str, text: &str, problems: &[Problem]) -> Vec<String> {
    let lines = source::Lines::new(text);
    let told = |problem: &Problem| match lines.of(&problem.key) {
        Some(line) => format!("{file} line {line}: {problem}"),
        None => format!("{file} {problem}"),
    };
    problems.iter().map(told).collect()
}

fn told(file: &str, missing: &[String]) -> String {
    let named = missing[..missing.len().min(NAMED)].join(", ");
    let more = if missing.len() > NAMED { " and others" } else { "" };
    let (texts, stay) = if missing.len() == 1 { ("text is", "stays") } else { ("texts are", "stay") };
    format!("{} {texts} missing in {file} and {stay} English: {named}{more}", missing.len())
}

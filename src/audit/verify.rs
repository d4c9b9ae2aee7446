//! Whether the lines of an audit file are the ones that were written.

use std::io::{self, BufRead};

use serde_json::Value;

use super::{Chain, Link};
use crate::model::Secret;

/// What is wrong at one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The line of the file, from 1.
    pub line: u64,
    /// What is wrong, for a person.
    pub what: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Lines that were read.
    pub lines: u64,
    /// The number of the first line: above 1 where older lines are in another file.
    pub first: u64,
    /// The number of the last line.
    pub last: u64,
    /// The seal of the last line, which the next one will say: noted elsewhere, it shows later whether the end was cut off.
    pub seal: String,
    /// Where the chain breaks; empty: nowhere.
    pub breaks: Vec<Break>,
}

/// Reads every line. The first may follow on one in an older file.
///
/// # Errors
/// When the file can't be read.
pub fn verify(file: impl BufRead, key: Option<Secret>) -> io::Result<Verified> {
    let (mut chain, mut found) = (Chain::new(key), Verified::default());
    for line in file.split(b'\n') {
        let line = line?;
        found.lines += 1;
        let said = link_in(&line);
        if let Some(what) = wrong(found.lines, said.as_ref(), chain.next()) {
            found.breaks.push(Break { line: found.lines, what });
        }
        let number = said.map(|link| link.number);
        if found.lines == 1 {
            found.first = number.unwrap_or(1);
        }
        chain.written(&line, number);
    }
    found.last = chain.next().number.saturating_sub(1);
    found.seal.clone_from(&chain.next().previous);
    Ok(found)
}

/// What the line says of the one before.
fn link_in(line: &[u8]) -> Option<Link> {
    let line: Value = serde_json::from_slice(line).ok()?;
    Some(Link { number: line["number"].as_u64()?, previous: line["previous"].as_str()?.to_owned() })
}

fn wrong(at: u64, link: Option<&Link>, wanted: &Link) -> Option<String> {
    let Some(link) = link else {
        return Some("is no line of a chain: it was changed, cut off, or written without `chain`".to_owned());
    };
    if at == 1 {
        let is_first = link.number == 1;
        return (is_first != link.previous.is_empty())
            .then(|| format!("says number {} and does not begin a chain as that", link.number));
    }
    if link.number > wanted.number {
        return Some(format!("{} lines before it are missing", link.number - wanted.number));
    }
    if link.number < wanted.number {
        return Some(format!("says number {} where {} is next", link.number, wanted.number));
    }
    (link.previous != wanted.previous)
        .then(|| "the line before it is not the one that was written, or the key is another".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Secret {
        Secret::new("0123456789abcdef")
    }

    /// A file of five lines.
    fn written() -> Vec<String> {
        let mut chain = Chain::new(Some(key()));
        let line = |number| {
            let Link { number: next, previous } = chain.next().clone();
            let line = format!(r#"{{"event":"e{number}","number":{next},"previous":"{previous}"}}"#);
            chain.written(line.as_bytes(), Some(next));
            line
        };
        (1..=5).map(line).collect()
    }

    fn breaks(lines: &[String]) -> Vec<u64> {
        let text = lines.join("\n") + "\n";
        verify(text.as_bytes(), Some(key())).unwrap().breaks.iter().map(|found| found.line).collect()
    }

    #[test]
    fn lines_as_they_were_written_are_whole_from_wherever_the_file_begins() {
        let lines = written();
        assert_eq!((breaks(&lines), breaks(&lines[2..])), (vec![], vec![]));
        let found = verify(lines.join("\n").as_bytes(), Some(key())).unwrap();
        assert_eq!((found.lines, found.first, found.last), (5, 1, 5));
    }

    #[test]
    fn a_line_that_was_changed_taken_out_put_in_or_moved_is_found() {
        let lines = written();
        let changed = |at: usize| {
            let mut lines = lines.clone();
            lines[at] = lines[at].replace("\"e", "\"f");
            breaks(&lines)
        };
        assert_eq!(changed(0), [2]);
        assert_eq!(changed(2), [4]);
        let mut fewer = lines.clone();
        fewer.remove(2);
        assert_eq!(breaks(&fewer), [3]);
        let mut more = lines.clone();
        more.insert(2, lines[1].clone());
        assert_eq!(breaks(&more), [3]);
        let mut other = lines.clone();
        other.swap(1, 2);
        assert_eq!(breaks(&other), [2, 3, 4]);
        let mut foreign = lines.clone();
        foreign[3] = "{\"event\":\"sign_in\"}".to_owned();
        assert_eq!(breaks(&foreign), [4, 5]);
    }

    #[test]
    fn without_the_key_nobody_makes_a_chain_that_holds() {
        let text = written().join("\n");
        assert_eq!(verify(text.as_bytes(), None).unwrap().breaks.len(), 4);
        assert_eq!(verify(text.as_bytes(), Some(Secret::new("another key 1234"))).unwrap().breaks.len(), 4);
    }
}

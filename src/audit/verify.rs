//! Whether the lines of an audit file are the ones that were written.

use std::io::{self, BufRead};

use super::chain::Sealed;
use super::{Chain, Link};
use crate::model::Secret;

/// Where a file begins: with the first line of a chain, unless something else is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Begins {
    /// The number of its first line.
    pub number: Option<u64>,
    /// The seal of the last line of the file before.
    pub after: Option<String>,
}

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
    /// The number of the first line that holds; 0: none does.
    pub first: u64,
    /// The number of the last line that holds; 0: none does.
    pub last: u64,
    /// The seal of the last line, which the next one will say: noted elsewhere, it shows later whether the end was cut off.
    /// Empty where that line does not hold.
    pub seal: String,
    /// Where the chain breaks; empty: nowhere.
    pub breaks: Vec<Break>,
}

/// Reads every line, and looks whether it holds by itself and follows on the last one that does.
///
/// # Errors
/// When the file can't be read.
pub fn verify(file: impl BufRead, key: Option<Secret>, begins: &Begins) -> io::Result<Verified> {
    let (chain, mut found) = (Chain::new(key), Verified::default());
    let mut wanted = Wanted { held: None, stated: None };
    for line in file.split(b'\n') {
        let line = line?;
        found.lines += 1;
        found.seal.clear();
        let sealed = Sealed::read(&line);
        let what = match &sealed {
            None => Some(
                "can't be read as a line of a chain: it was changed or cut off, or written without `chain`"
                    .to_owned(),
            ),
            Some(line) if !chain.holds(line) => {
                Some("is not as it was sealed, or the key is another".to_owned())
            }
            Some(line) => {
                let what = wanted.wrong(line, found.lines, begins);
                if found.first == 0 {
                    found.first = line.link.number;
                }
                found.last = line.link.number;
                found.seal.clone_from(&line.seal);
                wanted.held = Some(line.next());
                what
            }
        };
        wanted.stated = sealed.filter(|line| wanted.has_its_place(line)).map(|line| line.next());
        found.breaks.extend(what.map(|what| Break { line: found.lines, what }));
    }
    Ok(found)
}

/// What the next line may say.
struct Wanted {
    /// Behind the last line that holds.
    held: Option<Link>,
    /// Behind the line directly before, whether it holds or not: a line that was changed is a break once and not twice.
    stated: Option<Link>,
}

impl Wanted {
    /// Whether a line says the number that is next, whatever else was changed in it. Any other would let lines be missing, or
    /// be there twice, behind it.
    fn has_its_place(&self, line: &Sealed) -> bool {
        let next = self.stated.as_ref().or(self.held.as_ref()).map_or(1, |next| next.number);
        let is_its_own = self.held.as_ref().is_some_and(|held| held.previous == line.seal);
        line.link.number == next || is_its_own
    }

    /// What is wrong with the place of a line that holds.
    fn wrong(&self, sealed: &Sealed, at: u64, begins: &Begins) -> Option<String> {
        let link = &sealed.link;
        if sealed.tells_break {
            return Some(
                "says that the gateway began a chain anew at a start: nothing vouches for what stood before it"
                    .to_owned(),
            );
        }
        if at > 1 && link.is_first() {
            return Some("begins a chain anew: nothing vouches for what stood before it".to_owned());
        }
        if self.stated.as_ref() == Some(link) {
            return None;
        }
        match &self.held {
            None => begins_wrong(link, begins),
            Some(wanted) => follows_wrong(link, wanted),
        }
    }
}

fn begins_wrong(link: &Link, begins: &Begins) -> Option<String> {
    let Link { number, previous } = link;
    match begins {
        Begins { number: Some(wanted), .. } if wanted != number => {
            Some(format!("says number {number} where {wanted} is first"))
        }
        Begins { after: Some(after), .. } if after != previous => {
            Some("does not follow on the line with that seal".to_owned())
        }
        Begins { number: None, after: None } if !link.is_first() => Some(format!(
            "says number {number}: the beginning is missing. The lines before it are gone or in an older file; `--after` with \
             the seal of that file's last line, or `--first` with the number, looks from there"
        )),
        _ => None,
    }
}

fn follows_wrong(link: &Link, wanted: &Link) -> Option<String> {
    if link.number > wanted.number {
        return Some(format!("{} lines before it are missing", link.number - wanted.number));
    }
    if link.number < wanted.number {
        return Some(format!("says number {} where {} is next", link.number, wanted.number));
    }
    (link.previous != wanted.previous)
        .then(|| "the line before it is not the one that was written".to_owned())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn key() -> Secret {
        Secret::new("0123456789abcdef")
    }

    /// A file of five lines.
    fn written() -> Vec<String> {
        let mut chain = Chain::new(Some(key()));
        let line = |number| {
            let Link { number: next, previous } = chain.next().clone();
            let line =
                chain.sealed(&format!(r#"{{"event":"e{number}","number":{next},"previous":"{previous}"}}"#));
            assert!(chain.follow(line.as_bytes()));
            line
        };
        (1..=5).map(line).collect()
    }

    fn verified(lines: &[String], begins: &Begins) -> Verified {
        verify((lines.join("\n") + "\n").as_bytes(), Some(key()), begins).unwrap()
    }

    fn breaks(lines: &[String]) -> Vec<u64> {
        verified(lines, &Begins::default()).breaks.iter().map(|found| found.line).collect()
    }

    /// What is said of the only break.
    fn what(lines: &[String], begins: &Begins) -> String {
        let mut found = verified(lines, begins).breaks;
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0).what
    }

    #[test]
    fn lines_as_they_were_written_are_whole() {
        let found = verified(&written(), &Begins::default());
        assert_eq!((found.lines, found.first, found.last, found.breaks), (5, 1, 5, vec![]));
    }

    #[test]
    fn a_file_whose_beginning_is_missing_is_whole_only_for_whoever_knows_where_it_begins() {
        let lines = written();
        assert!(what(&lines[2..], &Begins::default()).starts_with("says number 3: the beginning is missing"));
        let after = Some(verified(&lines[..2], &Begins::default()).seal);
        for known in [
            Begins { number: None, after: after.clone() },
            Begins { number: Some(3), after: None },
            Begins { number: Some(3), after },
        ] {
            let found = verified(&lines[2..], &known);
            assert_eq!((found.lines, found.first, found.last, found.breaks), (3, 3, 5, vec![]), "{known:?}");
            assert_eq!(what(&lines[3..], &known).contains("does not follow"), known.number.is_none());
            what(&lines, &known);
        }
    }

    #[test]
    fn a_file_is_not_whole_that_begins_with_the_line_that_says_that_the_chain_broke() {
        let mut chain = Chain::new(Some(key()));
        assert!(!chain.follow(b"nobody's"));
        let anew = chain.sealed(r#"{"event":"chain","number":1,"previous":""}"#);
        assert!(what(&[anew], &Begins::default()).contains("nothing vouches for what stood before it"));
    }

    #[test]
    fn a_line_that_was_changed_taken_out_put_in_or_moved_is_found() {
        let lines = written();
        for at in 0..5 {
            let mut changed = lines.clone();
            changed[at] = changed[at].replace("\"e", "\"f");
            assert_eq!(breaks(&changed), [at as u64 + 1], "the last one, too");
        }
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
        for unreadable in ["", "{\"event\":", "{\"number\":5,\"previous\":\"\"}"] {
            let mut more = lines.clone();
            more.insert(4, unreadable.to_owned());
            assert!(what(&more, &Begins::default()).starts_with("can't be read"), "{unreadable}");
        }
    }

    #[test]
    fn one_line_that_somebody_made_hides_no_line_that_is_missing_and_lets_none_pass_twice() {
        let lines = written();
        let link = |line: &str| {
            let line = Sealed::read(line.as_bytes()).unwrap();
            (line.link.number, line.seal)
        };
        // It says the number and the seal of the line that it stands for.
        let standing_for = |line: &str| {
            let (number, seal) = link(line);
            format!(r#"{{"event":"forged","number":{number},"previous":"","seal":"{seal}"}}"#)
        };
        let said = |lines: &[String]| {
            let breaks = verified(lines, &Begins::default()).breaks;
            breaks.into_iter().map(|found| found.what).collect::<Vec<_>>().join("\n")
        };
        let middle = [&lines[..1], &[standing_for(&lines[3])], &lines[4..]].concat();
        assert!(said(&middle).contains("3 lines before it are missing"), "{}", said(&middle));
        let beginning = [&[standing_for(&lines[2])][..], &lines[3..]].concat();
        assert!(said(&beginning).contains("the beginning is missing"), "{}", said(&beginning));
        let twice = [&lines[..], &[standing_for(&lines[1])], &lines[2..]].concat();
        assert_eq!(breaks(&twice)[..2], [6, 7], "{}", said(&twice));
    }

    /// Everything that can be computed without the key is there, and the gateway does not vouch for it either.
    #[test]
    fn a_line_that_was_put_at_the_end_without_the_key_does_not_hold_and_is_not_gone_on_behind() {
        let lines = written();
        let seal = verified(&lines, &Begins::default()).seal;
        let body = format!(r#"{{"event":"forged","number":6,"previous":"{seal}"}}"#);
        let forged = [
            body.clone(),
            Chain::new(None).sealed(&body),
            Chain::new(Some(Secret::new("another key 1234"))).sealed(&body),
            body.replace('}', &format!(",\"seal\":\"{}\"}}", hex::encode(Sha256::digest(&body)))),
        ];
        for forged in forged {
            let mut lines = lines.clone();
            lines.push(forged.clone());
            assert_eq!(breaks(&lines), [6], "{forged}");
            assert!(verified(&lines, &Begins::default()).seal.is_empty(), "no seal to note that nobody made");
            let mut chain = Chain::new(Some(key()));
            assert!(!chain.follow(forged.as_bytes()));
            assert_eq!(*chain.next(), Link { number: 1, previous: String::new() });
            lines.push(chain.sealed(r#"{"event":"chain","number":1,"previous":""}"#));
            assert_eq!(breaks(&lines), [6, 7], "and where the chain begins anew is said");
        }
    }

    #[test]
    fn without_the_key_nobody_makes_a_chain_that_holds() {
        let text = written().join("\n");
        for key in [None, Some(Secret::new("another key 1234"))] {
            let found = verify(text.as_bytes(), key, &Begins::default()).unwrap();
            assert_eq!((found.breaks.len(), found.first, found.last), (5, 0, 0));
        }
    }
}

//! One version of the rules as a file: a head of comments that says whose it is, then the text as it was published. It
//! is a mapping file itself: copied over one, it works.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::admin::{Author, Digest, Version};
use crate::model::IdpName;

const TITLE: &str =
    "# A version of the rules, kept by connect-gateway. This head ends at the first line with # alone.\n";
const END: &str = "\n#\n";

#[derive(Serialize, Deserialize)]
struct Head {
    at: String,
    idp: Option<String>,
    who: Option<String>,
    why: Option<String>,
    digest: String,
    base: Option<String>,
}

/// The file's text.
///
/// # Errors
/// A moment that can't be written.
pub(super) fn render(version: &Version, text: &str) -> Result<String, String> {
    let by = version.by.as_ref();
    let head = Head {
        at: version.at.format(&Rfc3339).map_err(|error| error.to_string())?,
        idp: by.map(|by| by.idp.to_string()),
        who: by.map(|by| one_line(&by.name)),
        why: by.map(|_| one_line(&version.why)),
        digest: version.digest.to_string(),
        base: version.base.as_ref().map(ToString::to_string),
    };
    let head = toml::to_string(&head).map_err(|error| error.to_string())?;
    let lines: Vec<String> = head.lines().map(|line| format!("# {line}")).collect();
    Ok(format!("{TITLE}{}{END}{text}", lines.join("\n")))
}

/// The version and its text.
///
/// # Errors
/// Why it can't be believed.
pub(super) fn parse(file: &str) -> Result<(Version, String), String> {
    let damaged = || "is not a file that the gateway wrote".to_owned();
    let (head, text) = file.strip_prefix(TITLE).and_then(|rest| rest.split_once(END)).ok_or_else(damaged)?;
    let lines: Option<Vec<&str>> = head.lines().map(|line| line.strip_prefix("# ")).collect();
    let head: Head = toml::from_str(&lines.ok_or_else(damaged)?.join("\n")).map_err(|_| damaged())?;
    let digest = Digest::of(text);
    if digest.to_string() != head.digest {
        return Err("its text was changed after it was kept".to_owned());
    }
    let by = head.idp.zip(head.who).map(|(idp, name)| Author { idp: IdpName::new(idp), name });
    let version = Version {
        at: OffsetDateTime::parse(&head.at, &Rfc3339).map_err(|_| damaged())?,
        by,
        why: head.why.unwrap_or_default(),
        digest,
        base: head.base.map(Digest::from),
    };
    Ok((version, text.to_owned()))
}

/// What was sent can't write a line of its own.
fn one_line(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str, text: &str) -> Version {
        Version {
            at: OffsetDateTime::UNIX_EPOCH,
            by: Some(Author { idp: IdpName::new("okta"), name: name.to_owned() }),
            why: "\"quotes\" and # signs".to_owned(),
            digest: Digest::of(text),
            base: Some(Digest::of("before")),
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_is_a_mapping_file_itself() {
        let text = "# ours\n#\n[mapping]\non_no_match = \"keep\"\n";
        let file = render(&version("ana\n#\n[mapping]", text), text).unwrap();
        let (read, back) = parse(&file).unwrap();
        assert_eq!(back, text);
        assert_eq!((read.why.as_str(), read.at), ("\"quotes\" and # signs", OffsetDateTime::UNIX_EPOCH));
        assert_eq!(read.base, Some(Digest::of("before")));
        assert_eq!(read.by.unwrap().name, "ana\u{fffd}#\u{fffd}[mapping]");
        let table: toml::Table = file.parse().unwrap();
        assert_eq!(table["mapping"]["on_no_match"].as_str(), Some("keep"));
    }

    #[test]
    fn a_damaged_file_is_told_from_a_whole_one() {
        let file = render(&version("ana", "[mapping]\n"), "[mapping]\n").unwrap();
        for damaged in [
            String::new(),
            "[mapping]\n".to_owned(),
            file[..60].to_owned(),
            file[..file.len() - 1].to_owned(),
            format!("{file}# one more line\n"),
            file.replace("# at = ", "# att = "),
            file.replace("1970", "197x"),
            file.replace("\n# why", "\nwhy"),
        ] {
            assert!(parse(&damaged).is_err(), "{damaged}");
        }
    }
}

//! Versions as files: what is kept, what is refused, what is damaged.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Barrier;

use super::super::tests::Folder;
use super::*;
use crate::admin::Author;
use crate::model::IdpName;

fn history(folder: &Folder) -> History {
    let file = folder.0.join("mapping.toml");
    fs::write(&file, "first").unwrap();
    History { keep: 4, ..History::new(file, folder.0.join("mapping.toml.history")) }
}

fn version(base: &str, text: &str) -> Version {
    Version {
        at: OffsetDateTime::UNIX_EPOCH,
        by: Some(Author { idp: IdpName::new("okta"), name: "ana".to_owned() }),
        why: "because".to_owned(),
        digest: Digest::of(text),
        base: Some(Digest::of(base)),
    }
}

fn published(history: &History, base: &str, text: &str) -> Result<u32, NotWritten> {
    history.publish(&version(base, text), text).map(|written| written.number)
}

fn texts(history: &History) -> Vec<String> {
    let all = history.all().unwrap().into_iter();
    all.map(|kept| kept.version.map_or_else(|why| why, |(_, text)| text)).collect()
}

#[test]
fn what_was_in_the_file_is_kept_before_it_is_replaced() {
    let folder = Folder::new();
    let history = history(&folder);
    assert_eq!(published(&history, "first", "second").unwrap(), 2);
    assert_eq!(fs::read_to_string(&history.file).unwrap(), "second");
    assert_eq!(published(&history, "second", "third").unwrap(), 3);
    assert_eq!(texts(&history), ["third", "second", "first"]);
    fs::write(&history.file, "by hand").unwrap();
    assert_eq!(published(&history, "by hand", "fourth").unwrap(), 5);
    assert_eq!(texts(&history)[..2], ["fourth", "by hand"]);
    let all = history.all().unwrap();
    let who = |place: usize| all[place].version.as_ref().unwrap().0.by.is_some();
    assert!(who(0) && !who(1), "nobody published what was changed in the file");
}

#[test]
fn versions_are_for_the_eyes_of_the_gateway_only() {
    let folder = Folder::new();
    let history = history(&folder);
    published(&history, "first", "second").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&history.folder), mode(&history.path(2))), (0o700, 0o600));
}

#[test]
fn a_draft_of_another_base_changes_nothing() {
    let folder = Folder::new();
    let history = history(&folder);
    assert!(matches!(published(&history, "other", "second"), Err(NotWritten::Conflict)));
    assert_eq!(fs::read_to_string(&history.file).unwrap(), "first");
    assert!(texts(&history).is_empty());
}

#[test]
fn of_many_who_publish_at_once_exactly_one_does() {
    let folder = Folder::new();
    let history = history(&folder);
    let start = Barrier::new(8);
    let won = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let (start, history) = (&start, &history);
                scope.spawn(move || {
                    start.wait();
                    published(history, "first", &format!("draft {number}")).is_ok()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!((won, texts(&history).len()), (1, 2));
    assert_eq!(texts(&history)[0], fs::read_to_string(&history.file).unwrap());
}

#[test]
fn the_oldest_versions_go_and_their_numbers_are_not_used_again() {
    let folder = Folder::new();
    let history = history(&folder);
    let mut base = "first".to_owned();
    let mut pruned = 0;
    for number in 2..8 {
        let text = format!("text {number}");
        let written = history.publish(&version(&base, &text), &text).unwrap();
        assert_eq!(written.number, number);
        (base, pruned) = (text, pruned + written.pruned);
    }
    assert_eq!((texts(&history).len(), pruned), (4, 3));
    assert_eq!(history.numbers().unwrap(), [4, 5, 6, 7]);
}

#[test]
fn a_damaged_version_is_told_and_stops_nothing() {
    let folder = Folder::new();
    let history = history(&folder);
    published(&history, "first", "second").unwrap();
    fs::write(history.path(2), [0xff, 0xfe]).unwrap();
    fs::create_dir(history.path(3)).unwrap();
    fs::write(history.folder.join("notes.txt"), "ours").unwrap();
    let all = history.all().unwrap();
    assert_eq!(all.iter().map(|kept| kept.version.is_err()).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(published(&history, "second", "third").unwrap(), 5);
    assert_eq!(texts(&history)[..2], ["third", "second"], "kept once more, since nobody can read it");
}

#[test]
fn what_can_not_be_written_leaves_everything_as_it_was() {
    let folder = Folder::new();
    let usable = history(&folder);
    published(&usable, "first", "second").unwrap();
    let no_folder = History { folder: usable.file.join("below a file"), ..usable.clone() };
    assert!(matches!(published(&no_folder, "second", "third"), Err(NotWritten::Failed(_))));
    assert!(no_folder.check_writable().is_err());
    // The name of the new file is taken by a folder: not even root can write it.
    fs::create_dir(folder.0.join(".mapping.toml.new")).unwrap();
    let Err(NotWritten::Failed(why)) = published(&usable, "second", "third") else { panic!("published") };
    assert!(why.contains("mapping.toml: "), "{why}");
    assert_eq!(fs::read_to_string(&usable.file).unwrap(), "second");
    assert_eq!(texts(&usable), ["second", "first"], "and no version says that it was in force");
    assert!(usable.check_writable().is_ok());
}

#[test]
fn a_file_that_is_not_there_can_be_published() {
    let folder = Folder::new();
    let history = history(&folder);
    fs::remove_file(&history.file).unwrap();
    assert_eq!(published(&history, "", "first").unwrap(), 1);
    assert_eq!(fs::read_to_string(&history.file).unwrap(), "first");
}

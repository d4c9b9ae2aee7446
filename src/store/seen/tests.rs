use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use time::{Duration, OffsetDateTime};

use super::*;
use crate::model::{IdpName, InstanceName, Username};

static COUNT: AtomicUsize = AtomicUsize::new(0);

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder =
            std::env::temp_dir().join(format!("connect-gateway-seen-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("seen.jsonl")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn sighting(name: &str, day: i64, groups: &[&str]) -> Sighting {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Sighting {
        at: OffsetDateTime::UNIX_EPOCH + Duration::days(day),
        instance: InstanceName::new("acme"),
        username: Username::new(name).unwrap(),
        idp: IdpName::new("okta"),
        name_id: None,
        attributes: [("groups".to_owned(), groups)].into(),
    }
}

fn write(folder: &Folder, sightings: &[Sighting]) {
    let seen = SeenFile::new(folder.file());
    for sighting in sightings {
        seen.saw(sighting.clone());
    }
}

#[test]
fn there_is_one_line_a_person_and_day_unless_something_changed() {
    let folder = Folder::new();
    let later = Sighting { at: sighting("ana", 1, &[]).at + Duration::HOUR, ..sighting("ana", 1, &["a"]) };
    write(&folder, &[sighting("ana", 1, &["a"]), later, sighting("ben", 1, &["a"])]);
    assert_eq!(folder.text().lines().count(), 2);
    // Another process goes on where that one was.
    write(&folder, &[sighting("ana", 1, &["a"]), sighting("ana", 1, &["b"]), sighting("ANA", 2, &["b"])]);
    assert_eq!(folder.text().lines().count(), 4);
    let (latest, unread) = Journal::at(folder.file()).read().unwrap();
    assert_eq!((latest.len(), unread), (3, 0), "a name in another case may be somebody else's");
    assert_eq!(latest[0], sighting("ANA", 2, &["b"]));
    assert_eq!(latest[1], sighting("ana", 1, &["b"]));
    let mode = |name: &str| fs::metadata(folder.0.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("seen.jsonl"), mode(".seen.jsonl.lock")), (0o600, 0o600));
}

#[test]
fn the_file_is_written_anew_at_the_first_sign_in_and_when_it_has_grown() {
    let folder = Folder::new();
    let days: Vec<Sighting> = (0..1500).map(|day| sighting("ana", day, &["a"])).collect();
    write(&folder, &days);
    assert!(folder.text().lines().count() < 1100, "{}", folder.text().lines().count());
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o644)).unwrap();
    write(&folder, &[sighting("ben", 1, &["a"])]);
    assert_eq!(folder.text().lines().count(), 2);
    assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_file_is_written_anew_when_its_bytes_have_grown_and_who_is_too_large_is_passed_over() {
    let folder = Folder::new();
    let large = |letter: &str, size: usize| sighting("ana", 1, &[&letter.repeat(size)]);
    let changes: Vec<Sighting> =
        (0..400).map(|number| large(if number % 2 == 0 { "a" } else { "b" }, 60 * 1024)).collect();
    write(&folder, &changes);
    let size = fs::metadata(folder.file()).unwrap().len();
    assert!(size < 17 * 1024 * 1024, "{size} bytes for one person");
    write(&folder, &[large("c", 64 * 1024 + 1), sighting("ben", 1, &[])]);
    let (latest, _) = Journal::at(folder.file()).read().unwrap();
    assert_eq!(latest.len(), 2);
    assert!(latest[0] != large("c", 64 * 1024 + 1), "larger than is kept");
}

#[test]
fn a_file_that_was_put_back_is_closed_to_others_before_it_is_written() {
    let folder = Folder::new();
    let seen = SeenFile::new(folder.file());
    seen.saw(sighting("ana", 1, &["a"]));
    while folder.text().is_empty() {
        std::thread::yield_now();
    }
    fs::write(folder.file(), "").unwrap();
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o644)).unwrap();
    seen.saw(sighting("ben", 1, &["a"]));
    drop(seen);
    assert_eq!(folder.text().lines().count(), 1);
    assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_name_in_the_file_that_is_no_user_name_is_not_read() {
    let folder = Folder::new();
    write(&folder, &[sighting("ana", 1, &["a"])]);
    let text = folder.text();
    fs::write(folder.file(), text.replace("\"ana\"", "\"../a b\"") + &text).unwrap();
    let (latest, unread) = Journal::at(folder.file()).read().unwrap();
    assert_eq!((latest.len(), unread), (1, 1));
}

#[test]
fn a_line_that_was_cut_off_costs_itself_alone() {
    let folder = Folder::new();
    write(&folder, &[sighting("ana", 1, &["a"]), sighting("ben", 1, &["a"])]);
    let text = folder.text();
    fs::write(folder.file(), &text[..text.len() - 9]).unwrap();
    let (latest, unread) = Journal::at(folder.file()).read().unwrap();
    assert_eq!((latest.len(), unread), (1, 1));
    Journal::at(folder.file()).append(&sighting("cho", 1, &["a"])).unwrap();
    assert_eq!(Journal::at(folder.file()).read().unwrap().0.len(), 2, "what follows is a line of its own");
    write(&folder, &[sighting("dee", 1, &["a"])]);
    assert_eq!(Journal::at(folder.file()).read().unwrap().1, 0);
}

#[test]
fn a_disk_that_fails_stops_nobody_and_is_tried_again() {
    let folder = Folder::new();
    fs::remove_dir_all(&folder.0).unwrap();
    let seen = SeenFile::new(folder.file());
    seen.saw(sighting("ana", 1, &["a"]));
    drop(seen);
    fs::create_dir_all(&folder.0).unwrap();
    write(&folder, &[sighting("ana", 1, &["a"])]);
    assert_eq!(folder.text().lines().count(), 1);
}

//! Drafts of `[mapping]`: read like the section itself, and put in force by nobody.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::admin;
use crate::mapping::{Known, Rules};
use crate::model::Problem;

use super::files::Files;
use super::history::History;
use super::mapping_file::MappingFile;
use super::report::Report;
use super::section::Section;
use super::{environment, mapping, source};

/// What is needed to read a draft as the configuration was read. Holds nothing of other sections.
#[derive(Debug, Default)]
pub struct Drafts {
    file: Option<PathBuf>,
    mapping_file: Option<PathBuf>,
    base_dir: PathBuf,
    at_start: String,
    environment: Vec<(String, String)>,
    known: Known,
    history: Option<History>,
}

impl Drafts {
    /// For the configuration of this `text`, or rules in a file of their own, with the variables that override rules.
    pub(super) fn new(
        text: &str,
        files: &Files<'_>,
        mapping_file: Option<&MappingFile>,
        of_rules: &[(String, String)],
    ) -> Self {
        Self {
            file: files.config_file().map(Path::to_owned),
            mapping_file: mapping_file.map(|file| file.path.clone()),
            base_dir: files.base_dir().to_owned(),
            at_start: mapping_file
                .map_or_else(|| section_of(text).unwrap_or_default(), |file| file.text.clone()),
            environment: of_rules.to_vec(),
            known: Known::default(),
            history: None,
        }
    }

    /// The same, with what rules may name, and the versions of the rules.
    pub(super) fn knowing(self, known: Known, history: Option<History>) -> Self {
        Self { known, history, ..self }
    }

    /// What rules may name.
    #[must_use]
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// The file that holds the rules alone, where there is one.
    pub(super) fn mapping_file(&self) -> Option<&Path> {
        self.mapping_file.as_deref()
    }

    /// Where relative paths start.
    pub(super) fn base_dir(&self) -> &Path {
        &self.base_dir
    }

    /// The tables that a draft may read: those of the rules in the file, as they are and as they were at start, and of
    /// versions that were in force.
    fn tables(&self, draft: &str) -> BTreeSet<String> {
        let mut tables = lookups(&self.at_start);
        tables.extend(lookups(&admin::Drafts::written(self)));
        if let Some(history) = self.history.as_ref().filter(|_| !lookups(draft).is_subset(&tables)) {
            tables.extend(history.texts().iter().flat_map(|text| lookups(text)));
        }
        tables
    }
}

impl admin::Drafts for Drafts {
    /// As it is in the file now; as it was at start where that can't be read or is no TOML.
    fn written(&self) -> String {
        let read = |file: &PathBuf| std::fs::read_to_string(file).ok();
        let text = match &self.mapping_file {
            Some(file) => read(file),
            None => self.file.as_ref().and_then(read).and_then(|text| section_of(&text)),
        };
        text.unwrap_or_else(|| self.at_start.clone())
    }

    /// A draft reads the tables that the file's own rules read, and no other file: what is wrong with a file's text is
    /// told on a page.
    fn compile(&self, text: &str) -> Result<Rules, Vec<Problem>> {
        let mut table = source::table(text)?;
        let report = Report::new(environment::apply(&mut table, self.environment.clone())?);
        let files = Files::new(&self.base_dir, None).only(self.tables(text));
        let mut root = Section::root(table, &report);
        let rules = root.section("mapping", |section| mapping::read(section, &files, &self.known));
        root.finish();
        let (problems, _) = report.into_problems(text, None);
        rules.filter(|_| problems.is_empty()).ok_or(problems)
    }
}

/// The files that rules look up.
fn lookups(text: &str) -> BTreeSet<String> {
    let table = source::table(text).unwrap_or_default();
    let rules = table.get("mapping").and_then(|mapping| mapping.get("rule")).and_then(Value::as_array);
    let lookups = rules.into_iter().flatten().filter_map(|rule| rule.get("lookup")?.as_str());
    lookups.map(str::to_owned).collect()
}

/// The lines of `[mapping]` with their comments; without them where the section is written in another way. `None` where
/// nobody can tell what belongs to it.
fn section_of(text: &str) -> Option<String> {
    let whole = source::table(text).ok()?;
    let mut is_ours = false;
    let (mut lines, mut comments) = (String::new(), String::new());
    for line in text.lines() {
        let start = line.trim_start();
        if start.is_empty() || start.starts_with('#') {
            comments.push_str(line);
            comments.push('\n');
            continue;
        }
        let was_ours = is_ours;
        if start.starts_with('[') {
            let name = start.trim_start_matches('[').trim_start();
            is_ours = name.strip_prefix("mapping").is_some_and(|rest| rest.starts_with([']', '.', ' ']));
        }
        // What stands between a section of ours and another one may belong to either: it is not shown.
        let above = std::mem::take(&mut comments);
        if is_ours {
            lines.push_str(if was_ours { &above } else { "" });
            lines.push_str(line);
            lines.push('\n');
        }
    }
    if is_ours {
        lines.push_str(&comments);
    }
    let wanted: Table = whole.into_iter().filter(|(key, _)| key == "mapping").collect();
    if source::table(&lines).is_ok_and(|found| found == wanted) {
        Some(lines)
    } else {
        toml::to_string_pretty(&wanted).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::Drafts as _;

    const FILE: &str = "version = 1\nsaml.signing_key = \"secret\"\n[mapping]\n# ours\non_no_match = \"keep\"\n[saml.logo]\n# theirs\n\
        [[mapping.rule]]\nname = \"a\"\ngroups = [\n  \"x\",\n]\nset = { security_profiles = [\"Agent\"] }\n[log]\n";

    #[test]
    fn the_section_is_shown_with_its_comments_and_nothing_of_the_others() {
        let text = section_of(FILE).unwrap();
        assert!(text.contains("# ours") && text.contains("[[mapping.rule]]"), "{text}");
        assert!(!text.contains("secret") && !text.contains("theirs") && !text.contains("[log]"), "{text}");
    }

    #[test]
    fn a_section_that_is_written_in_another_way_is_shown_all_the_same() {
        let text = section_of("mapping.on_no_match = \"keep\"\nsaml.signing_key = \"secret\"\n").unwrap();
        assert_eq!(text, "[mapping]\non_no_match = \"keep\"\n");
        let nested = "[mapping]\nx = [\n[1],\n]\ny = 2\n[other]\nz = 1\n";
        assert!(section_of(nested).unwrap().contains("y = 2"), "a list that begins a line is no header");
    }

    #[test]
    fn nothing_of_other_sections_is_shown_where_they_begin_badly_or_with_a_comment() {
        let damaged = "[mapping]\non_no_match = \"keep\"\n(saml.x]\nsigning_key = \"secret\"\n";
        assert_eq!(section_of(damaged), None);
        let commented = "[mapping]\non_no_match = \"keep\"\n# ours\n\n# signing_key = \"secret\"\n[admin]\nx = 1\n[[mapping.rule]]\n# too\n";
        let text = section_of(commented).unwrap();
        assert!(!text.contains("secret") && text.contains("# too"), "{text}");
    }

    #[test]
    fn a_draft_reads_no_file_that_the_rules_in_the_file_do_not_read() {
        let folder = std::env::temp_dir().join(format!("drafts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("teams.csv"), "group,landing\nx,ccp\n").unwrap();
        std::fs::write(folder.join("secret"), "private words\n").unwrap();
        let rule = |file: &str| format!("[[mapping.rule]]\nname = \"a\"\nlookup = \"{file}\"\n");
        let drafts = Drafts::new(&rule("teams.csv"), &Files::new(&folder, None), None, &[]);
        let refused = drafts.compile(&rule("secret")).unwrap_err();
        assert!(refused.iter().all(|problem| !problem.to_string().contains("private")), "{refused:?}");
        assert!(refused.iter().any(|problem| problem.message.contains("the playground")), "{refused:?}");
        let known = drafts.compile(&rule("teams.csv")).err().unwrap_or_default();
        assert!(known.iter().all(|problem| !problem.message.contains("the playground")), "{known:?}");
        std::fs::remove_dir_all(&folder).ok();
    }

    #[test]
    fn a_draft_is_the_section_alone() {
        let drafts = Drafts::new(FILE, &Files::new(Path::new(""), None), None, &[]);
        let refused = drafts.compile("[mapping]\non_no_match = \"keep\"\n[log]\n").unwrap_err();
        assert!(refused[0].key == "log", "{refused:?}");
        assert!(drafts.compile(&drafts.written()).is_ok());
    }
}

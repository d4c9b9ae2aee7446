//! Rust source as text: which rooms and crates a line names. Enough for code that rustfmt has laid out.

/// A line of code.
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) text: String,
    pub(crate) inline_modules: usize,
    pub(crate) in_tests: bool,
}

/// Lines without comments, each with the inline modules around it; a `use` that goes over several
/// lines is one. Relies on rustfmt's indentation.
pub(crate) fn code_lines(text: &str, test_file: bool) -> Vec<Line> {
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if code.starts_with("//") || code.is_empty() {
            continue;
        }
        if let Some(unfinished) = lines.last_mut().filter(|line| is_unfinished_use(&line.text)) {
            unfinished.text.push_str(code);
            continue;
        }
        if code == "}" && open.last().is_some_and(|(at, _)| *at == indent) {
            open.pop();
        }
        let in_tests = test_file || open.iter().any(|(_, tests)| *tests);
        lines.push(Line { number: index + 1, text: code.to_owned(), inline_modules: open.len(), in_tests });
        let declared = code.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        if let Some(name) = declared.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            open.push((indent, name.ends_with("tests")));
        }
    }
    lines
}

fn is_unfinished_use(code: &str) -> bool {
    let item = code.strip_prefix("pub(crate) ").or(code.strip_prefix("pub ")).unwrap_or(code);
    item.starts_with("use ") && !item.contains(';')
}

/// Rooms behind `crate::` (or `connect_gateway::` in a program), also in `crate::{a, b::c}`.
pub(crate) fn rooms_named(line: &str, program: bool) -> Vec<&str> {
    let prefix = if program { "connect_gateway::" } else { "crate::" };
    let mut rooms = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let rest = &line[at + prefix.len()..];
        if line[..at].ends_with('$') || line[..at].ends_with(is_word) {
            continue;
        }
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(group_heads(group)),
            None => rooms.push(first_word(rest)),
        }
    }
    rooms
}

/// The first word of each entry of a `{…}` group.
fn group_heads(group: &str) -> Vec<&str> {
    let mut heads = Vec::new();
    let mut depth = 0_u32;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(first_word(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(first_word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|c| !is_word(c)).next().unwrap_or("")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `name::`, `use name;` and `use name as`, where `name` starts a path.
pub(crate) fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let starts_a_path = before.is_none_or(|c| !is_word(c) && c != ':' && c != '"' && c != '.')
            || line[..at].trim_start() == "use ::";
        let used = line[..at].ends_with("use ") && (after.starts_with(';') || after.starts_with(" as "));
        starts_a_path && (after.starts_with("::") || used)
    })
}

pub(crate) fn longest_super_chain(line: &str) -> usize {
    let mut longest = 0;
    let mut rest = line;
    while let Some(at) = rest.find("super::") {
        let mut chain = 0;
        rest = &rest[at..];
        while let Some(next) = rest.strip_prefix("super::") {
            chain += 1;
            rest = next;
        }
        longest = longest.max(chain);
    }
    longest
}

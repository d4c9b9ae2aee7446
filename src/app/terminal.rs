//! Questions to whoever runs a command, and lines for them.

use std::io::{IsTerminal as _, Write as _, stderr, stdin, stdout};

/// Asks at the terminal; anything but `wanted` is no.
///
/// # Errors
/// Why nothing was changed.
pub(super) fn confirmed(question: &str, wanted: &str) -> Result<(), String> {
    if !stdin().is_terminal() {
        return Err("Nothing was changed: there is no terminal to ask at; --yes says yes".to_owned());
    }
    say_text!("{question}");
    let asked = stdout().flush().and_then(|()| {
        let mut answer = String::new();
        stdin().read_line(&mut answer).map(|_| answer)
    });
    match asked {
        Ok(answer) if answer.trim() == wanted => Ok(()),
        _ => Err("Nothing was changed.".to_owned()),
    }
}

/// A long work says how far it is, every `step` of them.
pub(super) fn progress(
    doing: &'static str,
    of: &'static str,
    step: usize,
) -> impl FnMut(usize, usize) + Send {
    let mut said = 0;
    move |done, count| {
        if done >= said + step && done < count {
            said = done;
            // Nobody depends on it.
            let _ = writeln!(stderr(), "{doing}: {done} of {count} {of}");
        }
    }
}

/// Lines below a heading, where there are any.
pub(super) fn block(heading: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("  {}\n", line.replace('\n', "\n  "))).collect();
    if lines.is_empty() { String::new() } else { format!("\n{heading}{}", lines.concat()) }
}

/// The text as it is, unless it could write elsewhere on the terminal than in its place.
pub(super) fn shown(text: &str) -> String {
    if text.chars().any(char::is_control) { text.escape_debug().to_string() } else { text.to_owned() }
}

//! Standard output of commands.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _, stderr, stdout};

/// What a command ends with that can't say what it has to say.
const UNHEARD: i32 = 1;

/// As `println!`, but for a reader that has seen enough, such as `head`: that is no failure.
macro_rules! say {
    () => { $crate::app::say::text(format_args!("\n")) };
    ($($words:tt)*) => { $crate::app::say::text(format_args!("{}\n", format_args!($($words)*))) };
}

/// As `print!`, with the same exception.
macro_rules! say_text {
    ($($words:tt)*) => { $crate::app::say::text(format_args!($($words)*)) };
}

/// Writes it. Ends the process where it can't be written, such as to a full disk: half an output must not pass for a whole.
pub fn print(octets: &[u8]) {
    let mut out = stdout().lock();
    let Err(error) = out.write_all(octets).and_then(|()| out.flush()) else { return };
    if error.kind() != ErrorKind::BrokenPipe {
        let _ = writeln!(stderr(), "error: standard output: {error}");
        std::process::exit(UNHEARD);
    }
}

/// What `say!` and `say_text!` call.
pub(super) fn text(words: Arguments<'_>) {
    print(words.to_string().as_bytes());
}

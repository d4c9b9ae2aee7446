//! `connect-gateway completions | man`: what shells, `man` and docs/commands.md say of the commands.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;
use connect_gateway::app::{self, Outcome};

const PROGRAM: &str = "connect-gateway";

#[derive(Args)]
pub(crate) struct Man {
    /// Write a page for each command into this folder, which must be there.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print the commands as docs/commands.md has them instead.
    #[arg(long, conflicts_with = "out")]
    markdown: bool,
}

/// Prints a script that completes our commands in `shell`.
pub(crate) fn completions(shell: Shell, mut commands: Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut commands, PROGRAM, &mut script);
    print(&script)
}

/// Prints the manual page of the program, or writes one for each command.
pub(crate) fn man(Man { out, markdown }: &Man, commands: Command) -> Outcome {
    if *markdown {
        return print(reference(commands).as_bytes());
    }
    if let Some(folder) = out {
        return written(folder, commands);
    }
    let mut page = Vec::new();
    match clap_mangen::Man::new(commands).render(&mut page) {
        Ok(()) => print(&page),
        Err(error) => failed(&error.to_string()),
    }
}

fn written(folder: &Path, commands: Command) -> Outcome {
    match clap_mangen::generate_to(commands, folder) {
        Ok(()) => Outcome::Done,
        Err(error) => failed(&format!("{}: {error}", folder.display())),
    }
}

/// Every command that does something, with its help.
fn reference(commands: Command) -> String {
    let mut commands = commands.disable_help_subcommand(true);
    commands.build();
    sections(&commands, PROGRAM).concat()
}

fn sections(command: &Command, path: &str) -> Vec<String> {
    let below =
        command.get_subcommands().map(|below| sections(below, &format!("{path} {}", below.get_name())));
    let below: Vec<String> = below.flatten().collect();
    if !below.is_empty() && command.is_subcommand_required_set() {
        return below;
    }
    let mut shown = command.clone().mut_arg("help", |argument| argument.hide(true));
    let help = shown.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    let own = format!("\n### `{path}`\n\n```\n{}\n```\n", lines.join("\n"));
    [own].into_iter().chain(below).collect()
}

fn print(text: &[u8]) -> Outcome {
    app::print(text);
    Outcome::Done
}

fn failed(reason: &str) -> Outcome {
    Outcome::Failed(vec![reason.to_owned()])
}

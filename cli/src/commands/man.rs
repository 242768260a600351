//! `man`: manual pages, generated from the command tree.

use std::io;
use std::path::Path;

use api_key_helper_values::Error;
use clap::Command;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::{Call, Man, tree};
use crate::report::print;

/// Prints one page, or writes all of them.
pub(crate) fn run(call: &Call, man: &Man) -> Result<(), Error> {
    let mut tree = tree(call.backends);
    // Completes each command's name, and adds the global options.
    tree.build();
    if let Some(folder) = &man.to {
        return write_all(tree, folder).map_err(|error| {
            Error::misconfigured(format!("cannot write into `{}`: {error}", folder.display()))
                .with_hint("name a folder that is there and yours")
        });
    }
    let command = match &man.command {
        None => tree,
        Some(name) => {
            let known = tree.get_subcommands().find(|command| command.get_name() == name);
            known.cloned().ok_or_else(|| {
                Error::misconfigured(format!("there is no command `{name}`"))
                    .with_hint("see `api-key-helper --help`")
            })?
        }
    };
    let page = Page::of(command);
    print(&page.text().map_err(|error| Error::misconfigured(error.to_string()))?)
}

fn write_all(tree: Command, folder: &Path) -> io::Result<()> {
    let commands: Vec<Command> =
        tree.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    for command in std::iter::once(tree).chain(commands) {
        let page = Page::of(command);
        std::fs::write(folder.join(page.man.get_filename()), page.text()?)?;
    }
    Ok(())
}

struct Page {
    man: clap_mangen::Man,
    /// Set for the page of the program itself.
    is_first: bool,
}

impl Page {
    fn of(command: Command) -> Self {
        let is_first = command.has_subcommands();
        Self { man: clap_mangen::Man::new(command), is_first }
    }

    fn text(&self) -> io::Result<String> {
        let mut page = Vec::new();
        self.title().to_writer(&mut page)?;
        self.man.render_name_section(&mut page)?;
        self.man.render_synopsis_section(&mut page)?;
        self.man.render_description_section(&mut page)?;
        self.man.render_options_section(&mut page)?;
        if self.is_first {
            self.man.render_subcommands_section(&mut page)?;
            for (heading, rows) in SECTIONS {
                section(heading, rows).to_writer(&mut page)?;
            }
        }
        see_also(self.is_first).to_writer(&mut page)?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }

    /// Written here because the crate's own title shifts the arguments after an empty date, and
    /// leaves little room beside long names.
    fn title(&self) -> Roff {
        let mut roff = Roff::new();
        let name = self.man.get_filename();
        let version = format!("api-key-helper {}", crate::cli::VERSION);
        let no_date = "\"\"";
        roff.control("TH", [name.trim_end_matches(".1"), "1", no_date, &version, "User commands"]);
        roff
    }
}

fn section(heading: &str, rows: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [heading]);
    for (name, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*meaning)]);
    }
    roff
}

fn see_also(is_first: bool) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    if !is_first {
        roff.text([bold("api-key-helper"), roman("(1)")]);
        roff.control("PP", []);
    }
    roff.text([roman(concat!("The whole manual: ", env!("CARGO_PKG_REPOSITORY")))]);
    roff
}

/// A heading with its rows of names and meanings.
type Section = (&'static str, &'static [(&'static str, &'static str)]);

/// Sections that a command tree does not have.
const SECTIONS: [Section; 3] = [
    (
        "EXIT STATUS",
        &[
            ("0", "The key was printed, or the command did what it is for."),
            (
                "1",
                "The source did not answer in time, or not sensibly: ask again later. Of `doctor`: \
                 something is in the way.",
            ),
            ("2", "The configuration or the command line is wrong."),
            ("3", "A human must sign in: run `api-key-helper login`."),
            ("4", "The source refuses to give the key: ask its administrator."),
            ("5", "The key is not where the configuration says."),
            ("6", "The API refuses the key that the source gives."),
            (
                "125",
                "`exec` has no key; its program was not started. Otherwise its status is `exec`'s.",
            ),
            ("126", "`exec` cannot run the program."),
            ("127", "`exec` does not find the program."),
        ],
    ),
    (
        "FILES",
        &[
            (
                "$XDG_CONFIG_HOME/api-key-helper/config.toml",
                "What you configured. Without the variable it is below ~/.config.",
            ),
            ("/etc/api-key-helper/config.toml", "What this machine's administrator did."),
            (
                "$XDG_STATE_HOME/api-key-helper/",
                "Sealed keys, locks, failures and refresh.log. Without the variable it is below \
                 ~/.local/state.",
            ),
            (
                "$XDG_DATA_HOME/api-key-helper/seal.key",
                "The key that seals them, where there is no secret store. Without the variable it is \
                 below ~/.local/share.",
            ),
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            ("API_KEY_HELPER_CONFIG", "The configuration file to use instead of yours."),
            ("API_KEY_HELPER_TIMEOUT_MS", "The longest time of one attempt, in milliseconds."),
            ("API_KEY_HELPER_RETRY_COUNT", "How many attempts follow the first one."),
            ("API_KEY_HELPER_SHELL", "The shell that a script source's line is for."),
            (
                "CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
                "For how long Claude Code uses a key before it asks again, in milliseconds.",
            ),
        ],
    ),
];

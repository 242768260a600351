//! `init`: writes a first configuration, with questions if there is a user at the terminal.

mod conversation;
mod interview;
mod trial;

use std::fs::DirBuilder;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use api_key_helper_backend::Registration;
use api_key_helper_clients::claude_code::Scope;
use api_key_helper_files as files;
use api_key_helper_system::{Places, trust};
use api_key_helper_values::Error;

use self::conversation::Conversation;
use self::interview::Interview;
use self::trial::Trial;
use crate::backends::configuration;
use crate::cli::{Apply, Call, Client, Init};
use crate::commands::apply;
use crate::environment::Environment;
use crate::report::{Reporter, print, visible_lines};
use crate::session::configured::Files;
use crate::session::places;
use crate::settings::Settings;

/// Writes the configuration, but never over an existing one. Until then nothing is changed.
pub(crate) async fn run(
    call: &Call,
    init: &Init,
    environment: Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let places = places(call, &environment)?;
    // Checked first, so that no user answers the questions in vain.
    if places.user_config.symlink_metadata().is_ok() {
        return Err(is_there(&places.user_config));
    }
    let is_attended = io::stdin().is_terminal() && io::stderr().is_terminal();
    if init.backend.is_none() && is_attended {
        return ask(call, environment, places, reporter).await;
    }
    let backend = backend(call, init.backend.as_deref().unwrap_or(call.backends.default_name()))?;
    let settings = Settings::parse(&init.set).map_err(|setting| {
        Error::misconfigured(format!("`--set {setting}` is not of the form `KEY=VALUE`"))
            .with_hint("name a setting of the source, such as `--set timeout=5s`")
    })?;
    let text = configuration(backend, &settings);
    if !init.set.is_empty() {
        Trial::new(call, &environment, &places)?.check(&text)?;
    }
    write(&places.user_config, &text)?;
    let shown = trust::quote(&places.user_config);
    print(&visible_lines(&format!(
        "Wrote {shown}\nEdit it, then try `api-key-helper` and `api-key-helper status`.\n"
    )))
}

async fn ask(
    call: &Call,
    environment: Environment,
    places: Places,
    reporter: &Reporter,
) -> Result<(), Error> {
    let trial = Trial::new(call, &environment, &places)?;
    let mut talk = Conversation::new(&environment);
    talk.say(&format!(
        "This writes {}, once it works.\nCtrl-C ends it, and no file is written.\n\n",
        trust::quote(&places.user_config)
    ));
    let choices = call.backends.all().iter().map(|backend| (backend.name, backend.says));
    let choices: Vec<_> = choices.collect();
    let default = call.backends.default_name();
    let name = talk.choose("Where does the key come from?", &choices, default).await?;
    let backend = backend(call, name)?;
    let mut interview = Interview::new(&environment);
    let (text, works) = loop {
        let settings = interview.settings(&mut talk, backend, &trial).await?;
        let text = configuration(backend, &settings);
        // Programs run in the folder of the file that names them.
        make_folder_of(&places.user_config).map_err(|e| not_written(&places.user_config, &e))?;
        let Err(error) = trial.fetch(&text, &mut talk, reporter).await? else { break (text, true) };
        talk.complain(&trial.call().advise(error.clone()));
        match talk.choose("What now?", WHAT_NOW, "correct").await? {
            "correct" => {}
            "write" => break (text, false),
            _ => {
                return Err(Error::new(error.kind(), "nothing was written")
                    .with_hint("run `api-key-helper init` again when the source works"));
            }
        }
    };
    write(&places.user_config, &text)?;
    talk.say(&format!("\nWrote {}\n", trust::quote(&places.user_config)));
    // If others can write to the folder, no call would read the file.
    Files::read(&places)?;
    if !works {
        return Ok(());
    }
    talk.say("\n");
    if talk.agrees("Let Claude Code use it, by your settings?").await? {
        let apply = Apply {
            client: Client::ClaudeCode,
            server: None,
            provider: None,
            scope: Scope::User,
            dry_run: false,
            undo: false,
            force: false,
        };
        return apply::run(trial.call(), &apply, &environment, reporter).await;
    }
    talk.say("Later: `api-key-helper apply`\n");
    Ok(())
}

const WHAT_NOW: &[(&str, &str)] =
    &[("correct", "the answers"), ("write", "the file as it is"), ("stop", "and write nothing")];

fn backend(call: &Call, name: &str) -> Result<&'static Registration, Error> {
    call.backends
        .find(name)
        .ok_or_else(|| Error::misconfigured(format!("there is no backend `{name}`")))
}

fn is_there(path: &Path) -> Error {
    let shown = trust::quote(path);
    Error::misconfigured(format!("`{shown}` is there already, and stays as it is"))
        .with_hint("edit it, or name another one with `--config`")
}

/// Writes the file completely or not at all.
fn write(path: &Path, content: &str) -> Result<(), Error> {
    create(path, content).map_err(|error| not_written(path, &error))
}

fn not_written(path: &Path, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return is_there(path);
    }
    Error::misconfigured(format!("cannot write `{}`: {error}", trust::quote(path)))
        .with_hint("name another place with `--config`")
}

fn create(path: &Path, content: &str) -> io::Result<()> {
    let folder = make_folder_of(path)?;
    // The draft has mode 0600.
    let mut draft = files::draft(tempfile::Builder::new().prefix(".config-"), folder)?;
    draft.as_file_mut().write_all(content.as_bytes())?;
    files::sync(draft.as_file())?;
    draft.persist_noclobber(path)?;
    Ok(())
}

fn make_folder_of(path: &Path) -> io::Result<&Path> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    Ok(folder)
}

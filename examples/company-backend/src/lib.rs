//! A company's own backend: an agent on each machine keeps every team's key in a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use api_key_helper_backend::{
    Attempt, Backend, Credential, Error, Key, Question, Registration, SourceTable, async_trait,
};
use serde::Deserialize;

/// All that a program needs to know of this backend.
pub const REGISTRATION: Registration =
    Registration::new("company", "the company's agent has it", build)
        .with_template(include_str!("template.toml"))
        .with_questions(&[Question::text("team", "Your team").known_by(&["COMPANY_TEAM"])]);

/// The keys that such a source has beside those of every source.
#[derive(Deserialize)]
struct Table {
    team: String,
    folder: Option<PathBuf>,
}

/// The source that `table` describes. Only the shape is checked here: nothing is asked.
fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    let Table { team, folder } = table.parse()?;
    if team.is_empty() || !team.chars().all(|c| c.is_ascii_lowercase()) {
        return Err(table
            .error("team", format!("`{team}` is not the name of a team"))
            .with_hint("write it in lower case, as it stands in the company's directory"));
    }
    let folder = folder.unwrap_or_else(|| PathBuf::from("/run/company/keys"));
    Ok(Box::new(Company { file: table.path("folder", &folder).join(team) }))
}

/// A source whose key is in the file of a team.
#[derive(Debug)]
struct Company {
    file: PathBuf,
}

#[async_trait]
impl Backend for Company {
    async fn fetch(&self, _: &dyn Attempt) -> Result<Credential, Error> {
        let text =
            std::fs::read_to_string(&self.file).map_err(|error| unreadable(&self.file, &error))?;
        let key = Key::parse(&text).map_err(|why| {
            Error::transient(format!("`{}` is not a key: {why}", self.file.display()))
        })?;
        Ok(Credential::new(key))
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    let message = format!("cannot read `{}`: {error}", file.display());
    match error.kind() {
        ErrorKind::NotFound => Error::not_found(message)
            .with_hint("ask for a key of your team, see `company-agent teams`"),
        _ => Error::transient(message),
    }
}

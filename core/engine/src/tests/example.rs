//! The backend that the manual shows how to write.

#[path = "../../../../examples/backend.rs"]
mod backend;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use api_key_helper_backend::{Backend, SourceTable};
use api_key_helper_values::{Error, ErrorKind};

use super::lab::{HOUR, Lab};
use super::source::Script;
use crate::Source;

#[test]
fn example_backend_key_is_cached() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), "sk-first\n").unwrap();
    let lab = Lab::default();
    let sources = [source(&lab, folder.path())];
    assert_eq!(lab.key(&sources), "sk-first");
    fs::write(folder.path().join("key"), "sk-second\n").unwrap();
    assert_eq!(lab.key(&sources), "sk-first");
    lab.pass(2 * HOUR);
    assert_eq!(lab.key(&sources), "sk-second");
}

#[test]
fn example_backend_tells_not_found_from_misconfigured() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Lab::default();
    let sources = [source(&lab, folder.path())];
    let error = lab.error(&sources);
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    fs::write(folder.path().join("key"), "two words").unwrap();
    let lab = Lab::default();
    let error = lab.error(&sources);
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    assert!(!error.report().contains("two words"), "{}", error.report());
}

#[test]
fn example_backend_settings_name_their_line() {
    let refused = |text: &str| build(text, Some("/run/credentials/u")).unwrap_err().report();
    assert!(refused("credential = '../key'").contains("config.toml:1:1: `source.s.credential`"));
    assert!(refused("credentials = 'key'").contains("did you mean `credential`?"));
    let error = build("credential = 'key'", None).unwrap_err();
    assert!(error.report().contains("add `LoadCredential=key:/path`"), "{}", error.report());
}

fn source(lab: &Lab, folder: &Path) -> Source {
    let backend = build("credential = 'key'", folder.to_str()).unwrap();
    Source { backend: Arc::from(backend), ..Script::new(lab, []).source("a") }
}

fn build(text: &str, folder: Option<&str>) -> Result<Box<dyn Backend>, Error> {
    let folder = folder.map(|folder| ("CREDENTIALS_DIRECTORY".to_owned(), folder.to_owned()));
    let table = SourceTable::from_toml("s", text, Path::new("/conf"), folder.into_iter().collect());
    backend::build(&table.unwrap())
}

//! A user who follows a section of `docs/clients.md`.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::call::{Answer, Call};
use integration_tests::home::{Home, search_path_from};

use crate::page::Section;

/// A home in which a client's section was followed. Its configuration is the helper's, and each
/// block with the info string `LANGUAGE ~/PATH` is that file.
///
/// Some parts of the section are replaced: a folder for programs by the helper's, a program that
/// gives keys by the script `main`, and the pairs of [`User::following`].
pub(crate) struct User {
    pub(crate) home: Home,
    section: Section,
    stands_for: Vec<(&'static str, String)>,
}

impl User {
    /// Returns a user whose script is `body`.
    pub(crate) fn following(client: &str, body: &str, own: &[(&'static str, &str)]) -> Self {
        let home = Home::new();
        let programs = home.path().join("bin");
        std::fs::create_dir(&programs).unwrap();
        symlink(&Binaries::built().front, programs.join("api-key-helper")).unwrap();
        let script = home.script("main", body).display().to_string();
        let mut stands_for =
            vec![("/usr/local/bin", programs.display().to_string()), (SOURCE, script)];
        stands_for.extend(own.iter().map(|(shown, real)| (*shown, (*real).to_owned())));
        let user = Self { home, section: Section::on(client), stands_for };
        user.home.configure(&user.shown("toml"));
        for block in user.section.blocks() {
            if let Some((_, file)) = block.info.split_once(" ~/") {
                user.home.write(file, user.real(block.text));
            }
        }
        user
    }

    /// Returns the section's only block with the info string `info`, with the replacements.
    #[track_caller]
    pub(crate) fn shown(&self, info: &str) -> String {
        self.real(self.section.block(info))
    }

    /// Returns a call of `program` in this home. The helper does not retry for long when its source
    /// is down.
    pub(crate) fn call(&self, program: impl AsRef<Path>) -> Call {
        self.home.call_of(program.as_ref()).env("API_KEY_HELPER_RETRY_COUNT", "0")
    }

    /// Returns the search path, which includes the helper.
    pub(crate) fn path(&self) -> OsString {
        search_path_from(&self.home.path().join("bin"))
    }

    /// Returns the number of fetches.
    pub(crate) fn fetches(&self) -> usize {
        self.home.runs("main")
    }

    fn real(&self, shown: &str) -> String {
        let text = shown.to_owned();
        self.stands_for.iter().fold(text, |text, (shown, real)| text.replace(shown, real))
    }
}

/// Asserts that the client failed, and showed the helper's message about its source.
#[track_caller]
pub(crate) fn assert_tells_why(answer: &Answer) {
    assert_ne!(answer.code, Some(0), "{answer:?}");
    assert_has_why(&format!("{}{}", answer.stdout, answer.stderr));
}

/// Asserts that this is the helper's message about its source.
#[track_caller]
pub(crate) fn assert_has_why(said: &str) {
    for word in [REASON, HINT] {
        assert!(said.contains(word), "{word:?} is not said: {said}");
    }
}

/// Returns the key of a run of [`KEYS`](integration_tests::home::KEYS).
pub(crate) fn key(number: u32) -> String {
    format!("key-{number}")
}

/// The program that gives keys on the pages.
const SOURCE: &str = "/opt/keys/company-token";

/// The script of a source that is down.
pub(crate) const DOWN: &str = "echo the token service does not answer >&2; exit 75";

const REASON: &str = "failed with exit code 75: the token service does not answer";

const HINT: &str = "by hand to see why";

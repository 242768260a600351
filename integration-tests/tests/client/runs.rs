//! The runs of the helper that a client sees.

use std::fs;
use std::path::PathBuf;

use integration_tests::binaries::Binaries;
use integration_tests::home::Home;

/// A shell line that runs the helper, and records its exit code and stderr.
pub(crate) struct Runs {
    codes: PathBuf,
    said: PathBuf,
}

impl Runs {
    /// Returns the records in `home`.
    pub(crate) fn of(home: &Home) -> Self {
        Self { codes: home.path().join("codes"), said: home.path().join("said") }
    }

    /// Returns the line for the client.
    pub(crate) fn line(&self) -> String {
        let Self { codes, said } = self;
        let (front, codes, said) =
            (Binaries::built().front.display(), codes.display(), said.display());
        format!("'{front}' 2>>'{said}'; code=$?; echo $code >>'{codes}'; exit $code")
    }

    /// Returns the number of runs.
    pub(crate) fn count(&self) -> usize {
        fs::read_to_string(&self.codes).unwrap_or_default().lines().count()
    }

    /// Asserts that each run succeeded without stderr.
    #[track_caller]
    pub(crate) fn assert_quiet(&self) {
        let codes = fs::read_to_string(&self.codes).unwrap();
        assert!(codes.lines().all(|code| code == "0"), "{codes}");
        assert_eq!(fs::read_to_string(&self.said).unwrap(), "");
    }
}

//! What a client sees of its helper.

use std::fs;
use std::path::PathBuf;

use integration_tests::binaries::Binaries;
use integration_tests::home::Home;

/// A line of the shell that runs the helper, and writes down how that ends.
pub(crate) struct Runs {
    codes: PathBuf,
    said: PathBuf,
}

impl Runs {
    /// For the user at `home`.
    pub(crate) fn of(home: &Home) -> Self {
        Self { codes: home.path().join("codes"), said: home.path().join("said") }
    }

    /// What the client shall run.
    pub(crate) fn line(&self) -> String {
        let Self { codes, said } = self;
        let (front, codes, said) =
            (Binaries::built().front.display(), codes.display(), said.display());
        format!("'{front}' 2>>'{said}'; code=$?; echo $code >>'{codes}'; exit $code")
    }

    /// How often the helper was run.
    pub(crate) fn count(&self) -> usize {
        fs::read_to_string(&self.codes).unwrap_or_default().lines().count()
    }

    /// Each time, it ended well, and said nothing.
    #[track_caller]
    pub(crate) fn assert_quiet(&self) {
        let codes = fs::read_to_string(&self.codes).unwrap();
        assert!(codes.lines().all(|code| code == "0"), "{codes}");
        assert_eq!(fs::read_to_string(&self.said).unwrap(), "");
    }
}

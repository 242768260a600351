//! The budget of a hit.

/// Named numbers.
pub(crate) struct Budget(&'static str);

impl Budget {
    /// Reads the budget beside this file.
    pub(crate) const fn read() -> Self {
        Self(include_str!("hit.budget"))
    }

    /// Asserts that `spent` is within the budget of that name, and close enough to it that the
    /// budget is useful.
    #[track_caller]
    pub(crate) fn assert_holds(&self, name: &str, spent: u64) {
        let allowed = self.allowed(name);
        assert!(
            spent <= allowed,
            "a hit takes {spent} {name}, and {allowed} are its budget: make it leaner, or raise the \
             budget in a commit that says why"
        );
        assert!(
            spent >= allowed / 2,
            "a hit takes {spent} {name} only: lower its budget from {allowed}"
        );
    }

    fn allowed(&self, name: &str) -> u64 {
        let lines = self.0.lines().filter(|line| !line.starts_with('#'));
        let number = lines.filter_map(|line| line.split_once(' ')).find(|(of, _)| *of == name);
        let (_, number) = number.unwrap_or_else(|| panic!("no budget of {name}"));
        number.trim().parse().expect("a number")
    }
}

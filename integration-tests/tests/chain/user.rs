//! A user with a chain of sources.

use std::fmt::Write as _;

use integration_tests::home::Home;

/// A script source.
pub(crate) struct Link<'a> {
    pub(crate) name: &'a str,
    /// More lines of the table.
    pub(crate) settings: &'a str,
    pub(crate) body: &'a str,
}

/// A script that prints the number of its run.
pub(crate) const PRINTS: &str = "echo \"$(basename \"$0\")-$run\"";
/// A script that also prints the key that it was given.
pub(crate) const TRADES: &str = "read -r key; echo \"$(basename \"$0\")-$run-of-$key\"";

/// Returns a home with a profile `main` of the first of these sources. Each uses the next one.
pub(crate) fn home_of(profile: &str, links: &[Link<'_>]) -> Home {
    let home = Home::new();
    configure(&home, profile, links);
    home
}

/// Writes such a configuration.
pub(crate) fn configure(home: &Home, profile: &str, links: &[Link<'_>]) {
    let first = links[0].name;
    let mut text = format!("[profile.main]\nsources = [\"{first}\"]\n{profile}\n");
    for (index, Link { name, settings, body }) in links.iter().enumerate() {
        let script = home.script(name, body);
        let stdin = links
            .get(index + 1)
            .map_or_else(String::new, |next| format!("stdin = {{ source = \"{}\" }}\n", next.name));
        let script = script.display();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "[source.{name}]\nbackend = \"script\"\ncommand = [\"{script}\"]\n{stdin}{settings}\n"
        );
    }
    home.configure(&text);
}

/// Returns the source `outer`, which uses `inner`.
pub(crate) fn pair(profile: &str, outer: &str, inner: &str) -> Home {
    let links = [
        Link { name: "outer", settings: "", body: outer },
        Link { name: "inner", settings: "", body: inner },
    ];
    home_of(profile, &links)
}

/// Returns the number of runs of each of these scripts.
pub(crate) fn runs<const N: usize>(home: &Home, scripts: [&str; N]) -> [usize; N] {
    scripts.map(|script| home.runs(script))
}

//! Which sources use which.
//!
//! A source uses another one where a value in its table is a secret input that names it. That is seen
//! by how it is written, so it is known without any backend: a circle or an unknown name is refused
//! whether or not anybody asks that source.

use std::collections::{BTreeMap, BTreeSet};

use super::configuration::Configuration;
use super::located::Located;
use super::profile::known;
use crate::Error;

/// The sources that a table uses, each with the path of the key that names it.
pub(super) type Uses = BTreeMap<String, Vec<String>>;

impl Configuration {
    /// The names of the sources that use `name`, or others that do, in alphabetical order: of all, not
    /// of one profile's.
    #[must_use]
    pub fn dependents(&self, name: &str) -> Vec<String> {
        let uses: Vec<(String, Uses)> =
            self.source_tables().map(|(source, table)| (source, table.uses())).collect();
        let mut found = BTreeSet::from([name]);
        loop {
            let before = found.len();
            for (source, used) in &uses {
                if used.keys().any(|used| found.contains(used.as_str())) {
                    found.insert(source);
                }
            }
            if found.len() == before {
                break;
            }
        }
        found.into_iter().filter(|dependent| *dependent != name).map(str::to_owned).collect()
    }

    /// Refuses names of sources that are not there, and sources that use themselves.
    pub(super) fn check_uses(&self) -> Result<(), Error> {
        let tables: BTreeMap<String, (Located, Uses)> = self
            .source_tables()
            .map(|(name, table)| {
                let uses = table.uses();
                (name, (table, uses))
            })
            .collect();
        for (table, uses) in tables.values() {
            if let Some((unknown, key)) = uses.iter().find(|(used, _)| !tables.contains_key(*used))
            {
                return Err(table
                    .error(key, format!("there is no source `{unknown}`"))
                    .with_hint(known("sources", &self.sources())));
            }
        }
        let mut search = Search { tables: &tables, cleared: BTreeSet::new(), path: Vec::new() };
        tables.keys().try_for_each(|name| search.visit(name))
    }

    fn source_tables(&self) -> impl Iterator<Item = (String, Located)> {
        self.sources().into_iter().map(|name| {
            let table = self.table("source", &name).unwrap_or_default();
            (name, table)
        })
    }
}

impl Located {
    /// The sources that this table uses.
    pub(super) fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        find_in_table(&self.values, &mut Vec::new(), &mut uses);
        uses
    }
}

fn find_in_table(table: &toml::Table, path: &mut Vec<String>, uses: &mut Uses) {
    for (key, value) in table {
        path.push(key.clone());
        find(value, path, uses);
        path.pop();
    }
}

fn find(value: &toml::Value, path: &mut Vec<String>, uses: &mut Uses) {
    match value {
        toml::Value::Table(table) => match named_by(table) {
            Some(name) => {
                let key = path.iter().cloned().chain([NAME.to_owned()]).collect();
                uses.entry(name.to_owned()).or_insert(key);
            }
            None => find_in_table(table, path, uses),
        },
        toml::Value::Array(items) => items.iter().for_each(|item| find(item, path, uses)),
        _ => {}
    }
}

/// The source that a secret input names: `{ source = "name" }`, with what may stand beside it.
fn named_by(table: &toml::Table) -> Option<&str> {
    let is_input = table.keys().all(|key| key == NAME || key == WRAPPED);
    table.get(NAME).filter(|_| is_input).and_then(toml::Value::as_str)
}

/// A search for a circle, depth first.
struct Search<'a> {
    tables: &'a BTreeMap<String, (Located, Uses)>,
    /// What leads into no circle.
    cleared: BTreeSet<&'a str>,
    /// From where the search began to where it is.
    path: Vec<&'a str>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, name: &'a str) -> Result<(), Error> {
        if self.cleared.contains(name) {
            return Ok(());
        }
        let Some((table, uses)) = self.tables.get(name) else { return Ok(()) };
        self.path.push(name);
        for (used, key) in uses {
            if let Some(start) = self.path.iter().position(|source| source == used) {
                let circle = [&self.path[start..], &[used]].concat().join("` -> `");
                let message = format!("the sources use one another in a circle: `{circle}`");
                return Err(table
                    .error(key, message)
                    .with_hint("let one of them have its secret from elsewhere"));
            }
            self.visit(used)?;
        }
        self.path.pop();
        self.cleared.insert(name);
        Ok(())
    }
}

const NAME: &str = "source";
/// What Vault's secret inputs may have beside the name.
const WRAPPED: &str = "wrapped";

#[cfg(test)]
mod tests {
    use crate::config::{ConfigFile, Configuration, Variables};
    use crate::{Error, Fingerprint};

    fn parse(text: &str) -> Result<Configuration, Error> {
        let file = ConfigFile { path: "/c.toml".into(), bytes: text.into() };
        Configuration::parse(None, Some(file), Variables::new())
    }

    fn refused(text: &str) -> String {
        let error = parse(text).unwrap_err();
        format!("{error}; {}", error.hint().unwrap())
    }

    fn fingerprint(text: &str, source: &str) -> Fingerprint {
        parse(text).unwrap().source_alone(source).unwrap().id.fingerprint
    }

    /// Four sources: `a` and `b` use `c`, which uses `d`.
    const CHAIN: &str = "[source.a]\nbackend = 'x'\nauth = { jwt = { source = 'c' } }\n\
                         [source.b]\nbackend = 'x'\nlist = [{ source = 'c', wrapped = true }]\n\
                         [source.c]\nbackend = 'x'\ninput = { source = 'd' }\n\
                         [source.d]\nbackend = 'x'\nnot = { source = 'a', of = 'ours' }\n";

    #[test]
    fn what_uses_what_is_seen_by_how_it_is_written() {
        let configuration = parse(CHAIN).unwrap();
        assert_eq!(configuration.dependents("d"), ["a", "b", "c"]);
        assert_eq!(configuration.dependents("c"), ["a", "b"]);
        assert_eq!(configuration.dependents("a"), [""; 0]);
        let a = configuration.source_alone("a").unwrap();
        let names: Vec<&str> = a.uses.iter().map(|used| used.id.source.as_str()).collect();
        assert_eq!(names, ["c"]);
        assert_eq!(a.uses[0].uses[0].id.source, "d");
    }

    #[test]
    fn an_unknown_name_has_a_place() {
        assert_eq!(
            refused("[source.a]\nbackend = 'x'\nauth = { jwt = { source = 'sos' } }"),
            "/c.toml:3:18: `source.a.auth.jwt.source`: there is no source `sos`; known sources are `a`"
        );
    }

    #[test]
    fn a_circle_is_told_with_its_whole_path() {
        let circle = CHAIN.replace("{ source = 'a', of = 'ours' }", "{ source = 'a' }");
        assert_eq!(
            refused(&circle),
            "/c.toml:12:9: `source.d.not.source`: the sources use one another in a circle: \
             `a` -> `c` -> `d` -> `a`; let one of them have its secret from elsewhere"
        );
        let itself = refused("[source.a]\nbackend = 'x'\ni = { source = 'a' }");
        assert!(itself.contains("in a circle: `a` -> `a`"), "{itself}");
        // Whoever leads into it is no part of it.
        let outside = refused(
            "[source.a]\nbackend = 'x'\ni = { source = 'b' }\n\
             [source.b]\nbackend = 'x'\ni = { source = 'c' }\n\
             [source.c]\nbackend = 'x'\ni = { source = 'b' }\n",
        );
        assert!(outside.contains("in a circle: `b` -> `c` -> `b`"), "{outside}");
    }

    #[test]
    fn two_ways_to_one_source_are_no_circle() {
        let diamond =
            CHAIN.replace("backend = 'x'\nlist", "backend = 'x'\nj = { source = 'd' }\nlist");
        assert_eq!(parse(&diamond).unwrap().dependents("d"), ["a", "b", "c"]);
    }

    #[test]
    fn a_fingerprint_covers_what_is_used() {
        let changed = CHAIN.replace("of = 'ours'", "of = 'theirs'");
        for source in ["a", "b", "c", "d"] {
            assert_ne!(fingerprint(CHAIN, source), fingerprint(&changed, source), "{source}");
        }
        // How it is asked is none of its identity, nor is what uses it.
        let slower = CHAIN.replace("[source.d]\n", "[source.d]\ntimeout = '9s'\n");
        assert_eq!(fingerprint(CHAIN, "a"), fingerprint(&slower, "a"));
        let other_user = CHAIN.replace("{ jwt = ", "{ token = ");
        assert_eq!(fingerprint(CHAIN, "c"), fingerprint(&other_user, "c"));
    }
}

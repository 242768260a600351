//! The sources that use other sources.
//!
//! A source uses another one if its table has a secret input that names it. The syntax shows that
//! without any backend. So a cycle or an unknown name is refused even if no profile uses the
//! source.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api_key_helper_backend::source_settings::SourceSettings;
use api_key_helper_cache::EntryId;
use api_key_helper_tables::Located;
use api_key_helper_values::{Error, Fingerprint};

use crate::definitions::{SourceDefinition, known};

/// The sources that a table uses, each with the path of the key that names it.
type Uses = BTreeMap<String, Vec<String>>;

/// Reads the `tables` of all sources, and links each to those that it uses. Refuses unknown names,
/// cycles, and chains that are too long.
pub(super) fn link(
    tables: BTreeMap<String, Located>,
) -> Result<BTreeMap<String, Arc<SourceDefinition>>, Error> {
    let names = tables.keys().cloned().collect();
    let unlinked = tables
        .into_iter()
        .map(|(name, table)| Ok((name.clone(), Unlinked::read(name, table)?)))
        .collect::<Result<_, Error>>()?;
    let mut search = Search { names, unlinked, linked: BTreeMap::new(), path: Vec::new() };
    while let Some((_, source)) = search.unlinked.pop_first() {
        search.link(source)?;
    }
    Ok(search.linked)
}

/// A source before it is linked.
struct Unlinked {
    name: String,
    backend: String,
    settings: SourceSettings,
    table: Located,
    uses: Uses,
}

impl Unlinked {
    fn read(name: String, table: Located) -> Result<Self, Error> {
        let mut settings: SourceSettings = table.read_some()?;
        let Some(backend) = settings.backend.take() else {
            return Err(table
                .error(&[], "a source needs a `backend`")
                .with_hint(format!("add `backend = \"script\"` to `[source.{name}]`")));
        };
        let mut uses = Uses::new();
        find_in_table(&table.values, &mut Vec::new(), &mut uses);
        Ok(Self { name, backend, settings, table, uses })
    }

    fn link(self, uses: Vec<Arc<SourceDefinition>>) -> SourceDefinition {
        let Self { name, backend, settings, table, .. } = self;
        let mut fingerprint = table.fingerprint(SourceSettings::is_part_of_identity);
        if !uses.is_empty() {
            let used = uses.iter().map(|used| &used.id.fingerprint);
            let parts = std::iter::once(&fingerprint).chain(used);
            fingerprint = Fingerprint::of(parts.map(|part| &part.as_bytes()[..]));
        }
        let id = EntryId { source: name, fingerprint };
        let mut inner = BTreeSet::new();
        for used in &uses {
            inner.insert(used.id.source.clone());
            inner.extend(used.inner.iter().cloned());
        }
        let chain = 1 + uses.iter().map(|used| used.chain).max().unwrap_or(0);
        SourceDefinition { id, backend, settings, table, uses, inner, chain }
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

/// Returns the source in a secret input: `{ source = "name" }`. Some backends have switches beside
/// it.
fn named_by(table: &toml::Table) -> Option<&str> {
    let is_input = table.iter().all(|(key, value)| key == NAME || value.is_bool());
    table.get(NAME).filter(|_| is_input).and_then(toml::Value::as_str)
}

/// A depth-first search for cycles, and for chains that are too long.
struct Search {
    /// The names of all sources.
    names: Vec<String>,
    unlinked: BTreeMap<String, Unlinked>,
    /// The sources that lead into no cycle.
    linked: BTreeMap<String, Arc<SourceDefinition>>,
    /// The path from the start of the search to the current source.
    path: Vec<String>,
}

impl Search {
    fn link(&mut self, source: Unlinked) -> Result<Arc<SourceDefinition>, Error> {
        let (name, table) = (&source.name, &source.table);
        self.path.push(name.clone());
        let mut uses = Vec::new();
        for (used, key) in &source.uses {
            if let Some(start) = self.path.iter().position(|source| source == used) {
                let circle = [&self.path[start..], std::slice::from_ref(used)].concat();
                let circle = circle.join("` -> `");
                let message = format!("the sources form a cycle: `{circle}`");
                return Err(table
                    .error(key, message)
                    .with_hint("give one of them its secret from another place, such as a file"));
            }
            // Checked before the call, because the recursion is as deep as the chain.
            if self.path.len() == LONGEST_CHAIN {
                return Err(too_long(table, key));
            }
            let used = match (self.linked.get(used), self.unlinked.remove(used)) {
                (Some(linked), _) => Arc::clone(linked),
                (None, Some(unlinked)) => self.link(unlinked)?,
                (None, None) => {
                    return Err(table
                        .error(key, format!("there is no source `{used}`"))
                        .with_hint(known("sources", self.names.iter())));
                }
            };
            if used.chain == LONGEST_CHAIN {
                return Err(too_long(table, key));
            }
            uses.push(used);
        }
        self.path.pop();
        let linked = Arc::new(source.link(uses));
        self.linked.insert(linked.id.source.clone(), Arc::clone(&linked));
        Ok(linked)
    }
}

fn too_long(table: &Located, key: &[String]) -> Error {
    let message = format!("the chain of sources is longer than {LONGEST_CHAIN}");
    table
        .error(key, message)
        .with_hint("give one of them its secret from another place, such as a file")
}

/// The longest chain of sources. Each link halves the remaining time of a call, so a longer chain
/// never answers.
const LONGEST_CHAIN: usize = 32;

const NAME: &str = "source";

#[cfg(test)]
mod tests {
    use api_key_helper_values::{Error, Fingerprint};

    use super::LONGEST_CHAIN;
    use crate::{ConfigFile, Configuration, Variables};

    fn parse(text: &str) -> Result<Configuration, Error> {
        let file = ConfigFile { path: "/c.toml".into(), bytes: text.into(), is_draft: false };
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
    fn inner_source_is_found_by_its_secret_input() {
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
    fn unknown_inner_source_names_its_line() {
        assert_eq!(
            refused("[source.a]\nbackend = 'x'\nauth = { jwt = { source = 'sos' } }"),
            "/c.toml:3:18: `source.a.auth.jwt.source`: there is no source `sos`; known sources are `a`"
        );
    }

    #[test]
    fn inner_source_loop_is_refused_with_its_path() {
        let circle = CHAIN.replace("{ source = 'a', of = 'ours' }", "{ source = 'a' }");
        assert_eq!(
            refused(&circle),
            "/c.toml:12:9: `source.d.not.source`: the sources form a cycle: \
             `a` -> `c` -> `d` -> `a`; give one of them its secret from another place, such as a file"
        );
        let itself = refused("[source.a]\nbackend = 'x'\ni = { source = 'a' }");
        assert!(itself.contains("form a cycle: `a` -> `a`"), "{itself}");
        // A source that leads into the cycle is not part of it.
        let outside = refused(
            "[source.a]\nbackend = 'x'\ni = { source = 'b' }\n\
             [source.b]\nbackend = 'x'\ni = { source = 'c' }\n\
             [source.c]\nbackend = 'x'\ni = { source = 'b' }\n",
        );
        assert!(outside.contains("form a cycle: `b` -> `c` -> `b`"), "{outside}");
    }

    /// Returns `count` sources, each of which uses the next.
    fn chain_of(count: usize) -> String {
        let link = |i| format!("[source.s{i}]\nbackend = 'x'\ni = {{ source = 's{}' }}\n", i + 1);
        let last = format!("[source.s{}]\nbackend = 'x'\n", count - 1);
        (0..count - 1).map(link).chain([last]).collect()
    }

    #[test]
    fn inner_source_chain_beyond_32_is_refused() {
        parse(&chain_of(LONGEST_CHAIN)).unwrap();
        for count in [LONGEST_CHAIN + 1, 8_000] {
            let refusal = refused(&chain_of(count));
            assert!(refusal.contains("the chain of sources is longer than 32"), "{refusal}");
        }
        // The opposite order, in which each link is known before the one that uses it.
        let link = |i| format!("[source.s{}]\nbackend = 'x'\ni = {{ source = 's{i}' }}\n", i + 1);
        let upwards: String = (1_000..1_100).map(link).collect();
        let refusal = refused(&(upwards + "[source.s1000]\nbackend = 'x'\n"));
        assert!(refusal.contains("the chain of sources is longer than 32"), "{refusal}");
    }

    #[test]
    fn inner_source_of_a_hundred_sources_is_no_chain() {
        let user = |i| format!("[source.u{i}]\nbackend = 'x'\ni = {{ source = 'one' }}\n");
        let text: String = (0..100).map(user).collect();
        let text = text + "[source.one]\nbackend = 'x'\n";
        assert_eq!(parse(&text).unwrap().dependents("one").len(), 100);
    }

    #[test]
    fn inner_source_reached_by_two_ways_is_no_loop() {
        let diamond =
            CHAIN.replace("backend = 'x'\nlist", "backend = 'x'\nj = { source = 'd' }\nlist");
        assert_eq!(parse(&diamond).unwrap().dependents("d"), ["a", "b", "c"]);
    }

    #[test]
    fn fingerprint_covers_inner_sources() {
        let changed = CHAIN.replace("of = 'ours'", "of = 'theirs'");
        for source in ["a", "b", "c", "d"] {
            assert_ne!(fingerprint(CHAIN, source), fingerprint(&changed, source), "{source}");
        }
        // Timeouts are not part of the identity, and neither are the users of a source.
        let slower = CHAIN.replace("[source.d]\n", "[source.d]\ntimeout = '9s'\n");
        assert_eq!(fingerprint(CHAIN, "a"), fingerprint(&slower, "a"));
        let other_user = CHAIN.replace("{ jwt = ", "{ token = ");
        assert_eq!(fingerprint(CHAIN, "c"), fingerprint(&other_user, "c"));
    }
}

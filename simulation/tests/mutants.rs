//! The list of mutants matches the engine's code. `.ci/mutants` checks that a test fails for each.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[derive(serde::Deserialize)]
struct List {
    mutant: Vec<Mutant>,
}

#[derive(serde::Deserialize)]
struct Mutant {
    name: String,
    file: String,
    find: String,
    replace: String,
}

#[test]
fn mutant_texts_apply_at_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("mutants.toml")).unwrap();
    let List { mutant: mutants } = toml::from_str(&list).unwrap();
    let names: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
    assert_eq!(names.len(), mutants.len(), "two mutants of one name");
    for Mutant { name, file, find, replace } in &mutants {
        let source = fs::read_to_string(root.join("../core").join(file)).unwrap();
        assert_eq!(source.matches(find.as_str()).count(), 1, "{name}: places in {file}");
        assert_ne!(find, replace, "{name}");
    }
}

//! The examples of the documentation are sources.

use std::collections::BTreeMap;
use std::path::Path;

use api_key_helper_core::config::SourceTable;

#[test]
fn every_example_is_a_source() {
    let page = include_str!("../../../../docs/backends/exchange.md");
    let mut count = 0;
    for example in page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        for source in example.split("[source.").skip(1) {
            let (name, table) = source.split_once("]\n").unwrap();
            // Other tables are somebody else's.
            let table = table.split("\n[").next().unwrap();
            let Some(table) = table.strip_prefix("backend = \"exchange\"\n") else { continue };
            let table = SourceTable::from_toml(name, table, Path::new("/etc"), BTreeMap::new());
            if let Err(error) = api_key_helper_exchange::build(&table.unwrap()) {
                panic!("{}\n{example}", error.report());
            }
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}

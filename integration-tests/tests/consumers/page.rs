//! What a page of `docs/clients/` shows.

use std::fs;
use std::path::PathBuf;

/// A page on one client.
pub(crate) struct Page(String);

/// A fenced block of it: what it is fenced as, and its lines.
pub(crate) struct Block<'a> {
    pub(crate) info: &'a str,
    pub(crate) text: &'a str,
}

impl Page {
    /// The page on `client`.
    pub(crate) fn on(client: &str) -> Self {
        Self(fs::read_to_string(folder().join(client).with_extension("md")).unwrap())
    }

    /// Its blocks, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let fenced = self.0.split("```").skip(1).step_by(2);
        fenced.filter_map(|fenced| {
            let (info, text) = fenced.split_once('\n')?;
            Some(Block { info, text })
        })
    }

    /// The only block that is fenced as `info`.
    #[track_caller]
    pub(crate) fn block(&self, info: &str) -> &str {
        let mut found = self.blocks().filter(|block| block.info == info);
        let text = found.next().unwrap_or_else(|| panic!("no block is fenced as `{info}`")).text;
        assert!(found.next().is_none(), "two blocks are fenced as `{info}`");
        text
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/clients")
}

#[test]
fn documentation_index_of_clients_names_every_page() {
    let index = fs::read_to_string(folder().join("README.md")).unwrap();
    for page in fs::read_dir(folder()).unwrap() {
        let name = page.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || index.contains(&format!("]({name})")), "{name}");
    }
}

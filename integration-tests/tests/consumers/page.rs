//! The sections of `docs/clients.md`.

use std::fs;
use std::path::Path;

/// The section about one client.
pub(crate) struct Section(String);

/// A fenced block: its info string, and its lines.
pub(crate) struct Block<'a> {
    pub(crate) info: &'a str,
    pub(crate) text: &'a str,
}

impl Section {
    /// Reads the section with the anchor `client`.
    #[track_caller]
    pub(crate) fn on(client: &str) -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/clients.md");
        let page = fs::read_to_string(page).unwrap();
        let mut sections = page.split("\n## ").skip(1);
        let section = sections.find(|section| anchor(section) == client);
        Self(section.unwrap_or_else(|| panic!("no section has the anchor `{client}`")).to_owned())
    }

    /// Returns the blocks, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let fenced = self.0.split("```").skip(1).step_by(2);
        fenced.filter_map(|fenced| {
            let (info, text) = fenced.split_once('\n')?;
            Some(Block { info, text })
        })
    }

    /// Returns the only block with the info string `info`.
    #[track_caller]
    pub(crate) fn block(&self, info: &str) -> &str {
        let mut found = self.blocks().filter(|block| block.info == info);
        let text = found.next().unwrap_or_else(|| panic!("no block is fenced as `{info}`")).text;
        assert!(found.next().is_none(), "two blocks are fenced as `{info}`");
        text
    }
}

/// Returns the anchor of a section, as GitHub and mdBook make it.
fn anchor(section: &str) -> String {
    section.lines().next().unwrap_or_default().to_lowercase().replace(' ', "-")
}

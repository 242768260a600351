//! Writes `docs/config.schema.json` and `docs/reference.md`, from the doc comments of the types
//! that read a configuration: `cargo run -p reference`.

#![cfg_attr(test, allow(clippy::expect_used, clippy::unwrap_used))]

mod page;
mod schema;

use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    for (path, text) in documents() {
        fs::write(path, text)?;
    }
    Ok(())
}

/// Returns the documents with their paths.
fn documents() -> [(PathBuf, String); 2] {
    let schema = schema::configuration();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    [
        (docs.join("config.schema.json"), format!("{schema:#}\n")),
        (docs.join("reference.md"), page::reference(&schema)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_reference_and_schema_are_current() {
        for (path, text) in documents() {
            let committed = fs::read_to_string(&path).unwrap();
            let path = path.display();
            assert!(
                committed == text,
                "{path} is not what the types say: `cargo run -p reference`"
            );
        }
    }
}

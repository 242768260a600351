//! `fleet`: simulates the mornings of `docs/fleet.md`, and writes their records, their charts and
//! the table of that page.

use std::fs;
use std::io::{self, Write as _};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use simulation::fleet::{Figures, Morning, Record, chart, run, table, with_table};

fn main() -> ExitCode {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/internals");
    let (text, code) = match mornings(&docs) {
        Ok(table) => (table, ExitCode::SUCCESS),
        Err(error) => {
            (format!("cannot write to `{}`: {error}\n", docs.display()), ExitCode::FAILURE)
        }
    };
    let _ = io::stdout().write_all(text.as_bytes());
    code
}

/// Writes the records, charts and table, and returns the table.
fn mornings(docs: &Path) -> io::Result<String> {
    let mut figures = Vec::new();
    for (name, heading, record) in passed() {
        fs::write(docs.join(format!("fleet/{name}.csv")), record.to_csv())?;
        fs::write(docs.join(format!("fleet/{name}.svg")), chart(&record))?;
        figures.push((heading, Figures::of(&record)));
    }
    let table = table(&figures);
    let page = docs.join("fleet.md");
    let text = with_table(&fs::read_to_string(&page)?, &table);
    fs::write(
        page,
        text.ok_or_else(|| io::Error::other("`fleet.md` has no place for the table"))?,
    )?;
    Ok(table)
}

/// Runs each morning in its own thread.
fn passed() -> Vec<(&'static str, &'static str, Record)> {
    thread::scope(|scope| {
        let threads = Morning::all()
            .map(|(name, heading, morning)| scope.spawn(move || (name, heading, run(&morning))));
        let joined =
            threads.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.into()
    })
}

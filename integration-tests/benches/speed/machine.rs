//! The machine on which the figures were measured.

use std::fmt;
use std::fs;
use std::process::Command;

/// The properties of the machine that matter for a comparison.
pub(crate) struct Machine(String);

impl Machine {
    pub(crate) fn this() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = processor
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("an unknown processor", |(_, name)| name)
            .to_owned();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let kernel = first_words("uname", &["-sr"]);
        let compiler = first_words("rustc", &["--version"]);
        let libc = first_words("getconf", &["GNU_LIBC_VERSION"]);
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default().to_owned();
        Self(format!(
            "{cores} cores, {processor}; {kernel}; {compiler}; {libc}; load at the start {load}"
        ))
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the first line that a program prints, up to a parenthesis.
fn first_words(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next().unwrap_or_default();
    line.split(" (").next().unwrap_or_default().trim().to_owned()
}

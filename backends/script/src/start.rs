//! Why a program that may be run did not start.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use api_key_helper_backend::Error;
use api_key_helper_system::advice;
use api_key_helper_system::trust::quote;

use crate::executable::Executable;

/// The longest first line that a system reads (Linux: `BINPRM_BUF_SIZE`).
const FIRST_LINE: u64 = 256;

/// The error about `file`, which `executable` names and which did not start in `folder`.
pub(crate) fn not_started(
    executable: &Executable,
    file: &Path,
    folder: &Path,
    error: &io::Error,
) -> Error {
    let name = quote(file);
    // The system says the same of a folder that is not there as of an interpreter.
    if let Err(error) = fs::metadata(folder.join(".")) {
        let folder = quote(folder);
        return executable
            .error(&format!("`{name}` cannot run in `{folder}`: {}", reason(&error)))
            .with_hint("write the absolute path of a folder in `cwd`");
    }
    match error.kind() {
        io::ErrorKind::NotFound => no_interpreter(executable, file),
        io::ErrorKind::PermissionDenied => executable
            .error(&format!("`{name}` may not be executed: permission denied"))
            .with_hint(if cfg!(windows) {
                format!("run `{}`, and see which policy forbids it", advice::look_at(file))
            } else {
                format!(
                    "run `{}`, and see that its file system is not mounted `noexec`",
                    advice::look_at(file)
                )
            }),
        io::ErrorKind::ArgumentListTooLong => executable
            .error(&format!("`{name}` is given more arguments and variables than fit"))
            .with_hint("shorten them, or move them to a file that the program reads"),
        _ if cfg!(windows) && is_unknown_format(error) => executable
            .error(&format!("`{name}` is no program, and no script that Windows runs by itself"))
            .with_hint(format!(
                "write its interpreter before it in `command`: `['…', '{}']`",
                file.display()
            )),
        _ if is_unknown_format(error) => foreign_text(executable, file).unwrap_or_else(|| {
            executable
                .error(&format!(
                    "`{name}` is neither a program of this machine nor has a first line `#!`"
                ))
                .with_hint(format!("write `#!/bin/sh` as the first line of `{name}`"))
        }),
        // The system is short of something, or the file is just being written.
        _ => Error::transient(format!("`{name}` did not start: {error}"))
            .with_hint(format!("run `{name}` by hand to see why")),
    }
}

/// The system says that a file which is there is not: it means the one named in its first line.
fn no_interpreter(executable: &Executable, file: &Path) -> Error {
    if let Some(error) = foreign_text(executable, file) {
        return error;
    }
    let (name, start) = (quote(file), start_of(file));
    let Some(line) = first_line(&start).strip_prefix(b"#!") else {
        return executable
            .error(&format!("`{name}` needs a loader that is not there"))
            .with_hint(format!("run `file {name}` to see for which machine it was made"));
    };
    let interpreter = String::from_utf8_lossy(line);
    let interpreter = interpreter.split_whitespace().next().unwrap_or_default();
    executable
        .error(&format!("`{name}` wants to be run by `{interpreter}`, which is not there"))
        .with_hint(format!("correct the first line of `{name}`, or install the interpreter"))
}

/// The error about a script that an editor of another system has saved: the system runs it not at
/// all, or hands its interpreter a name or an option that the script lacks. `None` for any other
/// file.
pub(crate) fn foreign_text(executable: &Executable, file: &Path) -> Option<Error> {
    let (name, start) = (quote(file), start_of(file));
    let error = |what: &str| executable.error(&format!("`{name}` {what}"));
    if let Some(encoding) = utf_16(&start) {
        let what = format!("is a text in {encoding}, which the system does not run");
        let new = quote(&file.with_added_extension("new"));
        // A redirection into the file keeps its mode.
        let command = format!("iconv -f {encoding} -t UTF-8 {name} >{new} && cat {new} >{name}");
        return Some(error(&what).with_hint(format!("run `{command}`")));
    }
    let text = start.strip_prefix(BYTE_ORDER_MARK);
    let line = first_line(text.unwrap_or(&start));
    if !line.starts_with(b"#!") {
        return None;
    }
    let unmark = text.map(|_| ("begins with a byte order mark (BOM), and not with `#!`", UNMARK));
    let unreturn = if line.strip_suffix(b"\r").unwrap_or(line).contains(&b'\r') {
        Some(("has no line ends but carriage returns", r"s/\r/\n/g"))
    } else if line.ends_with(b"\r") {
        Some(("has line ends of Windows, also in its first line `#!`", r"s/\r$//"))
    } else {
        None
    };
    let found: Vec<(&str, &str)> = unmark.into_iter().chain(unreturn).collect();
    let (what, _) = found.first()?;
    let edits: Vec<&str> = found.iter().map(|(_, edit)| *edit).collect();
    Some(error(what).with_hint(format!("run `sed -i '{}' {name}`", edits.join("; "))))
}

/// The beginning of `file`, as far as a system reads its first line. What cannot be read has none.
fn start_of(file: &Path) -> Vec<u8> {
    let mut start = Vec::new();
    let _ = File::open(file).and_then(|file| file.take(FIRST_LINE).read_to_end(&mut start));
    start
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// The name that `iconv` has for the encoding of such a text. By `UTF-16` it obeys the byte order
/// mark and drops it; where there is none, it would guess.
fn utf_16(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        [b'#', 0, b'!', 0, ..] => Some("UTF-16LE"),
        [0, b'#', 0, b'!', ..] => Some("UTF-16BE"),
        _ => None,
    }
}

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Takes it off.
const UNMARK: &str = r"1s/^\xEF\xBB\xBF//";

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::NotADirectory => "it is not a folder",
        io::ErrorKind::PermissionDenied => "permission denied",
        _ => "it cannot be entered",
    }
}

#[cfg(unix)]
fn is_unknown_format(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

/// `ERROR_BAD_EXE_FORMAT`.
#[cfg(windows)]
fn is_unknown_format(error: &io::Error) -> bool {
    error.raw_os_error() == Some(193)
}

#[cfg(not(any(unix, windows)))]
fn is_unknown_format(_: &io::Error) -> bool {
    false
}

//! What a program's exit status says.

use std::process::ExitStatus;

use api_key_helper_backend::ErrorKind;

/// What to do about a program that exited with `status`, and what it did, in words that follow its
/// name. `None` is success.
pub(crate) fn judge(status: ExitStatus) -> Option<(ErrorKind, String)> {
    let Some(code) = status.code() else {
        return Some((ErrorKind::Transient, ended_by(status)));
    };
    let (kind, what) = match code {
        0 => return None,
        EX_NOPERM => (ErrorKind::Denied, "says that access is denied"),
        EX_CONFIG => (ErrorKind::Misconfigured, "says that it is not set up"),
        NOT_EXECUTABLE => (ErrorKind::Misconfigured, "could not execute a program"),
        NOT_FOUND => (ErrorKind::Misconfigured, "did not find a program"),
        _ => return Some((ErrorKind::Transient, format!("failed with exit code {code}"))),
    };
    Some((kind, format!("{what} (exit code {code})")))
}

#[cfg(unix)]
fn ended_by(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;

    let signal = status.signal().unwrap_or_default();
    format!("was ended by signal {signal}")
}

#[cfg(not(unix))]
fn ended_by(_: ExitStatus) -> String {
    "ended without an exit code".to_owned()
}

// sysexits.h, as BSD and the man page sysexits(3) have it.
const EX_NOPERM: i32 = 77;
const EX_CONFIG: i32 = 78;
// What shells exit with: POSIX.1-2024, shell command language, section 2.8.2.
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn script_exit_codes_have_their_error_kind() {
        let kind = |code: i32| judge(ExitStatus::from_raw(code << 8)).map(|(kind, _)| kind);
        assert_eq!(kind(0), None);
        assert_eq!(kind(77), Some(ErrorKind::Denied));
        for code in [78, 126, 127] {
            assert_eq!(kind(code), Some(ErrorKind::Misconfigured), "{code}");
        }
        for code in [1, 2, 64, 69, 75, 76, 79, 125, 128, 130, 255] {
            assert_eq!(kind(code), Some(ErrorKind::Transient), "{code}");
        }
    }

    #[test]
    fn script_killed_by_a_signal_is_transient() {
        let (kind, what) = judge(ExitStatus::from_raw(9)).unwrap();
        assert_eq!((kind, what.as_str()), (ErrorKind::Transient, "was ended by signal 9"));
    }
}

//! The `credential_process` of a profile, run by us: the SDK would tell neither what it said nor
//! which field its answer lacks, and sign with whatever it prints.

use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use api_key_helper_backend::text::{self, TextError};
use api_key_helper_backend::{CHAIN_VARIABLE, Error, Expiry, Fields, stderr};
use api_key_helper_system::trust;
use aws_sdk_secretsmanager::config::Credentials;
use serde::de::IgnoredAny;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::programs::programs;

/// The program of a profile.
pub(crate) struct Process<'a> {
    /// The profile.
    pub(crate) name: &'a str,
    /// What a shell runs, as AWS's own programs let it.
    pub(crate) command: &'a str,
    pub(crate) home: Option<&'a Path>,
}

impl Process<'_> {
    /// Runs it for as long as `time`.
    ///
    /// # Errors
    /// Misconfigured, when another user can change it; Transient, when it fails; NeedsLogin, when what
    /// it prints is not credentials.
    pub(crate) async fn credentials(
        &self,
        chain: &str,
        time: Duration,
    ) -> Result<Credentials, Error> {
        for program in programs(self.command, self.home) {
            if let Some(objection) = trust::objection(&program) {
                return Err(objection);
            }
        }
        let output = timeout(time, run(self.command, chain)).await;
        let Output { status, stdout, stderr } = output
            .map_err(|_| self.failed("did not end in time"))?
            .map_err(|error| self.failed(&format!("cannot be run: {error}")))?;
        if !status.success() {
            let said = last_line(&stderr, &stdout);
            let said = said.map(|line| format!(": {line}")).unwrap_or_default();
            return Err(self.failed(&format!("failed ({status}){said}")));
        }
        read(&stdout).map_err(|why| self.unusable(&why))
    }

    fn failed(&self, what: &str) -> Error {
        let Self { name, .. } = self;
        Error::transient(format!("the `credential_process` of profile `{name}` {what}"))
            .with_hint(format!("run the command in `~/.aws/config` of profile `{name}` by hand"))
    }

    fn unusable(&self, why: &str) -> Error {
        let Self { name, .. } = self;
        Error::needs_login(format!("the output of `credential_process` of profile `{name}` {why}"))
            .with_hint(format!(
                "let it print `{{\"Version\": 1, \"AccessKeyId\": …}}`: run the command of profile \
                 `{name}` by hand"
            ))
    }
}

struct Output {
    status: ExitStatus,
    stdout: Zeroizing<Vec<u8>>,
    stderr: Zeroizing<Vec<u8>>,
}

async fn run(command: &str, chain: &str) -> std::io::Result<Output> {
    let (shell, flag) = if cfg!(windows) { ("cmd.exe", "/C") } else { ("/bin/sh", "-c") };
    let mut command_line = Command::new(shell);
    command_line
        .args([flag, command])
        // If it asks this helper for the source that runs it, it is told so at once.
        .env(CHAIN_VARIABLE, chain)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command_line.process_group(0);
    let mut group = Group(command_line.spawn()?);
    let (out, err) = (group.0.stdout.take(), group.0.stderr.take());
    let mut stdout = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut stderr = Zeroizing::new(Vec::with_capacity(2 * TAIL));
    let status = {
        let mut read_out = pin!(start_of(out, &mut stdout));
        let mut read_err = pin!(end_of(err, &mut stderr));
        let (mut has_out, mut has_err) = (false, false);
        let status = loop {
            tokio::select! {
                status = group.0.wait() => break status?,
                () = &mut read_out, if !has_out => has_out = true,
                () = &mut read_err, if !has_err => has_err = true,
            }
        };
        // What it started may keep both open. What it printed itself is there by now.
        let rest = async {
            if !has_out {
                read_out.await;
            }
            if !has_err && !status.success() {
                read_err.await;
            }
        };
        let _ = timeout(DRAIN, rest).await;
        status
    };
    Ok(Output { status, stdout, stderr })
}

/// A child whose process group ends with this, unless the child was reaped: until then its id is no
/// other group's.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let id = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed()));
            // It fails when all members have become another user: then they are not ours to end.
            let _ = id.map(|id| kill_process_group(id, Signal::KILL));
        }
    }
}

/// Reads the first part of a stream. The rest is dropped, so that the program is not blocked.
async fn start_of(stream: Option<impl AsyncRead + Unpin>, start: &mut Vec<u8>) {
    each_piece(stream, |piece| {
        start.extend_from_slice(&piece[..piece.len().min(LONGEST - start.len())]);
    })
    .await;
}

/// Reads the last part of a stream.
async fn end_of(stream: Option<impl AsyncRead + Unpin>, end: &mut Vec<u8>) {
    each_piece(stream, |piece| {
        end.extend_from_slice(piece);
        end.drain(..end.len().saturating_sub(TAIL));
    })
    .await;
}

async fn each_piece(stream: Option<impl AsyncRead + Unpin>, mut take: impl FnMut(&[u8])) {
    let Some(mut stream) = stream else { return };
    let mut piece = Zeroizing::new([0; TAIL]);
    while let Ok(length @ 1..) = stream.read(&mut piece[..]).await {
        take(&piece[..length]);
    }
}

/// The credentials in what it printed; else what is wrong with that. Names of fields are compared
/// as AWS's own programs do, and a missing version is the only one that there is.
fn read(stdout: &[u8]) -> Result<Credentials, String> {
    let text = text::decode(stdout).map_err(|error| error.to_string())?;
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    let fields = Fields::parse(text.as_bytes()).ok_or_else(|| {
        // The parser's own words quote the text.
        let error = serde_json::from_str::<IgnoredAny>(text).err();
        let (line, column) = error.map_or((1, 1), |error| (error.line(), error.column()));
        format!("is not a JSON object: line {line}, column {column}")
    })?;
    let answer = Answer(fields);
    match answer.value("Version") {
        None | Some("1" | "\"1\"" | "1.0") => {}
        Some(_) => return Err("has another `Version` than 1".to_owned()),
    }
    Ok(Credentials::new(
        answer.needed("AccessKeyId")?,
        answer.needed("SecretAccessKey")?,
        answer.text("SessionToken")?,
        answer.expiration()?,
        "credential_process",
    ))
}

struct Answer<'a>(Fields<'a>);

impl<'a> Answer<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        let written = self.0.names().find(|written| written.eq_ignore_ascii_case(name))?;
        Some(self.0.value(written)?.get())
    }

    fn needed(&self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("lacks `{name}`"))
    }

    /// A token in a field, if there is one.
    fn text(&self, name: &str) -> Result<Option<String>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let value = serde_json::from_str(value).map(Zeroizing::<String>::new);
        let value = value.map_err(|_| format!("has a `{name}` that is not a text"))?;
        match text::token(&value) {
            Ok(token) => Ok(Some(token.to_owned())),
            Err(TextError::Empty) => Ok(None),
            Err(why) => Err(format!("has a `{name}` that {why}")),
        }
    }

    fn expiration(&self) -> Result<Option<SystemTime>, String> {
        let Some(value) = self.value("Expiration") else { return Ok(None) };
        let point = Expiry::of_json(value).and_then(Expiry::point);
        let point = point.ok_or_else(|| {
            format!("has an `Expiration` that is not a time: {}", Expiry::EXAMPLE)
        })?;
        Ok(Some(point.into()))
    }
}

/// The last line of `stderr`. An object may be the credentials, of which any part may be secret.
fn last_line(stderr: &[u8], stdout: &[u8]) -> Option<String> {
    stderr::last_line(stderr, &[stdout]).filter(|line| !line.contains(['{', '}']))
}

/// The most that is kept of stdout, in bytes.
const LONGEST: usize = 1 << 20;
/// How much of the end of stderr is kept, in bytes.
const TAIL: usize = 4 << 10;
/// The longest wait for the end of the output after the program has exited.
const DRAIN: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn credential_process_answer_in_unusual_forms_is_read() {
        for answer in [
            r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t"}"#,
            "\u{feff}{\"AccessKeyId\":\"A\\n\",\"SecretAccessKey\":\" s\",\"SessionToken\":\"t\"}\r\n",
            r#"{"version":"1","accesskeyid":"A","secretaccesskey":"s","sessiontoken":"t","x":[{}]}"#,
        ] {
            let read = read(answer.as_bytes()).unwrap();
            assert_eq!((read.access_key_id(), read.secret_access_key()), ("A", "s"), "{answer}");
            assert_eq!((read.session_token(), read.expiry()), (Some("t"), None), "{answer}");
        }
        let keys = r#""AccessKeyId":"A","SecretAccessKey":"s""#;
        for end in ["\"2033-05-18T03:33:20Z\"", "\"2033-05-18T03:33:20\"", "2000000000"] {
            let answer = format!("{{{keys},\"SessionToken\":null,\"Expiration\":{end}}}");
            let read = read(answer.as_bytes()).unwrap();
            assert_eq!(read.expiry(), UNIX_EPOCH.checked_add(Duration::from_secs(2_000_000_000)));
            assert_eq!(read.session_token(), None);
        }
    }

    #[test]
    fn credential_process_answer_that_is_invalid_is_named_by_field() {
        let keys = r#""SecretAccessKey":"hunter2","AccessKeyId":"A""#;
        for (answer, why) in [
            (" \n".to_owned(), "is empty"),
            ("hunter2".to_owned(), "is not a JSON object: line 1, column 1"),
            (format!("{{{keys}"), "is not a JSON object: line 1, column 46"),
            (r#"{"AccessKeyId":"A"}"#.to_owned(), "lacks `SecretAccessKey`"),
            (r#"{"AccessKeyId":"","SecretAccessKey":"hunter2"}"#.to_owned(), "lacks `AccessKeyId`"),
            (format!("{{{keys},\"Version\":2}}"), "has another `Version` than 1"),
            (format!("{{{keys},\"SessionToken\":7}}"), "has a `SessionToken` that is not a text"),
            (
                format!("{{{keys},\"SessionToken\":\"hunter2\\u001b\"}}"),
                "has a `SessionToken` that has a control character at position 8",
            ),
            (
                format!("{{{keys},\"Expiration\":\"soon\"}}"),
                "has an `Expiration` that is not a time",
            ),
        ] {
            let error = read(answer.as_bytes()).unwrap_err();
            assert!(error.starts_with(why), "{answer}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16).unwrap_err(), "is UTF-16 instead of UTF-8");
    }

    #[test]
    fn credential_process_stderr_line_is_redacted() {
        let line = |stderr: &str| last_line(stderr.as_bytes(), b"{\"a\":\"made-up-secret\"}");
        assert_eq!(line("a\nvpn is down\n\n").as_deref(), Some("vpn is down"));
        assert_eq!(line("got made-up-secret").as_deref(), Some("got [redacted]"));
        assert_eq!(line("{\"SecretAccessKey\":\"hunter2\"}"), None);
        let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(line(&format!("no, {key}")).as_deref(), Some("no, [redacted]"));
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        assert_eq!(line(&format!("no: k=\"{jwt}\"")).as_deref(), Some("no: k=\"[redacted]\""));
        assert_eq!(line("down\n+ curl -H 'X-Token: hunter2'").as_deref(), Some("down"));
        assert_eq!(line(""), None);
    }
}

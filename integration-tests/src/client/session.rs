//! A client that answers several questions.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::call::Call;
use crate::executables;
use crate::wait::{LIMIT, until};

/// One process of the client. It is killed when this is dropped.
#[derive(Debug)]
pub struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Receiver<Value>,
    stderr: Option<JoinHandle<String>>,
}

impl Session {
    pub(super) fn start(call: &Call) -> Self {
        let call = call.clone().args(["-p", "--verbose"]);
        let call = call.args(["--input-format", "stream-json", "--output-format", "stream-json"]);
        let mut command = call.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = executables::start(&mut command).expect("the client starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("the client's stdout"));
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                // A failed test does not read them any more.
                let _ = sender.send(event);
            }
        });
        let mut stderr = child.stderr.take().expect("the client's stderr");
        let stderr = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Self { child, stdin, events, stderr: Some(stderr) }
    }

    /// Asks a question, and waits for the answer.
    ///
    /// # Panics
    /// There is no answer.
    #[track_caller]
    pub fn ping(&mut self) {
        let message = json!({ "role": "user", "content": "ping" });
        let line = json!({ "type": "user", "message": message });
        let stdin = self.stdin.as_mut().expect("the client's stdin");
        writeln!(stdin, "{line}").expect("the client reads");
        let mut seen = Vec::new();
        loop {
            match self.events.recv_timeout(LIMIT) {
                Ok(event) if event["type"] == "result" => {
                    let [failed, said] = ["is_error", "result"].map(|name| &event[name]);
                    assert_eq!((failed, said), (&json!(false), &json!("pong")), "{seen:?}");
                    return;
                }
                Ok(event) => {
                    let [kind, about, status] =
                        ["type", "subtype", "error_status"].map(|name| &event[name]);
                    seen.push(format!("{kind} {about} {status}"));
                }
                Err(RecvTimeoutError::Disconnected) => panic!("the client has ended: {seen:?}"),
                Err(RecvTimeoutError::Timeout) => panic!("no answer within {LIMIT:?}: {seen:?}"),
            }
        }
    }

    /// Ends the process, and returns its stderr.
    ///
    /// # Panics
    /// It fails.
    #[track_caller]
    #[must_use]
    pub fn end(mut self) -> String {
        drop(self.stdin.take());
        let status = until("the client has ended", || self.child.try_wait().expect("its status"));
        assert!(status.success(), "{status}");
        let stderr = self.stderr.take().expect("the reader of stderr");
        stderr.join().expect("the client's stderr")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A process that has ended needs no signal.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

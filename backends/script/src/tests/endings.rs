//! How programs end, and who ends with them. Named pipes tell when a process has ended: reading
//! one comes to its end when no process has it open any more.

#![expect(clippy::disallowed_methods, reason = "real programs run in real time")]

use std::time::Instant;

use super::*;

/// Enough for a script to start on a busy machine.
const SHORT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn script_timeout_sends_sigterm_to_the_process_group() {
    let folder = Folder::new();
    let lines = folder.lines("pipe");
    folder.script(
        "gen.sh",
        "exec 9>pipe
        (trap 'echo child >&9; exit' TERM; echo ready >&9; sleep 1000 & wait) &
        trap 'echo leader >&9; echo bye >&2; exit' TERM
        echo ready >&9
        wait; wait",
    );
    let started = Instant::now();
    let error = folder.fetch_within("command = ['gen.sh']", SHORT).await.unwrap_err();
    assert!(started.elapsed() < SHORT, "our caller would have dropped it");
    assert_error(&error, ErrorKind::Transient, "was ended after 2.7 s", "a longer `timeout`");
    assert!(error.message().ends_with(": bye"), "{error}");
    let mut said = lines.rest();
    said.sort();
    assert_eq!(said, ["child", "leader", "ready", "ready"]);
}

#[tokio::test]
async fn script_that_ignores_sigterm_gets_sigkill() {
    let folder = Folder::new();
    let lines = folder.lines("pipe");
    folder.script(
        "gen.sh",
        "exec 9>pipe
        trap '' TERM
        sleep 1000 &
        echo ready >&9
        while :; do wait; done",
    );
    let started = Instant::now();
    let error = folder.fetch_within("command = ['gen.sh']", SHORT).await.unwrap_err();
    assert!(started.elapsed() < SHORT, "our caller would have dropped it");
    assert_error(&error, ErrorKind::Transient, "when its time was over", "a longer `timeout`");
    assert_eq!(lines.rest(), ["ready"]);
}

/// The leader obeys, and would take the group's id with it if it were reaped.
#[tokio::test]
async fn script_child_that_ignores_sigterm_is_killed_with_its_leader() {
    let folder = Folder::new();
    let lines = folder.lines("pipe");
    folder.script(
        "gen.sh",
        "exec 9>pipe
        (trap '' TERM; echo ready >&9; exec sleep 1000) >/dev/null 2>&1 &
        wait",
    );
    let error = folder.fetch_within("command = ['gen.sh']", SHORT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert_eq!(lines.rest(), ["ready"]);
}

#[tokio::test]
async fn script_whose_fetch_is_dropped_is_killed() {
    let folder = Folder::new();
    let lines = folder.lines("pipe");
    folder.script(
        "gen.sh",
        "exec 9>pipe
        trap '' TERM
        sleep 1000 &
        echo ready >&9
        wait",
    );
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let waiting = std::thread::spawn(move || {
        assert_eq!(lines.next(), "ready");
        let _ = sender.send(());
        lines
    });
    tokio::select! {
        result = folder.fetch("command = ['gen.sh']") => panic!("{result:?}"),
        ready = receiver => ready.unwrap(),
    }
    assert_eq!(waiting.join().unwrap().rest(), [""; 0]);
}

#[tokio::test]
async fn script_background_child_is_neither_waited_for_nor_killed() {
    let folder = Folder::new();
    let lines = folder.lines("pipe");
    let (go, started) = (folder.pipe("go"), folder.pipe("started"));
    folder.script(
        "gen.sh",
        "exec 9>pipe
        (echo ready >&9; read x < go; echo alive >&9) &
        read x < started
        echo sk-1",
    );
    let waiting = std::thread::spawn(move || {
        assert_eq!(lines.next(), "ready");
        fs::write(started, "\n").unwrap();
        lines
    });
    // The background process has stdout and stderr open all the time.
    let asked = Instant::now();
    let credential = folder.fetch("command = ['gen.sh']").await.unwrap();
    assert!(asked.elapsed() < PATIENCE / 2, "it was waited for");
    assert_eq!(credential.key.expose(), "sk-1");
    fs::write(go, "\n").unwrap();
    assert_eq!(waiting.join().unwrap().rest(), ["alive"]);
}

#[tokio::test]
async fn script_stdout_of_a_pipe_behind_it_is_waited_for() {
    let folder = Folder::new();
    folder.program("gen.sh", "#!/bin/bash\nexec > >(cat)\necho sk-1\n");
    let credential = folder.fetch("command = ['gen.sh']").await.unwrap();
    assert_eq!(credential.key.expose(), "sk-1");
}

#[tokio::test]
async fn script_endless_stdout_is_cut_off() {
    let folder = Folder::new();
    let lines = folder.lines("pipe");
    let error = folder
        .error("exec 9>pipe; head -c 1073741824 /dev/zero; echo \"head: $?\" >&9; sleep 1000")
        .await;
    assert_error(&error, ErrorKind::Misconfigured, "printed more than 1048576 bytes", "key alone");
    assert!(!lines.rest().contains(&"head: 0".to_owned()), "all of it was read");
}

/// A program that floods stderr hides neither its key nor the end of its time.
#[tokio::test]
async fn script_endless_stderr_is_bounded() {
    let folder = Folder::new();
    assert_eq!(folder.key("head -c 10000000 /dev/zero >&2; echo sk-1").await, "sk-1");
    folder.script("gen.sh", "exec yes >&2");
    let error = folder.fetch_within("command = ['gen.sh']", SHORT).await.unwrap_err();
    assert_error(&error, ErrorKind::Transient, "when its time was over: y", "a longer `timeout`");
}

#[tokio::test]
async fn script_with_no_deadline_left_is_not_started() {
    let folder = Folder::new();
    folder.script("gen.sh", "echo sk-1");
    let error = folder.fetch_within("command = ['gen.sh']", Duration::ZERO).await.unwrap_err();
    assert_error(&error, ErrorKind::Transient, "there is no time left", "`deadline`");
    let forever = folder.fetch_within("command = ['gen.sh']", Duration::MAX).await;
    assert_eq!(forever.unwrap().key.expose(), "sk-1");
}

/// Where SIGCHLD is ignored, the system reaps children by itself, and how they ended is lost. The
/// test is a program of its own, for what is ignored is inherited.
#[tokio::test]
async fn script_exit_code_is_known_with_sigchld_ignored_signal() {
    const PROGRAM: &str = "TEST_PROGRAM";
    if let Ok(program) = std::env::var(PROGRAM) {
        let error = Folder::new().read_secret(&[&program]).await.unwrap_err();
        assert_error(&error, ErrorKind::Denied, "exit code 77", "by hand");
        return;
    }
    let folder = Folder::new();
    let status = Command::new("/bin/sh")
        .args(["-c", "trap '' CHLD; exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg("tests::endings::script_exit_code_is_known_with_sigchld_ignored_signal")
        .env(PROGRAM, folder.script("gen.sh", "exit 77"))
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
}

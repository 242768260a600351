//! Plays the programs that the helper runs, and the clients that run it, identically on every
//! platform.
//!
//! - `test-program steps FILE` executes the lines of `FILE`, and counts its runs in the file with
//!   the suffix `.runs` beside it. `3: STEP` is for the third run only, `2+: STEP` for the second
//!   and all later ones. `{run}` stands for the number of the run. The steps:
//!   - `print TEXT`, `say TEXT`: prints a line on stdout or stderr
//!   - `show NAME`: prints an environment variable
//!   - `file NAME`: prints a file beside `FILE`
//!   - `read`: prints stdin
//!   - `wait ADDRESS`: waits at a breakpoint
//!   - `leave ADDRESS`: starts a process that waits at a breakpoint, and continues
//!   - `exit CODE`
//! - `test-program exit CODE`, `test-program show NAME...`, `test-program wait ADDRESS`: one step.
//! - `test-program client` runs the shell lines that it receives on stdin, each with the received
//!   environment, and prints their results on stdout.
//! - As the worker of a front, it prints its arguments as a JSON array, its stdin, and a line on
//!   stderr, and exits with 42.

// A failed assumption is a failed test, and stdout is the result.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::{env, thread};

use platform_tests::shell;
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &words[..] {
        ["steps", file] => steps(Path::new(file)),
        ["exit", code] => exit(code),
        ["show", names @ ..] => names.iter().for_each(|name| show(name)),
        ["wait", address] => wait(address),
        ["client"] => client(),
        [version, ..] if version.starts_with("--front-version=") => worker(&words),
        _ => panic!("{words:?} means nothing"),
    }
}

fn steps(file: &Path) {
    let runs = file.with_extension("runs");
    let mut list = OpenOptions::new().create(true).append(true).open(&runs).expect("the list");
    // One write, because another run may be writing as well.
    list.write_all(format!("{}\n", process::id()).as_bytes()).expect("a line of the list");
    let run = fs::read_to_string(&runs).expect("the list of runs").lines().count();
    for line in fs::read_to_string(file).expect("the steps").lines() {
        let step = line.trim_start();
        if !step.is_empty()
            && let Some(step) = of_run(step, run)
        {
            take(&step.replace("{run}", &run.to_string()), file);
        }
    }
}

/// Returns the step, if it is for this run.
fn of_run(line: &str, run: usize) -> Option<&str> {
    let Some((runs, step)) = line.split_once(": ") else { return Some(line) };
    let number = |text: &str| text.parse::<usize>().ok();
    let is_meant = match runs.strip_suffix('+') {
        Some(first) => number(first).map(|first| run >= first),
        None => number(runs).map(|number| run == number),
    };
    // Without a number before it, a colon is part of the step.
    is_meant.map_or(Some(line), |is_meant| is_meant.then_some(step))
}

fn take(step: &str, file: &Path) {
    let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
    match verb {
        "print" => print(rest),
        "say" => eprintln!("{rest}"),
        "show" => show(rest),
        "file" => print(&fs::read_to_string(file.with_file_name(rest)).expect("the file")),
        "read" => copy_stdin(),
        "wait" => wait(rest),
        "leave" => leave(rest),
        "exit" => exit(rest),
        _ => panic!("`{step}` is no step"),
    }
}

/// Prints `\n` on Windows as well, because line ends are not under test.
fn print(text: &str) {
    println!("{text}");
}

#[expect(clippy::disallowed_methods, reason = "it shows what it was given")]
fn show(name: &str) {
    match env::var(name) {
        Ok(value) => println!("{value}"),
        Err(error) => panic!("{name}: {error}"),
    }
}

fn copy_stdin() {
    io::copy(&mut io::stdin(), &mut io::stdout()).expect("stdin and stdout");
}

/// The breakpoint sends nothing: the connection ends when the test resumes.
fn wait(address: &str) {
    let mut breakpoint = TcpStream::connect(address).expect("a breakpoint");
    let _ = breakpoint.read(&mut [0]);
}

#[expect(clippy::zombie_processes, reason = "it outlives this one")]
fn leave(address: &str) {
    let program = env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["wait", address]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("a process of its own");
}

#[expect(clippy::disallowed_methods, reason = "it has no secret, and a code beyond 255")]
fn exit(code: &str) -> ! {
    // On Windows, exit codes have 32 bits, and crashes have codes beyond `i32`.
    let code: i64 = code.parse().expect("a number");
    process::exit(
        i32::try_from(code).unwrap_or_else(|_| u32::try_from(code).expect("32 bits").cast_signed()),
    )
}

fn worker(arguments: &[&str]) {
    println!("{}", json!(arguments));
    copy_stdin();
    eprintln!("to stderr");
    exit("42");
}

/// Runs each line in a thread of its own, so that they can overlap.
fn client() {
    let socket = env::temp_dir().join(format!("{}.sock", process::id()));
    let socket = Arc::new(socket);
    for line in io::stdin().lines() {
        let ask: Value = serde_json::from_str(&line.expect("a line")).expect("a line of JSON");
        let socket = Arc::clone(&socket);
        thread::spawn(move || {
            let answer = ask_by_shell(&ask, &socket).to_string();
            // `println` locks stdout, so lines do not mix.
            println!("{answer}");
        });
    }
}

fn ask_by_shell(ask: &Value, socket: &Path) -> Value {
    let line = ask["line"].as_str().expect("a line");
    let environment: BTreeMap<String, String> =
        serde_json::from_value(ask["env"].clone()).expect("variables");
    let mut command = shell::command(line);
    command.env_clear().env("CLAUDE_CODE_MESSAGING_SOCKET", socket).envs(environment);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a shell");
    // It stays open until the helper has ended.
    let stdin = child.stdin.take();
    let output = child.wait_with_output().expect("its output");
    drop(stdin);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    json!({
        "id": ask["id"],
        "line": line,
        "code": output.status.code(),
        "signal": signal(output.status),
        "stdout": text(&output.stdout),
        "stderr": text(&output.stderr),
    })
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

//! A server of git repositories: git's own `http-backend`, with authentication.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::protected_server::password_of;
use super::stub::Request;
use super::{ProtectedServer, Reply};
use crate::executables;
use crate::home::search_path;
use crate::install;

/// The known user.
pub const USER: &str = "oauth2";

/// Serves `/repository.git`, which has one commit, from `folder`. The key is the password of
/// [`USER`].
///
/// # Panics
/// Git cannot make the repository.
#[must_use]
pub fn serve(folder: &Path) -> ProtectedServer {
    let repository = folder.join("repository.git");
    fs::create_dir_all(&repository).expect("the repository's folder");
    run(git(&repository, ["init", "--quiet", "--bare", "--initial-branch=main"]));
    let tree = run(git(&repository, ["hash-object", "-t", "tree", "-w", "/dev/null"]));
    let commit = git(&repository, ["commit-tree", "-m", "first", tree.trim()]);
    run(git(&repository, ["update-ref", "refs/heads/main", run(commit).trim()]));

    let refusal = Reply::new(401, &["WWW-Authenticate: Basic realm=\"git\""], "");
    let root = folder.to_owned();
    ProtectedServer::start(
        |request| password_of(USER, request),
        refusal,
        move |request| answer(&root, request),
    )
}

/// Calls the program by the rules of <https://git-scm.com/docs/git-http-backend>.
fn answer(root: &Path, request: &Request) -> Reply {
    let (method, target) = request.line.split_once(' ').expect("a method and a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |name| request.header(name).unwrap_or_default();
    let mut backend = git(root, ["http-backend"]);
    backend
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", request.body().len().to_string())
        .env("HTTP_GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped());
    let mut backend = executables::start(&mut backend).expect("git starts");
    let mut stdin = backend.stdin.take().expect("its stdin");
    stdin.write_all(request.body().as_bytes()).expect("it reads");
    drop(stdin);
    let output = backend.wait_with_output().expect("its answer").stdout;
    // The output begins with headers; `Status` is among them only if it is not 200.
    let mut reply = b"HTTP/1.1 200 OK\r\nConnection: close\r\n".to_vec();
    assert!(!output.starts_with(b"Status: "), "{}", String::from_utf8_lossy(&output));
    reply.extend(output);
    Reply::Binary(reply)
}

/// Returns the output of a git command.
///
/// # Panics
/// It fails.
pub fn run(mut git: Command) -> String {
    let git = executables::start(&mut git).expect("git starts");
    let output = git.wait_with_output().expect("what git prints");
    assert!(output.status.success(), "git: {}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// Returns git in `folder`, without any user's settings.
pub fn git<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut git = Command::new(install::debian("git", &["git"]));
    git.args(arguments).current_dir(folder).env_clear().env("PATH", search_path());
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", PathBuf::from("/nonexistent"));
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.com");
    }
    git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    git
}

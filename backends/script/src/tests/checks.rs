//! Which programs are run, and why others are not.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

async fn refused(folder: &Folder, text: &str, message: &str, hint: &str) {
    let error = folder.fetch(text).await.unwrap_err();
    assert_error(&error, ErrorKind::Misconfigured, message, hint);
    let place = format!("{}/config.toml:1:1: `source.s.", shown(&folder.path()));
    assert!(error.message().starts_with(&place), "{error}");
}

#[tokio::test]
async fn missing_script_program_is_misconfigured() {
    let folder = Folder::new();
    let missing = shown(&folder.path().join("gen.sh"));
    let message = format!("`{missing}` is not there");
    refused(&folder, "command = ['gen.sh']", &message, "write the absolute path").await;
    refused(&folder, "command = ['~/gen.sh']", "is not there", "`~` is for shells").await;
    refused(&folder, "command = ['sh']", "is not there", "/sh`: `PATH` is not searched").await;
    refused(&folder, "command = ['/bin']", "`/bin` is a folder", "path of a program").await;
    symlink("loop", folder.path().join("loop")).unwrap();
    refused(&folder, "command = ['loop']", "leads to itself", "ls -l").await;
    let shell = "shell_command = 'a'\nshell = '/nowhere/bash'";
    let error = folder.fetch(shell).await.unwrap_err();
    assert_error(&error, ErrorKind::Misconfigured, "`/nowhere/bash` is not there", "/bin/sh");
    assert!(error.message().contains("config.toml:2:1: `source.s.shell`: "), "{error}");
}

#[tokio::test]
async fn script_program_writable_by_others_is_refused() {
    let folder = Folder::new();
    let path = folder.script("gen.sh", "echo sk-1");
    set_mode(&path, 0o757);
    let message = format!("`{}` is writable by others: its mode is 0757", shown(&path));
    let hint = format!("run `chmod o-w {}`", shown(&path));
    refused(&folder, "command = ['gen.sh']", &message, &hint).await;
    set_mode(&path, 0o775);
    assert!(folder.fetch("command = ['gen.sh']").await.is_ok());
    set_mode(&path, 0o644);
    let message = format!("`{}` is not executable: its mode is 0644", shown(&path));
    let hint = format!("run `chmod a+x {}`", shown(&path));
    refused(&folder, "command = ['gen.sh']", &message, &hint).await;
}

#[tokio::test]
async fn script_folder_writable_by_others_is_refused() {
    let folder = Folder::new();
    folder.script("gen.sh", "echo sk-1");
    set_mode(&folder.path(), 0o707);
    let message =
        format!("the folder `{}` is writable by others: its mode is 0707", shown(&folder.path()));
    let hint = format!("run `chmod o-w {}`", shown(&folder.path()));
    refused(&folder, "command = ['gen.sh']", &message, &hint).await;
    let error = folder.read_secret(&[&shown(&folder.path().join("gen.sh"))]).await.unwrap_err();
    assert_error(&error, ErrorKind::Misconfigured, &message, &hint);
}

#[tokio::test]
async fn script_program_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    let path = folder.script("gen.sh", "echo sk-1");
    chown(&path, Some(65534), None).unwrap();
    let message = format!("`{}` (mode 0755) belongs to uid 65534", shown(&path));
    let hint = format!("run `chown 0 {}`", shown(&path));
    refused(&folder, "command = ['gen.sh']", &message, &hint).await;
    chown(&path, Some(0), Some(65534)).unwrap();
    assert!(folder.fetch("command = ['gen.sh']").await.is_ok());
    set_mode(&path, 0o775);
    refused(&folder, "command = ['gen.sh']", "is writable by others", "chmod g-w").await;
}

/// The file behind a link counts, and is what is run.
#[tokio::test]
async fn script_symlink_runs_the_file_behind_it() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("sub")).unwrap();
    folder.script("sub/gen.sh", "echo \"$0\"");
    let link = folder.path().join("link");
    symlink("sub/gen.sh", &link).unwrap();
    let key = folder.fetch("command = ['link']").await.unwrap().key;
    assert_eq!(key.expose(), shown(&folder.path().join("sub/gen.sh")));
    set_mode(&folder.path().join("sub"), 0o777);
    refused(&folder, "command = ['link']", "/sub` is writable by others", "chmod o-w").await;
}

#[tokio::test]
async fn script_program_that_cannot_start_is_misconfigured() {
    let folder = Folder::new();
    let path = shown(&folder.program("gen.sh", "echo sk-1\n"));
    let hint = format!("write `#!/bin/sh` as the first line of `{path}`");
    refused(&folder, "command = ['gen.sh']", "nor has a first line `#!`", &hint).await;
    folder.program("gen.sh", "#!/nowhere/python -u\n");
    let message = format!("`{path}` wants to be run by `/nowhere/python`, which is not there");
    refused(&folder, "command = ['gen.sh']", &message, "correct the first line").await;
    folder.program("gen.sh", "#!/bin/sh\r\necho sk-1\r\n");
    refused(&folder, "command = ['gen.sh']", "has line ends of Windows", "run `sed -i").await;
}

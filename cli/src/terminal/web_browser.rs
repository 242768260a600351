//! The browser of the user at this machine.

use std::process::{Command, Stdio};

use api_key_helper_values::is_invisible;

/// A browser that the user can see.
pub(crate) struct WebBrowser {
    /// The commands in `BROWSER`. The first that runs is used.
    named: Vec<String>,
}

impl WebBrowser {
    /// The browser that the environment names, if any. A session over SSH shows none unless
    /// `BROWSER` names it: editors for remote work open it on the user's own machine.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let is_from_afar = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
        let has_screen = cfg!(any(windows, target_os = "macos"))
            || is_set("DISPLAY")
            || is_set("WAYLAND_DISPLAY");
        let named = variable("BROWSER").map_or_else(Vec::new, |named| commands(&named));
        (!named.is_empty() || has_screen && !is_from_afar).then_some(Self { named })
    }

    /// Opens `address`, and ignores the browser's output. Only web addresses are opened: a provider
    /// must not choose which program runs here.
    pub(crate) fn open(&self, address: &str) {
        let is_web = address.starts_with("https://") || address.starts_with("http://");
        if !is_web || address.contains(is_invisible) {
            return;
        }
        let named = self.named.iter().filter_map(|named| command(named, address));
        for mut command in named.chain(open::commands(address)) {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            // Ctrl-C ends the login, but not a browser with other pages open.
            #[cfg(unix)]
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
            // The browser outlives the login.
            #[cfg(unix)]
            crate::process::posix::begin_apart(&mut command);
            if command.spawn().is_ok() {
                return;
            }
        }
    }
}

/// Splits `BROWSER` at colons, as `xdg-open` does. Windows has no such variable.
fn commands(named: &str) -> Vec<String> {
    let named = if cfg!(windows) { "" } else { named };
    named.split(':').filter(|command| !command.trim().is_empty()).map(str::to_owned).collect()
}

/// The command `named` for `address`, which replaces `%s` or is appended.
fn command(named: &str, address: &str) -> Option<Command> {
    let mut words = named.split_whitespace();
    let mut command = Command::new(words.next()?);
    let has_place = named.contains("%s");
    command.args(words.map(|word| word.replace("%s", address)));
    if !has_place {
        command.arg(address);
    }
    Some(command)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn browser(variables: &[(&str, &str)]) -> Option<WebBrowser> {
        WebBrowser::of(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn web_browser_opens_with_display_and_not_over_ssh_session() {
        let ssh = ("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
        let display = ("DISPLAY", ":0");
        assert!(browser(&[]).is_none());
        assert!(browser(&[display]).is_some());
        assert!(browser(&[display, ssh]).is_none());
        assert!(browser(&[ssh, ("BROWSER", "/opt/editor/open")]).is_some());
        assert!(browser(&[("BROWSER", "")]).is_none());
    }

    #[test]
    fn browser_variable_names_commands() {
        let found = browser(&[("BROWSER", "firefox --new-tab %s:w3m: ")]).unwrap();
        let shown = found.named.iter().map(|named| {
            let command = command(named, "https://i/?a=%s").unwrap();
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            words.map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join("|")
        });
        let expected = ["firefox|--new-tab|https://i/?a=%s", "w3m|https://i/?a=%s"];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }
}

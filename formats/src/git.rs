//! `git`: a credential helper (`gitcredentials(7)`, `git-credential(1)`).

use api_key_helper_values::{Error, Key, Secret};
use zeroize::Zeroizing;

use crate::{Destination, IssuedKey, Origin, Username};

/// What git describes of a credential. What else it says makes no difference here.
#[derive(Debug)]
pub struct Description {
    /// Where git sends the credential.
    pub(crate) destination: Destination,
    username: bool,
    password: Option<Secret>,
}

impl Description {
    /// Reads lines of `key=value`, up to an empty one.
    ///
    /// # Errors
    /// Misconfigured: a line is none. Nothing of it is shown, for a password may be in it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (mut protocol, mut host, mut username, mut password) = (None, None, false, None);
        let lines = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
        for (index, line) in lines.enumerate() {
            // A CR inside of a line is another line to some readers (CVE-2024-52006).
            let line = str::from_utf8(line).ok().filter(|line| !line.contains('\r'));
            let line = line.and_then(|line| line.split_once('='));
            let (key, value) = line.ok_or_else(|| not_gits(index + 1))?;
            match key {
                "protocol" => protocol = Some(value),
                "host" => host = Some(value),
                "username" => username = true,
                "password" => password = Some(Secret::from(value)),
                _ => {}
            }
        }
        let server = protocol.zip(host).and_then(|(scheme, host)| Origin::new(scheme, host));
        let destination = server.map_or(Destination::Unclear, Destination::Server);
        Ok(Self { destination, username, password })
    }

    /// Whether git describes the credential with this key. One without a password is whichever it was.
    pub fn has(&self, key: &Key) -> bool {
        self.password.as_ref().is_none_or(|password| password.expose() == key.expose())
    }

    /// The key as a password, with the moment from which git's caches shall ask again.
    pub(super) fn answer(&self, given: &IssuedKey<'_>, username: &Username) -> Zeroizing<String> {
        // One that git knows, from the URL or its configuration, is the user's choice.
        let username =
            if self.username { String::new() } else { format!("username={}\n", username.as_str()) };
        let end = given.ask_again_at.unix_millis() / 1_000;
        let key = given.key.expose();
        Zeroizing::new(format!("{username}password={key}\npassword_expiry_utc={end}\n"))
    }
}

fn not_gits(line: usize) -> Error {
    Error::misconfigured(format!("line {line} on stdin is not `key=value`, as git writes it"))
        .with_hint("let git call this program: `git config credential.helper '/path/api-key-helper --format git'`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    fn answered(description: &str) -> String {
        let description = Description::parse(description.as_bytes()).unwrap();
        description.answer(&given("k1", None), &Username::default()).to_string()
    }

    #[test]
    fn a_user_name_that_git_knows_stays() {
        let tail = "password=k1\npassword_expiry_utc=1999999400\n";
        assert_eq!(answered("protocol=https\nhost=a\n\n"), format!("username=oauth2\n{tail}"));
        assert_eq!(answered("protocol=https\nhost=a\nusername=me\n"), tail);
    }

    #[test]
    fn reads_what_it_needs_and_passes_over_the_rest() {
        let text = "capability[]=authtype\nprotocol=https\nhost=A.example:443\npath=x=y\n\
                    wwwauth[]=Basic realm=\"a\"\npassword=k=1\n\nhost=evil\n";
        let description = Description::parse(text.as_bytes()).unwrap();
        assert_eq!(description.destination, Destination::of("https://a.example"));
        assert!(description.has(&Key::parse("k=1").unwrap()));
        assert!(!description.has(&Key::parse("k=2").unwrap()));
        assert!(Description::parse(b"").unwrap().has(&Key::parse("k").unwrap()));
    }

    #[test]
    fn a_line_that_is_none_is_not_shown() {
        for text in [
            &b"host=a\nsecret\n"[..],
            b"host=a\n\xffsecret=1\n",
            b"host=a\n=\xff",
            b"host=a\npath=secret\rhost=b\n",
        ] {
            let error = Description::parse(text).unwrap_err();
            assert!(error.message().starts_with("line 2 "), "{error:?}");
            assert!(!error.report().contains("secret"), "{error:?}");
        }
    }
}

//! The `git` format: a credential helper (`gitcredentials(7)`, `git-credential(1)`).

use api_key_helper_values::{Error, Key, Secret};
use zeroize::Zeroizing;

use crate::{Destination, IssuedKey, Origin, Username};

/// Git's description of a credential. Attributes that make no difference here are ignored.
#[derive(Debug)]
pub struct Description {
    /// The server that git sends the credential to.
    pub(crate) destination: Destination,
    username: bool,
    password: Option<Secret>,
}

impl Description {
    /// Parses `key=value` lines, up to an empty one.
    ///
    /// # Errors
    /// `Misconfigured`: a line is invalid. The error quotes none of it, for it may contain a
    /// password.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (mut protocol, mut host, mut username, mut password) = (None, None, false, None);
        let lines = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
        for (index, line) in lines.enumerate() {
            // Some readers take a CR as the end of the line (CVE-2024-52006).
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

    /// Returns whether the description is of this key. A description without a password is of any
    /// key.
    pub fn has(&self, key: &Key) -> bool {
        self.password.as_ref().is_none_or(|password| password.expose() == key.expose())
    }

    /// Returns the key as a password that expires when git's caches should ask again.
    pub(super) fn answer(&self, given: &IssuedKey<'_>, username: &Username) -> Zeroizing<String> {
        // A user name from the URL or git's configuration is the user's choice.
        let username =
            if self.username { String::new() } else { format!("username={}\n", username.as_str()) };
        let end = given.ask_again_at.unix_millis() / 1_000;
        let key = given.key.expose();
        Zeroizing::new(format!("{username}password={key}\npassword_expiry_utc={end}\n"))
    }
}

fn not_gits(line: usize) -> Error {
    Error::misconfigured(format!("line {line} on stdin is not `key=value`, the form that git uses"))
        .with_hint(
            "let git start this program: `git config credential.helper '/path/api-key-helper \
             --format git'`",
        )
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
    fn git_username_that_git_sent_is_kept() {
        let tail = "password=k1\npassword_expiry_utc=1999999400\n";
        assert_eq!(answered("protocol=https\nhost=a\n\n"), format!("username=oauth2\n{tail}"));
        assert_eq!(answered("protocol=https\nhost=a\nusername=me\n"), tail);
    }

    #[test]
    fn git_request_with_other_attributes_is_read() {
        let text = "capability[]=authtype\nprotocol=https\nhost=A.example:443\npath=x=y\n\
                    wwwauth[]=Basic realm=\"a\"\npassword=k=1\n\nhost=evil\n";
        let description = Description::parse(text.as_bytes()).unwrap();
        assert_eq!(description.destination, Destination::of("https://a.example"));
        assert!(description.has(&Key::parse("k=1").unwrap()));
        assert!(!description.has(&Key::parse("k=2").unwrap()));
        assert!(Description::parse(b"").unwrap().has(&Key::parse("k").unwrap()));
    }

    #[test]
    fn invalid_git_request_line_is_refused_and_not_shown() {
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

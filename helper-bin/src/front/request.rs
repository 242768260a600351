//! What the front understands of the command line.

use std::ffi::{OsStr, OsString};

/// A call that may be a hit: `[--profile NAME] [--config PATH] [get]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub(crate) profile: Option<&'a OsStr>,
    pub(crate) config: Option<&'a OsStr>,
}

impl<'a> Request<'a> {
    /// `None` for whatever is not plainly that, mistakes included: the worker has the command tree.
    pub(crate) fn parse(arguments: &'a [OsString]) -> Option<Self> {
        let mut request = Self::default();
        let mut is_command_seen = false;
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let argument = argument.as_os_str();
            if argument == "get" && !is_command_seen {
                is_command_seen = true;
                continue;
            }
            let (name, value) = match split(argument) {
                Some((name, value)) => (name, value),
                None => (argument.to_str()?, arguments.next()?.as_os_str()),
            };
            let slot = match name {
                "--profile" => &mut request.profile,
                "--config" => &mut request.config,
                _ => return None,
            };
            if value.is_empty() || slot.replace(value).is_some() {
                return None;
            }
        }
        Some(request)
    }
}

/// `--name=value` in its parts.
fn split(argument: &OsStr) -> Option<(&str, &OsStr)> {
    ["--profile", "--config"].into_iter().find_map(|name| {
        let value =
            argument.as_encoded_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        // A UTF-8 prefix was taken off, after which the rest is well-formed.
        let value = OsStr::new(argument.to_str()?.get(argument.len() - value.len()..)?);
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Option<(Option<String>, Option<String>)> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let request = Request::parse(&arguments)?;
        let text = |value: Option<&OsStr>| value.map(|value| value.to_str().unwrap().to_owned());
        Some((text(request.profile), text(request.config)))
    }

    #[test]
    fn plain_calls() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parse(&[]), Some((None, None)));
        assert_eq!(parse(&["get"]), Some((None, None)));
        assert_eq!(parse(&["--profile", "a"]), Some((some("a"), None)));
        assert_eq!(parse(&["--profile=a", "get"]), Some((some("a"), None)));
        assert_eq!(
            parse(&["get", "--config=/c", "--profile", "get"]),
            Some((some("get"), some("/c")))
        );
    }

    #[test]
    fn the_rest_is_the_workers() {
        let others: [&[&str]; 10] = [
            &["status"],
            &["--help"],
            &["get", "get"],
            &["get", "--refresh"],
            &["--profile"],
            &["--profile="],
            &["--profile", ""],
            &["--profile", "a", "--profile", "b"],
            &["--profiles=a"],
            &["--", "get"],
        ];
        for arguments in others {
            assert_eq!(parse(arguments), None, "{arguments:?}");
        }
    }
}

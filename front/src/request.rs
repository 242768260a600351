//! The part of the command line that the front understands.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// A call that may be a hit: `[--profile NAME] [--config PATH] [get]`, or the same through a link
/// that is named after the profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub(crate) profile: Option<&'a OsStr>,
    pub(crate) config: Option<&'a OsStr>,
}

impl<'a> Request<'a> {
    /// Returns `None` for any other call, mistakes included: the worker has the command tree.
    pub(crate) fn parse(linked: Option<&'a OsStr>, arguments: &'a [OsString]) -> Option<Self> {
        let mut request = Self { profile: linked, config: None };
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

/// Returns the profile in the name of the link by which this program was started:
/// `api-key-helper@NAME`. The worker checks whether it is a valid name.
pub(crate) fn linked_profile(program: &OsStr) -> Option<&OsStr> {
    linked(program, &Names::OF_THIS_SYSTEM)
}

/// The spelling of program names on a system.
struct Names {
    /// The optional end of a name.
    suffix: &'static [u8],
    /// Upper and lower case are the same.
    is_case_ignored: bool,
}

impl Names {
    const OF_THIS_SYSTEM: Self = Self {
        suffix: std::env::consts::EXE_SUFFIX.as_bytes(),
        is_case_ignored: cfg!(any(windows, target_vendor = "apple")),
    };

    fn is_same(&self, found: &[u8], expected: &[u8]) -> bool {
        found == expected || self.is_case_ignored && found.eq_ignore_ascii_case(expected)
    }
}

fn linked<'a>(program: &'a OsStr, names: &Names) -> Option<&'a OsStr> {
    const PREFIX: &[u8] = b"api-key-helper@";

    let name = Path::new(program).file_name()?.as_encoded_bytes();
    let (prefix, profile) = name.split_at_checked(PREFIX.len())?;
    if !names.is_same(prefix, PREFIX) {
        return None;
    }
    // Shells omit the suffix, and a program receives its name as the caller spelled it.
    let without = profile.len().checked_sub(names.suffix.len()).map(|end| profile.split_at(end));
    let profile = match without {
        Some((profile, suffix)) if names.is_same(suffix, names.suffix) => profile,
        _ => profile,
    };
    // Text that is not Unicode is not a valid name either.
    Some(OsStr::new(str::from_utf8(profile).unwrap_or_default()))
}

/// Splits `--name=value`.
fn split(argument: &OsStr) -> Option<(&str, &OsStr)> {
    ["--profile", "--config"].into_iter().find_map(|name| {
        let value =
            argument.as_encoded_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        // A UTF-8 prefix was removed, after which the rest is well-formed.
        let value = OsStr::new(argument.to_str()?.get(argument.len() - value.len()..)?);
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Option<(Option<String>, Option<String>)> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let request = Request::parse(None, &arguments)?;
        let text = |value: Option<&OsStr>| value.map(|value| value.to_str().unwrap().to_owned());
        Some((text(request.profile), text(request.config)))
    }

    #[test]
    fn front_parses_get_profile_and_config() {
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
    fn profile_link_stands_for_the_profile_option() {
        let linked = |program: &str| {
            linked_profile(OsStr::new(program)).map(|profile| profile.to_str().unwrap().to_owned())
        };
        assert_eq!(linked("/usr/bin/api-key-helper@work").as_deref(), Some("work"));
        assert_eq!(linked("api-key-helper@").as_deref(), Some(""));
        for program in ["api-key-helper", "/a@b/api-key-helper", "other@work", ""] {
            assert_eq!(linked(program), None, "{program}");
        }
        let work = Some(OsStr::new("work"));
        let get = [OsString::from("get")];
        assert_eq!(Request::parse(work, &get).unwrap().profile, work);
        // The worker reports the conflict.
        let both = [OsString::from("--profile=work")];
        assert_eq!(Request::parse(work, &both), None);
    }

    #[test]
    fn profile_link_name_follows_each_systems_rules() {
        let windows = Names { suffix: b".exe", is_case_ignored: true };
        let macos = Names { suffix: b"", is_case_ignored: true };
        let linux = Names { suffix: b"", is_case_ignored: false };
        let profile = |program: &str, names: &Names| {
            linked(OsStr::new(program), names).map(|profile| profile.to_str().unwrap().to_owned())
        };
        for program in ["api-key-helper@work", "api-key-helper@work.exe", "API-Key-Helper@work.EXE"]
        {
            assert_eq!(profile(program, &windows).as_deref(), Some("work"), "{program}");
        }
        assert_eq!(profile("API-key-helper@work", &macos).as_deref(), Some("work"));
        assert_eq!(profile("API-key-helper@work", &linux), None);
        assert_eq!(profile("api-key-helper@work.exe", &linux).as_deref(), Some("work.exe"));
        assert_eq!(profile("api-key-helper.exe", &windows), None);
    }

    #[test]
    fn front_leaves_other_command_lines_to_the_worker() {
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

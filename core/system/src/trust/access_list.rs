//! The trust rule for Windows, as a function of owners and access lists.
//!
//! It parses self-relative security descriptors (MS-DTYP, 2.4.6) itself, so it is tested on every
//! system.

use std::fmt;
use std::path::Path;

use super::facts::Kind;
use api_key_helper_values::Error;

/// The identifier of a user, a group or a part of the system (MS-DTYP, 2.4.2.2).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sid(Vec<u8>);

impl Sid {
    /// Parses the SID at the start of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[revision, count], _) = bytes.split_first_chunk()?;
        let bytes = bytes.get(..8 + 4 * usize::from(count))?;
        (revision == 1 && count <= 15).then(|| Self(bytes.to_vec()))
    }

    /// The bytes for the system's functions.
    #[cfg(windows)]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn authority(&self) -> u64 {
        self.0[2..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn parts(&self) -> impl Iterator<Item = u32> {
        let (parts, _) = self.0[8..].as_chunks();
        parts.iter().map(|part| u32::from_le_bytes(*part))
    }

    fn is(&self, authority: u64, parts: &[u32]) -> bool {
        self.authority() == authority && self.parts().eq(parts.iter().copied())
    }

    /// Returns whether it is the system, or an account that can change everything anyway.
    fn is_system(&self) -> bool {
        let is_domain_admins = || {
            let parts: Vec<u32> = self.parts().collect();
            self.authority() == NT && parts.len() == 5 && parts[0] == 21 && parts[4] == 512
        };
        self.is(NT, &LOCAL_SYSTEM)
            || self.is(NT, &ADMINISTRATORS)
            || self.is(NT, &TRUSTED_INSTALLER)
            || is_domain_admins()
    }

    /// Returns whether it stands for the file's owner (OWNER RIGHTS, CREATOR OWNER).
    fn is_owner(&self) -> bool {
        self.is(CREATOR, &[4]) || self.is(CREATOR, &[0])
    }
}

/// Formats as `S-1-5-21-…`, like `icacls` and PowerShell.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-1-{}", self.authority())?;
        self.parts().try_for_each(|part| write!(f, "-{part}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Well-known SIDs (MS-DTYP, 2.4.2.4).
const NT: u64 = 5;
const CREATOR: u64 = 3;
const LOCAL_SYSTEM: [u32; 1] = [18];
const ADMINISTRATORS: [u32; 2] = [32, 544];
/// `NT SERVICE\TrustedInstaller`, the owner of Windows' own files.
const TRUSTED_INSTALLER: [u32; 6] =
    [80, 956_008_885, 3_418_522_649, 1_831_038_044, 1_853_292_631, 2_271_478_464];

/// The owner of a file or folder, and the permissions of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    owner: Option<Sid>,
    /// The permissions by account. `None` if there is no list, which permits everything to
    /// everybody.
    grants: Option<Vec<(Sid, u32)>>,
}

impl Access {
    /// Parses a self-relative security descriptor. Entries that deny are ignored, so the check can
    /// only be too strict.
    pub(crate) fn read(descriptor: &[u8]) -> Option<Self> {
        let offset = |at: usize| {
            let bytes = *descriptor.get(at..)?.first_chunk()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let control = u16::from_le_bytes(*descriptor.get(2..)?.first_chunk()?);
        let owner = match offset(4)? {
            0 => None,
            at => Some(Sid::read(descriptor.get(at..)?)?),
        };
        let grants = match offset(16)? {
            at if control & DACL_PRESENT != 0 && at != 0 => Some(grants(descriptor.get(at..)?)?),
            _ => None,
        };
        Some(Self { owner, grants })
    }

    /// Returns accounts other than the caller and the system with one of `rights`, the owner first.
    /// `Err` means everybody.
    fn strangers(&self, caller: &Sid, rights: u32) -> Result<Vec<&Sid>, Everybody> {
        let is_trusted = |sid: &Sid| sid == caller || sid.is_system();
        let grants = self.grants.as_ref().ok_or(Everybody)?;
        // An owner can always change the list.
        let mut found: Vec<&Sid> = self.owner.iter().filter(|owner| !is_trusted(owner)).collect();
        for (sid, granted) in grants {
            let may = spelled_out(*granted) & rights != 0;
            if may && !is_trusted(sid) && !sid.is_owner() && !found.contains(&sid) {
                found.push(sid);
            }
        }
        Ok(found)
    }
}

/// The result for a file without an access list.
#[derive(Debug, PartialEq, Eq)]
struct Everybody;

/// The allowing entries of an access list (MS-DTYP, 2.4.4 and 2.4.5).
fn grants(list: &[u8]) -> Option<Vec<(Sid, u32)>> {
    let count = u16::from_le_bytes(*list.get(4..)?.first_chunk()?);
    let mut rest = list.get(8..)?;
    let mut grants = Vec::new();
    for _ in 0..count {
        let &[kind, flags, low, high] = rest.first_chunk()?;
        let length = usize::from(u16::from_le_bytes([low, high])).max(4);
        let entry = rest.get(..length)?;
        rest = &rest[length..];
        // Inherited by children, and without effect here.
        if flags & INHERIT_ONLY != 0 {
            continue;
        }
        if kind == ALLOWED || kind == ALLOWED_CALLBACK {
            let mask = u32::from_le_bytes(*entry.get(4..)?.first_chunk()?);
            grants.push((Sid::read(entry.get(8..)?)?, mask));
        }
    }
    Some(grants)
}

const DACL_PRESENT: u16 = 0x0004;
const INHERIT_ONLY: u8 = 0x08;
const ALLOWED: u8 = 0x00;
const ALLOWED_CALLBACK: u8 = 0x09;

// Rights (MS-DTYP, 2.4.3; "File Access Rights Constants" of the Windows API).
const READ: u32 = 0x0001;
const WRITE: u32 = 0x0002;
const APPEND: u32 = 0x0004;
const DELETE_CHILD: u32 = 0x0040;
const DELETE: u32 = 0x0001_0000;
const WRITE_LIST: u32 = 0x0004_0000;
const WRITE_OWNER: u32 = 0x0008_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_READ: u32 = 0x8000_0000;

/// Rights to change a file, or the content of a folder. For a folder, `WRITE` and `APPEND` allow
/// adding files, such as a library that a program in it would load.
const CHANGE: u32 = WRITE | APPEND | DELETE_CHILD | DELETE | WRITE_LIST | WRITE_OWNER;
/// Rights to redirect a path at one of its folders. Others may add files to such a folder, as to
/// `C:\`, but not replace existing ones.
const LEAD_ELSEWHERE: u32 = DELETE_CHILD | DELETE | WRITE_LIST | WRITE_OWNER;

fn spelled_out(mask: u32) -> u32 {
    let all = if mask & GENERIC_ALL != 0 { u32::MAX } else { 0 };
    let write = if mask & GENERIC_WRITE != 0 { WRITE | APPEND } else { 0 };
    let read = if mask & GENERIC_READ != 0 { READ } else { 0 };
    mask | all | write | read
}

/// The part of a path that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The file or folder at the end.
    End(Kind),
    /// The folder that contains it.
    Holder,
    /// A folder above that.
    Way,
    /// The root of a volume, which cannot be renamed.
    Root,
}

/// Returns how another user can change the target of `path` at `part`. `name` resolves a SID to a
/// name.
pub(crate) fn judge(
    path: &Path,
    part: Part,
    access: &Access,
    caller: &Sid,
    name: &dyn Fn(&Sid) -> String,
) -> Option<Error> {
    let rights = match part {
        Part::End(Kind::File | Kind::Folder) | Part::Holder => CHANGE,
        // A link has the rights of its folder.
        Part::End(_) => return None,
        Part::Way => LEAD_ELSEWHERE,
        Part::Root => LEAD_ELSEWHERE & !DELETE,
    };
    let is_folder = part != Part::End(Kind::File);
    let what = if is_folder { "the folder " } else { "" };
    objection(what, path, "changed", access.strangers(caller, rights), access, caller, name)
}

/// Returns why others have access to a file or folder of the state.
pub(crate) fn judge_privacy(
    path: &Path,
    is_folder: bool,
    access: &Access,
    caller: &Sid,
    name: &dyn Fn(&Sid) -> String,
) -> Option<Error> {
    let what = if is_folder { "the folder " } else { "" };
    let strangers = access.strangers(caller, CHANGE | READ);
    objection(what, path, "read or changed", strangers, access, caller, name)
}

fn objection(
    what: &str,
    path: &Path,
    done: &str,
    strangers: Result<Vec<&Sid>, Everybody>,
    access: &Access,
    caller: &Sid,
    name: &dyn Fn(&Sid) -> String,
) -> Option<Error> {
    let (shown, quoted) = (path.display(), crate::advice::quote_for_windows(path));
    let Ok(strangers) = strangers else {
        let message = format!("{what}`{shown}` can be {done} by everybody: it has no access list");
        return Some(Error::misconfigured(message).with_hint(
            "move it to a disk with NTFS, into a folder below your profile (`%USERPROFILE%`)",
        ));
    };
    let first = *strangers.first()?;
    if access.owner.as_ref() == Some(first) {
        let message = format!(
            "{what}`{shown}` belongs to {}, and must belong to you or to administrators",
            name(first)
        );
        let hint =
            format!("if you trust it, run `icacls {quoted} /setowner *{caller}` as administrator");
        return Some(Error::misconfigured(message).with_hint(hint));
    }
    let names: Vec<String> = strangers.iter().take(SHOWN).map(|sid| name(sid)).collect();
    let message = format!("{what}`{shown}` can be {done} by {}", names.join(", "));
    let removed: Vec<String> = strangers.iter().take(SHOWN).map(|sid| format!("*{sid}")).collect();
    let hint = format!("run `icacls {quoted} /inheritance:d /remove:g {}`", removed.join(" "));
    Some(Error::misconfigured(message).with_hint(hint))
}

/// The number of accounts named in a message, which has at most 500 characters.
const SHOWN: usize = 3;

/// Shortens `\\?\C:\a` to `C:\a`, and `\\?\UNC\server\a` to `\\server\a`. Returns `None` for other
/// paths, such as a volume without a letter, and for names with another meaning without the prefix.
pub(crate) fn without_verbatim_prefix(path: &str) -> Option<String> {
    let rest = path.strip_prefix(r"\\?\")?;
    let is_plain = rest.split('\\').all(|name| {
        // Without the prefix, dots and spaces at the end are dropped, and some names are devices.
        !name.ends_with(['.', ' ']) && !is_device(name)
    });
    let is_drive = rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && rest.get(1..3).is_some_and(|colon| colon == r":\");
    match rest.strip_prefix(r"UNC\") {
        // 259 characters and a zero (`MAX_PATH`): some programs read no longer paths.
        _ if !is_plain || rest.len() > 259 => None,
        Some(share) => Some(format!(r"\\{share}")),
        None if is_drive => Some(rest.to_owned()),
        None => None,
    }
}

/// Returns whether `name` is a device: `NUL`, `CON` and others, even with an extension ("Naming
/// Files, Paths, and Namespaces").
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_numbered =
        |prefix: &str| stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest != "0");
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || is_numbered("COM")
        || is_numbered("LPT")
}

#[cfg(test)]
mod tests;

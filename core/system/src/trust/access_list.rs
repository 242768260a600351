//! The rule of Windows, as a function of owners and access lists.
//!
//! It reads the bytes of a self-relative security descriptor (MS-DTYP, 2.4.6), so it is tested on
//! every system.

use std::fmt;
use std::path::Path;

use super::facts::Kind;
use api_key_helper_values::Error;

/// A user, a group or a part of the system (MS-DTYP, 2.4.2.2).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sid(Vec<u8>);

impl Sid {
    /// Reads the one that `bytes` begin with.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[revision, count], _) = bytes.split_first_chunk()?;
        let bytes = bytes.get(..8 + 4 * usize::from(count))?;
        (revision == 1 && count <= 15).then(|| Self(bytes.to_vec()))
    }

    /// Its bytes, as the system's calls take them.
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

    /// Returns whether it is the system itself, or may do everything to it anyway.
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

    /// Returns whether it stands for the owner of the very file (OWNER RIGHTS, CREATOR OWNER).
    fn is_owner(&self) -> bool {
        self.is(CREATOR, &[4]) || self.is(CREATOR, &[0])
    }
}

/// `S-1-5-21-…`, as `icacls` and PowerShell write it.
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
/// `NT SERVICE\TrustedInstaller`, which owns the files of Windows.
const TRUSTED_INSTALLER: [u32; 6] =
    [80, 956_008_885, 3_418_522_649, 1_831_038_044, 1_853_292_631, 2_271_478_464];

/// The owner of a file or folder, and what others may do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    owner: Option<Sid>,
    /// Who may do what. `None`: there is no list, and everybody may do everything.
    grants: Option<Vec<(Sid, u32)>>,
}

impl Access {
    /// Reads a self-relative security descriptor. What is forbidden in it is passed over: then more
    /// is refused than must be, and never less.
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

    /// Returns those beside the caller and the system who have one of `rights`, the owner first.
    /// `Err`: everybody has.
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

/// Everybody may do everything.
#[derive(Debug, PartialEq, Eq)]
struct Everybody;

/// The entries of an access list that allow something (MS-DTYP, 2.4.4 and 2.4.5).
fn grants(list: &[u8]) -> Option<Vec<(Sid, u32)>> {
    let count = u16::from_le_bytes(*list.get(4..)?.first_chunk()?);
    let mut rest = list.get(8..)?;
    let mut grants = Vec::new();
    for _ in 0..count {
        let &[kind, flags, low, high] = rest.first_chunk()?;
        let length = usize::from(u16::from_le_bytes([low, high])).max(4);
        let entry = rest.get(..length)?;
        rest = &rest[length..];
        // Handed down, and without effect here.
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

/// To change a file, or what is in a folder. In a folder, `WRITE` and `APPEND` are to put something
/// there: of a program's folder, that is a library that the program would load.
const CHANGE: u32 = WRITE | APPEND | DELETE_CHILD | DELETE | WRITE_LIST | WRITE_OWNER;
/// To change what a folder on the way leads to. Others may put new things there, as into `C:\`:
/// what is there they cannot replace.
const LEAD_ELSEWHERE: u32 = DELETE_CHILD | DELETE | WRITE_LIST | WRITE_OWNER;

fn spelled_out(mask: u32) -> u32 {
    let all = if mask & GENERIC_ALL != 0 { u32::MAX } else { 0 };
    let write = if mask & GENERIC_WRITE != 0 { WRITE | APPEND } else { 0 };
    let read = if mask & GENERIC_READ != 0 { READ } else { 0 };
    mask | all | write | read
}

/// The part of something in a path that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What the path leads to.
    End(Kind),
    /// The folder that holds it.
    Holder,
    /// A folder above that.
    Way,
    /// The root of a volume, which cannot be renamed.
    Root,
}

/// Returns why another user can change what `path` leads to, by way of `part` of it. `name` says
/// how people call a SID.
pub(crate) fn judge(
    path: &Path,
    part: Part,
    access: &Access,
    caller: &Sid,
    name: &dyn Fn(&Sid) -> String,
) -> Option<Error> {
    let rights = match part {
        Part::End(Kind::File | Kind::Folder) | Part::Holder => CHANGE,
        // A link has the rights of what it is in.
        Part::End(_) => return None,
        Part::Way => LEAD_ELSEWHERE,
        Part::Root => LEAD_ELSEWHERE & !DELETE,
    };
    let is_folder = part != Part::End(Kind::File);
    let what = if is_folder { "the folder " } else { "" };
    objection(what, path, "changed", access.strangers(caller, rights), access, caller, name)
}

/// Returns why a file or folder of the state is not the caller's alone.
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

/// How many of those who may are named: a message has 500 characters.
const SHOWN: usize = 3;

/// `\\?\C:\a` is `C:\a`, and `\\?\UNC\server\a` is `\\server\a`. `None` where it is something else,
/// such as a volume without a letter, or has names that mean something else without the prefix.
pub(crate) fn without_verbatim_prefix(path: &str) -> Option<String> {
    let rest = path.strip_prefix(r"\\?\")?;
    let is_plain = rest.split('\\').all(|name| {
        // Without the prefix, dots and spaces at the end are taken off, and devices have names.
        !name.ends_with(['.', ' ']) && !is_device(name)
    });
    let is_drive = rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && rest.get(1..3).is_some_and(|colon| colon == r":\");
    match rest.strip_prefix(r"UNC\") {
        // 259 characters and a zero (`MAX_PATH`): not every program reads longer ones.
        _ if !is_plain || rest.len() > 259 => None,
        Some(share) => Some(format!(r"\\{share}")),
        None if is_drive => Some(rest.to_owned()),
        None => None,
    }
}

/// `NUL`, `CON` and others, also with an extension ("Naming Files, Paths, and Namespaces").
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

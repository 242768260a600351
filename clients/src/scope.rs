//! Whom a settings file is for.

/// Whom a settings file is for. Of Claude Code's, a later scope beats the ones before it; what `--settings`
/// names stands between the last two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One person, in all folders.
    User,
    /// Everybody who works in a folder: the file is commonly committed.
    Project,
    /// One person in one folder.
    Local,
    /// Everybody on this machine.
    Managed,
}

impl Scope {
    /// All of them, each one before those that beat it.
    pub const ALL: [Self; 4] = [Self::User, Self::Project, Self::Local, Self::Managed];

    /// Its name on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Local => "local",
            Self::Managed => "managed",
        }
    }
}

//! The scope of a settings file.

/// The users and folders that a settings file is for. In Claude Code, a later scope overrides the
/// earlier ones; the file of `--settings` comes between the last two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One user, in all folders.
    User,
    /// Everyone who works in a folder: the file is usually committed.
    Project,
    /// One user in one folder.
    Local,
    /// Everyone on this machine.
    Managed,
}

impl Scope {
    /// All scopes, in ascending precedence.
    pub const ALL: [Self; 4] = [Self::User, Self::Project, Self::Local, Self::Managed];

    /// Returns the name on command lines.
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

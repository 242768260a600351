//! Shows the status: three sources fit into 24 lines of 80 columns.

use std::time::Duration;

use anstyle::Style;
use api_key_helper_values::{Moment, plain, visible};

use super::facts::{
    FailureStatus, KeyState, NextCall, ProfileStatus, Refresh, SignInStatus, SourceStatus,
};
use crate::readable::{format_duration, relative};
use crate::seal::SealStatus;
use crate::terminal::colours::Colours;

/// The terminal's colours, and the current time.
pub(super) struct Screen {
    pub(super) colours: Colours,
    pub(super) now: Moment,
}

impl Screen {
    /// The text for the terminal.
    pub(super) fn show(&self, status: &ProfileStatus) -> String {
        let strong = self.colours.strong;
        let mut text = format!("profile {strong}{}{strong:#}: ", visible(&status.profile));
        let source = visible(&status.next_call.source);
        text += &match status.next_call.does {
            NextCall::Asks => format!("the next call asks `{source}`, and waits for it\n"),
            NextCall::Fails => format!("the next call fails as the last one of `{source}` did\n"),
            NextCall::Prints => format!("the next call prints the key of `{source}` at once\n"),
        };
        let mut shown = Vec::new();
        let next = status
            .sources
            .iter()
            .position(|other| other.name == status.next_call.source)
            .unwrap_or(0);
        for (index, source) in status.sources.iter().enumerate() {
            text +=
                &format!("\n{strong}{}{strong:#} ({})\n", visible(&source.name), source.backend);
            let answering = (index < next).then_some(status.next_call.source.as_str());
            text += &self.source(source, answering, 2, &mut shown);
        }
        text.push('\n');
        let mut footer = vec![("caller", caller(status.hold_seconds))];
        footer.extend(status.configuration.iter().map(|path| ("settings", path.clone())));
        footer.push(("state", status.state_folder.clone()));
        if let Some(SealStatus { place, reason, .. }) = &status.seal {
            footer.push(("sealed", format!("by a key in {place}")));
            footer.push(("", format!("since {reason}")));
        }
        let faint = self.colours.faint;
        for (label, value) in footer {
            text += &format!("{faint}{label:<11}{}{faint:#}\n", visible(value));
        }
        text
    }

    /// The lines of a source, and below them those of the sources that it uses, each once.
    /// `answering` is the later source that answers the next call, because this one failed.
    fn source<'s>(
        &self,
        source: &'s SourceStatus,
        answering: Option<&str>,
        indent: usize,
        shown: &mut Vec<&'s str>,
    ) -> String {
        let Colours { faint, strong, .. } = self.colours;
        let mut text = String::new();
        for (label, style, value) in self.lines(source, answering) {
            text += &format!("{:indent$}{style}{label:<9}{style:#}{value}\n", "");
        }
        for used in &source.uses {
            let SourceStatus { name, backend, .. } = used;
            let label = format!("{:indent$}{faint}{:<9}{faint:#}", "", "uses");
            let seen = visible(name);
            if shown.contains(&name.as_str()) {
                text += &format!("{label}{strong}{seen}{strong:#}, see above\n");
            } else {
                shown.push(name);
                text += &format!("{label}{strong}{seen}{strong:#} ({backend})\n");
                text += &self.source(used, None, indent + 2, shown);
            }
        }
        text
    }

    fn lines(
        &self,
        source: &SourceStatus,
        answering: Option<&str>,
    ) -> Vec<(&'static str, Style, String)> {
        let Colours { bad, faint, .. } = self.colours;
        let mut lines = vec![("key", faint, self.key(source))];
        lines.push(("refresh", faint, self.refresh(source, answering)));
        match &source.sign_in {
            Some(sign_in) => lines.push(("sign-in", faint, self.sign_in(sign_in))),
            None if source.has_renewal => {
                lines.push(("renewal", faint, "kept: the next fetch needs nobody".to_owned()));
            }
            None => {}
        }
        if let Some(until) = source.refused_until {
            let told = format!("by the API; another chance {}", relative(until, self.now));
            lines.push(("refused", bad, told));
        }
        if let Some(failure) = &source.failure {
            lines.push(("failed", bad, self.failure(failure)));
            lines.extend(failure.hint.iter().map(|hint| ("hint", faint, plain(hint))));
        }
        lines
    }

    fn key(&self, source: &SourceStatus) -> String {
        let Colours { good, fair, bad, faint, .. } = self.colours;
        let (state, style) = match source.key {
            KeyState::Fresh => ("fresh", good),
            KeyState::Due => ("due", good),
            KeyState::Stale => ("stale", fair),
            KeyState::Expired => ("expired", bad),
            KeyState::None => ("none", faint),
            KeyState::Unreadable => ("unreadable", bad),
        };
        let mut parts = vec![format!("{style}{state}{style:#}")];
        if let Some(at) = source.fetched_at {
            parts.push(format!("fetched {}", relative(at, self.now)));
            parts.push(match source.expires_at {
                Some(end) if end > self.now => format!("ends {}", relative(end, self.now)),
                Some(end) => format!("ended {}", relative(end, self.now)),
                None => "does not say when it ends".to_owned(),
            });
        }
        if let (KeyState::Stale, Some(end)) = (source.key, source.usable_until) {
            let left = format_duration(end.since(self.now));
            parts.push(format!("printed for {left} more while the source is down"));
        }
        parts.join(", ")
    }

    fn refresh(&self, source: &SourceStatus, answering: Option<&str>) -> String {
        let relative =
            |at: Option<Moment>| at.map_or_else(String::new, |at| relative(at, self.now));
        match source.refresh {
            Refresh::AfterFresh if source.due_until > source.fresh_until => {
                format!("{}, behind the first call then", relative(source.fresh_until))
            }
            Refresh::AfterFresh => {
                format!("{}, at the first call then", relative(source.fresh_until))
            }
            Refresh::AfterOthers => "only when the sources before it are down".to_owned(),
            Refresh::AfterPause => {
                let until = source.failure.as_ref().and_then(|failure| failure.pause_until);
                let until = relative(until);
                match answering.map(visible) {
                    Some(other) => {
                        format!("{until} at the earliest: it failed, so `{other}` answers")
                    }
                    None => format!("{until} at the earliest: it failed a moment ago"),
                }
            }
            Refresh::AtNextCall => "at the next call, which waits for it".to_owned(),
            Refresh::BehindNextCall => match answering.map(visible) {
                Some(other) => format!("behind the next call, which `{other}` answers"),
                None => "behind the next call".to_owned(),
            },
            Refresh::WhenUsed if source.key == KeyState::Fresh => {
                format!("{} at the earliest, when it is used", relative(source.fresh_until))
            }
            Refresh::WhenUsed => "when it is used".to_owned(),
        }
    }

    fn sign_in(&self, sign_in: &SignInStatus) -> String {
        let mut parts = Vec::new();
        parts.extend(sign_in.account.as_ref().map(|account| format!("as {}", plain(account))));
        parts.extend(sign_in.expires_at.map(|at| match at > self.now {
            true => format!("ends {}", relative(at, self.now)),
            false => format!("ended {}", relative(at, self.now)),
        }));
        if !sign_in.scopes.is_empty() {
            parts.push(format!("for {}", plain(&sign_in.scopes.join(" "))));
        }
        if !sign_in.missing_scopes.is_empty() {
            parts.push(format!("without {}", plain(&sign_in.missing_scopes.join(" "))));
        }
        parts.join(", ")
    }

    fn failure(&self, failure: &FailureStatus) -> String {
        let ago = failure.failed_at.map_or_else(String::new, |at| relative(at, self.now));
        let times = match failure.count {
            1 => String::new(),
            count => format!(", {count} times in a row"),
        };
        format!("{ago}{times}: {}", plain(&failure.message))
    }
}

fn caller(hold_seconds: u64) -> String {
    match hold_seconds {
        0 => "asks each time that it needs a key".to_owned(),
        _ => format!("uses a key for {}", format_duration(Duration::from_secs(hold_seconds))),
    }
}

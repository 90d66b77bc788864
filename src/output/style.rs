//! The few styles there are. Colour only supports what the words already say.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const FAINT: Style = Style::new().dimmed();
/// The bars and arrows around an excerpt.
pub(super) const FRAME: Style = AnsiColor::BrightBlue.on_default().bold();
pub(super) const STRONG: Style = Style::new().bold();

/// `text` in `style`. Streams strip it where it is not wanted.
pub(super) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

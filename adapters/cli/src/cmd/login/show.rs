//! What a person sees: where to go, what to enter, and how long there is for it.

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use credlatch::{Flow, FlowStatus, ProviderId, rfc3339};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::screen::{columns, shows_pictures};

pub(super) fn prompt(provider: &ProviderId, flow: &Flow, status: &FlowStatus, no_qr: bool) -> String {
    let mut lines = Vec::new();
    if !flow.is_started_here() {
        lines.push(format!("A login to {provider} is in progress; this joins it."));
    }
    match (&status.verification_uri, &status.user_code) {
        (Some(page), Some(code)) => {
            lines.push(format!("To sign in to {provider}, open\n\n    {page}\n\nand enter\n\n    {code}\n"));
        }
        (Some(page), None) => lines.push(format!("To sign in to {provider}, open\n\n    {page}\n")),
        _ => lines.push(format!("Sign in with {provider}'s own program; this waits for it.")),
    }
    let complete = status.verification_uri_complete.as_ref().or(status.verification_uri.as_ref());
    if let Some(picture) = complete.filter(|_| !no_qr && shows_pictures()).and_then(|page| picture(page, columns())) {
        lines.push(format!("{picture}\n"));
    }
    lines.push(format!(
        "This ends by itself at {}. To cancel it: Ctrl-C, or `credlatch cancel {}`",
        rfc3339(status.expires_at),
        status.id
    ));
    lines.join("\n")
}

/// The address as a QR code: light on dark, with a margin, as most terminals show it best. Where the terminal is too narrow for it
/// there is none: lines that go on in the next one are no picture.
fn picture(address: &str, columns: usize) -> Option<String> {
    let code = QrCode::new(address).ok()?;
    let mut picture = code.render::<Dense1x2>();
    let picture = picture.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).quiet_zone(true).build();
    let width = picture.lines().map(|line| line.chars().count()).max()?;
    (width <= columns).then_some(picture)
}

/// A line with the time that is left; on standard error, only if that is a terminal that can write a line anew, and gone in the end.
pub(super) struct Countdown {
    is_shown: bool,
    /// The seconds that stand there.
    secs: Option<u64>,
}

impl Countdown {
    pub(super) fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self { is_shown: !is_dumb && std::io::stderr().is_terminal(), secs: None }
    }

    pub(super) fn show(&mut self, left: Duration) {
        if self.is_shown && self.secs.replace(left.as_secs()) != Some(left.as_secs()) {
            write_anew(&format!("waiting for you to confirm, {} left", clock(left)));
        }
    }

    /// Takes the line away, until it is shown again.
    pub(super) fn hide(&mut self) {
        if self.secs.take().is_some() {
            write_anew("");
        }
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        self.hide();
    }
}

/// Writes the line anew: back to its beginning, the text, and whatever stood behind it is erased (ECMA-48: CR, EL).
fn write_anew(text: &str) {
    let _ = write!(std::io::stderr(), "\r{text}\u{1b}[K");
}

/// Minutes and seconds.
fn clock(left: Duration) -> String {
    format!("{}:{:02}", left.as_secs() / 60, left.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_picture_of_full_lines() {
        let address = "https://issuer.example/device?user_code=BCDF-GHJK";
        assert_eq!(picture(address, 30), None, "it would be too wide");
        let picture = picture(address, 80).unwrap();
        let widths: Vec<_> = picture.lines().map(|line| line.chars().count()).collect();
        assert!(widths.len() > 15 && widths.iter().all(|width| *width == widths[0] && *width < 80), "{picture}");
        assert!(picture.chars().all(|c| " █▀▄\n".contains(c)), "{picture}");
    }

    #[test]
    fn time_left_is_minutes_and_seconds() {
        assert_eq!(clock(Duration::from_secs(582)), "9:42");
        assert_eq!(clock(Duration::from_secs(5)), "0:05");
    }
}

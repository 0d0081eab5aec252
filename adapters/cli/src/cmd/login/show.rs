//! What a person sees: where to go, what to enter, and how long there is for it.

use std::io::IsTerminal;
use std::time::Duration;

use credlatch::{Flow, FlowStatus, ProviderId, rfc3339};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

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
    if let Some(picture) = complete.filter(|_| !no_qr && std::io::stdout().is_terminal()).and_then(|page| picture(page))
    {
        lines.push(format!("{picture}\n"));
    }
    lines.push(format!(
        "This ends by itself at {}. To cancel it: Ctrl-C, or `credlatch cancel {}`",
        rfc3339(status.expires_at),
        status.id
    ));
    lines.join("\n")
}

/// The address as a QR code: light on dark, with a margin, as most terminals show it best.
fn picture(address: &str) -> Option<String> {
    let code = QrCode::new(address).ok()?;
    let mut picture = code.render::<Dense1x2>();
    Some(picture.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).quiet_zone(true).build())
}

/// A line with the time that is left; on standard error, and only if that is a terminal.
pub(super) fn progress() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} waiting for you to confirm, {msg} left") {
        bar.set_style(style);
    }
    bar
}

/// Minutes and seconds.
pub(super) fn clock(left: Duration) -> String {
    format!("{}:{:02}", left.as_secs() / 60, left.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_picture_of_full_lines() {
        let picture = picture("https://issuer.example/device?user_code=BCDF-GHJK").unwrap();
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

//! What the command says: the only place that prints. All of it is made plain on its way out, whoever wrote it: see
//! [`plain`].

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use credlatch::{Error, plain};
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::end::{Done, End};

/// Answers in the form that was asked for: one JSON object on a line, or text for people.
pub(crate) fn answer(json: bool, object: &impl Serialize, text: impl FnOnce() -> String) -> Done {
    print(&form(json, object, text))
}

/// What [`answer`] writes, to the byte.
pub(crate) fn form(json: bool, object: &impl Serialize, text: impl FnOnce() -> String) -> Zeroizing<String> {
    if !json {
        return Zeroizing::new(lines(&text()));
    }
    let mut line = line(object);
    line.push('\n');
    line
}

/// Writes what is made plain already.
pub(crate) fn print(text: &str) -> Done {
    write(&[text.as_bytes()])
}

/// Writes one JSON object on a line.
pub(crate) fn json(object: &impl Serialize) -> Done {
    write(&[line(object).as_bytes(), b"\n"])
}

/// One JSON object in a line, which may hold a secret.
pub(crate) fn line(object: &impl Serialize) -> Zeroizing<String> {
    let text = Zeroizing::new(
        serde_json::to_string(object)
            .unwrap_or_else(|_| unreachable!("what is answered has string keys and no other failure")),
    );
    match plain::json(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => Zeroizing::new(escaped),
    }
}

/// Writes to standard output, and ends the line. An empty text is no line.
pub(crate) fn say(text: impl Display) -> Done {
    print(&lines(&text.to_string()))
}

/// A text made plain, with its end of line.
fn lines(text: &str) -> String {
    let text = plain::lines(text);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

/// Writes bytes to standard output as they are: a secret, an answer in another program's protocol.
pub(crate) fn write(parts: &[&[u8]]) -> Done {
    let mut out = io::stdout().lock();
    let written = parts.iter().try_for_each(|part| out.write_all(part)).and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        // Whoever read our answer has seen enough, as `head` has.
        ErrorKind::BrokenPipe => End::Quiet(0),
        _ => End::other(format!("could not write to standard output: {error}"), "look where it is redirected to"),
    })
}

/// Says on standard error what the person should know though nothing failed.
pub(crate) fn warn(json: bool, message: &str, remedy: &str) {
    let text = if json {
        line(&json!({"warning": {"message": message, "remedy": remedy}})).to_string()
    } else {
        format!("credlatch: {}\n  {}", plain::line(message), plain::line(remedy))
    };
    complain(&text);
}

/// Says what no answer and no error says.
pub(crate) fn notices(json: bool) {
    while let Some(notice) = credlatch::etcd::take_notice() {
        warn(json, &notice.what, &notice.remedy);
    }
}

/// Says how it ended, and gives the exit status.
pub(crate) fn finish(outcome: Done, json: bool) -> ExitCode {
    notices(json);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(End::Quiet(status)) => ExitCode::from(status),
        Err(End::Failed { error, status }) => {
            complain(&failure(json, &error));
            ExitCode::from(status)
        }
    }
}

/// A text on standard error. There is nowhere to say that this failed.
pub(crate) fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(format!("{}\n", plain::lines(text.trim_end())).as_bytes());
}

/// An error in the form that was asked for.
pub(crate) fn failure(json: bool, error: &Error) -> String {
    if json { line(&ErrorJson::from(error)).to_string() } else { for_people(error) }
}

fn for_people(error: &Error) -> String {
    let what = error.message();
    if error.remedy().is_empty() {
        format!("credlatch: {what}")
    } else {
        format!("credlatch: {what}\n  {}", error.remedy())
    }
}

/// An error as programs read it.
#[derive(Serialize)]
struct ErrorJson<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    kind: &'static str,
    message: &'a str,
    remedy: &'a str,
}

impl<'a> From<&'a Error> for ErrorJson<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            error: ErrorBody {
                kind: error.kind().as_str(),
                message: error.written_message(),
                remedy: error.written_remedy(),
            },
        }
    }
}

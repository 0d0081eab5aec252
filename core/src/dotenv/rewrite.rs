//! A text with some variables taken out and others set, and every other byte as it was.

use zeroize::Zeroizing;

use super::error::DotenvError;
use super::line::{Line, LineKind, Piece, check_key, ending_of, pieces};
use super::parsed::{Parsed, Unread, parse};
use super::value::{words_set_in, written};
use crate::state::secret::Secret;

/// Removes variables and sets others, and leaves every other line as it is, byte for byte.
///
/// A variable that is set takes the place of its first line; its other lines go. One that has no line is added at the end.
/// Lines that aren't understood stay, too, if they name none of these variables.
///
/// # Errors
/// Says which line may set one of them and can't be understood, or which value can't be written. There is no partly rewritten
/// text.
pub fn rewrite(text: &str, remove: &[&str], set: &[(&str, &Secret)]) -> Result<Zeroizing<String>, DotenvError> {
    let all: Vec<&str> = remove.iter().copied().chain(set.iter().map(|(key, _)| *key)).collect();
    all.iter().try_for_each(|key| check_key(key))?;
    let mut pending: Vec<(&str, Zeroizing<String>)> = Vec::new();
    for (key, secret) in set {
        pending.retain(|(own, _)| own != key);
        pending.push((key, written(key, secret)?));
    }
    // Room for all of it at once: a buffer that grows leaves copies of secrets behind.
    let added: usize = pending.iter().map(|(key, value)| key.len() + value.len() + "=\r\n".len()).sum();
    let mut out = Zeroizing::new(String::with_capacity(text.len() + added + "\r\n".len()));
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };

    for Piece { line, text, kind } in pieces(text) {
        let Line { lead, key, raw } = match kind {
            LineKind::Sets(assigned, _) => assigned,
            LineKind::SetsNothing => {
                out.push_str(text);
                continue;
            }
            LineKind::Unread(lines) => {
                let unread = Unread { lines, text: Zeroizing::new(text.to_owned()) };
                if let Some(key) = all.iter().find(|key| unread.names(key)) {
                    return Err(DotenvError::NotRead { lines, key: (*key).to_owned() });
                }
                out.push_str(text);
                continue;
            }
        };
        if let Some(hidden) = words_set_in(raw).find(|word| all.contains(word)) {
            return Err(DotenvError::Hidden { line, key: hidden.to_owned() });
        }
        if let Some(at) = pending.iter().position(|(own, _)| *own == key) {
            let (key, value) = pending.remove(at);
            push(&mut out, &[lead, key, "=", &value, ending_of(text)]);
        } else if !all.contains(&key) {
            out.push_str(text);
        }
    }
    for (key, value) in pending {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(ending);
        }
        push(&mut out, &[key, "=", &value, ending]);
    }
    let before = parse(text);
    match before.unread.first().filter(|_| !is_told_alike(&before, &parse(&out), &all, set)) {
        Some(unread) => {
            Err(DotenvError::NotRead { lines: unread.lines, key: (*all.first().unwrap_or(&"")).to_owned() })
        }
        None => Ok(out),
    }
}

/// Whether what was to stay is read as before, and what was to go or to be set as it was meant. A quote that nothing closed
/// might be closed by what comes after it now.
fn is_told_alike(before: &Parsed, after: &Parsed, all: &[&str], set: &[(&str, &Secret)]) -> bool {
    let others = |parsed: &Parsed| -> Vec<(String, Zeroizing<String>)> {
        let others = parsed.assignments.iter().filter(|one| !all.contains(&one.key.as_str()));
        others.map(|one| (one.key.clone(), one.value.clone())).collect()
    };
    let times = |key: &str| after.assignments.iter().filter(|one| one.key == key).count();
    let is_set = |key: &str| set.iter().any(|(own, _)| *own == key);
    others(before) == others(after) && all.iter().all(|key| times(key) == usize::from(is_set(key)))
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

//! What `format!` makes, and what goes together in a tuple.

use std::collections::BTreeMap;

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Macro, Token};

use super::scope::{HOLE, Value};
use super::value::Reader;

/// More possibilities than this are not told one by one, where several choices meet.
const MOST: usize = 6;

/// The arguments of a macro that takes expressions.
pub(super) fn arguments(of: &Macro) -> Option<Vec<Expr>> {
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    parser.parse2(of.tokens.clone()).ok().map(|all| all.into_iter().collect())
}

/// The value of a macro: text of `format!`, and nothing of what ends the program.
pub(super) fn read(reader: &mut Reader<'_>, of: &Macro) -> Value {
    let name = of.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    match &*name {
        "format" | "format_args" => arguments(of).map_or_else(Value::hole, |all| formatted(reader, &all)),
        "unreachable" | "panic" | "todo" => Value::never(),
        _ => Value::hole(),
    }
}

fn formatted(reader: &mut Reader<'_>, all: &[Expr]) -> Value {
    let Some(Expr::Lit(first)) = all.first() else { return Value::hole() };
    let Lit::Str(pattern) = &first.lit else { return Value::hole() };
    let (mut given, mut named) = (Vec::new(), BTreeMap::new());
    for argument in &all[1..] {
        match argument {
            Expr::Assign(pair) => {
                let Expr::Path(name) = &*pair.left else { continue };
                let name = name.path.get_ident().map(ToString::to_string).unwrap_or_default();
                named.insert(name, reader.read(&pair.right));
            }
            value => given.push(reader.read(value)),
        }
    }
    let mut next = 0;
    let mut parts = Vec::new();
    for piece in pieces(&pattern.value()) {
        let name = match piece {
            Piece::Text(text) => {
                parts.push(Value::text(text));
                continue;
            }
            Piece::Filled(name) => name,
        };
        let value = match name.parse::<usize>() {
            Ok(at) => given.get(at).cloned(),
            Err(_) if name.is_empty() => {
                next += 1;
                given.get(next - 1).cloned()
            }
            Err(_) => named
                .get(&name)
                .cloned()
                .or_else(|| syn::parse_str::<Expr>(&name).ok().map(|variable| reader.read(&variable))),
        };
        parts.push(value.unwrap_or_else(Value::hole));
    }
    let Value { rows, choice } = product(&parts);
    Value { rows: rows.into_iter().map(|row| vec![row.concat().replace("……", HOLE)]).collect(), choice }
}

/// A part of a pattern.
pub(super) enum Piece {
    Text(String),
    /// What is filled in, by its name or place; empty for the next one.
    Filled(String),
}

/// A pattern in pieces.
pub(super) fn pieces(pattern: &str) -> Vec<Piece> {
    let (mut pieces, mut text) = (Vec::new(), String::new());
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                text.push(c);
            }
            '{' => {
                let inside: String = rest.by_ref().take_while(|c| *c != '}').collect();
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Filled(inside.split(':').next().unwrap_or_default().trim().to_owned()));
            }
            c => text.push(c),
        }
    }
    pieces.push(Piece::Text(text));
    pieces
}

/// Each way of choosing one row of each; a choice is made once for all that hang on it. Where there are too many ways, what
/// has the most of them is left open.
pub(super) fn product(parts: &[Value]) -> Value {
    let ways = |parts: &[Value]| -> usize {
        let mut seen = Vec::new();
        let counts = parts.iter().filter(|part| {
            part.choice.is_none_or(|choice| {
                let is_new = !seen.contains(&choice);
                seen.push(choice);
                is_new
            })
        });
        counts.map(|part| part.rows.len()).product()
    };
    let mut parts = parts.to_vec();
    let is_one_choice = |parts: &[Value]| parts.iter().map(|part| part.rows.len()).max() == Some(ways(parts));
    while ways(&parts) > MOST && !is_one_choice(&parts) {
        let most = parts.iter().map(|part| part.rows.len()).max().unwrap_or_default();
        parts.iter_mut().filter(|part| part.rows.len() == most).for_each(|part| *part = Value::hole());
    }
    let mut made = vec![(Vec::new(), BTreeMap::new())];
    for part in &parts {
        let extend = |(row, chosen): (Vec<String>, BTreeMap<usize, usize>)| {
            let fixed = part.choice.and_then(|choice| chosen.get(&choice).copied());
            let fits = move |at: &usize| fixed.is_none_or(|fixed| fixed == *at);
            let ats: Vec<usize> = (0..part.rows.len()).filter(fits).collect();
            ats.into_iter().map(move |at| {
                let mut chosen = chosen.clone();
                chosen.extend(part.choice.map(|choice| (choice, at)));
                ([row.clone(), part.rows[at].clone()].concat(), chosen)
            })
        };
        made = made.into_iter().flat_map(extend).collect();
    }
    let mut several = parts.iter().filter(|part| part.rows.len() > 1);
    let first = several.next().and_then(|part| part.choice);
    let choice = first.filter(|_| several.all(|part| part.choice == first));
    Value { rows: made.into_iter().map(|(row, _)| row).collect(), choice }
}

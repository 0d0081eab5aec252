//! What the names in a function stand for.

use std::collections::BTreeMap;

use syn::{ExprClosure, Pat};

/// What is filled in when the program runs.
pub(super) const HOLE: &str = "…";

/// What an expression may be: each row is one possibility, with a column for each part of a tuple.
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    pub(super) rows: Vec<Vec<String>>,
    /// Which choice made them: two values of one choice have their rows in the same order.
    pub(super) choice: Option<usize>,
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { rows: vec![vec![text.into()]], choice: None }
    }

    pub(super) fn hole() -> Self {
        Self::text(HOLE)
    }

    /// No value: whoever gets here goes elsewhere.
    pub(super) fn never() -> Self {
        Self::default()
    }

    /// One of several, each once. What is filled in may be empty or in quotation marks, too.
    pub(super) fn any(values: impl IntoIterator<Item = Self>) -> Self {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in values.into_iter().flat_map(|value| value.rows) {
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        let hole = vec![HOLE.to_owned()];
        if rows.contains(&hole) {
            let tells = |row: &Vec<String>| row.concat().chars().filter(|c| c.is_alphabetic()).count() > 1;
            rows.retain(|row| *row == hole || tells(row));
        }
        Self { rows, choice: None }
    }

    fn column(&self, at: usize) -> Self {
        let rows = self.rows.iter().map(|row| vec![row.get(at).cloned().unwrap_or_else(|| HOLE.to_owned())]).collect();
        Self { rows, choice: self.choice }
    }
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Bound {
    Value(Value),
    Closure(ExprClosure),
}

/// The names that can be seen.
#[derive(Default)]
pub(super) struct Scope {
    layers: Vec<BTreeMap<String, Bound>>,
    choices: usize,
}

impl Scope {
    pub(super) fn enter(&mut self) {
        self.layers.push(BTreeMap::new());
    }

    pub(super) fn leave(&mut self) {
        self.layers.pop();
    }

    pub(super) fn get(&self, name: &str) -> Option<&Bound> {
        self.layers.iter().rev().find_map(|layer| layer.get(name))
    }

    pub(super) fn set(&mut self, name: String, bound: Bound) {
        if let Some(layer) = self.layers.last_mut() {
            layer.insert(name, bound);
        }
    }

    /// Gives the names of a pattern their parts of a value.
    pub(super) fn bind(&mut self, pattern: &Pat, mut value: Value) {
        if value.rows.len() > 1 && value.choice.is_none() {
            self.choices += 1;
            value.choice = Some(self.choices);
        }
        match pattern {
            Pat::Ident(one) if one.subpat.is_none() => self.set(one.ident.to_string(), Bound::Value(value)),
            Pat::Type(typed) => self.bind(&typed.pat, value),
            Pat::Reference(inner) => self.bind(&inner.pat, value),
            Pat::Tuple(parts) => {
                for (at, part) in parts.elems.iter().enumerate() {
                    self.bind(part, value.column(at));
                }
            }
            _ => self.forget(pattern),
        }
    }

    /// Hides what the names of a pattern stood for: what they are is not known before the program runs.
    pub(super) fn forget(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Ident(one) => {
                self.set(one.ident.to_string(), Bound::Value(Value::hole()));
                one.subpat.iter().for_each(|(_, inner)| self.forget(inner));
            }
            Pat::Type(typed) => self.forget(&typed.pat),
            Pat::Reference(inner) => self.forget(&inner.pat),
            Pat::Tuple(parts) => parts.elems.iter().for_each(|part| self.forget(part)),
            Pat::TupleStruct(parts) => parts.elems.iter().for_each(|part| self.forget(part)),
            Pat::Struct(parts) => parts.fields.iter().for_each(|field| self.forget(&field.pat)),
            Pat::Or(cases) => cases.cases.iter().for_each(|case| self.forget(case)),
            Pat::Slice(parts) => parts.elems.iter().for_each(|part| self.forget(part)),
            _ => {}
        }
    }
}

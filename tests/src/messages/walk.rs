//! Where a message is made, and with what.
//!
//! A function that takes a part of a message as an argument is gone through anew for each of its calls.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Arm, Block, Expr, ExprCall, ExprClosure, ExprIf, ExprLet, ExprMethodCall, ExprStruct, Local, Macro};

use super::scope::{Bound, HOLE, Value};
use super::source::Sources;
use super::value::Reader;
use super::{call, format};

/// How deep makers of messages are followed.
const DEEPEST: usize = 4;

/// Stands in a text for an argument of the function at hand.
const ARGUMENT: char = '\u{e000}';

/// One message, as the source makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message {
    /// The file that makes it.
    pub(super) path: String,
    /// What makes it, such as `Error` or `Finding`.
    pub(super) maker: String,
    /// For which type it is made from, where it is in a `From`.
    pub(super) from: Option<String>,
    /// The kind of an error or the severity of a finding, as the source names it.
    pub(super) kind: String,
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Message {
    /// Whether it says nothing of its own: another message's words are passed on.
    pub(super) fn is_passed_on(&self) -> bool {
        !self.what.replace(HOLE, "").chars().any(char::is_alphabetic)
    }

    fn has_argument(&self) -> bool {
        [&self.kind, &self.what, &self.remedy].iter().any(|text| text.contains(ARGUMENT))
    }
}

/// Every message that the sources make, once.
pub(super) fn messages(sources: &Sources) -> BTreeSet<Message> {
    let mut makers = BTreeSet::new();
    let (found, called) = loop {
        let before = makers.len();
        let (mut found, mut called) = (BTreeSet::new(), BTreeSet::new());
        for (at, function) in sources.functions.iter().enumerate() {
            // What an error is made from is nobody's argument: it has sentences of its own.
            let argument = if function.from.is_some() { Value::hole() } else { Value::text(ARGUMENT.to_string()) };
            let Walk { found: own, called: others, .. } = of_function(sources, &makers, at, &argument);
            let (open, closed): (Vec<_>, Vec<_>) = own.into_iter().partition(Message::has_argument);
            if !open.is_empty() {
                makers.insert(at);
            }
            found.extend(closed);
            called.extend(others);
        }
        if makers.len() == before {
            break (found, called);
        }
    };
    // Whom nobody calls here is called by others' programs, with what they like.
    let uncalled = makers.iter().filter(|at| !called.contains(at));
    let open = uncalled.flat_map(|at| of_function(sources, &makers, *at, &Value::hole()).found);
    found.into_iter().chain(open).collect()
}

fn of_function<'a>(sources: &'a Sources, makers: &'a BTreeSet<usize>, at: usize, argument: &Value) -> Walk<'a> {
    let values = vec![argument.clone(); sources.functions[at].arguments.len()];
    in_function(&Reader::new(sources, 0, None, 0), makers, at, &values, at)
}

fn in_function<'a>(
    from: &Reader<'a>,
    makers: &'a BTreeSet<usize>,
    at: usize,
    values: &[Value],
    told: usize,
) -> Walk<'a> {
    let reader = from.in_function(at, values);
    let mut walk = Walk { reader, makers, told, found: Vec::new(), called: BTreeSet::new() };
    walk.visit_block(&from.sources.functions[at].body);
    walk
}

struct Walk<'a> {
    reader: Reader<'a>,
    makers: &'a BTreeSet<usize>,
    /// The function whose messages they are.
    told: usize,
    found: Vec<Message>,
    /// The makers that were gone through for a call.
    called: BTreeSet<usize>,
}

impl Walk<'_> {
    fn tell(&mut self, maker: &str, parts: &[Value]) {
        let told = &self.reader.sources.functions[self.told];
        // What is made for others to tell is told where it is made.
        let file =
            if ["Error", "StoreError", "Finding", "warn"].contains(&maker) { told.file } else { self.reader.file };
        let told = (self.reader.sources.files[file].path.clone(), told.from.clone());
        for row in super::format::product(parts).rows {
            let [kind, what, remedy] = row.try_into().unwrap_or_default();
            let (path, from) = told.clone();
            self.found.push(Message { path, maker: maker.to_owned(), from, kind, what, remedy });
        }
    }

    /// Goes through a maker that is called with these.
    fn follow(&mut self, at: usize, values: &[Value]) {
        let is_open =
            values.iter().all(|value| value.rows.len() == 1 && value.rows[0].concat().chars().all(|c| c == ARGUMENT));
        let takes_as_many = self.reader.sources.functions[at].arguments.len() == values.len();
        if takes_as_many && self.makers.contains(&at) && self.reader.depth < DEEPEST && (at != self.told || !is_open) {
            let inner = in_function(&self.reader, self.makers, at, values, self.told);
            self.found.extend(inner.found);
            self.called.insert(at);
        }
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        self.reader.scope.enter();
        visit::visit_block(self, block);
        self.reader.scope.leave();
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let is_closure = local.init.as_ref().is_some_and(|init| matches!(&*init.expr, Expr::Closure(_)));
        if !is_closure {
            visit::visit_local(self, local);
        }
        self.reader.local(local);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.reader.scope.enter();
        self.reader.scope.forget(&arm.pat);
        visit::visit_arm(self, arm);
        self.reader.scope.leave();
    }

    fn visit_expr_if(&mut self, choice: &'ast ExprIf) {
        self.reader.scope.enter();
        visit::visit_expr_if(self, choice);
        self.reader.scope.leave();
    }

    fn visit_expr_let(&mut self, tested: &'ast ExprLet) {
        self.visit_expr(&tested.expr);
        self.reader.scope.forget(&tested.pat);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.reader.scope.enter();
        closure.inputs.iter().for_each(|input| self.reader.scope.forget(input));
        visit::visit_expr_closure(self, closure);
        self.reader.scope.leave();
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        // A closure by its name alone: it is called with what nobody knows yet.
        if let Some(name) = path.path.get_ident() {
            self.in_closure(&name.to_string(), &[]);
        }
    }

    fn visit_expr_call(&mut self, made: &'ast ExprCall) {
        made.args.iter().for_each(|argument| self.visit_expr(argument));
        let Expr::Path(path) = &*made.func else { return self.visit_expr(&made.func) };
        let values: Vec<_> = made.args.iter().map(|value| self.reader.read(value)).collect();
        let names = call::names(&self.reader, path);
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        match (&names[..], &values[..]) {
            ([.., maker @ ("Error" | "StoreError"), "new"], [_, _, _]) => self.tell(maker, &values),
            ([.., "Finding", "new"], [_, severity, what, remedy]) => {
                self.tell("Finding", &[severity.clone(), what.clone(), remedy.clone()]);
            }
            ([.., "output", "warn"], [_, what, remedy]) => {
                self.tell("warn", &[Value::text(""), what.clone(), remedy.clone()]);
            }
            ([name], _) if matches!(self.reader.scope.get(name), Some(Bound::Closure(_))) => {
                self.in_closure(name, &values);
            }
            _ => {
                if let Some(at) = call::named(&self.reader, path) {
                    self.follow(at, &values);
                }
            }
        }
    }

    fn visit_expr_method_call(&mut self, made: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, made);
        let values: Vec<_> = made.args.iter().map(|value| self.reader.read(value)).collect();
        let owner = call::is_self(&made.receiver).then(|| self.reader.owner.clone()).flatten();
        let found = self.reader.sources.function(self.reader.file, owner.as_deref(), &made.method.to_string(), true);
        if let Some(at) = found {
            self.follow(at, &values);
        }
    }

    fn visit_expr_struct(&mut self, made: &'ast ExprStruct) {
        visit::visit_expr_struct(self, made);
        let field = |wanted: &[&str]| {
            made.fields.iter().find(|field| match &field.member {
                syn::Member::Named(name) => wanted.iter().any(|own| name == own),
                syn::Member::Unnamed(_) => false,
            })
        };
        let (Some(what), Some(remedy)) = (field(&["what", "message"]), field(&["remedy"])) else { return };
        let kind = field(&["kind", "severity"]).map_or_else(|| Value::text(""), |kind| self.reader.read(&kind.expr));
        let maker = made.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let maker = if maker == "Self" { self.reader.owner.clone().unwrap_or_default() } else { maker };
        let parts = [kind, self.reader.read(&what.expr), self.reader.read(&remedy.expr)];
        self.tell(&maker, &parts);
    }

    fn visit_macro(&mut self, of: &'ast Macro) {
        format::arguments(of).iter().flatten().for_each(|argument| self.in_macro(argument));
    }
}

impl Walk<'_> {
    /// Goes through a closure that is called by its name, which means something else within it.
    fn in_closure(&mut self, name: &str, values: &[Value]) {
        let Some(Bound::Closure(closure)) = self.reader.scope.get(name).cloned() else { return };
        self.reader.scope.enter();
        self.reader.scope.set(name.to_owned(), Bound::Value(Value::hole()));
        for (at, input) in closure.inputs.iter().enumerate() {
            self.reader.scope.bind(input, values.get(at).cloned().unwrap_or_else(Value::hole));
        }
        Walk::visit_expr(self, &closure.body);
        self.reader.scope.leave();
    }

    fn in_macro(&mut self, argument: &Expr) {
        self.visit_expr(argument);
    }
}

//! What an expression may be, as text.

use syn::{Block, Expr, ExprCall, ExprClosure, ExprMethodCall, ExprPath, Lit, Stmt};

use super::format;
use super::scope::{Bound, Scope, Value};
use super::source::Sources;

/// How deep calls are followed.
const DEEPEST: usize = 4;

/// Methods that give back the text that they are asked of.
const SAME: [&str; 20] = [
    "to_owned",
    "to_string",
    "into",
    "clone",
    "as_str",
    "as_ref",
    "as_deref",
    "into_owned",
    "filter",
    "cloned",
    "copied",
    "unwrap",
    "expect",
    "map_err",
    "ok",
    "ok_or",
    "ok_or_else",
    "until",
    "trim",
    "into_iter",
];

/// Functions that write a time, a path or a host: what they give is filled in.
const FILLED_IN: [&str; 6] = ["rfc3339", "rfc3339_ms", "clock_time", "quoted", "shell_quoted", "word"];

/// Types whose variants stand for their own names.
const NAMES: [&str; 5] = ["ErrorKind", "StoreErrorKind", "Severity", "K", "Kind"];

/// A place in a function, from which expressions are looked at.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    pub(super) file: usize,
    pub(super) owner: Option<String>,
    pub(super) scope: Scope,
    pub(super) depth: usize,
    returned: Vec<Value>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources, file: usize, owner: Option<String>, depth: usize) -> Self {
        let mut scope = Scope::default();
        scope.enter();
        Self { sources, file, owner, scope, depth, returned: Vec::new() }
    }

    /// The same in another function, whose arguments have these values.
    pub(super) fn in_function(&self, at: usize, values: &[Value]) -> Self {
        let function = &self.sources.functions[at];
        let mut inner = Self::new(self.sources, function.file, function.owner.clone(), self.depth + 1);
        for (at, name) in function.arguments.iter().enumerate() {
            inner.scope.set(name.clone(), Bound::Value(values.get(at).cloned().unwrap_or_else(Value::hole)));
        }
        inner
    }

    pub(super) fn read(&mut self, expression: &Expr) -> Value {
        match expression {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Value::text(text.value()),
                _ => Value::hole(),
            },
            Expr::Macro(one) => format::read(self, &one.mac),
            Expr::Path(path) => self.path(path),
            Expr::Reference(inner) => self.read(&inner.expr),
            Expr::Paren(inner) => self.read(&inner.expr),
            Expr::Group(inner) => self.read(&inner.expr),
            Expr::Try(inner) => self.read(&inner.expr),
            Expr::Block(inner) => self.block(&inner.block),
            Expr::If(choice) => {
                self.scope.enter();
                if let Expr::Let(tested) = &*choice.cond {
                    self.scope.forget(&tested.pat);
                }
                let then = self.block(&choice.then_branch);
                self.scope.leave();
                let other = choice.else_branch.as_ref().map(|(_, other)| self.read(other));
                Value::any([Some(then), other].into_iter().flatten())
            }
            Expr::Match(choice) => {
                let arms = choice.arms.iter().map(|arm| {
                    self.scope.enter();
                    self.scope.forget(&arm.pat);
                    let value = self.read(&arm.body);
                    self.scope.leave();
                    value
                });
                Value::any(arms.collect::<Vec<_>>())
            }
            Expr::Tuple(parts) => {
                let parts: Vec<_> = parts.elems.iter().map(|part| self.read(part)).collect();
                format::product(&parts)
            }
            Expr::Return(inner) => {
                let value = inner.expr.as_ref().map(|inner| self.read(inner));
                self.returned.extend(value);
                Value::never()
            }
            Expr::Continue(_) | Expr::Break(_) => Value::never(),
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method(call),
            Expr::Closure(closure) => self.closure(closure, &[]),
            _ => Value::hole(),
        }
    }

    fn path(&mut self, path: &ExprPath) -> Value {
        let names: Vec<_> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let (last, before) =
            (names.last().map_or("", String::as_str), names.len().checked_sub(2).map(|at| &*names[at]));
        match (self.scope.get(last), before) {
            (Some(Bound::Value(value)), None) => return value.clone(),
            _ if last == "None" => return Value::text(""),
            (_, Some(of)) if NAMES.contains(&of) => return Value::text(last),
            _ => {}
        }
        match self.sources.constant(self.file, last) {
            Some((file, text)) => Self::new(self.sources, *file, None, self.depth + 1).read(text),
            None => Value::hole(),
        }
    }

    /// What a block comes to; what is returned from within it is left in `returned`.
    fn block(&mut self, block: &Block) -> Value {
        self.scope.enter();
        let mut last = Value::never();
        for statement in &block.stmts {
            last = Value::hole();
            match statement {
                Stmt::Local(local) => self.local(local),
                Stmt::Expr(expression, end) => {
                    let value = self.read(expression);
                    if end.is_none() || value.rows.is_empty() {
                        last = value;
                    }
                }
                Stmt::Macro(one) => last = format::read(self, &one.mac),
                Stmt::Item(_) => {}
            }
        }
        self.scope.leave();
        last
    }

    pub(super) fn local(&mut self, local: &syn::Local) {
        match local.init.as_ref() {
            Some(init) if init.diverge.is_none() => match (&*init.expr, &local.pat) {
                (Expr::Closure(closure), syn::Pat::Ident(name)) => {
                    self.scope.set(name.ident.to_string(), Bound::Closure(closure.clone()));
                }
                (value, pattern) => {
                    let value = self.read(value);
                    self.scope.bind(pattern, value);
                }
            },
            Some(init) => {
                if let Some((_, other)) = &init.diverge {
                    self.read(other);
                }
                self.scope.forget(&local.pat);
            }
            None => self.scope.forget(&local.pat),
        }
    }

    pub(super) fn closure(&mut self, closure: &ExprClosure, values: &[Value]) -> Value {
        self.scope.enter();
        for (at, input) in closure.inputs.iter().enumerate() {
            match values.get(at) {
                Some(value) => self.scope.bind(input, value.clone()),
                None => self.scope.forget(input),
            }
        }
        let value = self.read(&closure.body);
        self.scope.leave();
        value
    }

    /// A closure that is called by its name, which means something else within it.
    fn called(&mut self, name: &str, closure: &ExprClosure, values: &[Value]) -> Value {
        self.scope.enter();
        self.scope.set(name.to_owned(), Bound::Value(Value::hole()));
        let value = self.closure(closure, values);
        self.scope.leave();
        value
    }

    fn call(&mut self, call: &ExprCall) -> Value {
        let Expr::Path(path) = &*call.func else { return Value::hole() };
        let name = path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let values: Vec<_> = call.args.iter().map(|value| self.read(value)).collect();
        if let (1, Some(Bound::Closure(closure))) = (path.path.segments.len(), self.scope.get(&name).cloned()) {
            return self.called(&name, &closure, &values);
        }
        match &*name {
            "Some" | "Ok" | "Err" | "Owned" | "Borrowed" => return values.into_iter().next().unwrap_or_default(),
            "from" if values.len() == 1 && path.path.segments[0].ident == "String" => return values[0].clone(),
            filled if FILLED_IN.contains(&filled) => return Value::hole(),
            "new" if values.is_empty() => return Value::text(""),
            _ => {}
        }
        let at = super::call::named(self, path);
        at.map_or_else(Value::hole, |at| self.function(at, &values))
    }

    /// What a function gives back, if that is text.
    fn function(&mut self, at: usize, values: &[Value]) -> Value {
        let function = &self.sources.functions[at];
        let gives_text =
            ["str", "String"].iter().any(|text| function.returns.split([' ', '<', '(']).any(|word| word == *text));
        if !gives_text || self.depth >= DEEPEST {
            return Value::hole();
        }
        let mut inner = self.in_function(at, values);
        let value = inner.block(&function.body);
        let returned = std::mem::take(&mut inner.returned);
        Value::any(returned.into_iter().chain([value]))
    }

    fn method(&mut self, call: &ExprMethodCall) -> Value {
        let name = call.method.to_string();
        let arguments: Vec<_> = call.args.iter().collect();
        let last = arguments.last().copied();
        match (&*name, last) {
            ("map_or_else" | "map_or", Some(some)) => {
                let values = [self.read(arguments[0]), self.read(some)];
                Value::any(values)
            }
            ("unwrap_or" | "unwrap_or_else" | "or_else", Some(other)) => {
                let values = [self.read(&call.receiver), self.read(other)];
                Value::any(values)
            }
            ("unwrap_or_default", _) => Value::any([self.read(&call.receiver), Value::text("")]),
            ("then" | "then_some", Some(some)) => Value::any([self.read(some), Value::text("")]),
            ("map" | "and_then", Some(some)) if matches!(some, Expr::Closure(_)) => {
                let value = self.read(&call.receiver);
                match some {
                    Expr::Closure(closure) => self.closure(closure, &[value]),
                    _ => Value::hole(),
                }
            }
            (same, _) if SAME.contains(&same) => self.read(&call.receiver),
            _ => {
                let values: Vec<_> = arguments.into_iter().map(|value| self.read(value)).collect();
                let owner = super::call::is_self(&call.receiver).then(|| self.owner.clone()).flatten();
                let at = self.sources.function(self.file, owner.as_deref(), &name, true);
                at.map_or_else(Value::hole, |at| self.function(at, &values))
            }
        }
    }
}

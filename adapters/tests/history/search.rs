//! Whether a history is linearizable: whether each operation can be given one moment between its begin and its end, so
//! that one after the other they do what the sequential specification says.
//!
//! The search goes through the history once and keeps every possibility that is left: a state, and which of the operations
//! in progress have had their moment. An operation gets its moment as late as possible, when its end forces it (Lowe's
//! just-in-time linearization); one that only looks gets it as soon as it fits, because that can't spoil anything. Two
//! possibilities that nothing can tell apart are one. So the cost grows with how much goes on at a time and not with the
//! length of the history, and the answer is exact.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// More possibilities than this at one moment are a mistake of the harness, not of the product.
const POSSIBILITIES_MAX: usize = 1_000_000;
/// How many certain moments are remembered for the report.
const REMEMBERED: usize = 512;

/// One operation: it had its moment after the line where it began and before the line where it ended.
#[derive(Clone, Debug)]
pub(crate) struct Operation<O> {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    /// Whether it certainly happened. One that was cut off may have.
    pub(crate) must: bool,
    pub(crate) what: O,
}

/// A sequential specification.
pub(crate) trait Spec {
    type State: Clone;
    type Op;
    /// What tells two states apart, as far as anything can.
    type Key: Ord + Clone;

    fn key(&self, state: &Self::State) -> Self::Key;
    /// For an operation that changes nothing: whether this is a state in which it would be told what it was told.
    fn sees(&self, state: &Self::State, op: &Self::Op) -> Option<bool>;
    /// The states to which an operation with this outcome may lead; `at` is the line up to which the history is known.
    fn steps(&self, state: &Self::State, op: &Operation<Self::Op>, at: usize) -> Vec<Self::State>;
    /// The states to which this operation may lead beside what it is about, on its own account.
    fn asides(&self, state: &Self::State, op: &Self::Op, at: usize) -> Vec<Self::State>;
}

/// Why no order explains the history.
#[derive(Debug)]
pub(crate) struct Stuck<S> {
    /// The operation that can't be given a moment.
    pub(crate) op: usize,
    /// The line where it ended.
    pub(crate) at: usize,
    /// The last line before it began at which there was only one possibility, and that.
    pub(crate) certain: (usize, S),
}

struct Possibility<S> {
    state: S,
    /// The operations in progress that have had their moment.
    done: BTreeSet<usize>,
}

type Possible<S> = BTreeMap<(<S as Spec>::Key, BTreeSet<usize>), Possibility<<S as Spec>::State>>;

struct Search<'a, S: Spec> {
    spec: &'a S,
    ops: &'a [Operation<S::Op>],
    open: BTreeSet<usize>,
    possible: Possible<S>,
    most: usize,
}

/// Looks for an order; returns the most possibilities that there were at a time.
pub(crate) fn search<S: Spec>(spec: &S, start: S::State, ops: &[Operation<S::Op>]) -> Result<usize, Stuck<S::State>> {
    let ends = ops.iter().enumerate().map(|(op, it)| (it.end, 0, op));
    let begins = ops.iter().enumerate().map(|(op, it)| (it.begin, 1, op));
    let mut moments: Vec<_> = begins.chain(ends).collect();
    moments.sort_unstable();
    let mut certain = VecDeque::from([(0, start.clone())]);
    let mut search = Search { spec, ops, open: BTreeSet::new(), possible: BTreeMap::new(), most: 1 };
    search.keep(Possibility { state: start, done: BTreeSet::new() });
    for (at, begins, op) in moments {
        if begins == 1 {
            search.begin(op);
        } else if !search.end(op, at) {
            let before = certain.iter().rev().find(|(line, _)| *line < ops[op].begin).or(certain.front());
            return Err(Stuck { op, at, certain: before.unwrap().clone() });
        }
        search.most = search.most.max(search.possible.len());
        if let Some(state) = search.only_state() {
            certain.push_back((at, state.clone()));
            if certain.len() > REMEMBERED {
                certain.pop_front();
            }
        }
    }
    Ok(search.most)
}

impl<S: Spec> Search<'_, S> {
    fn keep(&mut self, one: Possibility<S::State>) {
        self.possible.insert((self.spec.key(&one.state), one.done.clone()), one);
    }

    fn begin(&mut self, op: usize) {
        self.open.insert(op);
        if self.spec.sees(&self.possible.values().next().unwrap().state, &self.ops[op].what).is_some() {
            for mut one in std::mem::take(&mut self.possible).into_values() {
                self.look(&mut one);
                self.keep(one);
            }
        }
    }

    /// Gives their moment to those that only look and see what is there now.
    fn look(&self, one: &mut Possibility<S::State>) {
        let fits = |op: &&usize| self.spec.sees(&one.state, &self.ops[**op].what) == Some(true);
        let seen: Vec<usize> = self.open.iter().filter(|op| !one.done.contains(op)).filter(fits).copied().collect();
        one.done.extend(seen);
    }

    /// Keeps the possibilities in which this operation has had its moment; false if there is none.
    fn end(&mut self, op: usize, at: usize) -> bool {
        let must = self.ops[op].must;
        let before = std::mem::take(&mut self.possible);
        if !must {
            for one in before.values() {
                self.keep_after(op, one.state.clone(), &one.done, at);
            }
        }
        let mut seen: BTreeSet<_> = before.keys().cloned().collect();
        let mut queue: Vec<_> = before.into_values().collect();
        while let Some(one) = queue.pop() {
            if one.done.contains(&op) {
                self.keep_after(op, one.state, &one.done, at);
                continue;
            }
            for next in self.next(&one, at) {
                if seen.insert((self.spec.key(&next.state), next.done.clone())) {
                    assert!(seen.len() <= POSSIBILITIES_MAX, "too much goes on at a time before line {at}");
                    queue.push(next);
                }
            }
        }
        self.open.remove(&op);
        !self.possible.is_empty()
    }

    /// It ends here; what it does beside what it is about, it may still have done.
    fn keep_after(&mut self, op: usize, state: S::State, done: &BTreeSet<usize>, at: usize) {
        for aside in self.spec.asides(&state, &self.ops[op].what, at) {
            self.keep_after(op, aside, done, at);
        }
        let mut one = Possibility { state, done: done.clone() };
        self.look(&mut one);
        one.done.remove(&op);
        self.keep(one);
    }

    /// What may happen next.
    fn next(&self, one: &Possibility<S::State>, at: usize) -> Vec<Possibility<S::State>> {
        let mut next = Vec::new();
        for op in &self.open {
            let asides = self.spec.asides(&one.state, &self.ops[*op].what, at);
            next.extend(asides.into_iter().map(|state| Possibility { state, done: one.done.clone() }));
            if !one.done.contains(op) {
                let steps = self.spec.steps(&one.state, &self.ops[*op], at).into_iter();
                next.extend(steps.map(|state| {
                    let mut done = one.done.clone();
                    done.insert(*op);
                    Possibility { state, done }
                }));
            }
        }
        for one in &mut next {
            self.look(one);
        }
        next
    }

    fn only_state(&self) -> Option<&S::State> {
        let mut keys = self.possible.keys().map(|(key, _)| key);
        let first = keys.next()?;
        keys.all(|key| key == first).then(|| &self.possible.values().next().unwrap().state)
    }
}

/// The same question answered by trying every order (Wing and Gong). Only for short histories: it checks the search.
pub(crate) fn try_all<S: Spec>(spec: &S, state: &S::State, ops: &[Operation<S::Op>], left: &[usize]) -> bool {
    let first_end = left.iter().filter(|op| ops[**op].must).map(|op| ops[*op].end).min();
    let Some(first_end) = first_end else { return true };
    left.iter().filter(|op| ops[**op].begin < first_end).any(|op| {
        let rest: Vec<usize> = left.iter().copied().filter(|other| other != op).collect();
        if let Some(sees) = spec.sees(state, &ops[*op].what) {
            return sees && try_all(spec, state, ops, &rest);
        }
        let mut next = spec.steps(state, &ops[*op], usize::MAX).into_iter();
        next.any(|state| try_all(spec, &state, ops, &rest))
    })
}

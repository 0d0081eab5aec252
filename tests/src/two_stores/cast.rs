//! Who takes part, and what people do.

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub struct Cast {
    /// How many move it.
    pub movers: usize,
    /// Whether somebody rotates in the source, and in the target.
    pub rotates: [bool; 2],
    /// Whether a person says that the source lives on, the target, and the other store.
    pub adopts: [bool; 3],
    /// What else a person does some time.
    pub person: Option<Person>,
}

impl Cast {
    /// Two movers.
    pub const MOVERS: Self = Self { movers: 2, rotates: [false, false], adopts: [false; 3], person: None };
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Says to a program that knows no moves that the source lives on.
    AdoptsSourceAsBefore,
    /// Signs out in the source.
    ClearsSource,
    /// Signs out in the target.
    ClearsTarget,
    /// Stores a key in the target.
    SetsInTarget,
    /// Moves what is in the target on to another store.
    MovesTargetOn,
    /// Has the target's directory no more where it was: it isn't mounted.
    LosesTarget,
    /// The same, and some time it is there again.
    LosesTargetForAWhile,
    /// Has it again.
    FindsTarget,
    /// Puts a copy over the source, from when it had been set aside.
    BringsSourceBack,
    /// Puts a copy over the target, from when all had arrived.
    BringsTargetBack,
    /// Begins another store at the source's address, while what was there is in the target too.
    ReplacesSource,
    /// Has a copy of the source, from when it had been set aside, in another place.
    CopiesSource,
    /// Has a copy of the target, from when all had arrived, in another place.
    CopiesTarget,
}

impl Person {
    /// Each of them.
    pub const ALL: &'static [Self] =
        &[Self::AdoptsSourceAsBefore, Self::ClearsSource, Self::ClearsTarget, Self::SetsInTarget];

    /// Each who changes what is where, which nobody who moves is told of.
    pub const BEHIND_BACKS: &'static [Self] = &[
        Self::MovesTargetOn,
        Self::LosesTarget,
        Self::LosesTargetForAWhile,
        Self::BringsSourceBack,
        Self::BringsTargetBack,
        Self::ReplacesSource,
    ];

    /// Each who has a copy beside its original.
    pub const COPIES: &'static [Self] = &[Self::CopiesSource, Self::CopiesTarget];
}

//! A store of states behind a pointer, so that one engine, compiled once, runs over every store. A read passes it without
//! allocating; a lock, a sign of life and a reservation cost an allocation each.

use std::any::Any;

use credlatch_core::port::{Alive, Answer, CommitError, Left, Loaded, Locked, Store, StoreError, StoreErrorKind};
use credlatch_core::shared::MarkShared;
use credlatch_core::state::{Actor, Claim, Nonce, State};

/// Any store.
pub struct AnyStore(Box<dyn DynStore>);

/// Any store while it is locked.
pub struct AnyLocked<'a>(Box<dyn DynLocked + 'a>);

/// A sign of life in any store.
pub struct AnyAlive(Box<dyn DynAlive>);

/// A reservation in any store.
type AnyReservation = Box<dyn Any + Send>;

impl AnyStore {
    /// This store.
    pub fn new<S: Store + 'static>(store: S) -> Self
    where
        S::Reservation: 'static,
    {
        Self(Box::new(store))
    }
}

impl Store for AnyStore {
    type Locked<'a> = AnyLocked<'a>;
    type Alive = AnyAlive;
    type Reservation = AnyReservation;

    fn word(&self) -> Result<Option<u64>, StoreError> {
        self.0.word()
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        self.0.load()
    }

    fn lock(&self, patience_ms: u64) -> Result<AnyLocked<'_>, StoreError> {
        self.0.lock(patience_ms).map(AnyLocked)
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        self.0.permit_acts()
    }

    fn enlist(&self) -> Result<AnyAlive, StoreError> {
        self.0.enlist().map(AnyAlive)
    }

    fn reserve(&self, bytes: usize) -> Result<AnyReservation, StoreError> {
        self.0.reserve(bytes)
    }

    fn begin_act(&self, bytes: usize) -> Result<(AnyAlive, AnyReservation), StoreError> {
        self.0.begin_act(bytes).map(|(alive, reservation)| (AnyAlive(alive), reservation))
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        self.0.is_alive(actor)
    }

    fn lingers_ms(&self, actor: &Actor) -> Option<u64> {
        self.0.lingers_ms(actor)
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        self.0.left(claim)
    }

    fn is_own(&self, actor: &Actor) -> bool {
        self.0.is_own(actor)
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        self.0.wait(claim, patience_ms)
    }
}

impl Locked for AnyLocked<'_> {
    type Reservation = AnyReservation;

    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.0.load()
    }

    fn shared(&mut self, state: &State) -> Result<Option<MarkShared>, StoreError> {
        self.0.shared(state)
    }

    fn take_over(&mut self) {
        self.0.take_over();
    }

    fn keyed(&mut self, state: State) -> State {
        self.0.keyed(state)
    }

    fn commit(&mut self, state: &State, reservation: Option<AnyReservation>) -> Result<u64, CommitError> {
        self.0.commit(state, reservation)
    }

    fn remember(&mut self, number: u64) {
        self.0.remember(number);
    }
}

impl Alive for AnyAlive {
    fn actor(&self) -> &Actor {
        self.0.actor()
    }

    fn discard(self) {
        self.0.discard();
    }

    fn note(&self, attempt: Nonce) -> Result<(), StoreError> {
        self.0.note(attempt)
    }

    fn write_down(&self, answer: &Answer) -> Result<(), StoreError> {
        self.0.write_down(answer)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.0.sync()
    }

    fn wipe(&self) {
        self.0.wipe();
    }

    fn in_place(&self) -> Result<(), StoreError> {
        self.0.in_place()
    }
}

/// [`Store`] without its types.
trait DynStore: Send + Sync {
    fn word(&self) -> Result<Option<u64>, StoreError>;
    fn load(&self) -> Result<Loaded, StoreError>;
    fn lock(&self, patience_ms: u64) -> Result<Box<dyn DynLocked + '_>, StoreError>;
    fn permit_acts(&self) -> Result<(), StoreError>;
    fn enlist(&self) -> Result<Box<dyn DynAlive>, StoreError>;
    fn reserve(&self, bytes: usize) -> Result<AnyReservation, StoreError>;
    fn begin_act(&self, bytes: usize) -> Result<(Box<dyn DynAlive>, AnyReservation), StoreError>;
    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError>;
    fn lingers_ms(&self, actor: &Actor) -> Option<u64>;
    fn left(&self, claim: &Claim) -> Result<Left, StoreError>;
    fn is_own(&self, actor: &Actor) -> bool;
    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError>;
}

/// [`Locked`] without its types.
trait DynLocked {
    fn load(&mut self) -> Result<Loaded, StoreError>;
    fn shared(&mut self, state: &State) -> Result<Option<MarkShared>, StoreError>;
    fn take_over(&mut self);
    fn keyed(&mut self, state: State) -> State;
    fn commit(&mut self, state: &State, reservation: Option<AnyReservation>) -> Result<u64, CommitError>;
    fn remember(&mut self, number: u64);
}

/// [`Alive`] without its types.
trait DynAlive: Send + Sync {
    fn actor(&self) -> &Actor;
    fn discard(self: Box<Self>);
    fn note(&self, attempt: Nonce) -> Result<(), StoreError>;
    fn write_down(&self, answer: &Answer) -> Result<(), StoreError>;
    fn sync(&self) -> Result<(), StoreError>;
    fn wipe(&self);
    fn in_place(&self) -> Result<(), StoreError>;
}

impl<S: Store> DynStore for S
where
    S::Reservation: 'static,
{
    fn word(&self) -> Result<Option<u64>, StoreError> {
        Store::word(self)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        Store::load(self)
    }

    fn lock(&self, patience_ms: u64) -> Result<Box<dyn DynLocked + '_>, StoreError> {
        Ok(Box::new(Store::lock(self, patience_ms)?))
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        Store::permit_acts(self)
    }

    fn enlist(&self) -> Result<Box<dyn DynAlive>, StoreError> {
        Ok(Box::new(Store::enlist(self)?))
    }

    fn reserve(&self, bytes: usize) -> Result<AnyReservation, StoreError> {
        Ok(Box::new(Store::reserve(self, bytes)?))
    }

    fn begin_act(&self, bytes: usize) -> Result<(Box<dyn DynAlive>, AnyReservation), StoreError> {
        let (alive, reservation) = Store::begin_act(self, bytes)?;
        Ok((Box::new(alive), Box::new(reservation)))
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        Store::is_alive(self, actor)
    }

    fn lingers_ms(&self, actor: &Actor) -> Option<u64> {
        Store::lingers_ms(self, actor)
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        Store::left(self, claim)
    }

    fn is_own(&self, actor: &Actor) -> bool {
        Store::is_own(self, actor)
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        Store::wait(self, claim, patience_ms)
    }
}

impl<L: Locked> DynLocked for L
where
    L::Reservation: 'static,
{
    fn load(&mut self) -> Result<Loaded, StoreError> {
        Locked::load(self)
    }

    fn shared(&mut self, state: &State) -> Result<Option<MarkShared>, StoreError> {
        Locked::shared(self, state)
    }

    fn take_over(&mut self) {
        Locked::take_over(self);
    }

    fn keyed(&mut self, state: State) -> State {
        Locked::keyed(self, state)
    }

    fn commit(&mut self, state: &State, reservation: Option<AnyReservation>) -> Result<u64, CommitError> {
        let reservation = reservation.map(|it| it.downcast().map(|it| *it)).transpose();
        Locked::commit(self, state, reservation.map_err(|_| CommitError::NotSaved(of_another()))?)
    }

    fn remember(&mut self, number: u64) {
        Locked::remember(self, number);
    }
}

impl<A: Alive> DynAlive for A {
    fn actor(&self) -> &Actor {
        Alive::actor(self)
    }

    fn discard(self: Box<Self>) {
        Alive::discard(*self);
    }

    fn note(&self, attempt: Nonce) -> Result<(), StoreError> {
        Alive::note(self, attempt)
    }

    fn write_down(&self, answer: &Answer) -> Result<(), StoreError> {
        Alive::write_down(self, answer)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Alive::sync(self)
    }

    fn wipe(&self) {
        Alive::wipe(self);
    }

    fn in_place(&self) -> Result<(), StoreError> {
        Alive::in_place(self)
    }
}

/// A reservation that another kind of store made: an engine has one store, so nobody can bring that here.
fn of_another() -> StoreError {
    StoreError::new(StoreErrorKind::Failed, "the reservation is another store's", "report this as a bug")
}

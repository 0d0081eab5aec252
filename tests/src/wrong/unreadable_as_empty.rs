//! A torn document that is taken for a store nobody has written yet.

use credlatch_core::port::{Loaded, StoreError};
use credlatch_core::state::State;

use crate::conduct::Conduct;
use crate::world::sim::Sim;
use crate::world::disk::Document;
use crate::world::here::Here;

/// What can't be parsed counts as nothing.
#[derive(Debug)]
pub(super) struct UnreadableAsEmpty;

impl<S: Sim> Conduct<S> for UnreadableAsEmpty {
    fn parse(
        &self,
        document: &Document,
        here: &Here,
        right: fn(&Document, &Here) -> Result<Loaded, StoreError>,
    ) -> Result<Loaded, StoreError> {
        right(document, here).or_else(|_| Ok(Loaded { state: State::default(), id: document.id }))
    }
}

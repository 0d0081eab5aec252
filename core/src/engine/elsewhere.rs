//! Acts that another process did for this one: what came of them is in the store.

use std::sync::Arc;

use super::rotate::{Outlook, Rotation};
use super::{Engine, FlowView, Live, Poller, TransactError, UnsavedGrant};
use crate::machine::flow::Step;
use crate::port::{
    Answer, Cell, Clock, Code, Elsewhere, Issuer, Part, Ports, RotationRequest, Store, StoreError, StoreErrorKind,
};
use crate::state::flow::FlowKind;

impl<P: Ports> Engine<P> {
    /// What a rotation has come to whose process says this. `None` says to look again: it was killed, or others were faster.
    pub(super) fn after_process(
        &self,
        request: &RotationRequest,
        said: Elsewhere,
    ) -> Result<Option<Rotation>, TransactError> {
        let outlook = match self.outlook(request, None)? {
            // A reader may be a moment behind what the process stored; whoever locks isn't.
            Outlook::Open(_) | Outlook::Rotating(_) if matches!(said, Elsewhere::Granted { .. }) => {
                self.transact(&[])?;
                self.outlook(request, None)?
            }
            outlook => outlook,
        };
        match (outlook, said) {
            (Outlook::Newer(live), Elsewhere::Granted { version }) if live.version == version => {
                Ok(Some(Rotation::Granted(live)))
            }
            (Outlook::Newer(live), _) => Ok(Some(Rotation::Newer(live))),
            (Outlook::Gone, _) => Ok(Some(Rotation::Gone)),
            (_, Elsewhere::Failed(outcome)) => Ok(Some(Rotation::Failed(outcome))),
            (Outlook::Rotating(claim), Elsewhere::Pending) => Ok(Some(Rotation::Busy(claim.actor))),
            (_, Elsewhere::Pending) => Err(pending().into()),
            (_, Elsewhere::Granted { .. } | Elsewhere::Ended) => Ok(None),
        }
    }

    /// What the issuer granted is written down, and the store won't take it: it is handed out while it lasts, and whoever
    /// can commit saves it.
    pub(super) fn unsettled(
        &self,
        request: &RotationRequest,
        answer: &Answer,
        error: TransactError,
    ) -> Result<Rotation, TransactError> {
        if !matches!(self.outlook(request, None)?, Outlook::Rotating(claim) if claim.attempt == answer.attempt) {
            return self.newer_or(request, error);
        }
        let (attempt, error) = (answer.attempt, error.into_store_error());
        let fresh = answer.aged(&self.clock.now());
        let of = (&request.provider, &request.label, request.version);
        let live = Arc::new(Live::of_unsaved(of, &fresh, &self.clock.now(), error.clone()));
        self.ledger.write(|ledger| ledger.hold_unsaved(&live));
        Ok(Rotation::Unsaved(UnsavedGrant { fresh, live, attempt, error }))
    }

    /// Leaves the polling to a process that takes it over. Returns the poller if there is none: then it goes on here.
    pub(super) fn poll_elsewhere(
        &self,
        issuer: &(impl Issuer + ?Sized),
        poller: Poller<P>,
    ) -> Result<Option<Poller<P>>, TransactError> {
        let Some(delegate) = issuer.delegate() else { return Ok(Some(poller)) };
        let is_device = matches!(self.view(&poller.step().provider, poller.step().flow)?,
            FlowView::Live(live) if live.kind == FlowKind::Device);
        // Whatever is said of the process, the store knows who polls.
        let is_left =
            is_device && (delegate.log_in(poller.step(), Part::Poll) || self.still_held(poller.step())?.is_none());
        Ok(Some(poller).filter(|_| !is_left))
    }

    /// Polls in the place of the flow's holder, who hands it over and polls no more. `began` is called once that is durable.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn poll_in_place_of(
        &self,
        issuer: &(impl Issuer + ?Sized),
        holder: &Step,
        began: impl FnOnce(),
    ) -> Result<FlowView, TransactError> {
        match self.adopt_from(&holder.provider, holder.flow, Some(holder.attempt))? {
            Some(poller) => {
                began();
                self.poll_here(issuer, poller)
            }
            None => Ok(self.view(&holder.provider, holder.flow)?),
        }
    }

    /// Exchanges a code in the place of the flow's holder, who waits for that: by a claim of its own.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn exchange_in_place_of(
        &self,
        issuer: &(impl Issuer + ?Sized),
        holder: Step,
        code: &Code,
    ) -> Result<FlowView, TransactError> {
        let (provider, flow) = (holder.provider.clone(), holder.flow);
        let mut poller = Poller::new(holder, self.store.enlist()?);
        if self.claim_code(&mut poller)? {
            return self.exchange_code(issuer, poller, code);
        }
        Ok(self.view(&provider, flow)?)
    }
}

fn pending() -> StoreError {
    StoreError::new(
        StoreErrorKind::Busy,
        "the process that makes the exchange has not ended yet",
        "try again; `credlatch doctor` says who is at it",
    )
}

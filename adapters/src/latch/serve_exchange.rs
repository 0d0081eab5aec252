//! What a process does that was started for one exchange: the other end of `exchanger`.

use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::engine::{Rotation, RotationRequest};
use credlatch_core::flow::Step;
use credlatch_core::port::Code;

use super::{Latch, times};
use crate::exchanger::protocol::{ExchangeRequest, ExchangeResult};

/// How long it tries to save what was granted. It is written down beside its sign of life: whoever can commit settles it.
const SAVING: Duration = Duration::from_secs(60);
/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

impl Latch {
    /// Does what the process that started this one asks, and says what came of it. What could not be saved is tried again
    /// after that: whoever asked finds it where it is written down. Only the command calls this.
    #[doc(hidden)]
    pub fn serve_exchange(&self, request: &[u8], say: impl FnOnce(&[u8])) {
        // Orders that aren't whole came from somebody who died.
        let mut say = Some(say);
        let mut say = |said: &ExchangeResult| {
            if let Some(say) = say.take() {
                say(&serde_json::to_vec(said).unwrap_or_default());
            }
        };
        let said = serde_json::from_slice(request)
            .map_or(ExchangeResult::Trouble, |request| self.serve(request, || say(&ExchangeResult::Began)));
        say(&said);
        let began = Instant::now();
        while self.save_unsaved().is_err() && began.elapsed() < SAVING {
            thread::sleep(BETWEEN_TRIES);
        }
    }

    /// What to say where the store can't be opened: whoever asked finds out why.
    #[doc(hidden)]
    pub fn exchange_trouble() -> Vec<u8> {
        serde_json::to_vec(&ExchangeResult::Trouble).unwrap_or_default()
    }

    fn serve(&self, request: ExchangeRequest, began: impl FnOnce()) -> ExchangeResult {
        match request {
            ExchangeRequest::Rotate { provider, label, version, cause } => {
                let Ok(row) = self.provider(provider.as_str()) else { return ExchangeResult::Trouble };
                let rotation = RotationRequest { provider: row.id.clone(), label, version, cause, times: times(row) };
                self.serve_rotation(&rotation)
            }
            ExchangeRequest::Poll { provider, flow, attempt } => {
                let holder = Step { provider, flow, attempt };
                let mut began = Some(began);
                let mut began = || began.take().map_or((), |began| began());
                let polled = self.engine().poll_in_place_of(self.issuer(), &holder, &mut began);
                polled.map_or(ExchangeResult::Trouble, |_| ExchangeResult::Ended)
            }
            ExchangeRequest::Exchange { provider, flow, attempt, code, verifier, redirect_uri } => {
                let holder = Step { provider, flow, attempt };
                let code = Code { code, verifier, redirect_uri };
                let ended = self.engine().exchange_in_place_of(self.issuer(), holder, &code);
                ended.map_or(ExchangeResult::Trouble, |_| ExchangeResult::Ended)
            }
        }
    }

    fn serve_rotation(&self, request: &RotationRequest) -> ExchangeResult {
        match self.engine().rotate(self.issuer(), request, self.patience()) {
            Ok(Rotation::Granted(live)) => ExchangeResult::Granted { version: live.version },
            Ok(Rotation::Failed(outcome)) => ExchangeResult::Failed { outcome },
            Ok(_) => ExchangeResult::Ended,
            Err(_) => ExchangeResult::Trouble,
        }
    }
}

//! What such a process does.

use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::engine::{Rotation, Wish};
use credlatch_core::flow::Step;
use credlatch_core::port::Code;

use super::asked::{Asked, Said};
use crate::Latch;
use crate::latch::times;

/// How long it tries to save what was granted. It is written down beside its sign of life: whoever can commit settles it.
const SAVING: Duration = Duration::from_secs(60);
/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

impl Latch {
    /// Does what the process that started this one asks, and says what came of it. What could not be saved is tried again
    /// after that: whoever asked finds it where it is written down. Only the command calls this.
    #[doc(hidden)]
    pub fn serve_exchange(&self, asked: &[u8], say: impl FnOnce(&[u8])) {
        // Orders that aren't whole came from somebody who died.
        let mut say = Some(say);
        let mut say = |said: &Said| {
            if let Some(say) = say.take() {
                say(&serde_json::to_vec(said).unwrap_or_default());
            }
        };
        let said = serde_json::from_slice(asked).map_or(Said::Trouble, |asked| self.serve(asked, || say(&Said::Began)));
        say(&said);
        let began = Instant::now();
        while self.save_unsaved().is_err() && began.elapsed() < SAVING {
            thread::sleep(BETWEEN_TRIES);
        }
    }

    /// What to say where the store can't be opened: whoever asked finds out why.
    #[doc(hidden)]
    pub fn exchange_trouble() -> Vec<u8> {
        serde_json::to_vec(&Said::Trouble).unwrap_or_default()
    }

    fn serve(&self, asked: Asked, began: impl FnOnce()) -> Said {
        match asked {
            Asked::Rotate { provider, label, version, cause } => {
                let Ok(row) = self.provider(provider.as_str()) else { return Said::Trouble };
                let wish = Wish { provider: row.id.clone(), label, version, cause: cause.into(), times: times(row) };
                self.serve_rotation(&wish)
            }
            Asked::Poll { provider, flow, attempt } => {
                let holder = Step { provider, flow, attempt };
                let mut began = Some(began);
                let mut began = || began.take().map_or((), |began| began());
                let polled = self.engine().poll_in_place_of(self.issuer(), &holder, &mut began);
                polled.map_or(Said::Trouble, |_| Said::Ended)
            }
            Asked::Exchange { provider, flow, attempt, code, verifier, redirect_uri } => {
                let holder = Step { provider, flow, attempt };
                let code = Code { code, verifier, redirect_uri };
                let ended = self.engine().exchange_in_place_of(self.issuer(), holder, &code);
                ended.map_or(Said::Trouble, |_| Said::Ended)
            }
        }
    }

    fn serve_rotation(&self, wish: &Wish) -> Said {
        match self.engine().rotate(self.issuer(), wish, self.patience()) {
            Ok(Rotation::Granted(live)) => Said::Granted { version: live.version },
            Ok(Rotation::Failed(outcome)) => Said::Failed { outcome },
            Ok(_) => Said::Ended,
            Err(_) => Said::Trouble,
        }
    }
}

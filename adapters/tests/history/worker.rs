//! A worker: a process of its own that uses the library as any program would, and says what it does before and after.

use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use credlatch::{Answer, Error, Label, Latch, Secret, Tokens};
use serde::{Deserialize, Serialize};

use crate::chance::Chance;
use crate::issuer::{Client, TIMEOUT_MS};
use crate::line::{Call, Heard, Reply, Teller, View, What};
use crate::wrong::{Memory, Wrong};

/// The variable that makes this program a worker, and says which.
pub(crate) const PART: &str = "CREDLATCH_HISTORY_PART";
/// The file of providers, in the home.
pub(crate) const PROVIDERS: &str = "providers.json";
/// How long a worker waits for another's exchange or the end of a doubt: for any exchange, and for a doubt that is nearly
/// over; else there would be little but waiting between two kills.
const PATIENCE_MS: u64 = 3 * TIMEOUT_MS;
/// Lifetime of an access token: short, so that a login in doubt is needed again within the test.
const LIFETIME: Duration = Duration::from_secs(1);

/// Logins that are replaced and cleared while they are rotated.
pub(crate) const BUSY: [&str; 2] = ["acme", "bolt"];
/// Logins that are only rotated, so that their doubts last until they are resolved.
pub(crate) const CALM: [&str; 3] = ["calm", "dune", "east"];
/// A pool of keys.
pub(crate) const POOL: &str = "pool";
const LABELS: [&str; 3] = ["default", "left", "right"];

/// Which worker it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) who: u32,
    pub(crate) seed: u64,
    pub(crate) home: PathBuf,
    pub(crate) wrong: Option<Wrong>,
}

/// If this process was started to be a worker, it is one until it is killed.
pub(crate) fn play_if_asked() -> bool {
    let Ok(part) = std::env::var(PART) else { return false };
    // Where the platform can, a worker doesn't outlive a conductor that was killed itself.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).unwrap();
    // The pipe is standard input, because the test harness writes to the other two.
    let pipe = io::stdin().as_fd().try_clone_to_owned().unwrap();
    let part: Part = serde_json::from_str(&part).unwrap();
    let mut worker = Worker::new(&part, Teller::new(pipe.into()), PATIENCE_MS);
    while worker.act() {}
    true
}

pub(crate) struct Worker {
    pub(crate) who: u32,
    pub(crate) home: PathBuf,
    pub(crate) latch: Latch,
    pub(crate) teller: Teller,
    pub(crate) client: Client,
    pub(crate) chance: Chance,
    pub(crate) wrong: Option<Wrong>,
    pub(crate) memory: Memory,
    stored: u32,
    /// Providers that want a new login.
    homeless: Vec<String>,
}

impl Worker {
    pub(crate) fn new(part: &Part, teller: Teller, patience_ms: u64) -> Self {
        let builder = Latch::builder()
            .home(&part.home)
            .providers(part.home.join(PROVIDERS))
            // Half of the readers map the word: what they see is judged alike.
            .mapped_reads(part.who % 2 == 1)
            .patience(Duration::from_millis(patience_ms));
        Self {
            who: part.who,
            home: part.home.clone(),
            latch: builder.open().unwrap(),
            teller,
            client: Client::new(&part.home, part.who),
            chance: Chance::new(part.seed),
            wrong: part.wrong,
            memory: Memory::default(),
            stored: 0,
            homeless: Vec::new(),
        }
    }

    /// Does something; false if nobody listens any more.
    fn act(&mut self) -> bool {
        let call = self.choose();
        self.call(&call).is_some()
    }

    /// Says it, does it, and says what came of it.
    pub(crate) fn call(&mut self, call: &Call) -> Option<Reply> {
        if !self.teller.tell(self.who, What::Began(call.clone())) {
            return None;
        }
        let reply = self.perform_wrongly(call).unwrap_or_else(|| self.perform(call));
        self.remember(call, &reply);
        self.teller.tell(self.who, What::Ended(reply.clone())).then_some(reply)
    }

    fn choose(&mut self) -> Call {
        if let Some(provider) = self.homeless.pop() {
            return self.login(&provider);
        }
        let busy = (*self.chance.pick(&BUSY)).to_owned();
        let label = (*self.chance.pick(&LABELS)).to_owned();
        match self.chance.below(100) {
            0..20 => Call::Status,
            20..40 => Call::Current { provider: (*self.chance.pick(&["acme", "calm", "pool", "pool"])).to_owned() },
            40..56 => self.set(POOL, &label),
            56..60 => {
                let label = *self.chance.pick(&["spare", "spare", "default"]);
                self.set(&busy, label)
            }
            60..65 => Call::Remove { provider: POOL.to_owned(), label },
            65..71 => Call::Clear { provider: POOL.to_owned() },
            71..73 => Call::Clear { provider: busy },
            73..74 => self.login(&busy),
            74..90 => Call::Rotate { provider: (*self.chance.pick(&CALM)).to_owned() },
            _ => Call::Rotate { provider: busy },
        }
    }

    pub(crate) fn set(&mut self, provider: &str, label: &str) -> Call {
        self.stored += 1;
        let value = format!("key-{}-{}", self.who, self.stored);
        Call::Set { provider: provider.to_owned(), label: label.to_owned(), value }
    }

    fn login(&mut self, provider: &str) -> Call {
        match self.client.login() {
            Heard::Granted { access, refresh } => Call::Login { provider: provider.to_owned(), access, refresh },
            _ => Call::Status,
        }
    }

    /// Whoever finds a login gone or dead signs in again.
    fn remember(&mut self, call: &Call, reply: &Reply) {
        if let (Call::Rotate { provider }, Reply::Failed { kind, .. }) = (call, reply) {
            let is_over = matches!(kind.as_str(), "no_credential" | "sign_in");
            let is_tedious = matches!(kind.as_str(), "usage" | "busy") && BUSY.contains(&provider.as_str());
            if is_over || (is_tedious && self.chance.one_in(3)) {
                self.homeless.push(provider.clone());
            }
        }
    }

    pub(crate) fn perform(&mut self, call: &Call) -> Reply {
        let done = match call {
            Call::Set { provider, label, value } => {
                self.latch.set_as(provider, &named(label), secret(value)).map(|()| Reply::Stored)
            }
            Call::Login { provider, access, refresh } => {
                self.latch.set_tokens(provider, &Label::default(), tokens(access, refresh)).map(|_| Reply::Stored)
            }
            Call::Remove { provider, label } => self.latch.remove(provider, &named(label)).map(|gone| cleared(&gone)),
            Call::Clear { provider } => self.latch.clear(provider).map(|gone| cleared(&gone)),
            Call::Current { provider } => self.latch.current(provider).map(|current| Reply::Picked {
                label: current.label().as_str().to_owned(),
                version: current.version(),
                value: current.expose_secret().to_owned(),
                generation: current.generation(),
            }),
            Call::Status => self.latch.status().map(|status| Reply::Seen(View::of(&status.state))),
            Call::Rotate { provider } => self.rotate(provider, Client::refresh),
        };
        done.unwrap_or_else(|error| failed(&error))
    }

    /// Rotates, and says what passes between it and the issuer.
    pub(crate) fn rotate(
        &self,
        provider: &str,
        present: impl FnOnce(&Client, &str) -> Heard + Send,
    ) -> Result<Reply, Error> {
        let rotated = self.latch.rotate_with(provider, |token| {
            self.teller.tell(self.who, What::Presenting(token.expose_secret().to_owned()));
            let heard = present(&self.client, token.expose_secret());
            self.teller.tell(self.who, What::Answered(heard.clone()));
            answer(&heard)
        })?;
        Ok(Reply::Rotated {
            version: rotated.version(),
            value: rotated.expose_secret().to_owned(),
            generation: rotated.generation(),
        })
    }
}

fn cleared(gone: &credlatch::Cleared) -> Reply {
    let labels = gone.entries().iter().map(|(_, label)| label.as_str().to_owned()).collect();
    Reply::Cleared { generation: gone.generation(), labels }
}

pub(crate) fn failed(error: &Error) -> Reply {
    Reply::Failed { kind: error.kind().as_str().to_owned(), why: error.message().to_owned() }
}

pub(crate) fn answer(heard: &Heard) -> Answer {
    match heard {
        Heard::Granted { access, refresh } => Answer::Granted(tokens(access, refresh)),
        Heard::Rejected => Answer::Rejected("invalid_grant".to_owned()),
        Heard::Later => Answer::NotConsumed { retry_after: Some(Duration::ZERO) },
        Heard::Unknown => Answer::Unknown,
    }
}

pub(crate) fn tokens(access: &str, refresh: &str) -> Tokens {
    Tokens::new(secret(access)).with_refresh(secret(refresh)).expiring_in(LIFETIME)
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

pub(crate) fn named(label: &str) -> Label {
    Label::new(label).unwrap()
}

//! A strict authorization server, in a few threads of the conductor's process: it replaces a refresh token each time it
//! is presented, and revokes the whole family when one comes again. It may be slow, lose a request, or lose an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use credlatch::system::SystemClock;
use credlatch_core::port::Clock;

use crate::chance::Chance;
use crate::line::{Heard, Teller, What};

/// How long a request may take, in milliseconds: the provider rows say so, and the client gives up then.
pub(crate) const TIMEOUT_MS: u64 = 1000;

const SOCKET: &str = "issuer";

/// The server's end.
struct Server {
    teller: Teller,
    books: Mutex<Books>,
}

struct Books {
    chance: Chance,
    families: u64,
    /// The last token given out for each family.
    newest: BTreeMap<u64, u64>,
    revoked: BTreeSet<u64>,
}

/// What it does with one request.
enum Mood {
    Answer,
    LoseAnswer,
    LoseRequest,
    Later,
}

/// Opens for business; it goes on until the process ends.
pub(crate) fn open(home: &Path, teller: Teller, seed: u64) {
    let listener = UnixListener::bind(home.join(SOCKET)).unwrap();
    let books = Books { chance: Chance::new(seed), families: 0, newest: BTreeMap::new(), revoked: BTreeSet::new() };
    let server = Arc::new(Server { teller, books: Mutex::new(books) });
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let server = Arc::clone(&server);
            thread::spawn(move || server.serve(&stream));
        }
    });
}

impl Server {
    fn serve(&self, stream: &UnixStream) {
        let mut line = String::new();
        if BufReader::new(stream).read_line(&mut line).is_err() {
            return;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let heard = match words[..] {
            ["login", who] => Some(self.login(who.parse().unwrap())),
            ["refresh", who, sent_ms, token] => self.refresh(who.parse().unwrap(), sent_ms.parse().unwrap(), token),
            // A client that was killed before it had written its whole request.
            _ => None,
        };
        if let Some(heard) = heard {
            // The client may be dead.
            let mut stream = stream;
            let _ = stream.write_all(&serde_json::to_vec(&heard).unwrap());
        }
    }

    fn login(&self, who: u32) -> Heard {
        let mut books = self.books.lock().unwrap();
        books.families += 1;
        let family = books.families;
        books.newest.insert(family, 0);
        self.teller.tell(who, What::Born(refresh_of(family, 0)));
        granted(family, 0)
    }

    fn refresh(&self, who: u32, sent_ms: u64, token: &str) -> Option<Heard> {
        self.teller.tell(who, What::Received(token.to_owned()));
        let (mood, delay_ms) = self.books.lock().unwrap().whim();
        thread::sleep(Duration::from_millis(delay_ms));
        let mut books = self.books.lock().unwrap();
        // No request outlives its time-out on the way: what the quarantine rests on, whatever else this machine does.
        let is_late = SystemClock.now().up_ms.saturating_sub(sent_ms) >= TIMEOUT_MS;
        if is_late || matches!(mood, Mood::LoseRequest | Mood::Later) {
            self.teller.tell(who, What::Ignored(token.to_owned()));
            return matches!(mood, Mood::Later).then_some(Heard::Later);
        }
        let heard = books.exchange(who, token, &self.teller);
        (!matches!(mood, Mood::LoseAnswer)).then_some(heard)
    }
}

impl Books {
    fn whim(&mut self) -> (Mood, u64) {
        let mood = match self.chance.below(100) {
            0..8 => Mood::LoseAnswer,
            8..16 => Mood::LoseRequest,
            16..20 => Mood::Later,
            _ => Mood::Answer,
        };
        let delay_ms = match self.chance.below(20) {
            0 => 300 + self.chance.below(500),
            1..8 => 10 + self.chance.below(40),
            _ => self.chance.below(5),
        };
        (mood, delay_ms)
    }

    fn exchange(&mut self, who: u32, token: &str, teller: &Teller) -> Heard {
        let (family, number) = parse(token);
        if self.revoked.contains(&family) {
            teller.tell(who, What::Refused(token.to_owned()));
            return Heard::Rejected;
        }
        if self.newest.get(&family) != Some(&number) {
            self.revoked.insert(family);
            teller.tell(who, What::Replayed(token.to_owned()));
            return Heard::Rejected;
        }
        self.newest.insert(family, number + 1);
        teller.tell(who, What::Consumed { old: token.to_owned(), new: refresh_of(family, number + 1) });
        granted(family, number + 1)
    }
}

/// What a refresh token's name says: which login it belongs to, and the how manieth of it it is.
pub(crate) fn parse(token: &str) -> (u64, u64) {
    let mut parts = token.trim_start_matches("rt-").split('-').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

fn refresh_of(family: u64, number: u64) -> String {
    format!("rt-{family}-{number}")
}

fn granted(family: u64, number: u64) -> Heard {
    Heard::Granted { access: format!("at-{family}-{number}"), refresh: refresh_of(family, number) }
}

/// The client's end.
#[derive(Clone)]
pub(crate) struct Client {
    socket: PathBuf,
    who: u32,
}

impl Client {
    pub(crate) fn new(home: &Path, who: u32) -> Self {
        Self { socket: home.join(SOCKET), who }
    }

    pub(crate) fn login(&self) -> Heard {
        self.ask(&format!("login {}\n", self.who))
    }

    pub(crate) fn refresh(&self, token: &str) -> Heard {
        self.ask(&format!("refresh {} {} {token}\n", self.who, SystemClock.now().up_ms))
    }

    fn ask(&self, line: &str) -> Heard {
        let Ok(stream) = UnixStream::connect(&self.socket) else { return Heard::Later };
        stream.set_read_timeout(Some(Duration::from_millis(TIMEOUT_MS))).unwrap();
        let mut answer = Vec::new();
        let asked = (&stream).write_all(line.as_bytes()).and_then(|()| (&stream).read_to_end(&mut answer));
        asked.ok().and_then(|_| serde_json::from_slice(&answer).ok()).unwrap_or(Heard::Unknown)
    }
}

//! A TCP proxy before a member of a cluster, which has its way with what passes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mood {
    /// It passes everything on.
    Passes = 0,
    /// It passes everything on, late.
    Delays = 1,
    /// It takes what comes, and passes nothing on in either direction.
    Drops = 2,
    /// It passes requests on and no answers.
    DropsAnswers = 3,
    /// It ends every connection.
    Resets = 4,
}

const MOODS: [Mood; 5] = [Mood::Passes, Mood::Delays, Mood::Drops, Mood::DropsAnswers, Mood::Resets];

#[derive(Default)]
struct State {
    mood: AtomicU8,
    is_over: AtomicBool,
}

pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    pub(crate) fn before(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::new(State::default()));
        let own = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if own.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(server) = TcpStream::connect(&address) else { continue };
                pass(&own, &client, &server, false);
                pass(&own, &server, &client, true);
            }
        });
        Self { port, state }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn is_in(&self, mood: Mood) {
        self.state.mood.store(mood as u8, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        // Whoever waits for somebody to come sees that it is over.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

/// Passes on in one direction, in a thread.
fn pass(state: &Arc<State>, from: &TcpStream, to: &TcpStream, is_answer: bool) {
    let (state, mut from, mut to) = (Arc::clone(state), from.try_clone().unwrap(), to.try_clone().unwrap());
    from.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        loop {
            let mood = MOODS[usize::from(state.mood.load(Ordering::Relaxed))];
            if mood == Mood::Resets || state.is_over.load(Ordering::Relaxed) {
                let _ = set_socket_linger(&from, Some(Duration::ZERO));
                break;
            }
            let read = from.read(&mut bytes);
            let Ok(count @ 1..) = read else {
                if read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)) {
                    continue;
                }
                break;
            };
            if mood == Mood::Delays {
                std::thread::sleep(Duration::from_millis(200));
            }
            let is_dropped = mood == Mood::Drops || mood == Mood::DropsAnswers && is_answer;
            if !is_dropped && to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

//! The threads: one that accepts, one for each connection, all ended on drop.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use credlatch::http1;
use parking_lot::{Condvar, Mutex};

use super::routes::{Response, handle};
use super::state::ServerState;

/// How long a client may take to send its request.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest request body, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// The running threads.
pub(super) struct Server {
    url: String,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    url: String,
    state: Arc<Mutex<ServerState>>,
    stopping: Mutex<bool>,
    stopped: Condvar,
    open: Mutex<Vec<Connection>>,
}

struct Connection {
    stream: TcpStream,
    thread: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(state: Arc<Mutex<ServerState>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let shared = Arc::new(Shared {
            url: url.clone(),
            state,
            stopping: Mutex::new(false),
            stopped: Condvar::new(),
            open: Mutex::new(Vec::new()),
        });
        let accepting = Arc::clone(&shared);
        let accepting = thread::Builder::new().spawn(move || accept(&listener, &accepting))?;
        Ok(Self { url, shared, accepting: Some(accepting) })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.shared.stopping.lock() = true;
        self.shared.stopped.notify_all();
        // The accepting thread looks at the flag after each visitor, so it gets one.
        if let Some(address) = self.url.strip_prefix("http://") {
            drop(TcpStream::connect(address));
        }
        let _ = self.accepting.take().map(JoinHandle::join);
        let open = std::mem::take(&mut *self.shared.open.lock());
        for connection in open {
            let _ = connection.stream.shutdown(Shutdown::Both);
            let _ = connection.thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if *shared.stopping.lock() {
            return;
        }
        let Some((stream, twin)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))).ok() else { continue };
        let served = Arc::clone(shared);
        let Ok(thread) = thread::Builder::new().spawn(move || drop(serve(twin, &served))) else { continue };
        let mut open = shared.open.lock();
        open.retain(|connection| !connection.thread.is_finished());
        open.push(Connection { stream, thread });
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let request = http1::read(&mut stream, PATIENCE, MAX_BODY)?;
    let ((response, is_token), delay) = {
        let mut state = shared.state.lock();
        (handle(&mut state, &shared.url, &request), state.settings.answer_delay)
    };
    if is_token {
        shared.pause(delay);
    }
    respond(&mut stream, response)?;
    stream.shutdown(Shutdown::Both)
}

fn respond(stream: &mut TcpStream, response: Response) -> io::Result<()> {
    let json = "application/json";
    match response {
        Response::Json(status, body) => http1::answer(stream, status, &[], json, &body.to_string()),
        Response::Busy(secs) => http1::answer(stream, 503, &[("Retry-After", &secs.to_string())], json, "{}"),
        Response::Html(status, body) => http1::answer(stream, status, &[], "text/html; charset=utf-8", &body),
        Response::Redirect(to) => http1::answer(stream, 302, &[("Location", &to)], "text/plain", ""),
        Response::CutOff(body) => {
            let half = &body[..body.len() / 2];
            write!(stream, "HTTP/1.1 200 \r\nContent-Type: {json}\r\nContent-Length: {}\r\n\r\n{half}", body.len())
        }
        Response::Nothing => Ok(()),
    }
}

impl Shared {
    /// Waits, unless the server ends.
    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut stopping = self.stopping.lock();
        while !*stopping && !self.stopped.wait_until(&mut stopping, until).timed_out() {}
    }
}

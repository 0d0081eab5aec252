//! Tunnels through proxies of each version, and what bounds the kernel on their connections.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ureq::config::Config;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, Either};

use super::super::connect::{Socks, Stream};
use super::*;

const TIMEOUT: Duration = Duration::from_secs(7);

/// Looks at each connection that comes by.
#[derive(Debug)]
struct Spy(Arc<Mutex<Vec<u32>>>);

impl Connector<Either<(), Stream>> for Spy {
    type Out = Either<(), Stream>;

    fn connect(
        &self,
        _details: &ConnectionDetails<'_>,
        chained: Option<Either<(), Stream>>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        if let Some(Either::B(stream)) = &chained {
            self.0.lock().unwrap().push(stream.gives_up_after_ms());
        }
        Ok(chained)
    }
}

/// One that expects these bytes and answers with those, in turn, and then plays the server behind it.
fn proxy(scripted: Vec<(Vec<u8>, Vec<u8>)>) -> (u16, thread::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move |mut stream: TcpStream| {
        for (expected, answer) in scripted {
            let mut found = vec![0; expected.len()];
            stream.read_exact(&mut found).unwrap();
            assert_eq!(found, expected);
            stream.write_all(&answer).unwrap();
        }
        let mut head = [0; 4096];
        if stream.read(&mut head).is_ok_and(|count| count > 0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").unwrap();
        }
    };
    (port, thread::spawn(move || serve(listener.accept().unwrap().0)))
}

/// What comes of a request through it, and how long the kernel goes on with each connection.
fn ask(scheme: &str, user: &str, scripted: &[(&[u8], &[u8])]) -> (Result<String, String>, Vec<u32>) {
    let (port, served) =
        proxy(scripted.iter().map(|(expected, answer)| (expected.to_vec(), answer.to_vec())).collect());
    let seen = Arc::default();
    let proxy = Proxy::new(&format!("{scheme}://{user}127.0.0.1:{port}")).unwrap();
    let config = Config::builder().proxy(Some(proxy)).timeout_global(Some(Duration::from_secs(10))).build();
    let chain = ().chain(Socks { timeout: TIMEOUT }).chain(Spy(Arc::clone(&seen)));
    let agent = ureq::Agent::with_parts(config, chain, DefaultResolver::default());
    // Versions 5 and 4 leave no name to the proxy.
    let host = if scheme.ends_with(['a', 'h']) { "issuer.test" } else { "127.0.0.1" };
    let answer = agent.get(&format!("http://{host}:81/")).call();
    let answer = answer.and_then(|mut answer| answer.body_mut().read_to_string()).map_err(|error| error.to_string());
    drop(agent);
    // Whoever was never called is not waited for.
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
    served.join().unwrap();
    (answer, Arc::try_unwrap(seen).map_or_else(|seen| seen.lock().unwrap().clone(), |seen| seen.into_inner().unwrap()))
}

const BY_NAME_5: &[u8] = b"\x05\x01\x00\x03\x0bissuer.test\x00\x51";
const BY_ADDRESS_5: &[u8] = b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x51";
const BY_ADDRESS_4: &[u8] = b"\x04\x01\x00\x51\x7f\x00\x00\x01\x00";
const BY_NAME_4: &[u8] = b"\x04\x01\x00\x51\x00\x00\x00\x01\x00issuer.test\x00";

#[test]
fn a_tunnel_is_opened_in_each_version_and_the_kernel_gives_up_on_it_in_time() {
    let kernel = if cfg!(target_os = "linux") { 7_000 } else { 0 };
    let none: &[u8] = &[5, 0];
    for (scheme, user, scripted) in [
        (
            "socks5",
            "",
            &[(&b"\x05\x01\x00"[..], none), (BY_ADDRESS_5, &b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"[..])][..],
        ),
        ("socks5h", "", &[(b"\x05\x01\x00", none), (BY_NAME_5, b"\x05\x00\x00\x03\x02ab\x00\x50")]),
        (
            "socks5h",
            "me:secret@",
            &[
                (b"\x05\x02\x02\x00", &[5, 2]),
                (b"\x01\x02me\x06secret", &[1, 0]),
                (BY_NAME_5, b"\x05\x00\x00\x04aaaaaaaaaaaaaaaa\x00\x50"),
            ],
        ),
        ("socks4", "", &[(BY_ADDRESS_4, &[0, 90, 0, 0, 0, 0, 0, 0])]),
        ("socks4a", "", &[(BY_NAME_4, &[0, 90, 0, 0, 0, 0, 0, 0])]),
    ] {
        assert_eq!(ask(scheme, user, scripted), (Ok("ok".to_owned()), vec![kernel]), "{scheme}");
    }
}

#[test]
fn a_proxy_that_opens_no_tunnel_is_told() {
    let none: &[u8] = &[5, 0];
    for (scheme, user, scripted) in [
        ("socks5", "", &[(&b"\x05\x01\x00"[..], &b"\x05\xff"[..])][..]),
        ("socks5", "", &[(b"\x05\x01\x00", b"\x04\x00")]),
        ("socks5", "", &[(b"\x05\x01\x00", none), (BY_ADDRESS_5, b"\x05\x05\x00\x01")]),
        ("socks5", "me:secret@", &[(b"\x05\x02\x02\x00", &[5, 2]), (b"\x01\x02me\x06secret", &[1, 1])]),
        ("socks4a", "", &[(BY_NAME_4, &[0, 91, 0, 0, 0, 0, 0, 0])]),
    ] {
        let (told, connections) = ask(scheme, user, scripted);
        let told = told.unwrap_err();
        assert!(told.contains("the SOCKS proxy opened no tunnel") && !told.contains("secret"), "{told}");
        assert!(connections.is_empty(), "nothing is sent");
    }
}

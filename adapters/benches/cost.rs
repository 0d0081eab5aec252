//! What credlatch costs, beside what could not cost less: `cargo bench -p credlatch --bench cost`.
//!
//! One table of medians and ratios; every single round is in `target/bench/cost.csv`. A second latch stands for another
//! process: it shares nothing with the first but the files. With `CREDLATCH_BIN` set, start-up is that program's.

mod measure;

use std::fs::{self, File};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use credlatch::core::Event;
use credlatch::core::engine::Engine;
use credlatch::core::name::ProfileName;
use credlatch::core::port::Ports;
use credlatch::core::put::{Put, PutMode};
use credlatch::core::state::{Material, Source};
use credlatch::file::FileStore;
use credlatch::system::{ParkingLot, SystemClock, SystemNonces};
use credlatch::{Label, Latch, Profile, Secret, Tokens};
use http::HeaderMap;
use measure::{Case, Report};

type Failure = Box<dyn std::error::Error>;

const ROUNDS: usize = 201;
const SLOW_ROUNDS: usize = 51;
const PROVIDERS: [&str; 10] =
    ["anthropic", "openai", "minimax", "openrouter", "gemini", "xai", "deepseek", "moonshot", "groq", "mistral"];

fn main() -> Result<(), Failure> {
    // `cargo test --all-targets` runs this, too: then one round shows that it works.
    let is_for_real = std::env::args().any(|argument| argument == "--bench");
    let rounds = |rounds| if is_for_real { rounds } else { 1 };

    let folder = target().join("bench");
    fs::create_dir_all(&folder)?;
    let place = tempfile::tempdir_in(&folder)?;
    let home = place.path().join("home");
    let latch = open(&home, "one")?;
    latch.set("minimax", secret("mm-0000000000000000000000000000000000000001"))?;
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens())?;

    let mut report = Report::default();
    reads(&mut report, rounds(ROUNDS), &home, &latch)?;
    commits(&mut report, rounds(SLOW_ROUNDS), &home, &latch)?;
    reloads(&mut report, rounds(SLOW_ROUNDS), &home)?;
    measure::profiles::measure(
        &mut report,
        rounds(ROUNDS),
        &place.path().join("many"),
        if is_for_real { 10_000 } else { 100 },
    )?;
    start_up(&mut report, rounds(SLOW_ROUNDS), &home)?;

    let csv = folder.join("cost.csv");
    report.save(&csv)?;
    writeln!(io::stdout(), "{}\nevery round: target/bench/cost.csv", report.table())?;
    Ok(())
}

/// Reads with one thread and with two, beside the cheapest things that look alike.
fn reads(report: &mut Report, rounds: usize, home: &Path, latch: &Latch) -> Result<(), Failure> {
    let memory = Latch::in_memory();
    memory.set("minimax", secret("mm-0000000000000000000000000000000000000001"))?;
    fill(home, "many", 1_000)?;
    let many = open(home, "many")?;
    let mapping = Latch::builder().home(home).profile(Profile::new("one")?).mapped_reads(true).open()?;
    let swap = ArcSwap::from_pointee(0_u64);
    let lock = File::open(home.join("profiles/one.lock"))?;
    let pread = || lock.read_at(&mut [0; 8], 0).unwrap();
    let swapped = || swap.load_full();
    let variable = || std::env::var("PATH");
    let in_memory = || memory.current("minimax").unwrap();
    let on_file = || latch.current("minimax").unwrap();
    let mapped = || mapping.current("minimax").unwrap();
    let token = || latch.token("openai-codex").unwrap();
    let of_many = || many.current("mistral").unwrap();
    let authorized = || {
        let mut headers = HeaderMap::new();
        latch.current("minimax").unwrap().authorize(&mut headers);
        headers
    };
    let credential = latch.current("minimax")?;

    report.measure(
        "reads, one thread",
        rounds,
        vec![
            Case::one("ArcSwap::load_full", swapped),
            Case::one("std::env::var", variable),
            Case::one("pread of 8 bytes", pread),
            Case::one("Latch::current in memory", in_memory).beside("ArcSwap::load_full"),
            Case::one("Latch::current on files", on_file).beside("pread of 8 bytes"),
            Case::one("Latch::current on files, mapped", mapped).beside("Latch::current in memory"),
            Case::one("Latch::current on files, by an alias", || latch.current("codex").unwrap())
                .beside("Latch::current on files"),
            Case::one("Latch::current on files, 1,000 entries, 10 providers", of_many)
                .beside("Latch::current on files"),
            Case::one("Latch::token on files, OAuth, far from its end", token).beside("pread of 8 bytes"),
            Case::one("Credential::is_current on files", || credential.is_current().unwrap())
                .beside("pread of 8 bytes"),
            Case::one("Latch::current on files, and authorize", authorized).beside("Latch::current on files"),
        ],
    );
    report.measure(
        "reads, two threads",
        rounds.div_ceil(2),
        vec![
            Case::two("ArcSwap::load_full", swapped),
            Case::two("std::env::var", variable),
            Case::two("pread of 8 bytes", pread),
            Case::two("Latch::current in memory", in_memory).beside("ArcSwap::load_full"),
            Case::two("Latch::current on files", on_file).beside("pread of 8 bytes"),
            Case::two("Latch::current on files, mapped", mapped).beside("Latch::current in memory"),
            Case::two("Latch::current on files, 1,000 entries, 10 providers", of_many)
                .beside("Latch::current on files"),
            Case::two("Latch::token on files, OAuth, far from its end", token).beside("pread of 8 bytes"),
            Case::two("Latch::current on files, and authorize", authorized).beside("Latch::current on files"),
        ],
    );
    Ok(())
}

/// A commit beside the least that a durable change of the same bytes can be.
fn commits(report: &mut Report, rounds: usize, home: &Path, latch: &Latch) -> Result<(), Failure> {
    let bytes = fs::read(home.join("profiles/one.json"))?;
    let bare = home.join("bare");
    fs::create_dir_all(&bare)?;
    let mut turn = 0;
    let replace = Case::one("bare durable replace", || replace(&bare, &bytes).unwrap());
    let set = Case::one("Latch::set", || {
        turn += 1;
        latch.set("minimax", alternating(turn)).unwrap();
    });
    report.measure("commits", rounds, vec![replace, set.beside("bare durable replace")]);
    Ok(())
}

/// Write beside, sync, rename, sync the directory: no lock, no check.
fn replace(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = folder.join("document.tmp");
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join("document.json"))?;
    File::open(folder)?.sync_all()
}

/// The first read after another process committed.
fn reloads(report: &mut Report, rounds: usize, home: &Path) -> Result<(), Failure> {
    let mut few = Pair::open(home, "one", "minimax")?;
    let mut many = Pair::open(home, "many", "minimax")?;
    let parse = |profile: &str| {
        let path = home.join("profiles").join(profile).with_extension("json");
        move || serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).unwrap()
    };
    report.measure(
        "the first read after another's commit",
        rounds,
        vec![
            Case::one("read and parse to serde_json::Value, 2 entries", parse("one")),
            Case::timed("Latch::current, 2 entries", |times| few.reload(times))
                .beside("read and parse to serde_json::Value, 2 entries"),
            Case::one("read and parse to serde_json::Value, 1,000 entries", parse("many")),
            Case::timed("Latch::current, 1,000 entries", |times| many.reload(times))
                .beside("read and parse to serde_json::Value, 1,000 entries"),
        ],
    );
    Ok(())
}

/// One who reads and another who commits.
struct Pair {
    reader: Latch,
    writer: Latch,
    provider: &'static str,
    turn: u32,
}

impl Pair {
    fn open(home: &Path, profile: &str, provider: &'static str) -> Result<Self, Failure> {
        Ok(Self { reader: open(home, profile)?, writer: open(home, profile)?, provider, turn: 0 })
    }

    fn reload(&mut self, times: u32) -> Duration {
        let reload = |_| {
            self.turn += 1;
            self.writer.set(self.provider, alternating(self.turn)).unwrap();
            let began = Instant::now();
            std::hint::black_box(self.reader.current(self.provider).unwrap());
            began.elapsed()
        };
        (0..times).map(reload).sum()
    }
}

/// A cold process that prints a good token, beside one that does nothing.
fn start_up(report: &mut Report, rounds: usize, home: &Path) -> Result<(), Failure> {
    let program = std::env::var_os("CREDLATCH_BIN").map_or_else(|| target().join("release/credlatch"), PathBuf::from);
    if !program.is_file() {
        report.note("start-up: not measured; build the command first: cargo build --release -p credlatch-cli");
        return Ok(());
    }
    let run = |command: &mut Command| command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap().success();
    let token =
        || run(Command::new(&program).arg("--home").arg(home).args(["--profile", "one", "token", "openai-codex"]));
    if !token() {
        return Err(format!("{} token openai-codex failed", program.display()).into());
    }
    report.measure(
        "cold processes",
        rounds,
        vec![
            Case::one("true", || run(&mut Command::new("true"))),
            Case::one("credlatch token, OAuth, far from its end", token).beside("true"),
        ],
    );
    Ok(())
}

fn target() -> PathBuf {
    // Cargo gives benches a directory of their own inside the target directory.
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn open(home: &Path, profile: &str) -> Result<Latch, Failure> {
    Ok(Latch::builder().home(home).profile(Profile::new(profile)?).open()?)
}

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn alternating(turn: u32) -> Secret {
    secret(if turn.is_multiple_of(2) { "mm-even-key" } else { "mm-odd--key" })
}

fn tokens() -> Tokens {
    Tokens::new(secret(&"access-".repeat(64)))
        .with_refresh(secret(&"refresh-".repeat(16)))
        .expiring_in(Duration::from_secs(86_400))
}

/// Stores so many keys in one commit. The library's face sets one at a time.
fn fill(home: &Path, profile: &str, entries: usize) -> Result<(), Failure> {
    let table = Latch::in_memory();
    let put = |at: usize| -> Result<Event, Failure> {
        let key = secret(&format!("key-{at:040}"));
        Ok(Event::Put(Put {
            provider: table.provider(PROVIDERS[at % PROVIDERS.len()])?.id.clone(),
            label: if at < PROVIDERS.len() { Label::default() } else { Label::new(&format!("label-{at}"))? },
            material: Material::ApiKey(key),
            source: Source::Manual,
            how: PutMode::Named,
        }))
    };
    let events = (0..entries).map(put).collect::<Result<Vec<_>, _>>()?;
    let store = FileStore::new(home, &ProfileName::new(profile)?);
    Engine::<Files>::new(store, SystemClock, SystemNonces, 30_000).transact(&events)?;
    Ok(())
}

struct Files(PhantomData<()>);

impl Ports for Files {
    type Seam = ParkingLot;
    type Store = FileStore;
    type Clock = SystemClock;
    type Nonces = SystemNonces;
}

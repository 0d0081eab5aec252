//! What a commit costs in a crowd: `cargo run --release` here runs crowds of processes, each of which makes one change, on
//! memory and on disk, beside the writer that one would write otherwise. It prints the table and keeps every single row.
//!
//! `cargo run --release -- [--rounds N] [--sizes 50,100] [--disk DIRECTORY] [--beside PROGRAM]`: the disk is that of the
//! directory it is started in, and the program is another build of this command, such as that of an earlier commit.

mod crowd;
mod figures;
mod naive;
mod worker;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

/// How long an issuer takes.
const ISSUER: Duration = Duration::from_millis(200);
/// A herd at expiry.
const HERD: usize = 40;

/// Who makes the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Naive,
    Credlatch,
    /// credlatch as another build has it.
    Beside,
}

impl Writer {
    fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Credlatch => "credlatch",
            Self::Beside => "beside",
        }
    }
}

/// What each process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Set,
    Refresh,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Refresh => "refresh",
        }
    }
}

/// One process of one crowd.
struct Row {
    place: &'static str,
    work: Work,
    writer: Writer,
    size: usize,
    round: usize,
    ns: u64,
}

struct Plan {
    rounds: usize,
    sizes: Vec<usize>,
    places: Vec<(&'static str, PathBuf)>,
    beside: Option<PathBuf>,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, writer, work, home, number] = arguments.as_slice()
        && first == "worker"
    {
        let writer = if writer == "naive" { Writer::Naive } else { Writer::Credlatch };
        let work = if work == "set" { Work::Set } else { Work::Refresh };
        return worker::work(writer, work, Path::new(home), number.parse()?);
    }
    let plan = plan(&arguments)?;
    let rows = measure(&plan)?;
    let file = Path::new("target/crowd.csv");
    fs::create_dir_all("target")?;
    fs::write(file, csv(&rows))?;
    let places: Vec<&str> = plan.places.iter().map(|(name, _)| *name).collect();
    let writers = writers(&plan);
    let mut out = io::stdout();
    writeln!(out, "{}", figures::table(&rows, &places, &writers, &plan.sizes))?;
    writeln!(out, "{}\nevery row: {}", figures::herd(&rows, &places, &writers, HERD), file.display())?;
    Ok(())
}

fn plan(arguments: &[String]) -> Result<Plan, Failure> {
    let mut plan = Plan {
        rounds: 3,
        sizes: vec![50, 100, 200, 400],
        places: vec![("memory", "/dev/shm".into()), ("disk", std::env::current_dir()?)],
        beside: None,
    };
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--rounds" => plan.rounds = value.parse()?,
            [name, value] if name == "--sizes" => {
                plan.sizes = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            [name, value] if name == "--disk" => plan.places[1].1 = value.into(),
            [name, value] if name == "--beside" => plan.beside = Some(value.into()),
            other => return Err(format!("not understood: {other:?}").into()),
        }
    }
    Ok(plan)
}

fn writers(plan: &Plan) -> Vec<Writer> {
    let beside = plan.beside.iter().map(|_| Writer::Beside);
    [Writer::Naive, Writer::Credlatch].into_iter().chain(beside).collect()
}

/// Every writer once in each round, in another order each time, so that whatever else the machine does hits all of them alike.
fn measure(plan: &Plan) -> Result<Vec<Row>, Failure> {
    let own = std::env::current_exe()?;
    let mut rows = Vec::new();
    for round in 0..plan.rounds {
        for (place, folder) in &plan.places {
            let sets = plan.sizes.iter().map(|size| (Work::Set, *size));
            for (work, size) in sets.chain([(Work::Refresh, HERD)]) {
                let mut writers = writers(plan);
                let first = round % writers.len();
                writers.rotate_left(first);
                for writer in writers {
                    let program = plan.beside.as_deref().filter(|_| writer == Writer::Beside).unwrap_or(&own);
                    for ns in once(program, writer, work, size, folder)? {
                        rows.push(Row { place, work, writer, size, round, ns });
                    }
                }
            }
        }
    }
    Ok(rows)
}

/// One crowd on a store of its own. A change that was lost fails it.
fn once(program: &Path, writer: Writer, work: Work, size: usize, folder: &Path) -> Result<Vec<u64>, Failure> {
    let place = tempfile::Builder::new().prefix("credlatch-crowd-").tempdir_in(folder)?;
    let home = place.path().join("home");
    match (writer, work) {
        (Writer::Naive, _) => fs::create_dir(&home)?,
        (_, Work::Set) => {}
        (_, Work::Refresh) => worker::sign_in(&home)?,
    }
    let done = crowd::run(program, writer, work, size, &home)?;
    if work == Work::Set {
        let stored = if writer == Writer::Naive { naive::count(&home)? } else { worker::count(&home)? };
        if stored != size {
            return Err(format!("{} of {size} changes of {} are stored", stored, writer.name()).into());
        }
    }
    Ok(done)
}

fn csv(rows: &[Row]) -> String {
    let mut text = String::from("place,work,writer,size,round,ns\n");
    for Row { place, work, writer, size, round, ns } in rows {
        let _ = writeln!(text, "{place},{},{},{size},{round},{ns}", work.name(), writer.name());
    }
    text
}

/// What a writer stores.
fn key(number: usize) -> String {
    format!("sk-{number:040}")
}

/// A clock that is the same in every process.
fn now_ns() -> u64 {
    let read = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(read.tv_sec * 1_000_000_000 + read.tv_nsec).unwrap_or(0)
}

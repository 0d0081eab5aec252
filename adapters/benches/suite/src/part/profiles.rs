//! A random profile of very many, beside one that is alone.

use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use credlatch::{Credential, Profiles};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::case::{Case, measure};
use crate::row::Row;
use crate::store::{self, PROVIDER};
use crate::{Failure, Setup};

const PART: &str = "profiles";
const GROUP: &str = "a read, by open profiles";

/// Walks over so many by steps of a prime: it comes to all of them, and to no neighbour of the last.
struct Walk {
    count: usize,
    at: usize,
}

impl Walk {
    fn over(count: usize) -> Self {
        Self { count, at: 0 }
    }

    fn next(&mut self) -> usize {
        self.at = (self.at + 7919) % self.count;
        self.at
    }
}

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let may_open = open_as_many_as_may_be()?;
    let place = setup.on_disk()?;
    let mut rows = Vec::new();
    for count in setup.profiles.iter().copied() {
        if may_open < count + bare(count) + 64 {
            let why = format!("this process may open {may_open} files: `ulimit -Hn` says how many a process may have");
            rows.push(Row::left_out(PART, GROUP, &format!("any of {count}"), why));
            continue;
        }
        rows.extend(of(setup, &place.path().join(format!("home-{count}")), count)?);
    }
    Ok(rows)
}

/// Lets this process open as many files as it may, and says how many: each open profile has a descriptor, and so has each bare file.
fn open_as_many_as_may_be() -> Result<usize, Failure> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(limit.maximum.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX)))
}

/// Makes so many profiles, and names them.
pub fn make(home: &Path, count: usize) -> Result<Vec<String>, Failure> {
    store::open(home, "p0")?.set(PROVIDER, store::key(0))?;
    let names: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
    for name in &names[1..] {
        for kind in ["json", "lock"] {
            fs::copy(store::file(home, "p0", kind), store::file(home, name, kind))?;
        }
    }
    Ok(names)
}

/// Opens all profiles that are there, and then reads so often: the same one, or any of them in turn.
pub fn read_among(home: &Path, times: usize, is_any: bool) -> Result<(), Failure> {
    open_as_many_as_may_be()?;
    let count = fs::read_dir(home.join("profiles"))?
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|kind| kind == "json")))
        .count();
    let all = store::builder(home).profiles()?.keep_open(count);
    let names: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
    names.iter().for_each(|name| drop(read(&all, name)));
    let mut walk = Walk::over(count);
    for _ in 0..times {
        let at = walk.next();
        black_box(read(&all, &names[if is_any { at } else { 0 }]));
    }
    Ok(())
}

/// How many bare files are open beside so many profiles: fewer, because a process may have 20,000 descriptors where limits are usual.
fn bare(profiles: usize) -> usize {
    profiles * 9 / 10
}

fn of(setup: &Setup, home: &Path, count: usize) -> Result<Vec<Row>, Failure> {
    let all = store::builder(home).profiles()?.keep_open(count);
    let names = make(home, count)?;
    let words: Vec<File> = names[..bare(count)]
        .iter()
        .map(|name| File::open(store::file(home, name, "lock")))
        .collect::<io::Result<_>>()?;
    let pread = |at: usize| {
        let mut word = [0; 8];
        words[at].read_exact_at(&mut word, 0).map(|()| word).unwrap()
    };
    let (mut of_bare, mut of_open, mut of_recent) = (Walk::over(bare(count)), Walk::over(count), Walk::over(count));
    let mut visit = Visit { profiles: &all, names: &names, at: None };
    visit.all();
    let cases = vec![
        Case::quick("pread of one file", || pread(0)),
        Case::quick("pread of any file", || pread(of_bare.next())).beside("pread of one file"),
        Case::quick("current of one profile", || read(&all, "p0")).beside("pread of one file"),
        Case::quick("current of any profile", || read(&all, &names[of_open.next()])).beside("pread of any file"),
        Case::prepared(
            "current of any profile, read within the last second",
            || visit.again(),
            || read(&all, &names[of_recent.next()]),
        )
        .beside("pread of any file"),
    ];
    Ok(measure(PART, GROUP, count, setup.rounds, cases))
}

/// Whoever was not read for a second is compared with its files again; one case leaves that out.
struct Visit<'a> {
    profiles: &'a Profiles,
    names: &'a [String],
    at: Option<Instant>,
}

impl Visit<'_> {
    fn again(&mut self) {
        if self.at.is_none_or(|at| at.elapsed() > Duration::from_millis(500)) {
            self.all();
        }
    }

    fn all(&mut self) {
        for name in self.names {
            read(self.profiles, name);
        }
        self.at = Some(Instant::now());
    }
}

fn read(profiles: &Profiles, name: &str) -> Credential {
    profiles.profile(name).unwrap().current(PROVIDER).unwrap()
}

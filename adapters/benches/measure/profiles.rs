//! A random profile of very many, beside one that is alone.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use credlatch::{Credential, Profiles, Secret};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Case, Report};

const ALONE: &str = "Profiles::profile and current, one profile";
/// What can't be had cheaper: the eight bytes that say whether anybody committed, and memory that no cache holds.
const ONE_FILE: &str = "a bare pread, one file";

/// Walks over names by steps of a prime: it comes to all of them, and to no neighbour of the last.
struct Walk<'a>(&'a [String], usize);

impl<'a> Walk<'a> {
    fn next(&mut self) -> &'a str {
        self.1 = (self.1 + 7919) % self.0.len();
        &self.0[self.1]
    }
}

pub(crate) fn measure(report: &mut Report, rounds: usize, home: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    // Each open profile has a descriptor.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let (one, all, few) = (Profiles::open(home)?, Profiles::open(home)?.keep_open(count), Profiles::open(home)?);
    one.profile("p0")?.set("minimax", Secret::try_from("mm-0000000000000000000000000000000000000001")?)?;
    let names: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
    for name in &names[1..] {
        for kind in ["json", "lock"] {
            fs::copy(file(home, "p0", kind), file(home, name, kind))?;
        }
        read(&all, name);
    }
    // Fewer, because the descriptors have an end.
    let bare = &names[..count * 9 / 10];
    let files: HashMap<&str, File> =
        bare.iter().map(|name| Ok((&**name, File::open(file(home, name, "lock"))?))).collect::<io::Result<_>>()?;
    let pread = |name: &str| {
        let mut word = [0; 8];
        files[name].read_exact_at(&mut word, 0).map(|()| word).unwrap()
    };
    let (mut recent, mut any, mut closed) = (Walk(&names, 0), Walk(&names, 0), Walk(&names, 0));
    let mut read_bare = Walk(bare, 0);
    // Whoever was not read for a second is compared with its files again; one case leaves that out.
    let mut visited: Option<Instant> = None;
    let recently = |times| {
        if visited.is_none_or(|at| at.elapsed() > Duration::from_millis(500)) {
            for name in &names {
                read(&all, name);
            }
            visited = Some(Instant::now());
        }
        let began = Instant::now();
        for _ in 0..times {
            std::hint::black_box(read(&all, recent.next()));
        }
        began.elapsed()
    };
    let cases = vec![
        Case::one(ONE_FILE, || pread("p0")),
        Case::one("a bare pread, any of 9,000 files", || pread(read_bare.next())).beside(ONE_FILE),
        Case::one(ALONE, || read(&one, "p0")),
        Case::timed("… any of 10,000, all open, read within the last second", recently).beside(ALONE),
        Case::one("… any of 10,000, all open", || read(&all, any.next())).beside(ALONE),
        Case::one("… any of 10,000, 256 open", || read(&few, closed.next())).beside(ALONE),
    ];
    report.measure("profiles", rounds, cases);
    Ok(())
}

fn file(home: &Path, name: &str, kind: &str) -> PathBuf {
    home.join(format!("profiles/{name}.{kind}"))
}

fn read(profiles: &Profiles, name: &str) -> Credential {
    profiles.profile(name).unwrap().current("minimax").unwrap()
}

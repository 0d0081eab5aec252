//! The cheap check, in one pass: what generations and versions alone say.
//!
//! The store's lock orders all commits, and a generation is a commit's place in that order. So two looks at one generation
//! saw the same, a look that began after another operation returned saw its generation or a later one, versions only grow,
//! and every value that was seen had been written. A history that breaks any of this is not linearizable. The converse
//! doesn't hold, because a `set` is not told its generation: whether a lost one could be explained by some order is what
//! the [search](crate::search) finds out.

use std::collections::BTreeMap;

use crate::line::{Call, Heard, Line, Reply, View, What};

/// One pass over a history.
#[derive(Default)]
struct Pass {
    /// The highest generation that anybody was told of so far.
    told: u64,
    /// For each worker: that, when its operation began.
    floor: BTreeMap<u32, u64>,
    /// What a version is: which entry it is of, and its value.
    versions: BTreeMap<u64, (String, String, String)>,
    /// Every value that somebody was about to write.
    written: Vec<String>,
    views: BTreeMap<u64, View>,
    /// The last version of each generation that was seen.
    newest: BTreeMap<u64, u64>,
}

/// The first line that generations and versions contradict, and how.
pub(crate) fn check(lines: &[Line]) -> Result<(), (usize, String)> {
    let mut pass = Pass::default();
    let mut calls: BTreeMap<u32, Call> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        match &line.what {
            What::Began(call) => {
                pass.floor.insert(line.who, pass.told);
                calls.insert(line.who, call.clone());
                match call {
                    Call::Set { value, .. } => pass.written.push(value.clone()),
                    Call::Login { access, .. } => pass.written.push(access.clone()),
                    _ => {}
                }
            }
            What::Answered(Heard::Granted { access, .. }) => pass.written.push(access.clone()),
            What::Ended(reply) => {
                let call = calls.get(&line.who);
                pass.reply(line.who, call, reply).map_err(|why| (at, why))?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Pass {
    fn reply(&mut self, who: u32, call: Option<&Call>, reply: &Reply) -> Result<(), String> {
        match reply {
            Reply::Stored | Reply::Failed { .. } => Ok(()),
            Reply::Cleared { generation, .. } => self.at(who, *generation),
            Reply::Picked { label, version, value, generation } => {
                self.at(who, *generation)?;
                let Some(Call::Current { provider }) = call else { return Ok(()) };
                self.version(*version, (provider, label, value))
            }
            Reply::Rotated { version, value, generation } => {
                self.at(who, *generation)?;
                let Some(Call::Rotate { provider }) = call else { return Ok(()) };
                self.version(*version, (provider, "default", value))
            }
            Reply::Seen(view) => self.view(who, view),
        }
    }

    fn at(&mut self, who: u32, generation: u64) -> Result<(), String> {
        let floor = self.floor.get(&who).copied().unwrap_or(0);
        if generation < floor {
            return Err(format!("it was told of generation {generation}, and {floor} was known before it began"));
        }
        self.told = self.told.max(generation);
        Ok(())
    }

    fn version(&mut self, version: u64, (provider, label, value): (&str, &str, &str)) -> Result<(), String> {
        if !self.written.iter().rev().any(|written| written == value) {
            return Err(format!("nobody ever wrote {value}"));
        }
        let entry = (provider.to_owned(), label.to_owned(), value.to_owned());
        let known = self.versions.entry(version).or_insert_with(|| entry.clone());
        if *known == entry { Ok(()) } else { Err(format!("version {version} is {known:?} and {entry:?}")) }
    }

    fn view(&mut self, who: u32, view: &View) -> Result<(), String> {
        self.at(who, view.generation)?;
        for seen in &view.entries {
            self.version(seen.version, (&seen.provider, &seen.label, &seen.value))?;
            if seen.version > view.last_version {
                return Err(format!("version {} is newer than the newest, {}", seen.version, view.last_version));
            }
        }
        let known = self.views.entry(view.generation).or_insert_with(|| view.clone());
        if known != view {
            return Err(format!("generation {} was seen with other contents before", view.generation));
        }
        self.newest.insert(view.generation, view.last_version);
        let older = self.newest.range(..view.generation).next_back().is_none_or(|(_, last)| *last <= view.last_version);
        let newer = self.newest.range(view.generation + 1..).next().is_none_or(|(_, last)| *last >= view.last_version);
        if older && newer { Ok(()) } else { Err("versions went back while generations went on".to_owned()) }
    }
}

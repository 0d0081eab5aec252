//! What a power cut may leave: the durable part, and any of the changes since.
//!
//! Subsets are not tried one by one. What was done to one name, or to one word of the lock file, only matters by what came
//! last; so each name and each word takes each of the values it ever had since it was durable, independently of all
//! others, and that is every subset. Images that differ only in what no path leads to are one image.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::disk::{Change, FileSystem, Ino, Node, Nodes, ROOT, Slot, set_mode, set_name, write};

/// Renamings and namings that hang together by their names are tried in every subset; no operation has more than this.
const MOST_TOGETHER: usize = 12;
/// A write up to this long is one to the lock file: its aligned words are lost or kept each by itself.
pub(crate) const WORDS_MAX: usize = 24;
/// Disks write whole sectors; a long write is torn between two of them.
const SECTOR: usize = 512;

/// What names lead to after a crash.
type Names = BTreeMap<Slot, Option<Ino>>;

/// Every image that a power cut may leave now.
pub(crate) fn all(system: &FileSystem) -> BTreeSet<Nodes> {
    images(system, &name_choices(system), |_| true)
}

/// As many of them as differ in what is at this path.
pub(crate) fn of_path(system: &FileSystem, path: &Path) -> BTreeSet<Nodes> {
    let is_part = |(_, name): &Slot| path.iter().any(|part| part.to_string_lossy() == name.as_str());
    let matters = |set: &BTreeSet<Names>| set.iter().any(|names| names.keys().any(is_part));
    let choices: Vec<_> = name_choices(system).into_iter().filter(matters).collect();
    images(system, &choices, |name| path.ends_with(name))
}

fn images(system: &FileSystem, choices: &[BTreeSet<Names>], tears: impl Fn(&str) -> bool) -> BTreeSet<Nodes> {
    let mut bases = vec![system.durable.clone()];
    for set in choices {
        bases = bases.iter().flat_map(|base| set.iter().map(move |names| named(base, names))).collect();
    }
    let bases: BTreeSet<Nodes> = bases.into_iter().map(reachable).collect();
    let mut found = BTreeSet::new();
    for base in bases {
        let mut grown = vec![base.clone()];
        for file in base.iter().filter(|(_, node)| matches!(node, Node::File { .. })).map(|(ino, _)| *ino) {
            if !name_of(&base, file).is_some_and(|name| tears(&name)) {
                continue;
            }
            let contents = contents_of(system, file);
            if contents.len() > 1 {
                let with = |nodes: &Nodes, bytes: &Vec<u8>| {
                    let mut nodes = nodes.clone();
                    if let Some(Node::File { bytes: old, .. }) = nodes.get_mut(&file) {
                        *old = Arc::new(bytes.clone());
                    }
                    nodes
                };
                grown = grown.iter().flat_map(|nodes| contents.iter().map(|bytes| with(nodes, bytes))).collect();
            }
            for mode in modes_since(system, file) {
                let with = |nodes: &Nodes| {
                    let mut nodes = nodes.clone();
                    set_mode(&mut nodes, file, mode);
                    nodes
                };
                let more: Vec<_> = grown.iter().map(with).collect();
                grown.extend(more);
            }
        }
        found.extend(grown);
    }
    found
}

fn named(base: &Nodes, names: &Names) -> Nodes {
    let mut nodes = base.clone();
    for (slot, node) in names {
        set_name(&mut nodes, slot, *node);
    }
    nodes
}

fn name_of(nodes: &Nodes, ino: Ino) -> Option<String> {
    nodes.values().find_map(|node| match node {
        Node::Folder(names) => names.iter().find(|(_, other)| **other == ino).map(|(name, _)| name.clone()),
        Node::File { .. } => None,
    })
}

/// Only what a path leads to.
fn reachable(mut nodes: Nodes) -> Nodes {
    let mut kept = BTreeSet::from([ROOT]);
    let mut open = vec![ROOT];
    while let Some(at) = open.pop() {
        if let Some(Node::Folder(names)) = nodes.get(&at) {
            open.extend(names.values().filter(|ino| kept.insert(**ino)));
        }
    }
    nodes.retain(|ino, _| kept.contains(ino));
    nodes
}

/// For each group of names that hang together, what they may lead to.
fn name_choices(system: &FileSystem) -> Vec<BTreeSet<Names>> {
    let mut groups: Vec<Vec<&Change>> = Vec::new();
    for change in system.pending.iter().filter(|change| !change.slots().is_empty()) {
        let touches = |group: &Vec<&Change>| {
            group.iter().any(|other| other.slots().iter().any(|slot| change.slots().contains(slot)))
        };
        let (joined, mut rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(touches);
        let mut group: Vec<&Change> = joined.into_iter().flatten().collect();
        group.push(change);
        rest.push(group);
        groups = rest;
    }
    // Merging two groups may have lost the order of their changes; it matters.
    let at = |change: &&Change| system.pending.iter().position(|other| std::ptr::eq(other, *change));
    for group in &mut groups {
        group.sort_by_key(at);
    }
    groups.iter().map(|group| subsets(&system.durable, group)).collect()
}

fn subsets(durable: &Nodes, group: &[&Change]) -> BTreeSet<Names> {
    assert!(group.len() <= MOST_TOGETHER, "{} changes of names hang together", group.len());
    let slots: BTreeSet<&Slot> = group.iter().flat_map(|change| change.slots()).collect();
    let of = |(folder, name): &Slot| match durable.get(folder) {
        Some(Node::Folder(names)) => names.get(name).copied(),
        _ => None,
    };
    let before: Names = slots.into_iter().map(|slot| (slot.clone(), of(slot))).collect();
    let subset = |kept: u32| {
        let mut names = before.clone();
        for (_, change) in group.iter().enumerate().filter(|(at, _)| kept >> at & 1 == 1) {
            match change {
                Change::Name { slot, node } => drop(names.insert(slot.clone(), *node)),
                Change::Rename { from, to, node } => {
                    names.insert(from.clone(), None);
                    names.insert(to.clone(), Some(*node));
                }
                Change::Write { .. } | Change::Length { .. } | Change::Mode { .. } => {}
            }
        }
        names
    };
    (0..1_u32 << group.len()).map(subset).collect()
}

/// The permissions that a file got since it was durable.
fn modes_since(system: &FileSystem, file: Ino) -> BTreeSet<u32> {
    let modes = system.pending.iter().filter_map(|change| match change {
        Change::Mode { file: of, mode } if *of == file => Some(*mode),
        _ => None,
    });
    modes.collect()
}

/// What a file may hold.
fn contents_of(system: &FileSystem, file: Ino) -> BTreeSet<Vec<u8>> {
    let Some(Node::File { bytes: durable, .. }) = system.durable.get(&file) else { return BTreeSet::new() };
    let pending = system.pending.iter().filter(|change| match change {
        Change::Write { file: of, .. } | Change::Length { file: of, .. } => *of == file,
        _ => false,
    });
    let pending: Vec<&Change> = pending.collect();
    let is_small = |change: &&Change| matches!(change, Change::Write { bytes, .. } if bytes.len() <= WORDS_MAX);
    if pending.iter().all(is_small) { words(durable, &pending) } else { tears(durable, &pending) }
}

/// Every aligned word takes each value it had, independently of the others.
fn words(durable: &[u8], pending: &[&Change]) -> BTreeSet<Vec<u8>> {
    let mut values: BTreeMap<usize, BTreeSet<&[u8]>> = BTreeMap::new();
    for change in pending {
        let Change::Write { at, bytes, .. } = change else { continue };
        assert_eq!(at % 8, 0, "a write to the lock file that is not aligned");
        bytes.chunks(8).enumerate().for_each(|(word, value)| {
            values.entry(at + 8 * word).or_default().insert(value);
        });
    }
    let mut found = BTreeSet::from([durable.to_vec()]);
    for (at, values) in values {
        let with = |bytes: &Vec<u8>, value: &[u8]| {
            let mut nodes = Nodes::from([(ROOT, Node::file(bytes.clone()))]);
            write(&mut nodes, ROOT, at, value);
            match nodes.remove(&ROOT) {
                Some(Node::File { bytes, .. }) => bytes.to_vec(),
                _ => unreachable!("it was put there as a file"),
            }
        };
        let more: Vec<_> = found.iter().flat_map(|bytes| values.iter().map(|value| with(bytes, value))).collect();
        found.extend(more);
    }
    found
}

/// Every long write is lost, whole, torn in the middle with either part missing, or there in length only; every change of
/// length is lost or not.
fn tears(durable: &[u8], pending: &[&Change]) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::from([durable.to_vec()]);
    for change in pending {
        let mut more = Vec::new();
        for bytes in &found {
            match change {
                Change::Length { length, .. } => {
                    let mut bytes = bytes.clone();
                    bytes.resize(*length, 0);
                    more.push(bytes);
                }
                Change::Write { at, bytes: new, .. } => {
                    let half = if new.len() < 2 * SECTOR { new.len() / 2 } else { new.len() / 2 / SECTOR * SECTOR };
                    let mut long = bytes.clone();
                    long.resize(long.len().max(at + new.len()), 0);
                    let put = |from: usize, to: usize, length: usize| {
                        let mut torn = long.clone();
                        torn[at + from..at + to].copy_from_slice(&new[from..to]);
                        torn.truncate(length);
                        torn
                    };
                    more.push(put(0, new.len(), long.len()));
                    more.push(put(0, half, bytes.len().max(at + half)));
                    more.push(put(half, new.len(), long.len()));
                    more.push(long.clone());
                }
                Change::Mode { .. } | Change::Name { .. } | Change::Rename { .. } => {}
            }
        }
        found.extend(more);
    }
    found
}

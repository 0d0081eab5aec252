//! The disk itself: it loses what the fault model says it may, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use credlatch::file::disk::Open;

use super::disk::{file_at, find};
use super::image;
use super::machine::{Machine, World};

const A: &str = "/a";
const B: &str = "/b";

/// What may be at a path after a power cut: the contents, or nothing.
fn outcomes(world: &World, path: &str) -> BTreeSet<Option<Vec<u8>>> {
    image::all(&world.files).iter().map(|nodes| file_at(nodes, Path::new(path)).map(|bytes| bytes.to_vec())).collect()
}

/// A machine with a durable file `/a`.
fn machine(contents: &[u8]) -> std::sync::Arc<Machine> {
    let machine = Machine::new(World::new());
    let file = machine.open(Path::new(A), Open::New).unwrap();
    machine.write_at(&file, contents, 0).unwrap();
    machine.inner().world.files.settle();
    machine
}

#[test]
fn a_long_write_may_be_lost_or_torn_until_its_file_is_synced() {
    let machine = machine(&[1; 1024]);
    let file = machine.open(Path::new(A), Open::Write).unwrap();
    machine.write_at(&file, &[2; 1024], 0).unwrap();
    let head = [[2; 512], [1; 512]].concat();
    let tail = [[1; 512], [2; 512]].concat();
    assert_eq!(outcomes(&machine.world(), A), [vec![1; 1024], vec![2; 1024], head, tail].map(Some).into());
    machine.sync(&file).unwrap();
    assert_eq!(outcomes(&machine.world(), A), [Some(vec![2; 1024])].into());
}

#[test]
fn a_file_that_grew_may_have_its_length_without_its_contents() {
    let machine = machine(b"");
    let file = machine.open(Path::new(A), Open::Write).unwrap();
    machine.write_at(&file, &[2; 100], 0).unwrap();
    let outcomes = outcomes(&machine.world(), A);
    assert!(outcomes.contains(&Some(vec![0; 100])) && outcomes.contains(&Some(Vec::new())));
}

#[test]
fn words_are_never_torn_and_each_keeps_any_value_it_had() {
    let machine = machine(&[1; 16]);
    let file = machine.open(Path::new(A), Open::Write).unwrap();
    machine.write_at(&file, &[2; 16], 0).unwrap();
    machine.write_at(&file, &[3; 16], 0).unwrap();
    let word = |value: u8| [value; 8];
    let pairs = (1..=3).flat_map(|left| (1..=3).map(move |right| Some([word(left), word(right)].concat())));
    assert_eq!(outcomes(&machine.world(), A), pairs.collect());
}

#[test]
fn a_renaming_is_whole_or_not_there_until_the_directory_is_synced() {
    let machine = machine(b"a");
    machine.rename(Path::new(A), Path::new(B)).unwrap();
    let names = |nodes: &super::disk::Nodes| [A, B].map(|path| find(nodes, Path::new(path)).is_ok());
    let found: BTreeSet<_> = image::all(&machine.world().files).iter().map(names).collect();
    assert_eq!(found, [[true, false], [false, true]].into());
    machine.sync_folder(Path::new("/")).unwrap();
    assert_eq!(image::all(&machine.world().files).iter().map(names).collect::<Vec<_>>(), [[false, true]]);
}

#[test]
fn names_are_kept_or_lost_independently_of_each_other_and_of_contents() {
    let machine = Machine::new(World::new());
    let (a, b) = (machine.open(Path::new(A), Open::New).unwrap(), machine.open(Path::new(B), Open::New).unwrap());
    machine.write_at(&a, &[1; 100], 0).unwrap();
    machine.sync(&a).unwrap();
    machine.write_at(&b, &[2; 100], 0).unwrap();
    assert_eq!(outcomes(&machine.world(), A), [None, Some(vec![1; 100])].into(), "a synced file may lose its name");
    let both = image::all(&machine.world().files)
        .into_iter()
        .map(|nodes| [A, B].map(|path| find(&nodes, Path::new(path)).is_ok()));
    assert_eq!(both.collect::<BTreeSet<_>>().len(), 4);
}

#[test]
fn a_removed_file_may_come_back() {
    let machine = machine(b"a");
    machine.remove(Path::new(A)).unwrap();
    assert_eq!(outcomes(&machine.world(), A), [None, Some(b"a".to_vec())].into());
    machine.sync_folder(Path::new("/")).unwrap();
    assert_eq!(outcomes(&machine.world(), A), [None].into());
}

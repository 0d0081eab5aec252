//! Every seed, through its target, without a fuzzer.
#![cfg(unix)]

use std::fs;
use std::path::Path;

use credlatch_fuzz_targets::TARGETS;

#[test]
fn every_seed_replays() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds");
    for (name, target) in TARGETS {
        let files = fs::read_dir(seeds.join(name)).unwrap_or_else(|error| panic!("{name} has no seeds: {error}"));
        let mut count = 0;
        for file in files {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let replayed = std::panic::catch_unwind(|| target(&bytes));
            assert!(replayed.is_ok(), "replay it with: cargo +nightly fuzz run {name} {}", path.display());
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}

#[test]
fn every_target_is_built_and_seeded() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let names = |folder: &str| {
        let files = fs::read_dir(fuzz.join(folder)).unwrap().map(|file| file.unwrap().path());
        let mut names: Vec<String> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let mut known: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(names("fuzz_targets"), known);
    assert_eq!(names("seeds"), known);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let built: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")).collect();
    let mut built: Vec<&str> = built.iter().filter_map(|file| file.strip_suffix(".rs\"")).collect();
    built.sort_unstable();
    assert_eq!(built, known, "each has a `[[bin]]`");
}

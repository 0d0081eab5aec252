//! Thousands of profiles: what is open stays bounded. A process of its own, because descriptors are the process's.
#![cfg(target_os = "linux")]

use std::fs;

use credlatch::{Profiles, Secret};

const PROFILES: usize = 10_000;
const KEPT: usize = 64;

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn ten_thousand_profiles_are_served_with_few_descriptors() {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::open(place.path()).unwrap().keep_open(KEPT);
    profiles.profile("p0").unwrap().set("minimax", Secret::try_from("mm-key").unwrap()).unwrap();
    let folder = place.path().join("profiles");
    for number in 1..PROFILES {
        for kind in ["json", "lock"] {
            fs::copy(folder.join(format!("p0.{kind}")), folder.join(format!("p{number}.{kind}"))).unwrap();
        }
    }
    assert_eq!(profiles.list().unwrap().len(), PROFILES);
    let before = descriptors();
    let in_use = profiles.profile("p7").unwrap();
    let mut most = 0;
    // Steps of a prime visit all of them, far from their neighbours.
    for number in (0..PROFILES).map(|turn| turn * 7919 % PROFILES) {
        let latch = profiles.profile(&format!("p{number}")).unwrap();
        assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-key");
        drop(latch);
        most = most.max(descriptors());
    }
    assert!(most <= before + KEPT + 8, "{most} descriptors, {before} before");
    assert!(profiles.count_open() <= KEPT + 1);
    assert!(in_use.current("minimax").is_ok(), "what somebody holds is open");
}

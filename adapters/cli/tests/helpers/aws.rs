//! AWS clients, with credlatch as their `credential_process`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::guide::{self, block};
use crate::helper::{Said, said};
use crate::needs::found;
use crate::world::World;

const KEYS: &str = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// What botocore, the library under the AWS command line and boto3, makes of the profile.
const SCRIPT: &str = "
import json, botocore.session
keys = botocore.session.Session(profile='ours').get_credentials()
frozen = keys.get_frozen_credentials()
print(json.dumps([keys.method, frozen.access_key, frozen.secret_key, frozen.token]))
";

/// A Python that has botocore.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("CREDLATCH_AWS_VENV").map(PathBuf::from);
    let nearby = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/aws/.venv");
    let pythons = [named, Some(nearby)].into_iter().flatten().map(|venv| venv.join("bin/python"));
    let what = "a venv with tests/peers/aws/requirements.txt, named by CREDLATCH_AWS_VENV";
    found(pythons.into_iter().find(|python| python.exists()), what)
}

fn botocore(world: &World, python: &Path) -> Said {
    world.write("config", &block(guide::AWS).replace("NAME", "ours"));
    let mut python = world.theirs(python, &["-c", SCRIPT]);
    python.env("AWS_CONFIG_FILE", world.path("config")).env("AWS_EC2_METADATA_DISABLED", "true");
    said(&mut python)
}

#[test]
fn aws_botocore_reads_the_keys_and_the_ones_that_replaced_them() {
    let Some(python) = python() else { return };
    let world = World::new(KEYS);
    let (id, key) = KEYS.split_once(':').unwrap();
    assert_eq!(botocore(&world, &python).json(), json!(["custom-process", id, key, null]));
    world.set("ASIAEXAMPLE:secret/2:session+3==");
    assert_eq!(botocore(&world, &python).json(), json!(["custom-process", "ASIAEXAMPLE", "secret/2", "session+3=="]));
}

#[test]
fn aws_botocore_is_told_when_session_keys_end_and_why_there_are_none() {
    let Some(python) = python() else { return };
    let world = World::new("sk-no-keys-hush");
    let none = botocore(&world, &python);
    assert!(none.status != 0 && none.err.contains("is not the keys of an AWS account"), "{}", none.err);
    assert!(!none.err.contains("hush"), "{}", none.err);

    assert_eq!(world.say(&["clear", "forge"]).status, 0);
    let ends = r#"{"access_token":"ASIAEXAMPLE:secret:session","expires_in":3600}"#;
    assert_eq!(world.feed(&["set", "forge", "--kind", "oauth"], ends).status, 0);
    assert_eq!(botocore(&world, &python).json()[3], "session");
    let answer: Value = world.say(&["helper", "aws", "forge"]).json();
    assert!(answer["Expiration"].as_str().is_some_and(|end| end.ends_with('Z')), "{answer}");
    assert_eq!(answer["Version"], 1);
}

//! `.env` files: what is read is what every program would read, and a rewrite touches only what it names.

use credlatch::Secret;
use credlatch_core::dotenv::{Assignment, DotenvError, parse, rewrite};

/// The first line is a variable's name, the second a secret, the rest a file.
///
/// # Panics
/// If a promise is broken.
pub fn dotenv(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let ([key, value], file) = crate::head_lines(text);
    let before = parse(file).assignments;
    let same = rewrite(file, &[], &[]).expect("a file can be left as it is");
    assert_eq!(*same, file, "a rewrite that names nothing changed something");

    if let Ok(removed) = rewrite(file, &[key], &[]) {
        let after = parse(&removed).assignments;
        assert!(after.iter().all(|own| own.key != key), "a removed variable is still there");
        same_others(&before, &after, key);
    }
    let Ok(secret) = Secret::try_from(value) else { return };
    match rewrite(file, &[], &[(key, &secret)]) {
        Ok(set) => {
            let after = parse(&set).assignments;
            let own: Vec<&Assignment> = after.iter().filter(|own| own.key == key).collect();
            assert!(own.len() == 1 && *own[0].value == secret.expose_secret(), "it reads back as something else");
            same_others(&before, &after, key);
            let again = rewrite(&set, &[], &[(key, &secret)]).expect("a second rewrite works like the first");
            assert!(*again == *set, "setting twice is not setting once");
        }
        // Nothing but the name that was given and the number of a line, so no secret.
        Err(
            DotenvError::BadKey(told)
            | DotenvError::BadValue(told)
            | DotenvError::Hidden { key: told, .. }
            | DotenvError::NotRead { key: told, .. },
        ) => assert_eq!(told, key, "an error tells something else than the name"),
    }
}

fn same_others(before: &[Assignment], after: &[Assignment], key: &str) {
    let others = |all: &[Assignment]| -> Vec<(String, String)> {
        let others = all.iter().filter(|own| own.key != key);
        others.map(|own| (own.key.clone(), own.value.to_string())).collect()
    };
    assert!(others(before) == others(after), "another variable changed");
}

//! What a person types: secrets, labels, and the names of profiles and providers.

use std::path::{Component, Path};

use credlatch::{Label, Profile, ProviderId, Secret};
use http::HeaderMap;

/// The start of a real key: wherever it stands, the text is no name.
const MARK: &str = "sk-ant-api03-";

/// Any text as each of them.
///
/// # Panics
/// If a promise is broken.
pub fn secret(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    is_a_secret(text);
    if let Ok(label) = Label::new(text) {
        assert_eq!(label.as_str(), text.trim());
        assert!(!label.as_str().is_empty() && !label.as_str().contains(char::is_control));
        assert_eq!(Label::new(label.as_str()), Ok(label));
    }
    if let Ok(profile) = Profile::new(text) {
        let file = format!("{profile}.json");
        let mut parts = Path::new(&file).components();
        assert!(matches!(parts.next(), Some(Component::Normal(name)) if name == &*file), "{file} is a path");
        assert!(parts.next().is_none(), "{file} is a path");
    }
    if let Ok(provider) = ProviderId::new(text) {
        assert_eq!(ProviderId::new(provider.as_str()), Ok(provider));
    }
    if let Err(unknown) = crate::memory().current(text) {
        let told = format!("{unknown} {unknown:?} {}", unknown.remedy());
        assert!(!text.contains(MARK) || !told.contains(MARK), "a key in the place of a name is told: {told}");
    }
}

fn is_a_secret(text: &str) {
    let secret = match Secret::try_from(text) {
        Ok(secret) => secret,
        Err(bad) => {
            let told = format!("{bad} {bad:?}");
            assert!(text.trim().len() < 12 || !told.contains(text.trim()), "an error quotes what was typed: {told}");
            return;
        }
    };
    let exposed = secret.expose_secret();
    assert_eq!(exposed, text.trim(), "more than white space was taken away");
    assert!(!exposed.is_empty() && exposed.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    assert!(Secret::try_from(exposed).is_ok_and(|again| again == secret));

    let latch = crate::memory();
    if let Err(refused) = latch.set("minimax", secret.clone()) {
        let told = format!("{refused} {refused:?} {}", refused.remedy());
        assert!(exposed.len() < 12 || !told.contains(exposed), "an error quotes what was given: {told}");
    }
    latch.set_verbatim("minimax", &Label::default(), secret.clone()).expect("memory takes it");
    let credential = latch.current("minimax").expect("it is stored");
    let mut headers = HeaderMap::new();
    credential.authorize(&mut headers);
    let sent = headers["authorization"].to_str().expect("a secret is printable");
    assert_eq!(sent.strip_prefix("Bearer "), Some(exposed), "something else would be sent");
    if exposed.len() >= 24 {
        let state = latch.status().expect("memory is there").state;
        let told = format!("{credential:?} {secret:?} {latch:?} {headers:?} {state:?}");
        assert!(!told.contains(exposed), "a secret is told");
    }
}

//! The id that the installation of an operating system gives a machine (machine-id(5)): a cloned disk keeps it until somebody
//! makes a new one. It is told to people and decides nothing.

use std::sync::OnceLock;

use credlatch_core::fingerprint::digest;
use credlatch_core::secret::Fingerprint;

/// Where it is.
const PATH: &str = "/etc/machine-id";

/// The id of this machine, if it has one: it can't change under a running process that matters.
static ID: OnceLock<Option<String>> = OnceLock::new();

/// A digest of the machine's id for this purpose: the id itself is confidential and stays where it is.
pub(crate) fn known_by(purpose: &str) -> Option<Fingerprint> {
    let id = ID.get_or_init(|| std::fs::read_to_string(PATH).ok().and_then(|text| id_in(&text)));
    id.as_ref().map(|id| digest(&["machine", purpose, id]))
}

/// An id is 32 hexadecimal digits; a system that has yet to be set up says `uninitialized`.
fn id_in(text: &str) -> Option<String> {
    let id = text.trim();
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_form_of_an_id_is_one() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(id_in(&format!("{id}\n")).as_deref(), Some(id));
        for none in ["", "uninitialized\n", "0123456789abcdef", "0123456789abcdef0123456789abcdeg"] {
            assert_eq!(id_in(none), None, "{none}");
        }
        assert_eq!(known_by("a").is_some(), known_by("b").is_some());
        assert!(
            known_by("a").is_none() || known_by("a") != known_by("b"),
            "nobody compares what is kept for two stores"
        );
    }
}

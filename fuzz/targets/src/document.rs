//! The stored document: whatever bytes are in the file, a load says what is wrong with them and quotes no secret.

use credlatch::file::rewrite_document;
use credlatch_core::law;

use crate::mute::mute;

/// Where a document holds secrets.
const SECRET_FIELDS: &[&str] = &["api_key", "access", "refresh", "device_code", "verifier"];

/// Any bytes as a document: parsing never panics; what parses is written back, and reads the same again.
///
/// # Panics
/// If a promise is broken.
pub fn document(bytes: &[u8]) {
    match rewrite_document(bytes) {
        Ok((state, written)) => {
            let (again, rewritten) = rewrite_document(&written).expect("what was written is read back");
            assert!(again == state, "a document does not survive being written");
            assert_eq!(*rewritten, *written, "writing twice writes something else");
            let lawful = law::check_state(&state).map_err(|broken| broken.to_string());
            mute(SECRET_FIELDS, bytes, &format!("{state:?} {lawful:?}"));
        }
        Err(error) => {
            assert!(!error.what.is_empty() && !error.remedy.is_empty());
            mute(SECRET_FIELDS, bytes, &format!("{error} {error:?}"));
        }
    }
}

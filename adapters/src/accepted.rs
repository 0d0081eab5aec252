//! What a person agreed to: the hosts to which a row of a provider file may send credentials. It lies in the home, in a
//! file of its own, and names the hosts themselves, so that a row which names others later is asked about again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::name::ProviderId;
use credlatch_core::origin::Origin;
use credlatch_core::provider::Provider;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::whole::whole;
use crate::{private_file, trusted};

/// The file's name in the home.
const NAME: &str = "accepted.json";
/// The form that this version writes.
const VERSION: u64 = 1;

/// The rows of a home that a person agreed to.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    file: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Record {
    version: u64,
    #[serde(default)]
    accepted: BTreeMap<ProviderId, BTreeSet<Origin>>,
}

impl Accepted {
    pub(crate) fn in_home(home: &Path) -> Self {
        let home = whole(home.to_owned());
        Self { file: home.join(NAME) }
    }

    /// Whether a person agreed to exactly the hosts that the row names now. What can't be read is no word of anybody.
    pub(crate) fn holds(&self, row: &Provider) -> bool {
        self.load().is_ok_and(|record| record.accepted.get(&row.id) == Some(&row.origins()))
    }

    /// Remembers that a person agrees to the hosts that the row names now, and to no others that were agreed to before. Two
    /// at the same time may lose one of the two, which is then asked for again.
    pub(crate) fn add(&self, row: &Provider) -> Result<(), Error> {
        let mut record = self.load()?;
        record.accepted.insert(row.id.clone(), row.origins());
        self.save(&record).map_err(|error| {
            let what = format!("{} could not be written: {error}", self.file.display());
            Error::new(ErrorKind::Other, what, "look at the directory and its file system, then try again")
        })
    }

    fn load(&self) -> Result<Record, Error> {
        let refuse = |what: String, remedy: &str| Err(Error::new(ErrorKind::Unreadable, what, remedy));
        let path = self.file.display();
        match trusted::read(&self.file) {
            Ok(None) => Ok(Record { version: VERSION, accepted: BTreeMap::new() }),
            Ok(Some(text)) => match serde_json::from_str::<Record>(&text) {
                Ok(record) if record.version == VERSION => Ok(record),
                Ok(_) => refuse(format!("{path} was written by a newer version"), "use that version"),
                Err(_) => refuse(format!("{path} can't be read"), "remove it; what was accepted is asked for again"),
            },
            Err(distrust) => refuse(distrust.what, &distrust.remedy),
        }
    }

    fn save(&self, record: &Record) -> io::Result<()> {
        private_file::replace(&self.file, &serde_json::to_vec_pretty(record)?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn row(base: &str) -> Provider {
        serde_json::from_str(&format!(r#"{{"id":"acme","base_urls":{{"own":"{base}"}}}}"#)).unwrap()
    }

    #[test]
    fn what_was_agreed_to_holds_for_exactly_the_hosts_that_were_named() {
        let folder = crate::testing::folders::tempdir();
        let home = folder.path().join("a/home");
        let accepted = Accepted::in_home(&home);
        let (one, other) = (row("https://one.example"), row("https://other.example"));
        assert!(!accepted.holds(&one));
        accepted.add(&one).unwrap();
        assert!(accepted.holds(&one) && !accepted.holds(&other));
        assert!(accepted.holds(&row("https://ONE.example/v2")), "the same host");
        accepted.add(&other).unwrap();
        assert!(accepted.holds(&other) && !accepted.holds(&one), "a later change asks again, a change back too");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&home), mode(&home.join(NAME))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&home).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn what_others_could_have_written_is_no_word_of_the_person() {
        let folder = crate::testing::folders::tempdir();
        let accepted = Accepted::in_home(folder.path());
        accepted.add(&row("https://one.example")).unwrap();
        fs::set_permissions(&accepted.file, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!accepted.holds(&row("https://one.example")));
        assert!(accepted.add(&row("https://one.example")).unwrap_err().remedy().contains("chmod"));
        fs::set_permissions(&accepted.file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&accepted.file, "{").unwrap();
        assert!(!accepted.holds(&row("https://one.example")));
    }
}

//! Which hosts a row of the field named when something was stored for its provider. A provider file may take the place of
//! such a row without a word, as it could before the row shipped; but what was stored for the one that ships is not sent
//! elsewhere by it. It lies in the home, a file a provider, so that two who write at the same time lose nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use credlatch_core::name::ProviderId;
use credlatch_core::origin::Origin;
use credlatch_core::provider::Provider;

use crate::error::{Error, ErrorKind};
use crate::whole::whole;
use crate::{private_file, trusted};

/// The directory's name in the home.
const NAME: &str = "shipped";

/// The notes of a home.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    folder: PathBuf,
}

impl Noted {
    pub(crate) fn in_home(home: &Path) -> Self {
        let home = whole(home.to_owned());
        Self { folder: home.join(NAME) }
    }

    /// The hosts for which something was stored while the row that ships was in use; `None` if nothing was. A note that
    /// can't be read, or that others could have written, says that something was stored, and vouches for no host.
    pub(crate) fn hosts(&self, id: &ProviderId) -> Option<BTreeSet<Origin>> {
        match trusted::read(&self.file(id)) {
            Ok(text) => Some(serde_json::from_str(&text?).unwrap_or_default()),
            Err(_) => Some(BTreeSet::new()),
        }
    }

    /// Notes the hosts of a row that ships, before something is stored for its provider.
    pub(crate) fn add(&self, row: &Provider) -> Result<(), Error> {
        let (file, hosts) = (self.file(&row.id), row.origins());
        if self.hosts(&row.id).as_ref() == Some(&hosts) {
            return Ok(());
        }
        let written = serde_json::to_vec(&hosts).map_err(Into::into);
        written.and_then(|bytes| private_file::replace(&file, &bytes)).map_err(|error| {
            let what = format!("{} could not be written: {error}; nothing was stored", file.display());
            Error::new(ErrorKind::Other, what, "look at the directory and its file system, then try again")
        })
    }

    fn file(&self, id: &ProviderId) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_note_says_for_which_hosts_something_was_stored_and_one_of_others_vouches_for_none() {
        let folder = crate::testing::folders::tempdir();
        let noted = Noted::in_home(folder.path());
        let row: Provider =
            serde_json::from_str(r#"{"id":"acme.ai","base_urls":{"openai":"https://one.example/v1"}}"#).unwrap();
        assert_eq!(noted.hosts(&row.id), None);
        noted.add(&row).unwrap();
        assert_eq!(noted.hosts(&row.id), Some(row.origins()));
        let file = noted.file(&row.id);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(noted.hosts(&row.id), Some(BTreeSet::new()));
        noted.add(&row).unwrap();
        assert_eq!(noted.hosts(&row.id), Some(row.origins()));
        fs::write(&file, "{").unwrap();
        assert_eq!(noted.hosts(&row.id), Some(BTreeSet::new()));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }
}

//! Rows of a provider file that move a shipped provider to other hosts are used only after a person said so.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use credlatch_core::name::ProviderId;
use credlatch_core::origin::Origin;
use credlatch_core::provider::{Provider, Replaced, Table};

use super::Latch;
use crate::accepted::Accepted;
use crate::error::{Error, ErrorKind};
use crate::noted::Noted;

/// What a latch knows of the rows that a file brought.
#[derive(Default)]
pub(super) struct Guard {
    file: Option<PathBuf>,
    /// Whose rows the program gives, and not the file.
    own: Vec<ProviderId>,
    accepted: Option<Accepted>,
    noted: Option<Noted>,
    /// The rows that move a well-known provider.
    moved: Vec<Moved>,
    /// The rows that took the place of one of the field with other hosts.
    taken: Vec<Moved>,
}

struct Moved {
    id: ProviderId,
    /// A word that was given holds as long as the latch, whose rows don't change; so it is looked for once.
    is_accepted: OnceLock<()>,
}

impl Guard {
    /// The home is where what a person agreed to lies; a store in memory has none.
    pub(super) fn new(table: &Table, file: Option<PathBuf>, home: Option<&Path>) -> Self {
        Self {
            file,
            own: Vec::new(),
            accepted: home.map(Accepted::in_home),
            noted: home.map(Noted::in_home),
            moved: Moved::all(table.replacements()),
            taken: Moved::all(table.taken_places()),
        }
    }

    /// Tells the rows that the program gives from those of a file. Where only this program stores anything, its word is enough.
    pub(super) fn knowing(mut self, own: Vec<ProviderId>, is_in_memory: bool) -> Self {
        if is_in_memory {
            self.moved.retain(|moved| !own.contains(&moved.id));
            self.taken.retain(|taken| !own.contains(&taken.id));
        }
        Self { own, ..self }
    }

    /// Notes, before anything is stored for a provider whose row is the field's, where that row sends it.
    pub(super) fn note(&self, table: &Table, provider: &ProviderId) -> Result<(), Error> {
        match (&self.noted, table.in_field(provider)) {
            (Some(noted), Some(row)) => noted.add(row),
            _ => Ok(()),
        }
    }

    /// Refuses a row that moves a well-known provider, or what was stored for one of the field, until a person agreed.
    #[inline]
    pub(super) fn check(&self, table: &Table, row: &Provider) -> Result<(), Error> {
        if self.moved.is_empty() && self.taken.is_empty() { Ok(()) } else { self.look_up(table, row) }
    }

    fn look_up(&self, table: &Table, row: &Provider) -> Result<(), Error> {
        let taken = || self.taken.iter().find(|taken| taken.id == row.id && self.has_moved(row));
        let Some(moved) = self.moved.iter().find(|moved| moved.id == row.id).or_else(taken) else { return Ok(()) };
        if moved.is_accepted.get().is_some() {
            return Ok(());
        }
        if self.accepted.as_ref().is_some_and(|accepted| accepted.holds(row)) {
            let _ = moved.is_accepted.set(());
            return Ok(());
        }
        let replaced = table.replacements().chain(table.taken_places()).find(|replaced| replaced.row.id == row.id);
        Err(replaced.map_or_else(|| Error::missing(row), |replaced| held_back(&replaced, &self.place_of(row))))
    }
}

impl Guard {
    /// Where a row is written that doesn't ship.
    fn place_of(&self, row: &Provider) -> String {
        match &self.file {
            _ if self.own.contains(&row.id) => "this program".to_owned(),
            Some(file) => file.display().to_string(),
            None => "a provider file".to_owned(),
        }
    }

    /// Whether something was stored for the row of the field whose place this one took, and this one would send it to a host
    /// that the other didn't name then. Another process may store it at any time, so it is looked for each time.
    fn has_moved(&self, row: &Provider) -> bool {
        let noted = self.noted.as_ref().and_then(|noted| noted.hosts(&row.id));
        noted.is_some_and(|hosts| !row.origins().is_subset(&hosts))
    }
}

impl Moved {
    fn all<'a>(replaced: impl Iterator<Item = Replaced<'a>>) -> Vec<Self> {
        let moved = replaced.filter(|replaced| !replaced.new_origins().is_empty());
        moved.map(|replaced| Self { id: replaced.row.id.clone(), is_accepted: OnceLock::new() }).collect()
    }
}

impl Latch {
    /// Whether a row of the provider file may not be used yet, and why.
    #[cfg(feature = "doctor")]
    pub(crate) fn is_held_back(&self, row: &Provider) -> Option<Error> {
        self.0.guard.check(&self.0.table, row).err()
    }

    /// The provider file whose rows it uses.
    #[cfg(feature = "doctor")]
    pub(crate) fn provider_file(&self) -> Option<&Path> {
        self.0.guard.file.as_deref()
    }

    /// How far the provider's row reaches, for whom it asks for tokens.
    #[cfg(feature = "doctor")]
    pub(crate) fn reach(&self, provider: &ProviderId) -> Option<credlatch_core::origin::Reach> {
        self.0.issuer.reach(provider)
    }

    /// Agrees to the hosts that the provider's row names now: they may be sent what is stored for the provider, in every
    /// profile of this home. A row that names others later is asked about again. Returns those hosts.
    ///
    /// A person should have said so. A row needs it that moves a shipped provider, and one that sends a login elsewhere
    /// than it came from.
    ///
    /// # Errors
    /// The provider is unknown, or what is agreed to can't be written down.
    pub fn accept_hosts(&self, provider: &str) -> Result<Vec<Origin>, Error> {
        let row = self.known(provider)?;
        let Some(accepted) = &self.0.guard.accepted else {
            let what = "a store in memory has no place to remember what was accepted";
            return Err(Error::new(ErrorKind::Usage, what, "open a store on disk"));
        };
        accepted.add(row)?;
        Ok(row.origins().into_iter().collect())
    }
}

fn held_back(replaced: &Replaced<'_>, place: &str) -> Error {
    let id = &replaced.row.id;
    let what = format!(
        "the row of {id} in {place} would send its credentials to {}, and the row that ships to {}; nothing was sent",
        list(&replaced.new_origins()),
        list(&replaced.shipped.origins()),
    );
    let remedy =
        format!("if that is meant, agree to it: `credlatch providers --accept {id}`; if not, take the row out");
    Error::new(ErrorKind::Usage, what, remedy)
}

/// Origins as people read them.
pub(crate) fn list<'a>(origins: impl IntoIterator<Item = &'a Origin>) -> String {
    let all: Vec<_> = origins.into_iter().map(Origin::as_str).collect();
    if all.is_empty() { "no host".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Secret};

    #[test]
    fn a_word_that_was_given_once_counts_in_every_profile_and_in_latches_that_are_open() {
        let folder = crate::testing::folders::tempdir();
        let file = folder.path().join("providers.json");
        let row = r#"{"providers":[{"id":"openai","base_urls":{"openai":"https://gate.example/v1"}}]}"#;
        std::fs::write(&file, row).unwrap();
        let profiles = Latch::builder().home(folder.path().join("home")).providers(&file).profiles().unwrap();
        let (alice, bob) = (profiles.profile("alice").unwrap(), profiles.profile("bob").unwrap());
        let key = || Secret::try_from("sk-1").unwrap();
        for latch in [&alice, &bob] {
            let refused = latch.set("openai", key()).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Usage);
            for told in ["https://gate.example", "https://api.openai.com", "providers.json"] {
                assert!(refused.message().contains(told), "{refused}");
            }
            assert!(refused.remedy().contains("`credlatch providers --accept openai`"));
            assert!(latch.set("groq", key()).is_ok(), "another provider");
        }
        let hosts = alice.accept_hosts("openai").unwrap();
        assert_eq!(list(&hosts), "https://gate.example");
        for latch in [&alice, &bob] {
            latch.set("openai", key()).unwrap();
            assert!(latch.current("openai").is_ok());
        }
    }

    #[test]
    fn a_store_in_memory_has_no_place_for_a_word() {
        assert_eq!(Latch::in_memory().accept_hosts("openai").unwrap_err().kind(), ErrorKind::Usage);
    }
}

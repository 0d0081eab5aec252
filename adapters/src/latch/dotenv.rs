//! A clear that also takes a provider's variables out of a `.env` file: both happen, or neither.
//!
//! The new file is written and synced first, so what can fail fails before anything has changed. The commit that clears
//! says what is owed to the file; then comes the rename, and a commit that crosses the debt out. Whoever changes the
//! profile after a crash pays what is still owed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use credlatch_core::Event;
use credlatch_core::clear::Clear;
use credlatch_core::provider::Provider;
use credlatch_core::state::State;

use super::siblings::Siblings;
use super::{Cleared, Inner, Latch, debts};
use crate::env::{self, Prepared, Renamed};
use crate::error::{Error, ErrorKind};

impl Latch {
    /// [`Latch::clear`], and every line of a `.env` file that sets one of the provider's credential variables goes too.
    /// Other lines, comments and their order stay. A file that isn't there has nothing to lose.
    ///
    /// # Errors
    /// The provider is unknown, or the file can't be read, understood or rewritten, or the store can't be written; then
    /// nothing is cleared, neither here nor there. If the file fails after the store has committed, the error says so, and
    /// the next change of the profile does what is left.
    pub fn clear_with_dotenv(&self, provider: &str, file: &Path) -> Result<Cleared, Error> {
        let row = self.known(provider)?;
        let variables: Vec<_> = row.credential_names().collect();
        self.clear_both(Clear::Provider(row.id.clone()), file, &variables)
    }

    /// [`Latch::clear_all`], and every line of a `.env` file that sets a credential variable of a well-known provider, of
    /// one in the provider file or of one that something is stored for goes too.
    ///
    /// # Errors
    /// As [`Latch::clear_with_dotenv`].
    pub fn clear_all_with_dotenv(&self, file: &Path) -> Result<Cleared, Error> {
        let (table, status) = (self.providers(), self.status()?);
        let stored = status.state.providers.keys().filter_map(|id| table.in_field(id));
        let variables: Vec<_> = table.providers().chain(stored).flat_map(Provider::credential_names).collect();
        self.clear_both(Clear::Everything, file, &variables)
    }

    fn clear_both(&self, clear: Clear, file: &Path, variables: &[&str]) -> Result<Cleared, Error> {
        let Some(prepared) = env::prepare(file, variables, env::PATIENCE)? else { return self.take_away(clear) };
        let owed = prepared.meant().clone();
        let cleared = self.0.engine.clear_owing(clear, owed.clone())?;
        let others = Siblings::new(&self.0.inner);
        pay(prepared).map_err(|why| {
            Error::new(
                ErrorKind::Other,
                format!("the store is cleared, but {}", why.written_message()),
                format!(
                    "{}; the next change of this profile, or `credlatch purge`, does what is left",
                    why.written_remedy()
                ),
            )
        })?;
        // If this fails the debt stands, and whoever pays it again finds nothing to do.
        let _ = self.0.engine.transact(&[Event::RewriteDone(owed.clone())]);
        let variables = owed.variables.into_iter().map(|(name, _)| name).collect();
        Ok(Cleared { variables, ..self.cleared(cleared, others) })
    }
}

/// Pays what a clear that died still owes to `.env` files. A file that somebody holds is left to them; one that can't
/// be rewritten now stays owed. So does one whose disk doesn't answer: the change that this is called for doesn't wait
/// for it.
pub(super) fn rewrite_what_is_owed(inner: &Arc<Inner>, state: &State) {
    if !state.rewrites.is_empty() {
        debts::pay(inner, &state.rewrites, |owed| env::redo(owed, Duration::ZERO).is_ok());
    }
}

/// The same, where the state after a change is not at hand.
pub(super) fn pay_debts(inner: &Arc<Inner>) {
    if let Ok(snapshot) = inner.engine.snapshot() {
        rewrite_what_is_owed(inner, &snapshot.state);
    }
}

fn pay(prepared: Prepared) -> Result<(), Error> {
    Ok(prepared.commit().and_then(Renamed::confirm)?)
}

#[cfg(all(test, feature = "file"))]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use credlatch_core::put::PutMode;

    use super::*;
    use crate::Profile;

    const TEXT: &str = "# mine\nMINIMAX_API_KEY=mm-old\n\nexport MINIMAX_API_KEY=mm-older\nOTHER=value\n";
    const LEFT: &str = "# mine\n\nOTHER=value\n";

    struct Home {
        folder: tempfile::TempDir,
        file: PathBuf,
    }

    impl Home {
        /// A home that has imported the key of a `.env` file.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(".env");
            fs::write(&file, TEXT).unwrap();
            let home = Self { folder, file };
            let latch = home.open();
            let found = env::dotenv_file::import(&home.file, latch.providers(), None).unwrap().unwrap().found;
            latch.import(found, PutMode::Bulk).unwrap();
            assert!(latch.current("minimax").is_ok());
            home
        }

        fn open(&self) -> Latch {
            let home = self.folder.path().join("home");
            Latch::builder().home(home).profile(Profile::new("default").unwrap()).open().unwrap()
        }

        fn text(&self) -> String {
            fs::read_to_string(&self.file).unwrap()
        }

        fn debts(&self) -> usize {
            self.open().status().unwrap().state.rewrites.len()
        }

        /// A process that clears and dies after its commit.
        fn clear_and_die(&self) {
            let latch = self.open();
            let row = latch.provider("minimax").unwrap();
            let variables: Vec<_> = row.credential_names().collect();
            let prepared = env::prepare(&self.file, &variables, env::PATIENCE).unwrap().unwrap();
            let clear = Clear::Provider(row.id.clone());
            latch.0.engine.clear_owing(clear, prepared.meant().clone()).unwrap();
        }
    }

    #[test]
    fn report_1736_e_one_call_clears_the_store_and_the_file() {
        let home = Home::new();
        let latch = home.open();
        let cleared = latch.clear_with_dotenv("minimax", &home.file).unwrap();
        assert_eq!(cleared.variables(), ["MINIMAX_API_KEY", "MINIMAX_API_KEY"]);
        assert_eq!(cleared.entries().len(), 1);
        assert_eq!((home.text().as_str(), home.debts()), (LEFT, 0));
        assert_eq!(latch.current("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
        let again = latch.clear_all_with_dotenv(&home.file).unwrap();
        assert!(again.variables().is_empty() && again.entries().is_empty());
    }

    #[test]
    fn report_1736_d_a_file_that_cannot_be_rewritten_fails_the_whole_clear() {
        let home = Home::new();
        fs::hard_link(&home.file, home.folder.path().join("other-name")).unwrap();
        let latch = home.open();
        let error = latch.clear_with_dotenv("minimax", &home.file).unwrap_err();
        assert!(error.message().contains("hard links"), "{error}");
        assert!(latch.current("minimax").is_ok(), "nothing is half cleared");
        assert_eq!((home.text().as_str(), home.debts()), (TEXT, 0));
    }

    #[test]
    fn report_1736_what_a_clear_that_died_owes_is_paid_by_the_next_change() {
        let home = Home::new();
        home.clear_and_die();
        assert_eq!((home.text().as_str(), home.debts()), (TEXT, 1));
        home.open().purge().unwrap();
        assert_eq!((home.text().as_str(), home.debts()), (LEFT, 0));
    }

    #[test]
    fn report_1736_another_clear_pays_it_too() {
        let home = Home::new();
        home.clear_and_die();
        let _ = home.open().clear("openai").unwrap();
        assert_eq!((home.text().as_str(), home.debts()), (LEFT, 0));
    }

    #[test]
    fn report_1736_what_was_written_after_the_clear_stays() {
        let home = Home::new();
        home.clear_and_die();
        fs::write(&home.file, TEXT.replace("mm-old\n", "mm-newer\n")).unwrap();
        home.open().purge().unwrap();
        assert_eq!((home.text().as_str(), home.debts()), ("# mine\nMINIMAX_API_KEY=mm-newer\n\nOTHER=value\n", 0));
    }

    #[test]
    fn what_cannot_be_paid_now_stays_owed() {
        let home = Home::new();
        home.clear_and_die();
        let second_name = home.folder.path().join("other-name");
        fs::hard_link(&home.file, &second_name).unwrap();
        home.open().purge().unwrap();
        assert_eq!((home.text().as_str(), home.debts()), (TEXT, 1));
        fs::remove_file(second_name).unwrap();
        home.open().set("openai", crate::Secret::try_from("sk-other".to_owned()).unwrap()).unwrap();
        assert_eq!((home.text().as_str(), home.debts()), (LEFT, 0));
    }
}

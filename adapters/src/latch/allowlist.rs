//! The profile's list of variables that its children inherit whatever they are.

use credlatch_core::allowlist::{Allow, MAX_ALLOWED, VariableName};
use credlatch_core::machine::{Event, Verdict};
use credlatch_core::provider::sniff;

use super::Latch;
use crate::error::{Error, ErrorKind};

impl Latch {
    /// Lets variables of these names reach every child that is planned for from this profile, or no longer. Where one would
    /// decide which credential a child uses, that child doesn't get it all the same. Returns whether that changed the list.
    ///
    /// # Errors
    /// No variable can have such a name, the list is full, or the store can't be written.
    pub fn allow(&self, names: &[&str], allowed: bool) -> Result<bool, Error> {
        let event = |name: &&str| match VariableName::new(name) {
            // A key that was typed in the place of a name is neither kept nor shown.
            Ok(_) if !sniff::tokens(self.providers(), name).is_empty() => {
                let what = "that begins like a credential, and is no variable's name";
                Err(Error::new(ErrorKind::Usage, what, "give the variable's name, without its value"))
            }
            Ok(name) => Ok(Event::Allow(Allow { name, allowed })),
            Err(bad) => {
                Err(Error::new(ErrorKind::Usage, bad.to_string(), "give the variable's name, without its value"))
            }
        };
        let events = names.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        let done = self.transact(&events)?;
        if done.verdicts.iter().any(|verdict| matches!(verdict, Verdict::Refused(_))) {
            let what = format!("the profile's list has {MAX_ALLOWED} variables, and may have no more");
            return Err(Error::new(ErrorKind::Usage, what, "take one off: `credlatch allow --remove NAME`"));
        }
        Ok(done.verdicts.contains(&Verdict::Done))
    }

    /// The variables on the list.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn allowed(&self) -> Result<Vec<String>, Error> {
        Ok(self.status()?.state.allowed.iter().map(ToString::to_string).collect())
    }
}

//! The desktop's own store, by the crate keyring.

use keyring::Entry;

use crate::Failure;

/// An entry of the suite's own in the store of whoever runs it. It is taken away again.
pub struct Desktop(Entry);

impl Desktop {
    /// Makes it.
    pub fn open() -> Result<Self, Failure> {
        let entry = Entry::new("credlatch-suite", "minimax")?;
        entry.set_password("mm-0")?;
        Ok(Self(entry))
    }

    /// Reads it.
    pub fn read(&self) -> Result<String, Failure> {
        Ok(self.0.get_password()?)
    }

    /// Stores another secret in it.
    pub fn write(&self, secret: &str) -> Result<(), Failure> {
        Ok(self.0.set_password(secret)?)
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // Without a store any more there is nothing to take away.
        let _ = self.0.delete_credential();
    }
}

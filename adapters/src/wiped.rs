//! Bytes that hold secrets, in one allocation that is wiped.

use std::io::{self, Write};

use zeroize::Zeroizing;

/// What `write` writes. It is called twice: a buffer that grows leaves copies behind, so the size is counted first. None if
/// there would be as many bytes as `most`, or more.
///
/// # Errors
/// `write` failed.
pub fn exactly(most: u64, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut size = Count(0);
    write(&mut size)?;
    if size.0 as u64 >= most {
        return Ok(None);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(size.0));
    write(&mut *bytes)?;
    Ok(Some(bytes))
}

struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Open, read, authorize a request, clear and drain, start a child: the everyday use, on a store in a temporary directory.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use credlatch::{Latch, Profile, Secret};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let latch = Latch::builder().home(home.path().join("store")).profile(Profile::new("work")?).open()?;
    latch.set("minimax", Secret::try_from("mm-example-key")?)?;

    let credential = latch.token("minimax")?;
    let mut headers = http::HeaderMap::new();
    credential.authorize(&mut headers);
    println!("a request to minimax carries {headers:?}");
    drop(credential);

    latch.clear("minimax")?.drain(Duration::from_secs(5))?;
    let error = latch.token("minimax").expect_err("it was cleared");
    println!("after the clear: {error}; {}", error.remedy());
    Ok(())
}

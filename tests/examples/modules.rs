//! Prints which top-level module uses which, for `dot`: `cargo run -p credlatch-tests --example modules -- core/src`.

#![allow(clippy::print_stdout)] // It is all that it does.

use credlatch_tests::modules::Modules;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "adapters/src".to_owned());
    let modules = Modules::of_crate(&folder)?;
    println!("digraph \"{folder}\" {{ // {} modules, {} arrows", modules.count(), modules.arrows().count());
    for (from, to) in modules.arrows() {
        println!("  {from} -> {to};");
    }
    println!("}}");
    Ok(())
}

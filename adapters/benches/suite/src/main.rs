//! What credlatch costs, beside what could not cost less and what others use: `cargo run --release` here measures all of it
//! in some ten minutes, `-- --quick` a little of all in two. Every row is kept, and `docs/benchmarks.md` is made of them.

mod case;
mod crowd;
mod figures;
mod machine;
mod page;
mod part;
mod peer;
mod row;
mod setup;
mod store;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser;

use setup::Setup;

type Failure = Box<dyn std::error::Error>;

/// Measures credlatch, keeps the rows, and shows them.
#[derive(Parser)]
#[command(name = "credlatch-suite")]
struct Arguments {
    /// The parts to measure; all of them without a name. See --list
    parts: Vec<String>,
    /// A little of everything, to see that it works
    #[arg(long)]
    quick: bool,
    /// Name the parts, and measure nothing
    #[arg(long)]
    list: bool,
    /// Write docs/benchmarks.md, its pictures and its rows anew, from what was measured
    #[arg(long)]
    page: bool,
    /// Measure nothing, and fail if docs/benchmarks.md isn't what its rows say
    #[arg(long)]
    check: bool,
    /// Measure nothing, and write the page anew from its rows: for whoever changes its words
    #[arg(long)]
    rewrite: bool,
    /// Where the rows of this run go
    #[arg(long, default_value = "target/rows.csv")]
    rows: PathBuf,
    /// A directory on the disk to measure on
    #[arg(long, default_value = "target")]
    disk: PathBuf,
    /// A directory on a file system that costs nothing
    #[arg(long, default_value = "/dev/shm")]
    memory: PathBuf,
    /// The command `credlatch`, built for release
    #[arg(long, default_value = "../../../target/release/credlatch")]
    program: PathBuf,
    /// Another build of this program, such as that of an earlier commit, whose crowds run beside
    #[arg(long)]
    beside: Option<PathBuf>,
    /// From which commit that one was built, for the page
    #[arg(long, requires = "beside")]
    beside_commit: Option<String>,
}

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // What the suite itself starts: one of a crowd, and what a tool counts.
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["worker", writer, work, home, number] => {
            let (writer, work) = (crowd::Writer::told(writer), crowd::Work::told(work));
            return crowd::work(writer, work, Path::new(home), number.parse()?);
        }
        ["counted", what, times, place] => return part::counted::work(what, times.parse()?, Path::new(place)),
        _ => {}
    }
    let arguments = Arguments::parse();
    if arguments.list {
        return part::ALL.iter().try_for_each(|part| Ok(writeln!(io::stdout(), "{:<14}{}", part.name, part.about)?));
    }
    if arguments.check {
        return page::check();
    }
    if arguments.rewrite {
        return page::write(&page::kept()?);
    }
    let rows = measure(&arguments)?;
    if let Some(folder) = arguments.rows.parent() {
        fs::create_dir_all(folder)?;
    }
    row::write(&rows, File::create(&arguments.rows)?)?;
    writeln!(io::stdout(), "{}\nevery row: {}", page::table::all(&rows), arguments.rows.display())?;
    if arguments.page { page::keep(rows) } else { Ok(()) }
}

fn measure(arguments: &Arguments) -> Result<Vec<row::Row>, Failure> {
    let known = |name: &String| part::ALL.iter().any(|part| part.name == name);
    if let Some(name) = arguments.parts.iter().find(|name| !known(name)) {
        return Err(format!("there is no part {name}: --list names them").into());
    }
    let setup = Setup::new(arguments)?;
    let mut rows = machine::rows(&setup)?;
    for part in part::ALL {
        if arguments.parts.is_empty() || arguments.parts.iter().any(|name| name == part.name) {
            writeln!(io::stderr(), "{}: {} …", part.name, part.about)?;
            rows.extend((part.run)(&setup)?);
        }
    }
    Ok(rows)
}

//! Compares the provider table with a registry of providers, and with the names of variables in installed programs: what
//! is new is told, and a person looks at it before it becomes a row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::provider::{Table, Url};
use regex::Regex;
use serde::Deserialize;

use crate::names::root;

/// What a program reads as a credential, an address or headers, by how its variables usually end.
const NAMES: &str = r"(?-u:\b)[A-Z0-9]+(?:_[A-Z0-9]+)*_(?:API_KEY|API_TOKEN|ACCESS_TOKEN|AUTH_TOKEN|API_BASE|BASE_URL|CUSTOM_HEADERS)(?-u:\b)";

/// Files in which names are looked for.
const SOURCES: [&str; 6] = ["py", "js", "mjs", "cjs", "ts", "rs"];

/// A registry. What else its rows say is passed over.
#[derive(Deserialize)]
pub struct Registry {
    providers: Vec<Listed>,
    /// Further variables, of which no provider is known.
    #[serde(default)]
    other_variables: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    env: Vec<String>,
    url: Option<String>,
}

/// What was looked at and is no row: ids and variables, some with a `*` at the end.
pub struct Aside(Vec<String>);

/// What is new, each with where it was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Ids of providers.
    pub providers: BTreeMap<String, String>,
    /// Variables.
    pub variables: BTreeMap<String, String>,
    /// Hosts.
    pub hosts: BTreeMap<String, String>,
}

impl Aside {
    /// Reads what is in the repository.
    ///
    /// # Errors
    /// It can't be read.
    pub fn load() -> io::Result<Self> {
        Ok(Self::parse(&fs::read_to_string(root().join("tests/registry/aside.txt"))?))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.flat_map(str::split_whitespace).map(str::to_owned).collect())
    }

    /// All that it lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.names().any(|known| known.strip_suffix('*').map_or(known == name, |start| name.starts_with(start)))
    }
}

impl News {
    /// Compares the table with a registry.
    pub fn of_registry(table: &Table, aside: &Aside, registry: &Registry) -> Self {
        let mut news = Self::default();
        for listed in &registry.providers {
            let id = &listed.id;
            if table.resolve(id).is_err() && !aside.has(id) {
                news.providers.insert(id.clone(), "the registry".to_owned());
            }
            for name in &listed.env {
                news.note_variable(table, aside, name, id);
            }
            let host = listed.url.as_deref().and_then(Url::parse).filter(|url| !url.is_loopback()).map(|url| url.host);
            if let Some(host) = host.filter(|host| table.of_host(host).is_empty() && !aside.has(host)) {
                news.hosts.insert(host.to_owned(), id.clone());
            }
        }
        for name in &registry.other_variables {
            news.note_variable(table, aside, name, "the registry");
        }
        news
    }

    /// Looks for names of variables in the programs under a directory.
    ///
    /// # Errors
    /// Says which directory or file can't be read.
    pub fn add_programs(&mut self, table: &Table, aside: &Aside, folder: &Path) -> Result<(), String> {
        let pattern = Regex::new(NAMES).map_err(|error| error.to_string())?;
        for file in sources(folder)? {
            let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let names: BTreeSet<_> =
                pattern.find_iter(&String::from_utf8_lossy(&bytes)).map(|found| found.as_str().to_owned()).collect();
            let seen = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
            for name in names {
                self.note_variable(table, aside, &name, &seen);
            }
        }
        Ok(())
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.providers.is_empty() && self.variables.is_empty() && self.hosts.is_empty()
    }

    fn note_variable(&mut self, table: &Table, aside: &Aside, name: &str, seen: &str) {
        if table.of_variable(name).is_empty() && !aside.has(name) {
            self.variables.entry(name.to_owned()).or_insert_with(|| seen.to_owned());
        }
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, all) in [("provider", &self.providers), ("variable", &self.variables), ("host", &self.hosts)] {
            for (name, seen) in all {
                writeln!(f, "{what} {name} ({seen})")?;
            }
        }
        Ok(())
    }
}

/// Files of programs under a directory, in an order that is always the same. Links are not followed.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    let mut entries = fs::read_dir(folder).map_err(failed)?.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_dir() {
            files.extend(sources(&path)?);
        } else if kind.is_file() && path.extension().is_some_and(|end| SOURCES.iter().any(|source| end == *source)) {
            files.push(path);
        }
    }
    Ok(files)
}

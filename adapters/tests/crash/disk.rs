//! A file system in memory that knows what a power cut may take. `docs/crash.md` says what it may and may not.
//!
//! Everybody sees every change at once, as with a real one. Beside that there is what is certainly durable, and the list
//! of changes since, in their order: a crash leaves the durable part and any of those changes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use rustix::io::Errno;

/// Which file or directory it is, for ever: numbers are not used twice.
pub(crate) type Ino = u64;

/// The root directory.
pub(crate) const ROOT: Ino = 1;

/// A name in a directory.
pub(crate) type Slot = (Ino, String);

/// Every file and directory, by number.
pub(crate) type Nodes = BTreeMap<Ino, Node>;

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Node {
    File {
        bytes: Arc<Vec<u8>>,
        /// Permission bits.
        mode: u32,
    },
    Folder(BTreeMap<String, Ino>),
}

impl Node {
    /// A file that is this user's alone.
    pub(crate) fn file(bytes: impl Into<Vec<u8>>) -> Self {
        Self::File { bytes: Arc::new(bytes.into()), mode: 0o600 }
    }
}

/// A change that is not durable before a sync.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Bytes in a file, which the sync of the file makes durable.
    Write { file: Ino, at: usize, bytes: Arc<Vec<u8>> },
    /// A file's length; likewise.
    Length { file: Ino, length: usize },
    /// A file's permissions; likewise.
    Mode { file: Ino, mode: u32 },
    /// What a name leads to, or that it leads nowhere; the sync of its directory makes it durable.
    Name { slot: Slot, node: Option<Ino> },
    /// A renaming, which happens as a whole; the sync of either directory makes it durable.
    Rename { from: Slot, to: Slot, node: Ino },
}

impl Change {
    fn file(&self) -> Option<Ino> {
        match self {
            Self::Write { file, .. } | Self::Length { file, .. } | Self::Mode { file, .. } => Some(*file),
            Self::Name { .. } | Self::Rename { .. } => None,
        }
    }

    /// The names it decides.
    pub(crate) fn slots(&self) -> Vec<&Slot> {
        match self {
            Self::Write { .. } | Self::Length { .. } | Self::Mode { .. } => Vec::new(),
            Self::Name { slot, .. } => vec![slot],
            Self::Rename { from, to, .. } => vec![from, to],
        }
    }

    fn apply(&self, nodes: &mut Nodes) {
        match self {
            Self::Write { file, at, bytes } => write(nodes, *file, *at, bytes),
            Self::Length { file, length } => contents(nodes, *file).resize(*length, 0),
            Self::Mode { file, mode } => set_mode(nodes, *file, *mode),
            Self::Name { slot, node } => set_name(nodes, slot, *node),
            Self::Rename { from, to, node } => {
                set_name(nodes, from, None);
                set_name(nodes, to, Some(*node));
            }
        }
    }
}

fn contents(nodes: &mut Nodes, file: Ino) -> &mut Vec<u8> {
    match nodes.get_mut(&file) {
        Some(Node::File { bytes, .. }) => Arc::make_mut(bytes),
        other => panic!("{file} is no file but {other:?}"),
    }
}

/// Writes bytes; what lies between the old end and them is zeros.
pub(crate) fn write(nodes: &mut Nodes, file: Ino, at: usize, bytes: &[u8]) {
    let contents = contents(nodes, file);
    if contents.len() < at + bytes.len() {
        contents.resize(at + bytes.len(), 0);
    }
    contents[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Gives a file these permissions.
pub(crate) fn set_mode(nodes: &mut Nodes, file: Ino, wanted: u32) {
    match nodes.get_mut(&file) {
        Some(Node::File { mode, .. }) => *mode = wanted,
        other => panic!("{file} is no file but {other:?}"),
    }
}

/// Lets a name lead somewhere, or nowhere.
pub(crate) fn set_name(nodes: &mut Nodes, (folder, name): &Slot, node: Option<Ino>) {
    let Some(Node::Folder(names)) = nodes.get_mut(folder) else { panic!("{folder} is no directory") };
    match node {
        Some(node) => drop(names.insert(name.clone(), node)),
        None => drop(names.remove(name)),
    }
}

/// A file system.
#[derive(Clone)]
pub(crate) struct FileSystem {
    /// As everybody sees it.
    pub(crate) nodes: Nodes,
    /// What is certain to be there after a power cut, apart from what `pending` changed.
    pub(crate) durable: Nodes,
    /// What is not durable yet, in its order.
    pub(crate) pending: Vec<Change>,
    last: Ino,
}

impl FileSystem {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let nodes = Nodes::from([(ROOT, Node::Folder(BTreeMap::new()))]);
        Self { durable: nodes.clone(), nodes, pending: Vec::new(), last: ROOT }
    }

    /// One as it is found after a power cut.
    pub(crate) fn of(nodes: Nodes, last: Ino) -> Self {
        Self { durable: nodes.clone(), nodes, pending: Vec::new(), last }
    }

    /// What a power cut leaves of this one.
    pub(crate) fn cut_down_to(&self, nodes: Nodes) -> Self {
        Self::of(nodes, self.last)
    }

    /// Makes everything durable.
    pub(crate) fn settle(&mut self) {
        self.durable = self.nodes.clone();
        self.pending.clear();
    }

    pub(crate) fn change(&mut self, change: Change) {
        change.apply(&mut self.nodes);
        self.pending.push(change);
    }

    /// A new file or directory, without a name yet.
    pub(crate) fn make(&mut self, node: Node) -> Ino {
        self.last += 1;
        self.nodes.insert(self.last, node.clone());
        self.durable.insert(self.last, node);
        self.last
    }

    /// Makes a file's contents durable.
    pub(crate) fn sync(&mut self, file: Ino) {
        let (synced, left): (Vec<_>, _) = self.pending.drain(..).partition(|change| change.file() == Some(file));
        self.pending = left;
        for change in synced {
            change.apply(&mut self.durable);
        }
    }

    /// Makes a directory's names durable.
    pub(crate) fn sync_folder(&mut self, folder: Ino) {
        let is_synced = |change: &Change| change.slots().iter().any(|(in_folder, _)| *in_folder == folder);
        let mut left: Vec<Change> = Vec::new();
        for change in self.pending.drain(..) {
            if is_synced(&change) {
                change.apply(&mut self.durable);
                // What was done to these names before is history now.
                left.retain(|earlier| !earlier.slots().iter().any(|slot| change.slots().contains(slot)));
            } else {
                left.push(change);
            }
        }
        self.pending = left;
    }

    /// What a path leads to.
    pub(crate) fn find(&self, path: &Path) -> io::Result<Ino> {
        find(&self.nodes, path)
    }

    /// The directory and the name that a path ends with.
    pub(crate) fn slot(&self, path: &Path) -> io::Result<Slot> {
        let folder = self.find(path.parent().unwrap_or(Path::new("/")))?;
        match self.nodes.get(&folder) {
            Some(Node::Folder(_)) => {}
            _ => return Err(Errno::NOTDIR.into()),
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((folder, name))
    }

    /// How many names lead to it.
    pub(crate) fn names_of(&self, ino: Ino) -> usize {
        let folders = self.nodes.values().filter_map(|node| match node {
            Node::Folder(names) => Some(names),
            Node::File { .. } => None,
        });
        folders.flat_map(BTreeMap::values).filter(|other| **other == ino).count()
    }
}

/// What a path leads to.
pub(crate) fn find(nodes: &Nodes, path: &Path) -> io::Result<Ino> {
    let mut at = ROOT;
    for part in path.components() {
        let Component::Normal(name) = part else { continue };
        at = match nodes.get(&at) {
            Some(Node::Folder(names)) => *names.get(&*name.to_string_lossy()).ok_or(Errno::NOENT)?,
            _ => return Err(Errno::NOTDIR.into()),
        };
    }
    Ok(at)
}

/// The bytes of the file at a path.
pub(crate) fn file_at<'a>(nodes: &'a Nodes, path: &Path) -> Option<&'a Arc<Vec<u8>>> {
    match nodes.get(&find(nodes, path).ok()?) {
        Some(Node::File { bytes, .. }) => Some(bytes),
        _ => None,
    }
}

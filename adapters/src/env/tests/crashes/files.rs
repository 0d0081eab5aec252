//! A folder in memory that knows what a power cut may take: `docs/crash.md` says what. Everybody sees every change at once;
//! a power cut leaves the durable part and any of the changes since.

use std::collections::{BTreeMap, BTreeSet};

/// Which file it is, for ever: numbers are not used twice.
pub(super) type Ino = u64;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) bytes: Vec<u8>,
    pub(super) mode: u32,
}

/// A folder, and the files that its names lead to.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Folder {
    pub(super) names: BTreeMap<String, Ino>,
    pub(super) nodes: BTreeMap<Ino, Node>,
}

/// A change that is not durable before a sync.
#[derive(Clone)]
pub(super) enum Change {
    /// The whole content of a file.
    Bytes(Ino, Vec<u8>),
    /// The permissions of a file.
    Mode(Ino, u32),
    /// What a name leads to, or that it leads nowhere.
    Name(String, Option<Ino>),
    /// A renaming, which happens as a whole.
    Rename(String, String, Ino),
}

impl Change {
    fn is_of_file(&self, file: Ino) -> bool {
        matches!(self, Self::Bytes(ino, _) | Self::Mode(ino, _) if *ino == file)
    }

    fn is_of_names(&self) -> bool {
        matches!(self, Self::Name(..) | Self::Rename(..))
    }

    fn apply(&self, to: &mut Folder) {
        match self {
            Self::Bytes(ino, bytes) => to.nodes.get_mut(ino).unwrap().bytes.clone_from(bytes),
            Self::Mode(ino, mode) => to.nodes.get_mut(ino).unwrap().mode = *mode,
            Self::Name(name, ino) => to.name(name, *ino),
            Self::Rename(from, new, ino) => {
                to.name(from, None);
                to.name(new, Some(*ino));
            }
        }
    }

    /// The ways in which it may be kept. A write may be torn: the first part, the second part, or only the length.
    fn kept(&self) -> Vec<Self> {
        let Self::Bytes(ino, bytes) = self else { return vec![self.clone()] };
        let (half, zeros) = (bytes.len() / 2, vec![0; bytes.len()]);
        let torn = [bytes[..half].to_vec(), [&zeros[..half], &bytes[half..]].concat(), zeros.clone(), bytes.clone()];
        torn.into_iter().map(|bytes| Self::Bytes(*ino, bytes)).collect()
    }
}

impl Folder {
    fn name(&mut self, name: &str, ino: Option<Ino>) {
        match ino {
            Some(ino) => self.names.insert(name.to_owned(), ino),
            None => self.names.remove(name),
        };
    }

    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(self.names.get(name)?)
    }

    /// Without the files that no name leads to.
    fn reachable(mut self) -> Self {
        let named: BTreeSet<Ino> = self.names.values().copied().collect();
        self.nodes.retain(|ino, _| named.contains(ino));
        self
    }
}

#[derive(Clone, Default)]
pub(super) struct Files {
    /// As everybody sees it.
    pub(super) now: Folder,
    /// What is certain to be there after a power cut, apart from what `pending` changed.
    durable: Folder,
    /// What is not durable yet, in its order.
    pending: Vec<Change>,
    last: Ino,
}

impl Files {
    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.pending.push(change);
    }

    /// A new file: empty, and for its owner alone.
    pub(super) fn create(&mut self, name: &str) -> Ino {
        self.last += 1;
        let node = Node { bytes: Vec::new(), mode: 0o600 };
        self.now.nodes.insert(self.last, node.clone());
        self.durable.nodes.insert(self.last, node);
        self.change(Change::Name(name.to_owned(), Some(self.last)));
        self.last
    }

    /// A whole file at once, durable with everything else.
    pub(super) fn put(&mut self, name: &str, text: &str, mode: u32) {
        let ino = self.create(name);
        self.change(Change::Bytes(ino, text.into()));
        self.change(Change::Mode(ino, mode));
        self.durable = self.now.clone();
        self.pending.clear();
    }

    pub(super) fn sync(&mut self, file: Ino) {
        self.settle(|change| change.is_of_file(file));
    }

    pub(super) fn sync_folder(&mut self) {
        self.settle(Change::is_of_names);
    }

    fn settle(&mut self, is_synced: impl Fn(&Change) -> bool) {
        let (synced, left): (Vec<_>, _) = self.pending.drain(..).partition(is_synced);
        self.pending = left;
        for change in synced {
            change.apply(&mut self.durable);
        }
    }

    /// All that a power cut may leave: every subset of what is not durable.
    pub(super) fn images(&self) -> BTreeSet<Folder> {
        let mut images = BTreeSet::from([self.durable.clone()]);
        for change in &self.pending {
            for image in images.clone() {
                images.extend(change.kept().iter().map(|kept| {
                    let mut image = image.clone();
                    kept.apply(&mut image);
                    image
                }));
            }
        }
        images.into_iter().map(Folder::reachable).collect()
    }

    /// As it is found after a power cut that left this image.
    pub(super) fn cut_down_to(&self, image: Folder) -> Self {
        Self { durable: image.clone(), now: image, pending: Vec::new(), last: self.last }
    }
}

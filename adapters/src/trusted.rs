//! Reading a file that decides where credentials go: only one that nobody else could have written, or put in its place.
//!
//! The file, every directory on the way to it and every link that leads there must belong to this user or to root, and be
//! writable by nobody else. A directory with the sticky bit counts as safe, as `/tmp` does: in it nobody renames or removes
//! what isn't theirs. A group counts as the user if nobody else is in it, by `/etc/group` and `/etc/passwd` as they are:
//! groups that a directory service adds are not looked up, and so count as others. Nor does it count so where there is an
//! access list (acl(5)): then the group's bits bound what the list allows to whomever it names.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use zeroize::Zeroizing;

use crate::plain_file::{self, Unreadable};

/// Links that are followed; as many as Linux follows.
const MAX_LINKS: usize = 40;

/// Why a file is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distrust {
    /// What is wrong with which path.
    pub what: String,
    /// What mends it.
    pub remedy: String,
}

/// Reads a whole file that is there; nobody waits for a pipe, and no file is too large for memory. `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Distrust> {
    let Some(place) = follow(path)? else { return Ok(None) };
    let refuse = |why| unusable(&place, why);
    let Some((mut file, meta)) = plain_file::open(&place).map_err(refuse)? else { return Ok(None) };
    // What was opened counts, and not what the path named a moment ago.
    check(&place, &meta, access_list_of(&file))?;
    plain_file::text(&mut file, &meta).map(Some).map_err(refuse)
}

fn unusable(path: &Path, why: Unreadable) -> Distrust {
    Distrust { what: format!("{} {why}", path.display()), remedy: why.remedy().to_owned() }
}

/// Refuses a path that others could lead elsewhere, or whose end they could take away or write to.
pub(crate) fn way(path: &Path) -> Result<(), Distrust> {
    follow(path).map(drop)
}

/// Follows a path step by step, and looks at each step: whoever may write to a directory on the way, or owns a link, decides
/// which file is read in the end. `None` if a step isn't there.
fn follow(path: &Path) -> Result<Option<PathBuf>, Distrust> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut pending = steps(&absolute);
    let mut here = PathBuf::from("/");
    let mut links = 0;
    check(&here, &fs::symlink_metadata(&here).map_err(|error| failed(&here, &error))?, access_list_at(&here))?;
    while let Some(step) = pending.pop_front() {
        if step == "/" {
            here = PathBuf::from("/");
            continue;
        }
        if step == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&step);
        let meta = match fs::symlink_metadata(&next) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&next, &error)),
            Ok(meta) => meta,
        };
        // Whoever closes a device to others, because that is what stands in the way, breaks the machine.
        match meta.file_type() {
            kind if kind.is_dir() && pending.is_empty() => return Err(unusable(&next, Unreadable::Folder)),
            kind if kind.is_dir() || kind.is_symlink() || kind.is_file() => {}
            _ => return Err(unusable(&next, Unreadable::NotAFile)),
        }
        check(&next, &meta, access_list_at(&next))?;
        if !meta.is_symlink() {
            here = next;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            let what = format!("{} is a symbolic link that leads to no end", path.display());
            return Err(Distrust { what, remedy: "remove the link".to_owned() });
        }
        let target = fs::read_link(&next).map_err(|error| failed(&next, &error))?;
        let rest = std::mem::replace(&mut pending, steps(&target));
        pending.extend(rest);
    }
    Ok(Some(here))
}

fn steps(path: &Path) -> VecDeque<OsString> {
    let step = |part: Component<'_>| (part != Component::CurDir).then(|| part.as_os_str().to_owned());
    path.components().filter_map(step).collect()
}

fn failed(path: &Path, error: &io::Error) -> Distrust {
    let remedy = plain_file::unreadable(error).remedy().to_owned();
    Distrust { what: format!("{} can't be looked at: {error}", path.display()), remedy }
}

/// Refuses what another user owns or may write to.
fn check(path: &Path, meta: &Metadata, access_list: io::Result<bool>) -> Result<(), Distrust> {
    let user = rustix::process::geteuid().as_raw();
    let kind = match meta.file_type() {
        kind if kind.is_dir() => "the directory",
        kind if kind.is_symlink() => "the link",
        _ => "the file",
    };
    let (owner, mode) = (meta.uid(), meta.mode() & 0o7777);
    let shown = || format!("{kind} {} (owner {}, mode {mode:04o})", path.display(), called(owner));
    if owner != user && owner != 0 {
        return Err(Distrust {
            what: format!(
                "{} belongs neither to you ({}) nor to root, so somebody else may change it",
                shown(),
                called(user)
            ),
            remedy: format!("make it yours: sudo chown {user} {}", quoted(path)),
        });
    }
    // A link has no permissions of its own; its owner decides where it leads.
    let is_sticky = meta.is_dir() && mode & 0o1000 != 0;
    if meta.is_symlink() || is_sticky {
        return Ok(());
    }
    let (everybody, may_group) = (mode & 0o002 != 0, mode & 0o020 != 0);
    let is_listed = may_group && access_list.map_err(|error| failed(path, &error))?;
    if is_listed && !everybody {
        return Err(Distrust {
            what: format!("{} has an access list that lets others write", shown()),
            remedy: format!("close it: chmod g-w {0}, or setfacl -b {0}", quoted(path)),
        });
    }
    let group = may_group && !is_own_group(meta.gid(), user);
    let (who, change) = match (group, everybody) {
        (false, false) => return Ok(()),
        (true, false) => (format!("group {}", meta.gid()), "g-w"),
        (false, true) => ("every user".to_owned(), "o-w"),
        (true, true) => ("every user".to_owned(), "go-w"),
    };
    Err(Distrust {
        what: format!("{} may be written to by {who}", shown()),
        remedy: format!("close it: chmod {change} {}", quoted(path)),
    })
}

/// The access list of a file, as the kernel keeps it where the permission bits don't say all of it.
#[cfg(target_os = "linux")]
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Whether what is at a path has an access list. No link has one.
#[cfg(target_os = "linux")]
fn access_list_at(path: &Path) -> io::Result<bool> {
    is_there(rustix::fs::lgetxattr(path, ACCESS_LIST, &mut [0_u8; 0][..]))
}

/// Whether an open file has an access list.
#[cfg(target_os = "linux")]
fn access_list_of(file: &fs::File) -> io::Result<bool> {
    is_there(rustix::fs::fgetxattr(file, ACCESS_LIST, &mut [0_u8; 0][..]))
}

#[cfg(target_os = "linux")]
fn is_there(size: rustix::io::Result<usize>) -> io::Result<bool> {
    use rustix::io::Errno;

    match size {
        Ok(_) => Ok(true),
        Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere access lists are no part of the permission bits.
#[cfg(not(target_os = "linux"))]
fn access_list_at(_: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(target_os = "linux"))]
fn access_list_of(_: &fs::File) -> io::Result<bool> {
    Ok(false)
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// A user's number, with the name if `/etc/passwd` has one.
fn called(user: u32) -> String {
    let name = listed("/etc/passwd").as_deref().and_then(|users| {
        users.lines().filter_map(account).find(|account| account.id == user).map(|account| account.name.to_owned())
    });
    name.map_or_else(|| user.to_string(), |name| format!("{user}, {name}"))
}

/// Whether nobody but the user and root is in a group. One that no file lists may have anybody in it.
fn is_own_group(group: u32, user: u32) -> bool {
    let (Some(groups), Some(users)) = (listed("/etc/group"), listed("/etc/passwd")) else { return false };
    only_has(group, user, &groups, &users)
}

fn listed(file: &str) -> Option<Zeroizing<String>> {
    let (mut file, meta) = plain_file::open(Path::new(file)).ok()??;
    plain_file::text(&mut file, &meta).ok()
}

/// One line of passwd(5).
struct Account<'a> {
    name: &'a str,
    id: u32,
    group: u32,
}

fn account(line: &str) -> Option<Account<'_>> {
    let mut fields = line.split(':');
    let (name, _, id, group) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    Some(Account { name, id: id.parse().ok()?, group: group.parse().ok()? })
}

/// The members of a group are those that its lines in group(5) name, and those whose own group it is in passwd(5).
fn only_has(group: u32, user: u32, groups: &str, users: &str) -> bool {
    let members: Vec<Vec<&str>> = groups
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let is_it = fields.get(2)?.parse() == Ok(group);
            is_it.then(|| fields.get(3).map_or(vec![], |names| names.split(',').map(str::trim).collect()))
        })
        .collect();
    if members.is_empty() {
        return false;
    }
    let accounts: Vec<Account<'_>> = users.lines().filter_map(account).collect();
    let is_trusted = |id: u32| id == user || id == 0;
    let named = members.into_iter().flatten().filter(|name| !name.is_empty());
    let all_named = named
        .into_iter()
        .all(|name| accounts.iter().find(|account| account.name == name).is_some_and(|account| is_trusted(account.id)));
    all_named && accounts.iter().filter(|account| account.group == group).all(|account| is_trusted(account.id))
}

#[cfg(test)]
mod tests;

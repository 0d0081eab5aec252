//! Paths that mean the same wherever a program changes to.

use std::path::{self, Path, PathBuf};

/// The whole path, as [`path::absolute`] has it; of an empty one the working directory. One that is whole already is only looked at: thousands of profiles may be opened
/// a second.
pub(crate) fn whole(path: PathBuf) -> PathBuf {
    if is_whole(&path) { path } else { path::absolute(Path::new(".").join(&path)).unwrap_or(path) }
}

fn is_whole(path: &Path) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    let has = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    path.is_absolute() && !has(b"//") && !has(b"/./") && !text.ends_with(b"/.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_whole_as_the_standard_library_has_it() {
        let paths = [
            "/",
            "/a",
            "/a/",
            "/a/.b/..c",
            "/a/../b",
            "//a",
            "/a//b",
            "/./a",
            "/a/./b",
            "/a/.",
            ".",
            "a/b",
            "./a",
            "~",
        ];
        for path in paths {
            assert_eq!(whole(path.into()).as_os_str(), path::absolute(path).unwrap().as_os_str(), "{path}");
        }
        assert_eq!(whole(PathBuf::new()), path::absolute(".").unwrap());
        assert!(is_whole("/home/me/.local/share/credlatch".as_ref()) && !is_whole("/home/me/./share".as_ref()));
    }
}

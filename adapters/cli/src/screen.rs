//! What the terminal behind standard output can show.

use std::io::IsTerminal;

use rustix::termios::tcgetwinsize;

/// No line of ours is longer, however wide the terminal is.
pub(crate) const MOST_COLUMNS: usize = 80;
/// Where a terminal says that it is narrower than this, it is not believed.
const FEWEST_COLUMNS: usize = 20;

/// How many columns a line may take: those of the terminal, and the most where there is none or it doesn't say.
pub(crate) fn columns() -> usize {
    let size = tcgetwinsize(std::io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    if size == 0 { MOST_COLUMNS } else { size.clamp(FEWEST_COLUMNS, MOST_COLUMNS) }
}

/// Whether it shows pictures made of characters: a terminal with a language in UTF-8 that isn't a dumb one.
pub(crate) fn shows_pictures() -> bool {
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    let is_dumb = matches!(&*value("TERM"), "" | "dumb");
    !is_dumb && std::io::stdout().is_terminal() && is_utf8(["LC_ALL", "LC_CTYPE", "LANG"].map(value))
}

/// Whether the first of these that is set names UTF-8 (POSIX, 8.2: the order in which they count).
fn is_utf8(in_order: [String; 3]) -> bool {
    let language = in_order.into_iter().find(|value| !value.is_empty()).unwrap_or_default().to_ascii_lowercase();
    language.contains("utf-8") || language.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides_about_utf_8() {
        for (in_order, is) in [
            (["", "", "C.UTF-8"], true),
            (["", "de_DE.utf8", "C"], true),
            (["C", "", "en_US.UTF-8"], false),
            (["POSIX", "", ""], false),
            (["", "", "de_DE@euro"], false),
            (["", "", ""], false),
        ] {
            assert_eq!(is_utf8(in_order.map(str::to_owned)), is, "{in_order:?}");
        }
    }
}

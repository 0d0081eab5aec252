//! What stands in a key's place: a reference that somebody else would have followed, or a placeholder that nobody replaced.

use super::NotAKey;

/// Whether a text is of one kind.
type Test = fn(&str) -> bool;

/// What this is instead of a key, if it is none. Where no key is wanted a placeholder is as good as any.
pub(super) fn instead(text: &str, keyless: bool) -> Option<NotAKey> {
    let kinds: [(Test, NotAKey); 8] = [
        (is_command, NotAKey::Command),
        (is_encrypted, NotAKey::Encrypted),
        (is_template, NotAKey::Template),
        (is_kept_elsewhere, NotAKey::Elsewhere),
        (is_address, NotAKey::Address),
        (is_nothing, NotAKey::Nothing),
        (is_example, NotAKey::Example),
        (is_variable, NotAKey::Reference),
    ];
    let why = kinds.iter().find(|(is_it, _)| is_it(text)).map(|(_, why)| *why)?;
    let is_placeholder = matches!(why, NotAKey::Nothing | NotAKey::Example);
    (!(keyless && is_placeholder)).then_some(why)
}

/// `$(pass show x)`, and `!pass show x`.
fn is_command(text: &str) -> bool {
    text.starts_with("$(") || text.starts_with("<(") || (text.starts_with('!') && text.contains(char::is_whitespace))
}

fn is_encrypted(text: &str) -> bool {
    const MARKS: [&str; 6] = ["encrypted:", "enc[", "enc(", "$ansible_vault;", "{cipher}", "age-encryption.org/"];
    let is_of_transit = text.strip_prefix("vault:v").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_of_transit || MARKS.iter().any(|mark| starts(text, mark))
}

/// `{{ … }}`, `<% … %>`, `#{…}`, `{NAME}`, `__NAME__`.
fn is_template(text: &str) -> bool {
    let has = |open: &str, close: &str| text.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
    let between = |open: &str, close: &str| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let is_name = |name: &str| !name.is_empty() && words(name).all(is_word) && !name.contains(':');
    let is_filled_by_name =
        [("{", "}"), ("__", "__")].iter().any(|(open, close)| between(open, close).is_some_and(is_name));
    has("{{", "}}") || has("<%", "%>") || between("#{", "}").is_some() || is_filled_by_name
}

/// A place in a file system, a password manager or a vault: `op://…`, `file:…`, `arn:aws:secretsmanager:…`.
fn is_kept_elsewhere(text: &str) -> bool {
    const PLACES: [&str; 16] = [
        "{file:",
        "file:/",
        "file:.",
        "file:~",
        "keychain:",
        "keyring:",
        "vault:",
        "arn:aws:secretsmanager:",
        "arn:aws:ssm:",
        "@microsoft.keyvault(",
        "~/",
        "./",
        "../",
        "/run/secrets/",
        "/home/",
        "/users/",
    ];
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    };
    let is_uri = text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme));
    let is_managed = starts(text, "projects/") && text.contains("/secrets/");
    (is_uri && !is_address(text)) || is_managed || PLACES.iter().any(|place| starts(text, place))
}

fn is_address(text: &str) -> bool {
    starts(text, "http://") || starts(text, "https://")
}

/// `$NAME`, `${NAME}`, `%NAME%`, `{env:NAME}`, and the name of a variable by itself.
fn is_variable(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let is_expanded = text.split_once("${").is_some_and(|(_, rest)| rest.contains('}'));
    let is_shells =
        text.strip_prefix('$').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
    let is_windows = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(is_name);
    let is_called = ["env:", "{env:", "os.environ", "process.env.", "env."].iter().any(|call| starts(text, call));
    let is_in_capitals = is_name(text) && !text.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_named = is_in_capitals && ["_KEY", "_TOKEN", "_SECRET"].iter().any(|end| text.ends_with(end));
    is_expanded || is_shells || is_windows || is_called || is_named
}

/// What languages print for no value.
fn is_nothing(text: &str) -> bool {
    const WORDS: [&str; 11] =
        ["null", "undefined", "none", "nil", "nan", "(null)", "(none)", "[object object]", "true", "false", "n/a"];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `your-api-key-here`, `<YOUR_KEY>`, `sk-xxxxxxxx`, `INSERT_TOKEN`, `api-key`.
fn is_example(text: &str) -> bool {
    is_in_brackets(text) || is_filled_up(text) || is_told_in_words(text)
}

/// `<…>` anywhere, or all of it in `[…]`, with nothing but words inside.
fn is_in_brackets(text: &str) -> bool {
    let are_words = |inner: &str| !inner.trim().is_empty() && words(inner).all(is_word);
    let pointed = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inner, _)| inner);
    let square = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    pointed.into_iter().chain(square).any(are_words)
}

/// One character again and again where a key would differ: eight x or more, six of a mark, or a last word of x alone.
fn is_filled_up(text: &str) -> bool {
    let is_x = |byte: u8| byte.eq_ignore_ascii_case(&b'x');
    let is_mark = |byte: u8| b"._-#?*".contains(&byte);
    let runs = text.as_bytes().chunk_by(u8::eq_ignore_ascii_case);
    let is_long = |run: &[u8]| (is_x(run[0]) && run.len() >= 8) || (is_mark(run[0]) && run.len() >= 6);
    let end = words(text).last().unwrap_or_default();
    let least = if text.len() < 16 { 3 } else { 4 };
    runs.into_iter().any(is_long) || (end.len() >= least && end.bytes().all(is_x))
}

/// Words that an example says and no issuer: `your`; or what to do with a key, or where it belongs.
fn is_told_in_words(text: &str) -> bool {
    const WHOLE: [&str; 12] = [
        "apikey",
        "apitoken",
        "accesstoken",
        "myapikey",
        "myapitoken",
        "placeholder",
        "changeme",
        "replaceme",
        "todo",
        "tbd",
        "fixme",
        "redacted",
    ];
    const VERBS: [&str; 9] = ["insert", "paste", "replace", "enter", "put", "add", "change", "fill", "type"];
    const OBJECTS: [&str; 8] = ["key", "apikey", "token", "secret", "here", "me", "this", "value"];
    let lower = text.to_ascii_lowercase();
    let joined: String = words(&lower).collect();
    let has = |of: &[&str]| words(&lower).any(|word| of.contains(&word));
    let is_yours = |word: &str| {
        word.strip_prefix("your").is_some_and(|rest| {
            rest.is_empty() || ["key", "token", "secret", "here"].iter().any(|end| rest.ends_with(end))
        })
    };
    let is_here = words(&lower).last().is_some_and(|last| {
        (last == "here" && has(&OBJECTS[..4]))
            || ["keyhere", "tokenhere", "secrethere"].iter().any(|end| last.ends_with(end))
    });
    WHOLE.contains(&joined.as_str())
        || words(&lower).any(is_yours)
        || (has(&VERBS) && has(&OBJECTS) && words(&lower).all(is_word))
        || is_here
}

/// What lies between separators.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn is_word(word: &str) -> bool {
    word.len() <= 20 && word.chars().all(char::is_alphabetic)
}

/// Whether a text begins so; case does not count.
fn starts(text: &str, with: &str) -> bool {
    text.as_bytes().get(..with.len()).is_some_and(|first| first.eq_ignore_ascii_case(with.as_bytes()))
}

//! Report 1736, case e: a `.env` is rewritten whole and right, or not at all.

use proptest::prelude::*;

use super::*;
use crate::state::secret::Secret;

const BOTH: [&str; 2] = ["ANTHROPIC_TOKEN", "ANTHROPIC_API_KEY"];

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn removed(text: &str) -> String {
    rewrite(text, &BOTH, &[]).unwrap().to_string()
}

fn values(text: &str) -> Vec<(String, String)> {
    parse(text).assignments.into_iter().map(|one| (one.key, one.value.to_string())).collect()
}

#[test]
fn report_1736_e_both_keys_go_and_all_else_stays() {
    let text = "# keys\nANTHROPIC_API_KEY=a\n\n  # other\nOTHER=value # why\nANTHROPIC_TOKEN=\"b\"\nLAST='x y'\n";
    assert_eq!(removed(text), "# keys\n\n  # other\nOTHER=value # why\nLAST='x y'\n");
}

#[test]
fn report_1736_e_duplicates_and_exports_go_too() {
    let text = "ANTHROPIC_TOKEN=1\nA=1\nexport ANTHROPIC_TOKEN=2\n  export\tANTHROPIC_TOKEN = 3\nANTHROPIC_TOKEN=\n";
    assert_eq!(removed(text), "A=1\n");
    // A longer name that begins the same is another variable, and so is one in a comment.
    for other in
        ["ANTHROPIC_TOKEN_2=x\n", "MY_ANTHROPIC_TOKEN=x\n", "# ANTHROPIC_TOKEN=x\n", "exportANTHROPIC_TOKEN=x\n"]
    {
        assert_eq!(removed(other), other);
    }
}

#[test]
fn report_1736_e_line_endings_and_a_missing_last_one_stay() {
    assert_eq!(removed("A=1\r\nANTHROPIC_TOKEN=x\r\n\r\nB=2"), "A=1\r\n\r\nB=2");
    assert_eq!(removed("A=1\r\nB=2\n"), "A=1\r\nB=2\n");
    assert_eq!(removed(""), "");
    assert_eq!(removed("\u{feff}ANTHROPIC_TOKEN=x\nA=1"), "A=1");
}

#[test]
fn report_1736_e_a_value_with_a_newline_is_refused() {
    assert!(Secret::try_from("a\nINJECTED=1").is_err());
    for odd in ["it's", "back\\slash"] {
        let got = rewrite("", &[], &[("KEY", &secret(odd))]);
        assert_eq!(got, Err(DotenvError::BadValue("KEY".to_owned())), "{odd}");
    }
    for key in ["", "A B", "A\nB", "A=B", "12", "1-A"] {
        assert!(matches!(rewrite("", &[], &[(key, &secret("x"))]), Err(DotenvError::BadKey(_))), "{key:?}");
    }
}

fn unread(text: &str) -> Vec<(usize, usize, UnreadReason)> {
    parse(text).unread.iter().map(|one| (one.lines.line, one.lines.last, one.lines.why)).collect()
}

#[test]
fn report_1736_e_what_cannot_be_read_is_told_by_its_line_and_the_rest_is_read() {
    for (text, line) in [
        ("B=1\nthis is prose\n", 2),
        ("=x\nB=1", 1),
        ("A=\"x\" y\nB=1\n", 1),
        ("A=1\rC=x\nB=1\n", 1),
        ("A=1\0\r\nB=1\n", 1),
        ("A-B C=1\nB=1\n", 1),
    ] {
        assert_eq!(unread(text), [(line, line, UnreadReason::NotAnAssignment)], "{text:?}");
        assert_eq!(values(text), [("B".to_owned(), "1".to_owned())], "{text:?}");
        // The lines of what is to go are understood, so it goes; the others stay as they are.
        assert_eq!(removed(&format!("ANTHROPIC_TOKEN=x\n{text}")), text);
    }
}

#[test]
fn report_1736_e_a_value_over_several_lines_is_reported_and_not_guessed() {
    for text in
        ["A=1\nPEM=\"-----BEGIN\nx\\\"\n-----END\"\nB=2\n", "A=1\r\nPEM='x\n\n' # it\nB=2", "A=1\nPEM=`x\ny\n`\nB=2\n"]
    {
        let [(2, 3 | 4, UnreadReason::SeveralLines)] = unread(text)[..] else { panic!("{text:?}: {:?}", unread(text)) };
        assert_eq!(
            values(text),
            [("A", "1"), ("B", "2")].map(|(key, value)| (key.to_owned(), value.to_owned())),
            "{text:?}"
        );
        assert_eq!(
            removed(&format!("{}\nexport ANTHROPIC_TOKEN=x\n", text.trim_end())),
            format!("{}\n", text.trim_end())
        );
    }
    // What nothing closes, or not at the end of a line, is of its own line only.
    for text in ["PEM='x\nA=1\nB=2\n", "PEM='it\nA=1\nB='2'\n", "PEM='it\nA=1\nB=2'3\n"] {
        assert_eq!(unread(text)[0], (1, 1, UnreadReason::OpenQuote), "{text:?}");
        assert_eq!(values(text)[0], ("A".to_owned(), "1".to_owned()), "{text:?}");
    }
}

#[test]
fn report_1736_e_what_may_set_the_key_and_is_not_understood_stops_the_rewrite() {
    for (text, line) in [
        ("A=1\rANTHROPIC_TOKEN=x\n", 1),
        ("ANTHROPIC_TOKEN=a\nexport ANTHROPIC_TOKEN b\n", 2),
        ("ANTHROPIC_TOKEN: b\n", 1),
        ("PEM=\"x\nANTHROPIC_TOKEN=x\ny\"\n", 1),
        ("ANTHROPIC_TOKEN=\"x\ny\"\n", 1),
        ("ANTHROPIC_TOKEN=\"x\n", 1),
    ] {
        let got = rewrite(text, &BOTH, &[]);
        let Err(DotenvError::NotRead { lines, key }) = got else { panic!("{text:?}: {got:?}") };
        assert_eq!((lines.line, key.as_str()), (line, "ANTHROPIC_TOKEN"), "{text:?}");
    }
    // A longer name is another variable.
    assert_eq!(removed("MY_ANTHROPIC_TOKEN: b\n"), "MY_ANTHROPIC_TOKEN: b\n");
    // Without the line between them the quote would be closed by another variable's.
    let closes = "A=\"x\nANTHROPIC_TOKEN=\"v\"\nB=y\"\n";
    assert!(matches!(rewrite(closes, &BOTH, &[]), Err(DotenvError::NotRead { .. })));
}

#[test]
fn report_1736_e_a_key_in_the_middle_of_a_line_is_not_left_behind() {
    for text in ["export A=1 ANTHROPIC_TOKEN=x\n", "A=1; ANTHROPIC_TOKEN=x\n", "A=1 && ANTHROPIC_TOKEN=x\n"] {
        let hidden = DotenvError::Hidden { line: 1, key: "ANTHROPIC_TOKEN".to_owned() };
        assert_eq!(rewrite(text, &BOTH, &[]), Err(hidden), "{text:?}");
    }
    let quoted = "HELP='set ANTHROPIC_TOKEN=x'\n";
    assert_eq!(removed(quoted), quoted);
}

#[test]
fn a_value_that_is_set_takes_the_place_of_the_first_line() {
    let text = "A=1\nexport KEY=old # note\nB=2\nKEY=older";
    let got = rewrite(text, &[], &[("KEY", &secret("sk-new")), ("NEW", &secret("a b$c"))]).unwrap();
    assert_eq!(*got, "A=1\nexport KEY=sk-new\nB=2\nNEW='a b$c'\n");
    assert_eq!(*rewrite("A=1", &[], &[("K", &secret("v"))]).unwrap(), "A=1\nK=v\n");
    assert_eq!(*rewrite("A=1\r\n", &["K"], &[("K", &secret("v")), ("K", &secret("w"))]).unwrap(), "A=1\r\nK=w\r\n");
}

#[test]
fn values_are_read_as_most_programs_read_them() {
    let text = concat!(
        "A=plain\nB = spaced out # note\nexport C=\"q \\\"x\\\" \\\\ \\n$HOME\" # note\nD='raw \\n # no note'\n",
        "E=\nF=#note\nG=a#b\nALONE\nexport ALONE\nH=`tick`\r\nI=\"\"\nA=again",
    );
    let expected = [
        ("A", "plain"),
        ("B", "spaced out"),
        ("C", "q \"x\" \\ \n$HOME"),
        ("D", "raw \\n # no note"),
        ("E", ""),
        ("F", ""),
        ("G", "a#b"),
        ("H", "tick"),
        ("I", ""),
        ("A", "again"),
    ];
    assert_eq!(values(text), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(parse(text).assignments[9].line, 12);
    assert!(parse(text).unread.is_empty());
}

#[test]
fn a_value_is_never_shown() {
    let shown = format!("{:?}", parse("A=hush\n"));
    assert!(shown.contains('A') && !shown.contains("hush"), "{shown}");
    for text in ["A=\"hush\n", "hush hush\n", "A='hush' hush\n", "A='hush\nhush'\n"] {
        let parsed = parse(text);
        let lines = parsed.unread[0].lines;
        assert!(!format!("{} {} {parsed:?}", lines.place(), lines.why).contains("hush"), "{parsed:?}");
        let error = rewrite(text, &["A", "hush"], &[]).unwrap_err();
        assert!(!format!("{error:?}").contains("hush hush"), "{error}");
    }
}

/// A line that can be read, whatever is on it.
fn line() -> impl Strategy<Value = String> {
    let key = proptest::sample::select(vec!["A", "B", "OTHER", "ANTHROPIC_TOKEN", "ANTHROPIC_API_KEY"]);
    let lead = proptest::sample::select(vec!["", "export ", "  "]);
    let value = prop_oneof!["[a-z0-9$#/:.-]{0,8}", "'[ -&(-~]{0,8}'", "\"[a-z #=']{0,8}\""];
    let assigned = (lead, key, value).prop_map(|(lead, key, value)| format!("{lead}{key}={value}"));
    prop_oneof![4 => assigned, 1 => "#[ -~]{0,12}", 1 => "[ \t]{0,3}"]
}

fn file() -> impl Strategy<Value = String> {
    let end = proptest::sample::select(vec!["\n", "\r\n"]);
    let body = proptest::collection::vec((line(), end), 0..10);
    (body, any::<bool>()).prop_map(|(lines, is_ended)| {
        let text: String = lines.into_iter().flat_map(|(line, end)| [line, end.to_owned()]).collect();
        if is_ended { text } else { text.trim_end_matches(['\r', '\n']).to_owned() }
    })
}

fn arbitrary() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[AB=\"'`# \t\r\nexport;\\\\]{0,40}", "([AB]=[\"'x]{0,3}\n){0,6}"]
}

/// Whether a line assigns one of the two keys, decided without the code under test.
fn is_named(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    BOTH.iter().any(|key| line.strip_prefix(key).is_some_and(|rest| rest.starts_with('=')))
}

proptest! {
    #[test]
    fn report_1736_e_other_lines_stay_byte_for_byte(text in file()) {
        let expected: String = text.split_inclusive('\n').filter(|line| !is_named(line)).collect();
        let got = rewrite(&text, &BOTH, &[]).unwrap();
        prop_assert_eq!(&*got, &expected);
        // Once more there is nothing to do.
        prop_assert_eq!(&*rewrite(&got, &BOTH, &[]).unwrap(), &expected);
    }

    #[test]
    fn a_value_that_is_set_is_read_back_once(text in file(), value in "[!-&(-\\[\\]-~]{1,20}") {
        prop_assume!(Secret::try_from(value.as_str()).is_ok());
        let got = rewrite(&text, &[BOTH[0]], &[(BOTH[1], &secret(&value))]).unwrap();
        let all = values(&got);
        let of = |name: &str| all.iter().filter(|(key, _)| key == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
        prop_assert_eq!(of(BOTH[1]), [value.as_str()]);
        prop_assert!(of(BOTH[0]).is_empty());
        // The others are as they were.
        let is_other = |(key, _): &(String, String)| !BOTH.contains(&key.as_str());
        let before: Vec<_> = values(&text).into_iter().filter(is_other).collect();
        prop_assert_eq!(all.into_iter().filter(is_other).collect::<Vec<_>>(), before);
    }

    #[test]
    fn any_text_is_read_and_stays_where_nothing_is_named(text in arbitrary()) {
        let parsed = parse(&text);
        prop_assert_eq!(rewrite(&text, &[], &[]).map(|same| same.to_string()), Ok(text.clone()));
        // No line is of two pieces.
        let of_lines = parsed.unread.iter().flat_map(|one| one.lines.line..=one.lines.last);
        let mut all: Vec<usize> = of_lines.chain(parsed.assignments.iter().map(|one| one.line)).collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        prop_assert_eq!(all.len(), count);
        prop_assert!(all.last().is_none_or(|last| *last <= text.split_inclusive('\n').count()));
    }

    #[test]
    fn of_any_text_a_key_goes_whole_or_nothing_changes(text in arbitrary()) {
        let before = parse(&text);
        if let Ok(after) = rewrite(&text, &["A"], &[]) {
            let after = parse(&after);
            prop_assert!(after.assignments.iter().all(|one| one.key != "A"));
            prop_assert!(after.unread.iter().all(|one| !one.names("A")));
            let others = |parsed: &Parsed| parsed.assignments.iter().filter(|one| one.key != "A").map(|one| one.value.clone()).collect::<Vec<_>>();
            prop_assert_eq!(others(&before), others(&after));
        } else {
            prop_assert!(!before.unread.is_empty() || text.contains('='));
        }
    }
}

#[test]
fn a_buffer_that_holds_secrets_has_its_room_from_the_start() {
    for text in ["", "A=1\n", "B=2\r\nC=3"] {
        let secret = Secret::try_from("key-1").unwrap();
        let out = rewrite(text, &["C"], &[("NEW", &secret)]).unwrap();
        let added = "NEW=key-1\r\n".len() + "\r\n".len();
        assert_eq!(out.capacity(), text.len() + added, "a buffer that has grown left copies behind");
    }
}

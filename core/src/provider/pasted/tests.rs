use proptest::prelude::*;

use super::*;

fn key(text: &str) -> Result<String, NotAKey> {
    pasted(text).map(|pasted| pasted.key.expose_secret().to_owned())
}

#[test]
fn what_people_paste_is_trimmed_to_the_key_and_it_is_said_what_was_left_off() {
    use LeftOff::{Assignment, Bearer, Quotes};
    let cases: [(&str, &[LeftOff]); 13] = [
        ("sk-1", &[]),
        (" sk-1\r\n", &[]),
        ("\"sk-1\"", &[Quotes]),
        ("'sk-1'", &[Quotes]),
        ("`sk-1`", &[Quotes]),
        ("\u{201c}sk-1\u{201d}", &[Quotes]),
        ("Bearer sk-1", &[Bearer]),
        ("bearer\tsk-1", &[Bearer]),
        ("'Bearer sk-1'", &[Quotes, Bearer]),
        ("OPENAI_API_KEY=sk-1", &[Assignment]),
        ("export OPENAI_API_KEY=\"sk-1\"", &[Assignment, Quotes]),
        ("export key=sk-1", &[Assignment]),
        ("export  A_KEY='Bearer  sk-1'\n", &[Assignment, Quotes, Bearer]),
    ];
    for (text, left_off) in cases {
        let pasted = pasted(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!((pasted.key.expose_secret(), &pasted.left_off[..]), ("sk-1", left_off), "{text}");
    }
}

#[test]
fn what_belongs_to_a_key_stays() {
    for text in ["QUJDRA==", "AB_C==", "abc=def", "KEY=x", "AKIA1:se/cr+et=", "me:p\"w", "Bearer", "a$b", "$1", "-_."] {
        assert_eq!(key(text).as_deref(), Ok(text), "{text}");
    }
}

#[test]
fn what_is_more_or_less_than_a_key_is_refused() {
    for (text, why) in [
        ("", NotAKey::Secret(BadSecret::Empty)),
        ("\"\"", NotAKey::Secret(BadSecret::Empty)),
        ("export A_KEY=", NotAKey::Secret(BadSecret::Empty)),
        ("sk-1 sk-2", NotAKey::WhiteSpace),
        ("Authorization: Bearer sk-1", NotAKey::WhiteSpace),
        ("A_KEY=sk-1 # mine", NotAKey::WhiteSpace),
        ("sk-1\nsk-2", NotAKey::Secret(BadSecret::LineBreak)),
        ("A_KEY=sk-1\nB_KEY=sk-2", NotAKey::Secret(BadSecret::LineBreak)),
        ("sk-\u{7}1", NotAKey::Secret(BadSecret::NotPrintable)),
        ("sk-\u{a0}1", NotAKey::Secret(BadSecret::NotPrintable)),
        ("schl\u{fc}ssel", NotAKey::Secret(BadSecret::NotPrintable)),
        ("\"***\"", NotAKey::Secret(BadSecret::Placeholder)),
        ("\"sk-1", NotAKey::HalfQuoted),
        ("sk-1'", NotAKey::HalfQuoted),
        ("\"sk-1\" \"sk-2\"", NotAKey::HalfQuoted),
        ("$OPENAI_API_KEY", NotAKey::Reference),
        ("A_KEY=${B_KEY}", NotAKey::Reference),
    ] {
        assert_eq!(key(text), Err(why), "{text}");
    }
}

fn wrapped() -> impl Strategy<Value = (String, String)> {
    let wrap = |(key, layers): (String, Vec<u8>)| {
        let text = layers.iter().fold(key.clone(), |inner, layer| match layer {
            0 => format!("\"{inner}\""),
            1 => format!("'{inner}'"),
            2 => format!("Bearer {inner}"),
            3 => format!("OPENAI_API_KEY={inner}"),
            4 => format!("export my_key={inner}"),
            _ => format!(" {inner}\n"),
        });
        (key, text)
    };
    ("[a-z]{2}-[A-Za-z0-9_.+/:-]{1,40}", proptest::collection::vec(0..6_u8, 0..5)).prop_map(wrap)
}

proptest! {
    #[test]
    fn whatever_is_wrapped_around_a_key_the_key_comes_out_or_an_error(( key, text) in wrapped()) {
        prop_assume!(!key.ends_with("...") && !key.contains("***"));
        match pasted(&text) {
            Ok(pasted) => prop_assert_eq!(pasted.key.expose_secret(), key),
            // The same quotation marks twice are not told apart.
            Err(why) => prop_assert!(why == NotAKey::HalfQuoted && text.matches(['"', '\'']).count() > 2, "{why}"),
        }
    }

    #[test]
    fn what_comes_out_of_any_text_is_one_visible_word_of_it(text in any::<String>()) {
        if let Ok(pasted) = pasted(&text) {
            let key = pasted.key.expose_secret();
            prop_assert!(!key.is_empty() && text.contains(key) && key.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!key.starts_with(is_quote) && !key.ends_with(is_quote));
            // What was taken out once is the same when it is given again.
            let again = super::pasted(key);
            prop_assert!(again.is_ok_and(|again| again.left_off.is_empty() && again.key == pasted.key));
        }
    }

    #[test]
    fn law_13_nothing_that_was_pasted_is_said(text in "[hush]{4,9}( [hush]{4})?", half in any::<bool>()) {
        let text = if half { format!("\"{text}") } else { text };
        let said = match pasted(&text) {
            Ok(pasted) => format!("{pasted:?}"),
            Err(why) => format!("{why} {why:?}"),
        };
        prop_assert!(!said.contains(text.trim_matches('"')), "{said}");
    }
}

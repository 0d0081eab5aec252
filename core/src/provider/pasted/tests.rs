use proptest::prelude::*;

use super::*;

fn key(text: &str) -> Result<String, NotAKey> {
    pasted(text, false).map(|pasted| pasted.key.expose_secret().to_owned())
}

#[test]
fn what_people_paste_is_trimmed_to_the_key_and_it_is_said_what_was_left_off() {
    use LeftOff::{Assignment, Bearer, ByteOrderMark, Field, Header, Quotes};
    let cases: [(&str, &[LeftOff]); 30] = [
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
        ("openai_api_key=sk-1", &[Assignment]),
        ("key = sk-1", &[Assignment]),
        ("OPENAI_API_KEY = \"sk-1\";", &[Assignment, Quotes]),
        ("set A_KEY=sk-1", &[Assignment]),
        ("$env:A_KEY = \"sk-1\"", &[Assignment, Quotes]),
        ("Authorization: Bearer sk-1", &[Header, Bearer]),
        ("authorization:sk-1", &[Header]),
        ("x-api-key: sk-1", &[Header]),
        ("X-Goog-Api-Key:sk-1", &[Header]),
        ("-H \"x-api-key: sk-1\"", &[Header, Header]),
        ("'Authorization: Bearer sk-1'", &[Quotes, Header, Bearer]),
        ("OPENAI_API_KEY: sk-1", &[Field]),
        ("api_key: \"sk-1\"", &[Field, Quotes]),
        ("\"apiKey\": \"sk-1\",", &[Field, Quotes]),
        ("x-my-token: sk-1", &[Field]),
        ("\u{feff}sk-1", &[ByteOrderMark]),
        ("\u{feff}A_KEY=sk-1\r\n", &[ByteOrderMark, Assignment]),
    ];
    for (text, left_off) in cases {
        let pasted = pasted(text, false).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!((pasted.key.expose_secret(), &pasted.left_off[..]), ("sk-1", left_off), "{text}");
    }
}

#[test]
fn what_belongs_to_a_key_stays() {
    for text in [
        "QUJDRA==",
        "AB_C==",
        "abc=def",
        "KEY=x",
        "AKIA1:se/cr+et=",
        "me:p\"w",
        "Bearer",
        "a$b",
        "$1",
        "-_.",
        "id-key:secret",
        "a_key:b",
        "AKIA=b",
        "%41bc",
        "100%",
        "!bang",
        "a<b",
        "x",
        "xx",
        "sk-test",
        "dummy",
        "nullable-1",
        "trueish",
        "sk-ant-api03-0123456789abcdef",
        "hereafter",
        "sk-yourself1",
        "Yk9/=/home",
        "replace",
        "ABC_DEF",
        "sk-xyxx",
    ] {
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
        ("Authorization: Basic YTpi", NotAKey::WhiteSpace),
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
    ] {
        assert_eq!(key(text), Err(why), "{text}");
    }
}

/// What stands for a key: all that a server that wants none doesn't take either.
const REFERENCES: &[(NotAKey, &[&str])] = &[
    (
        NotAKey::Reference,
        &[
            "$OPENAI_API_KEY",
            "A_KEY=${B_KEY}",
            "${X}",
            "sk-${X}",
            "${X:-sk-1}",
            "$x",
            "%OPENAI_API_KEY%",
            "{env:X}",
            "env:X",
            "os.environ/X",
            "process.env.X",
            "OPENAI_API_KEY",
            "Bearer $TOKEN",
            "\"${X}\"",
        ],
    ),
    (NotAKey::Command, &["$(pass show x)", "$(cat key)", "!op read x", "A_KEY=$(pass x)", "\"$(pass show 'x')\""]),
    (
        NotAKey::Elsewhere,
        &[
            "op://vault/item/key",
            "file:///run/secrets/key",
            "file:~/key",
            "{file:./key}",
            "vault://kv/x",
            "keychain:login",
            "aws-sm://x",
            "arn:aws:secretsmanager:eu-west-1:1:secret:x",
            "projects/p/secrets/s/versions/1",
            "~/.key",
            "./key.txt",
            "/run/secrets/key",
            "ref+vault://x#/y",
            "A_KEY=op://v/i/f",
        ],
    ),
    (
        NotAKey::Encrypted,
        &["encrypted:BABCDEF", "ENC[AES256_GCM,data:x]", "vault:v1:abc", "$ANSIBLE_VAULT;1.1;AES256", "{cipher}abc"],
    ),
    (
        NotAKey::Template,
        &["{{ secrets.KEY }}", "{{KEY}}", "${{ secrets.KEY }}", "<%= key %>", "#{KEY}", "{API_KEY}", "__KEY__"],
    ),
    (NotAKey::Address, &["https://api.example.com/v1", "HTTP://localhost"]),
];

const PLACEHOLDERS: &[(NotAKey, &[&str])] = &[
    (
        NotAKey::Nothing,
        &["null", "undefined", "None", "NaN", "nil", "(null)", "[object Object]", "A_KEY=null", "'null'"],
    ),
    (
        NotAKey::Example,
        &[
            "your-openai-api-key-here",
            "YOUR_API_KEY",
            "your key here",
            "sk-your-key",
            "yourapikey",
            "YourToken",
            "<YOUR_KEY>",
            "<your key here>",
            "sk-<key>",
            "Bearer <token>",
            "[YOUR KEY]",
            "sk-xxxxxxxxxxxx",
            "sk-xxxx",
            "sk-XXXX-XXXX",
            "sk-xxx",
            "AIzaSyXXXXXXXXXXXXXXXX",
            "xxxxxxxx-xxxx",
            "sk-________",
            "insert-key-here",
            "PASTE_TOKEN_HERE",
            "replace-me",
            "replace_with_your_key",
            "enter_api_key",
            "api-key-here",
            "apikeyhere",
            "api-key",
            "api_key",
            "my-api-key",
            "change-me",
            "TODO",
            "placeholder",
            "A_KEY=your-key",
        ],
    ),
];

#[test]
fn what_stands_in_a_keys_place_is_refused_with_its_own_reason() {
    for (why, texts) in REFERENCES.iter().chain(PLACEHOLDERS) {
        for text in *texts {
            assert_eq!(key(text), Err(*why), "{text}");
        }
    }
}

#[test]
fn a_server_that_wants_no_key_takes_a_placeholder_and_no_reference() {
    let of =
        |texts: &[(NotAKey, &'static [&'static str])]| texts.iter().flat_map(|(_, texts)| *texts).collect::<Vec<_>>();
    for text in of(PLACEHOLDERS).iter().filter(|text| !text.contains(' ')) {
        assert!(pasted(text, true).is_ok(), "{text}");
    }
    for text in of(REFERENCES) {
        assert_eq!(pasted(text, true).err(), key(text).err(), "{text}");
    }
}

#[test]
fn whom_nobody_tells_what_was_left_off_gives_a_key_alone() {
    let judged = |text: &str| alone(&Secret::try_from(text).unwrap(), false);
    assert_eq!(judged("sk-1"), Ok(()));
    assert_eq!(judged("'Bearer sk-1'"), Err(NotAKey::Wrapped(LeftOff::Quotes)));
    assert_eq!(judged("A_KEY=sk-1"), Err(NotAKey::Wrapped(LeftOff::Assignment)));
    assert_eq!(judged("null"), Err(NotAKey::Nothing));
}

/// A key as issuers make them.
fn issued() -> impl Strategy<Value = String> {
    let prefix =
        proptest::sample::select(vec!["", "sk-", "sk-ant-api03-", "gsk_", "AIzaSy", "hf_", "xai-", "r8_", "sk-or-v1-"]);
    let body =
        prop_oneof!["[A-Za-z0-9]{20,64}", "[0-9a-f]{32,64}", "[A-Za-z0-9_-]{24,120}", "[A-Za-z0-9+/]{40,80}={0,2}"];
    // Of ten million keys one has six of a mark in a row by chance, and whoever writes an example has them on purpose.
    let body = body.prop_filter("six of a mark", |body| !["______", "------"].iter().any(|run| body.contains(run)));
    (prefix, body).prop_map(|(prefix, body)| format!("{prefix}{body}"))
}

fn wrapped() -> impl Strategy<Value = (String, String)> {
    let wrap = |(key, layers): (String, Vec<u8>)| {
        let text = layers.iter().fold(key.clone(), |inner, layer| match layer {
            0 => format!("\"{inner}\""),
            1 => format!("'{inner}'"),
            2 => format!("Bearer {inner}"),
            3 => format!("OPENAI_API_KEY={inner}"),
            4 => format!("export my_key={inner}"),
            5 => format!("Authorization: {inner}"),
            6 => format!("api_key: {inner}"),
            _ => format!(" {inner}\n"),
        });
        (key, text)
    };
    ("[a-z]{2}-[A-Za-z0-9_.+/:-]{1,40}", proptest::collection::vec(0..8_u8, 0..5)).prop_map(wrap)
}

proptest! {
    #[test]
    fn whatever_is_wrapped_around_a_key_the_key_comes_out_or_an_error(( key, text) in wrapped()) {
        prop_assume!(pasted(&key, false).is_ok_and(|alone| alone.left_off.is_empty()));
        match pasted(&text, false) {
            Ok(pasted) => prop_assert_eq!(pasted.key.expose_secret(), key),
            // The same quotation marks twice are not told apart.
            Err(why) => prop_assert!(why == NotAKey::HalfQuoted && text.matches(['"', '\'']).count() > 2, "{why}"),
        }
    }

    #[test]
    fn no_key_that_an_issuer_made_is_taken_for_anything_else(text in issued()) {
        let as_it_is = Pasted { key: Secret::try_from(text.as_str()).unwrap(), left_off: Vec::new() };
        prop_assert_eq!(pasted(&text, false), Ok(as_it_is));
    }

    #[test]
    fn no_reason_depends_on_what_was_wrapped_around(
        (why, text) in proptest::sample::select(REFERENCES.iter().chain(PLACEHOLDERS).flat_map(|(why, texts)| texts.iter().map(|text| (*why, *text))).collect::<Vec<_>>()),
        layer in 0..3_u8,
    ) {
        prop_assume!(!text.contains('\''));
        let wrapped = match layer { 0 => format!("'{text}'"), 1 => format!("Authorization: {text}"), _ => format!("export A_KEY={text}") };
        prop_assert_eq!(key(&wrapped), Err(why));
    }

    #[test]
    fn what_comes_out_of_any_text_is_one_visible_word_of_it(text in any::<String>()) {
        if let Ok(pasted) = pasted(&text, false) {
            let key = pasted.key.expose_secret();
            prop_assert!(!key.is_empty() && text.contains(key) && key.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!key.starts_with(is_quote) && !key.ends_with(is_quote));
            // What was taken out once is the same when it is given again.
            let again = super::pasted(key, false);
            prop_assert!(again.is_ok_and(|again| again.left_off.is_empty() && again.key == pasted.key));
        }
    }

    #[test]
    fn law_13_nothing_that_was_pasted_is_said(text in "[hush]{4,9}( [hush]{4})?", half in any::<bool>()) {
        let text = if half { format!("\"{text}") } else { text };
        let said = match pasted(&text, false) {
            Ok(pasted) => format!("{pasted:?}"),
            Err(why) => format!("{why} {why:?}"),
        };
        prop_assert!(!said.contains(text.trim_matches('"')), "{said}");
    }
}

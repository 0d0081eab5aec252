//! An environment that is put in order: what goes, what is named, and what an address says about the key beside it.

use super::*;

fn in_order(provider: &str, pairs: &[(&str, &str)]) -> Normalised {
    normalise(env(pairs), &built_in(), provider).unwrap()
}

#[test]
fn what_is_anothers_goes_by_its_name_alone_and_by_its_address_alone() {
    let out = in_order(
        "openai",
        &[
            ("GROQ_API_KEY", "x"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("ENDPOINT", "https://openrouter.ai/api"),
            ("NOTES", "sk-ant-oat01-other"),
            ("AWS_REGION", "eu-1"),
        ],
    );
    assert_eq!(out.dropped, ["GROQ_API_KEY", "AWS_SECRET_ACCESS_KEY", "ENDPOINT", "NOTES"]);
    assert_eq!(out.env, env(&[("AWS_REGION", "eu-1")]));
}

#[test]
fn what_merely_looks_like_a_credential_stays_and_is_named_if_it_says_anything() {
    let kept = [("GITHUB_TOKEN", "ghp"), ("EMPTY_TOKEN", ""), ("TERM", "x"), ("NOTHING", "")];
    let out = in_order("openai", &kept);
    assert_eq!((out.warned, out.env), (vec!["GITHUB_TOKEN".to_owned()], env(&kept)));
}

#[test]
fn an_unknown_token_beside_an_address_that_is_refused_was_meant_for_it() {
    let with_url = |url: &str| {
        let out = in_order(
            "anthropic",
            &[("ANTHROPIC_BASE_URL", url), ("ANTHROPIC_AUTH_TOKEN", "opaque-1"), ("ANTHROPIC_API_KEY", "opaque-2")],
        );
        (out.refused, out.dropped, out.kept)
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (refused, dropped, kept) = with_url("https://gateway.example");
    assert_eq!((refused, dropped), (names(&["ANTHROPIC_BASE_URL"]), names(&["ANTHROPIC_AUTH_TOKEN"])));
    assert_eq!(kept, ["ANTHROPIC_API_KEY"], "a variable for keys of this provider alone is still its own");
    let (refused, dropped, kept) = with_url("https://api.anthropic.com");
    assert_eq!((refused, dropped), (Vec::new(), Vec::new()));
    assert_eq!(kept, ["ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"]);
}

//! Law 13: whatever is printed, no secret is in it. Every public type that holds a secret, or could, is printed both ways.

use std::time::Duration;

use credlatch::core::engine::{NoToken, UnsavedGrant};
use credlatch::core::flow::{FlowKind, Phase, Prompt};
use credlatch::core::law::{Fact, LAWS, Trace};
use credlatch::core::port::{Code, CodeExchanged, Loaded, Polled, StoreError, StoreErrorKind};
use credlatch::core::put::{Put, PutMode};
use credlatch::core::rotation::{Exchanged, Fresh, Settle};
use credlatch::core::state::{Material, Nonce, Source, State};
use credlatch::core::time::Stamp;
use credlatch::core::{Effect, Event, apply};
use credlatch::{Answer, Label, Latch, ProviderId, Secret, Tokens};

use crate::memory::engine;

/// What no text may hold. It begins like no provider's token, so nothing recognises and hides it on the way.
const MARK: &str = "s3cr3t-of-the-test";

fn secret() -> Secret {
    Secret::try_from(MARK).unwrap()
}

fn tokens() -> Tokens {
    let tokens = Tokens::new(secret()).with_refresh(secret()).expiring_in(Duration::from_secs(60));
    tokens.with_scopes(vec!["a".to_owned()])
}

fn provider() -> ProviderId {
    ProviderId::new("openai-codex").unwrap()
}

/// One text for each value, printed as `Debug`.
macro_rules! printed {
    ($($value:expr),* $(,)?) => { vec![$((stringify!($value), format!("{:?} {:#?}", $value, $value))),*] };
}

fn core_types() -> Vec<(&'static str, String)> {
    let fresh = Fresh::from(tokens());
    let now = Stamp::default();
    let grant = fresh.grant(&now);
    let put = Put {
        provider: provider(),
        label: Label::default(),
        material: Material::Oauth(Box::new(grant.clone())),
        source: Source::Manual,
        how: PutMode::Named,
    };
    let put = Event::Put(put);
    let step = apply(&State::default(), &now, &put);
    let settle = Settle {
        provider: provider(),
        label: Label::default(),
        attempt: Nonce(1),
        outcome: Exchanged::Granted(fresh.clone()),
    };
    let prompt = Prompt {
        device_code: Some(secret()),
        user_code: "ABCD".to_owned(),
        verification_uri: "https://example.com".to_owned(),
        verification_uri_complete: None,
        interval_secs: 5,
    };
    let code = Code { code: secret(), verifier: Some(secret()), redirect_uri: "http://localhost".to_owned() };
    let refresh =
        Effect::Refresh { provider: provider(), label: Label::default(), attempt: Nonce(1), refresh: secret() };
    let error = StoreError::new(StoreErrorKind::Full, "the disk is full", "make room");
    let engine = engine();
    let done = engine.transact(std::slice::from_ref(&put)).unwrap();
    let live = std::sync::Arc::clone(done.after.live(provider().as_str(), Label::default().as_str()).unwrap());
    let unsaved = UnsavedGrant { fresh: fresh.clone(), live, attempt: Nonce(1), error: error.clone() };
    let cleared = engine.clear(credlatch::core::clear::Clear::Everything).unwrap();
    printed![
        secret(),
        fresh,
        grant,
        put,
        step,
        settle,
        prompt,
        Phase::Pending(prompt.clone()),
        code,
        Polled::Code(code.clone()),
        Polled::Granted(fresh.clone()),
        CodeExchanged::Granted(fresh.clone()),
        refresh,
        Effect::Revoke { provider: provider(), token: secret() },
        unsaved,
        NoToken::Unsaved(Box::new(unsaved.clone())),
        done.after,
        done,
        cleared,
        Loaded { state: State::default(), id: None },
        FlowKind::Device,
        error,
    ]
}

fn library_types() -> Vec<(&'static str, String)> {
    let latch = Latch::in_memory();
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens()).unwrap();
    latch.set("minimax", secret()).unwrap();
    let credential = latch.token("minimax").unwrap();
    let mut headers = http::HeaderMap::new();
    credential.authorize(&mut headers);
    let plan = latch.plan("minimax", credlatch::Shape::Own).unwrap();
    let rejected = latch.rotate_with("openai-codex", |_| Answer::Rejected("invalid_grant".to_owned())).unwrap_err();
    let lost = latch.set_tokens("openai-codex", &Label::default(), tokens()).unwrap_err();
    let unknown = latch.set(MARK, secret()).unwrap_err();
    let mut texts = printed![
        tokens(),
        Answer::Granted(tokens()),
        latch,
        credential,
        headers,
        plan,
        latch.status().unwrap(),
        latch.flows().unwrap(),
        latch.clear("minimax").unwrap(),
        rejected,
        lost,
    ];
    for (name, error) in [("rejected", rejected), ("lost", lost), ("unknown", unknown)] {
        texts.push((name, format!("{error} {} {}", error.message(), error.remedy())));
    }
    texts
}

#[test]
fn law_13_no_public_type_or_error_prints_a_secret() {
    let law = LAWS.iter().find(|law| law.name == "secrets_are_mute").unwrap();
    for (value, text) in core_types().into_iter().chain(library_types()) {
        assert!(text.len() > 1, "{value} prints nothing");
        let trace = Trace(vec![Fact::Printed { text, secrets: vec![MARK.to_owned()] }]);
        assert!(law.is_witnessed(&trace));
        if let Err(broken) = law.judge(&trace) {
            panic!("{value}: {broken}");
        }
    }
}

#[test]
fn law_13_would_notice() {
    let law = LAWS.iter().find(|law| law.name == "secrets_are_mute").unwrap();
    let text = format!("key {}", secret().expose_secret());
    law.judge(&Trace(vec![Fact::Printed { text, secrets: vec![MARK.to_owned()] }])).unwrap_err();
}

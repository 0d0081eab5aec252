//! A server on this machine that asks for a credential for each request, with the sign-in page mounted.
//!
//! `cargo run -p credlatch --features http,oauth,sandbox --example serve` starts it beside a provider of its own, on
//! which nobody needs an account. Open the address that it prints. With `-- --home DIR` it serves the profiles in that
//! directory, with the real providers.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use credlatch::web::Onboarding;
use credlatch::{Error, ErrorKind, Latch, Profiles};
use credlatch_sandbox::Sandbox;
use http::StatusCode;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = tempfile::tempdir()?;
    let home = std::env::args().skip_while(|argument| argument != "--home").nth(1);
    let (profiles, _sandbox) = match home {
        Some(home) => (Profiles::open(home)?, None),
        None => playground(place.path()).map(|(profiles, sandbox)| (profiles, Some(sandbox)))?,
    };

    // Who a request belongs to is the server's business; here it says so itself. A server with accounts looks into the
    // session that its own layer has put into the request's extensions.
    let of_query = profiles.clone();
    let onboarding = Onboarding::new(move |parts| {
        let query = parts.uri.query().unwrap_or_default();
        let name = query.split('&').find_map(|pair| pair.strip_prefix("profile=")).ok_or_else(no_profile)?;
        of_query.profile(name)
    });
    let server = Router::new()
        .route("/ask/{profile}/{provider}", get(ask))
        .with_state(profiles)
        .nest("/onboarding", onboarding.router());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!("sign in:  http://{address}/onboarding/sign-in?profile=alice&provider=acme");
    println!("then ask: http://{address}/ask/alice/acme");
    axum::serve(listener, server).await?;
    Ok(())
}

/// Profiles with a provider `acme` that agrees to everything.
fn playground(place: &std::path::Path) -> Result<(Profiles, Sandbox), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start()?;
    sandbox.adjust(|settings| settings.auto_approve = true);
    let rows = serde_json::json!({ "providers": [sandbox.provider_row("acme")] });
    let file = place.join("providers.json");
    std::fs::write(&file, rows.to_string())?;
    Ok((Latch::builder().home(place.join("home")).providers(file).profiles()?, sandbox))
}

/// What a server does for each request: the profile's credential as it is now, rotated if it is due, and never kept.
async fn ask(
    State(profiles): State<Profiles>,
    Path((profile, provider)): Path<(String, String)>,
) -> Result<String, (StatusCode, String)> {
    let scope = profiles.scope(&profile);
    let credential = scope.token_async(&provider).await.map_err(|error| told(&error))?;
    let mut headers = http::HeaderMap::new();
    credential.authorize(&mut headers); // … and the request is sent with them
    Ok(format!("a request of {profile} to {provider} would carry {headers:?}\n"))
}

fn told(error: &Error) -> (StatusCode, String) {
    let status = match error.kind() {
        ErrorKind::NoCredential | ErrorKind::SignIn => StatusCode::UNAUTHORIZED,
        ErrorKind::Usage => StatusCode::BAD_REQUEST,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, format!("{error}; {}\n", error.remedy()))
}

fn no_profile() -> Error {
    Error::new(ErrorKind::Usage, "the address names no profile", "add ?profile=NAME")
}

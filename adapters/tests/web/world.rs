//! A server on loopback, an issuer beside it, and clients.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use credlatch::web::Onboarding;
use credlatch::{Error, Latch, Profiles};
use credlatch_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An issuer, and a home whose provider `acme` it is.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) place: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { sandbox: Sandbox::start().unwrap(), place: crate::folders::tempdir() };
        let rows = json!({ "providers": [world.sandbox.provider_row("acme")] });
        std::fs::write(world.place.path().join("providers.json"), rows.to_string()).unwrap();
        world
    }

    /// A handle as another process would have it.
    pub(crate) fn profiles(&self) -> Profiles {
        self.builder().profiles().unwrap()
    }

    pub(crate) fn builder(&self) -> credlatch::Builder {
        Latch::builder().home(self.home()).providers(self.place.path().join("providers.json"))
    }

    pub(crate) fn home(&self) -> std::path::PathBuf {
        self.place.path().join("home")
    }

    /// What is stored of a profile, as text, secrets and all.
    pub(crate) fn document(&self, profile: &str) -> String {
        let path = Path::new("profiles").join(profile).with_extension("json");
        std::fs::read_to_string(self.home().join(path)).unwrap_or_default()
    }

    /// The person agrees to the only code there is.
    pub(crate) fn approve(&self) {
        assert!(self.sandbox.approve(&self.sandbox.stats().flows.last().unwrap().user_code));
    }
}

/// The profile that a request's query names.
pub(crate) fn named(parts: &http::request::Parts, profiles: &Profiles) -> Result<Latch, Error> {
    let name = parts.uri.query().and_then(|query| query.strip_prefix("profile=")).unwrap_or_default();
    profiles.profile(name.split('&').next().unwrap_or_default())
}

/// A server for the profiles of a home.
pub(crate) fn onboarding(profiles: &Profiles) -> Router {
    let profiles = profiles.clone();
    let onboarding = Onboarding::new(move |parts| named(parts, &profiles));
    Router::new().nest("/onboarding", onboarding.router())
}

/// A running server; dropping it ends it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

impl Server {
    pub(crate) fn start(router: Router) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, _runtime: runtime }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn client(&self, profile: &str) -> Client {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Client { agent: agent.into(), base: self.url("/onboarding/"), query: format!("?profile={profile}") }
    }
}

/// A program that signs in.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    query: String,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut answer = self.agent.get(format!("{}{path}{}", self.base, self.query)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let url = format!("{}{path}{}", self.base, self.query);
        let request = self.agent.post(url).header("content-type", "application/json");
        let mut answer = request.send(body.to_string()).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    pub(crate) fn start(&self) -> Value {
        let (status, body) = self.post("start", &json!({"provider": "acme"}));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn poll(&self, flow: &Value) -> Value {
        let (status, body) = self.get(&format!("poll/{}", flow["flow_id"].as_str().unwrap()));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn cancel(&self, flow: &Value) -> Value {
        let (status, body) = self.post(&format!("cancel/{}", flow["flow_id"].as_str().unwrap()), &json!({}));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Polls until the flow has ended.
    pub(crate) fn wait(&self, flow: &Value) -> String {
        let poll = || Some(self.poll(flow)["status"].as_str().unwrap().to_owned()).filter(|word| word != "pending");
        until("the flow to end", poll)
    }
}

/// Looks until there is something to see.
pub(crate) fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

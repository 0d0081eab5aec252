//! A browser, by the W3C WebDriver protocol: as much of it as a page with two buttons needs.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::until;

/// Under this name an answer holds an element (WebDriver, 12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running chromedriver; dropping it ends it and its browsers.
pub(crate) struct Driver {
    child: Child,
    url: String,
    chromium: PathBuf,
}

impl Driver {
    /// None where no browser is installed.
    pub(crate) fn start() -> Option<Self> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)?;
        let mut command = Command::new(on_path("chromedriver")?);
        let mut child = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let lines = BufReader::new(child.stdout.take()?).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let port = line.split_once("started successfully on port ")?.1.trim_end_matches('.').to_owned();
            port.parse::<u16>().ok()
        })?;
        Some(Self { child, url: format!("http://127.0.0.1:{port}"), chromium })
    }

    /// A browser of its own, which knows nothing of others.
    pub(crate) fn browser(&self) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--no-proxy-server",
            "--window-size=520,720",
            &folder,
        ];
        let options = json!({"binary": self.chromium, "args": arguments});
        let wanted = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(120))).proxy(None).build();
        let mut browser = Browser { agent: agent.into(), url: format!("{}/session", self.url), _profile: profile };
        let session = browser.post("", &json!({"capabilities": {"alwaysMatch": wanted}}));
        browser.url = format!("{}/{}", browser.url, session["sessionId"].as_str().unwrap());
        browser
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| Path::is_file(file))
}

/// One browser window.
pub(crate) struct Browser {
    agent: ureq::Agent,
    url: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.agent.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        let text = request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        answer["value"].take()
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a person sees of an element; empty while it is hidden.
    pub(crate) fn text(&self, id: &str) -> String {
        let script =
            format!("const one = document.getElementById('{id}'); return one.checkVisibility() ? one.innerText : ''");
        self.run(&script).as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn wait_for(&self, id: &str, is_right: impl Fn(&str) -> bool) -> String {
        until(id, || Some(self.text(id)).filter(|text| is_right(text)))
    }

    /// Presses a button as a person does: it must be visible and not covered.
    pub(crate) fn press(&self, id: &str) {
        let found = self.post("/element", &json!({"using": "css selector", "value": format!("#{id}")}));
        self.post(&format!("/element/{}/click", found[ELEMENT].as_str().unwrap()), &json!({}));
    }

    /// What the browser complained about.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        self.post("/se/log", &json!({"type": "browser"})).as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.url).call();
    }
}

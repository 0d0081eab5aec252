//! A browser, by the W3C WebDriver protocol: as much of it as a page with two buttons needs.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::until;

/// Under this name an answer holds an element (WebDriver, 12.2).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// So often it is started until it is a failure.
const STARTS: usize = 20;

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
        Some(Self::started(command.arg("--port=0"), chromium))
    }

    /// Starts it again where it ended as it started: it takes a free port of `::1` and then wants the same one of
    /// `127.0.0.1`, which another test's server may have.
    ///
    /// # Panics
    /// If it never starts.
    fn started(command: &mut Command, chromium: PathBuf) -> Self {
        let mut said = String::new();
        for _ in 0..STARTS {
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            said.clear();
            while output.read_line(&mut said).unwrap() > 0 {
                let line = said.lines().last().unwrap_or_default();
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    let url = format!("http://127.0.0.1:{}", port.trim_end_matches('.').parse::<u16>().unwrap());
                    // Whatever else it says is read, so that it never waits for a reader.
                    thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
                    return Self { child, url, chromium };
                }
            }
            child.wait().unwrap();
        }
        panic!("{command:?} never started:\n{said}");
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

#[test]
fn a_driver_whose_port_another_has_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        "echo once >>starts; [ $(wc -l <starts) -gt 2 ] || { echo 'IPv4 port not available. Exiting...'; exit 1; }
        echo 'ChromeDriver was started successfully on port 7.'; exec sleep 60";
    let driver = Driver::started(Command::new("sh").args(["-c", script]).current_dir(folder.path()), PathBuf::new());
    assert_eq!(driver.url, "http://127.0.0.1:7");
    assert_eq!(std::fs::read_to_string(folder.path().join("starts")).unwrap().lines().count(), 3);
}

//! Real clusters: processes on loopback, on ports that nobody uses, each ended by the id that it was started with.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credlatch::etcd::Etcd;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::needs;

/// How long a cluster may take to have a leader.
const START: Duration = Duration::from_secs(30);

pub(crate) struct Cluster {
    pub(crate) folder: TempDir,
    members: Vec<Member>,
    more: Vec<String>,
    tls: Option<Tls>,
}

/// How etcd's own client reaches it.
#[derive(Default)]
struct Tls {
    arguments: Vec<String>,
}

struct Member {
    client: u16,
    peer: u16,
    child: Option<Child>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Cluster {
    /// One of so many members, which has a leader; none where there is no etcd.
    pub(crate) fn start(members: usize) -> Option<Self> {
        // A killed process leaves what it wrote to the kernel; power is not cut here.
        Self::with(members, &["--unsafe-no-fsync"])
    }

    /// The same, started with these options too.
    pub(crate) fn with(members: usize, options: &[&str]) -> Option<Self> {
        Self::made(members, options, None)
    }

    fn made(members: usize, options: &[&str], tls: Option<Tls>) -> Option<Self> {
        let is_there = Command::new("etcd").arg("--version").stdout(Stdio::null()).status().is_ok();
        needs::found(is_there.then_some(()), "etcd (Debian's etcd-server)")?;
        let member = |_| Member { client: free_port(), peer: free_port(), child: None };
        let members = (0..members).map(member).collect();
        let more = options.iter().map(|&option| option.to_owned()).collect();
        let mut cluster = Self { folder: tempfile::tempdir().unwrap(), members, more, tls };
        (0..cluster.members.len()).for_each(|at| cluster.run(at));
        cluster.await_leader();
        Some(cluster)
    }

    /// One member that serves TLS, and wants a certificate of this folder's.
    pub(crate) fn over_tls(options: &[&str], folder: &Path) -> Option<Self> {
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let words = ["--cacert", &file("ca.pem"), "--cert", &file("client.pem"), "--key", &file("client.key")];
        let tls = Tls { arguments: words.iter().map(|&word| word.to_owned()).collect() };
        Self::made(1, options, Some(tls))
    }

    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Starts a member, or starts it once more.
    pub(crate) fn run(&mut self, at: usize) {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let peers: Vec<_> =
            self.members.iter().enumerate().map(|(at, member)| format!("m{at}={}", url(member.peer))).collect();
        let client = format!("{}://127.0.0.1:{}", self.scheme(), self.members[at].client);
        let peer = url(self.members[at].peer);
        let mut command = Command::new("etcd");
        command.args(["--name", &format!("m{at}"), "--log-level", "error", "--initial-cluster-state", "new"]);
        command.arg("--data-dir").arg(self.data(at));
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &peers.join(",")]);
        command.args(&self.more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        self.members[at].child = Some(command.spawn().unwrap());
    }

    /// Waits until most members have agreed on something.
    pub(crate) fn await_leader(&self) {
        let began = Instant::now();
        while self.etcdctl(&["endpoint", "health"]).is_none() {
            assert!(began.elapsed() < START, "the cluster has no leader after {START:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What etcd's own client says, if it succeeds.
    pub(crate) fn etcdctl(&self, arguments: &[&str]) -> Option<String> {
        let member = |at| format!("{}://{}", self.scheme(), self.address(at));
        let members: Vec<_> = (0..self.members.len()).map(member).collect();
        let mut command = Command::new("etcdctl");
        command.env("ETCDCTL_API", "3").args(["--endpoints", &members.join(","), "--command-timeout", "3s"]);
        command.args(self.tls.iter().flat_map(|tls| &tls.arguments));
        let output = command.args(arguments).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub(crate) fn address(&self, at: usize) -> String {
        format!("127.0.0.1:{}", self.members[at].client)
    }

    /// Where it is, under this prefix.
    pub(crate) fn url(&self, prefix: &str) -> String {
        let members: Vec<_> = (0..self.members.len()).map(|at| self.address(at)).collect();
        format!("etcd+http://{}/{prefix}", members.join(","))
    }

    /// How many members it has.
    pub(crate) fn size(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn etcd(&self, prefix: &str) -> Etcd {
        Etcd::new(&self.url(prefix)).unwrap()
    }

    /// Where a member keeps what it has.
    pub(crate) fn data(&self, at: usize) -> std::path::PathBuf {
        self.folder.path().join(format!("m{at}"))
    }

    /// Another cluster with what this one has, as somebody restores it from a snapshot.
    pub(crate) fn restore(&self) -> Self {
        let snapshot = self.folder.path().join("snapshot");
        let only = |arguments: &[&str]| {
            let mut command = Command::new("etcdctl");
            command.env("ETCDCTL_API", "3").args(["--endpoints", &self.address(0)]).args(arguments).arg(&snapshot);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        assert!(only(&["snapshot", "save"]).status().unwrap().success());
        let member = Member { client: free_port(), peer: free_port(), child: None };
        let mut restored =
            Self { folder: tempfile::tempdir().unwrap(), members: vec![member], more: Vec::new(), tls: None };
        let peer = format!("http://127.0.0.1:{}", restored.members[0].peer);
        let mut restore = only(&["snapshot", "restore"]);
        restore.args([
            "--name",
            "m0",
            "--initial-cluster",
            &format!("m0={peer}"),
            "--initial-advertise-peer-urls",
            &peer,
        ]);
        restore.args(["--initial-cluster-token", "restored"]).arg("--data-dir").arg(restored.folder.path().join("m0"));
        assert!(restore.status().unwrap().success());
        restored.run(0);
        restored.await_leader();
        restored
    }

    /// Sends a member a signal.
    pub(crate) fn signal(&self, at: usize, signal: Signal) {
        let child = self.members[at].child.as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// Kills a member as a power cut does.
    pub(crate) fn kill(&mut self, at: usize) {
        if let Some(mut child) = self.members[at].child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// A directory for one machine's own files.
    pub(crate) fn machine(&self, name: &str) -> std::path::PathBuf {
        let home = self.folder.path().join("machines").join(name);
        std::fs::create_dir_all(&home).unwrap();
        home
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        (0..self.members.len()).for_each(|at| self.kill(at));
    }
}

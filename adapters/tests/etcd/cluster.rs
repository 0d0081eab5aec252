//! Real clusters: processes on loopback, on ports that nobody uses, each ended by the id that it was started with.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credlatch::etcd::Etcd;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::needs;

/// How long a cluster may take to have a leader.
const START: Duration = Duration::from_secs(60);

/// How often a cluster is made anew if a member ends as it starts: somebody else was quicker to take its port.
const STARTS: usize = 3;

/// Ports from here on need no right of their own.
const FIRST_OF_USERS: u16 = 1024;

/// From here on Linux takes ports for connections unless it is told otherwise (`net.ipv4.ip_local_port_range`).
const FIRST_OF_CONNECTIONS: u16 = 32_768;

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

impl Member {
    /// So many that run not yet, each on two ports of its own.
    fn some(how_many: usize) -> Vec<Self> {
        let member = |ports: &[u16]| Self { client: ports[0], peer: ports[1], child: None };
        free_ports(2 * how_many).chunks(2).map(member).collect()
    }

    /// Whether its process has ended by itself.
    fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some())
    }
}

/// So many ports on which nobody listens, no two of them the same. They are below those from which the kernel takes one for each
/// connection that somebody opens, so that no client sits on one before its member comes, or comes again.
fn free_ports(how_many: usize) -> Vec<u16> {
    let mut held = Vec::new();
    while held.len() < how_many {
        let drawn = RandomState::new().hash_one(held.len()) % u64::from(FIRST_OF_CONNECTIONS - FIRST_OF_USERS);
        let port = FIRST_OF_USERS + u16::try_from(drawn).unwrap();
        held.extend(TcpListener::bind(("127.0.0.1", port)));
    }
    held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
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
        let more = options.iter().map(|&option| option.to_owned()).collect();
        let mut cluster = Self { folder: tempfile::tempdir().unwrap(), members: Vec::new(), more, tls };
        let has_started = (0..STARTS).any(|_| cluster.starts_with(Member::some(members)));
        assert!(has_started, "a member ended as it started, {STARTS} times");
        Some(cluster)
    }

    /// Starts these members, from nothing, and returns whether they have a leader; one of them has ended if not.
    fn starts_with(&mut self, members: Vec<Member>) -> bool {
        self.stop();
        self.folder = tempfile::tempdir().unwrap();
        self.members = members;
        (0..self.size()).for_each(|at| self.run(at));
        self.has_leader_in_time()
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
    pub(crate) fn await_leader(&mut self) {
        assert!(self.has_leader_in_time(), "a member has ended");
    }

    fn has_leader_in_time(&mut self) -> bool {
        let began = Instant::now();
        while self.etcdctl(&["endpoint", "health"]).is_none() {
            if self.members.iter_mut().any(Member::has_ended) {
                return false;
            }
            assert!(began.elapsed() < START, "the cluster has no leader after {START:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        true
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
        let members = Member::some(1);
        let mut restored = Self { folder: tempfile::tempdir().unwrap(), members, more: Vec::new(), tls: None };
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

    fn stop(&mut self) {
        (0..self.size()).for_each(|at| self.kill(at));
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
        self.stop();
    }
}

#[test]
fn a_cluster_whose_port_somebody_took_is_made_anew_on_others() {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let members = Member::some(3);
    let _somebody = TcpListener::bind(("127.0.0.1", members[1].peer)).unwrap();
    assert!(!cluster.starts_with(members));
    assert!(cluster.starts_with(Member::some(3)));
}

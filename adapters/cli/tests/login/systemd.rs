//! Renewals of a service that systemd starts and ends, by a systemd of the test's own in namespaces.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::namespaces::can_unshare;
use crate::needs::found;
use crate::world::{World, until};

/// A control group of its own, in each hierarchy that systemd uses, because it takes the root for its own.
const GROUP: &str = r#"
for of in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -e $of/cgroup.procs ]; then mkdir $of/$1 && echo $$ >$of/$1/cgroup.procs || exit; fi
done
exec unshare --pid --fork --kill-child --mount --uts --ipc --cgroup sh -c "$2" "$3"
"#;
const NAMESPACES: &[&str] = &["--pid", "--fork", "--mount", "--uts", "--ipc", "--cgroup"];

/// Where systemd would change a setting or a file of this machine, it gets a place of its own, or may only read.
const MACHINE: &str = r#"
set -e
mount --make-rprivate /
# Services' credentials are mounted by a process in a namespace of its own, which this one is to see.
mount --make-rshared /
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
kept=$(mktemp -d) && cp /etc/passwd /etc/group "$kept"
mount -t tmpfs tmpfs /etc && cp "$kept"/* /etc/ && rm -r "$kept"
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system && cp "$0"/* /run/systemd/system/
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  head -n 1 /proc/cgroups >/run/no-controllers && mount --bind /run/no-controllers /proc/cgroups
fi
exec env -i container=test /lib/systemd/systemd --system --unit=test.target --show-status=false --log-target=null
"#;

const TARGET: &str = "[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\nWants=test.service\n";
/// By this signal systemd ends at once, and takes its control groups with it: `SIGRTMIN+13`.
const HALT: &str = "47";

/// Where control groups are, as [`GROUP`] has them.
fn hierarchies() -> impl Iterator<Item = PathBuf> {
    ["", "systemd", "unified"].into_iter().map(|of| Path::new("/sys/fs/cgroup").join(of))
}

struct Systemd {
    process: Child,
    group: String,
    out: PathBuf,
}

impl Systemd {
    /// One that starts the command as a service with these settings; none where there is no systemd, which is said.
    fn start(world: &World, args: &[&str], settings: &str) -> Option<Self> {
        found(Path::new("/lib/systemd/systemd").exists().then_some(()), "systemd (Debian: systemd)")?;
        if !can_unshare(&[NAMESPACES]) {
            return None;
        }
        let group = format!("credlatch-{}", world.home.folder().file_name().unwrap().display());
        // In a container that may only look at control groups there is none to be had.
        let can_be_made = |group: PathBuf| fs::create_dir(&group).and_then(|()| fs::remove_dir(group)).is_ok();
        let groups = hierarchies().filter(|of| of.join("cgroup.procs").exists()).map(|of| of.join(&group));
        found(groups.map(can_be_made).reduce(|all, one| all && one).filter(|all| *all), "control groups to make")?;
        let (folder, out) = (world.home.folder().join("units"), world.home.folder().join("out"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("test.target"), TARGET).unwrap();
        fs::write(folder.join("test.service"), service(&world.command(args), settings, &out)).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", GROUP, "sh", &group, MACHINE]).arg(folder);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Some(Self { process, group, out })
    }

    /// What the service wrote until its main process ended, and its status.
    fn ended(&self) -> (String, String) {
        let status = self.out.with_extension("status");
        until("the service has ended", || fs::read_to_string(&status).is_ok_and(|text| text.ends_with('\n')));
        let read = |path: &Path| fs::read_to_string(path).unwrap().trim().to_owned();
        (read(&self.out), read(&status))
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        let of = self.process.id();
        let init = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
        let _ = Command::new("kill").args(["-s", HALT, init.trim()]).status();
        let _ = self.process.wait();
        for group in hierarchies().map(|of| of.join(&self.group)) {
            let _ =
                Command::new("find").arg(group).args(["-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]).output();
        }
    }
}

/// A service without a terminal, a home, or a directory it may write to.
fn service(command: &Command, settings: &str, out: &Path) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("\"{}\"", word.to_str().unwrap())).collect();
    let variables = command.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)));
    let variables = variables.filter(|(name, _)| *name != "HOME");
    let variables: Vec<String> = variables.map(|(name, value)| format!("Environment=\"{name}={value}\"")).collect();
    let variables = variables.join("\n");
    let (words, out) = (words.join(" "), out.display());
    format!(
        "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nWorkingDirectory=/proc/sys\n{variables}\n{settings}\n\
         ExecStart={words}\nStandardOutput=file:{out}\nStandardError=file:{out}.err\n\
         ExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >{}'\n",
        Path::new(&out.to_string()).with_extension("status").display()
    )
}

/// A world whose server keeps its answers for so long.
fn slow(ms: u64) -> World {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(ms));
    world
}

fn requests(world: &World) -> (u64, u64) {
    let stats = world.sandbox.stats();
    (stats.refresh_requests, stats.replays)
}

#[test]
fn a_service_has_the_key_of_a_sealed_store_as_a_credential() {
    let world = slow(200);
    let key = world.home.folder().join("seal.key");
    let sealed = world.command(&["seal", "--seal-key"]).arg(&key).env("CREDLATCH_SEAL_KEYS", "").output().unwrap();
    assert!(sealed.status.success());
    let settings = format!("LoadCredential=credlatch-seal-key:{}\nEnvironment=\"CREDLATCH_SEAL_KEYS=\"", key.display());
    let Some(systemd) = Systemd::start(&world, &["token", "acme"], &settings) else { return };
    let (out, status) = systemd.ended();
    let said = fs::read_to_string(systemd.out.with_extension("err"));
    assert_eq!(status, "success exited 0", "{said:?}");
    assert!(world.sandbox.accepts(&out));
    assert_eq!(requests(&world), (1, 0));
    let document = fs::read_to_string(world.home.document()).unwrap();
    assert!(document.starts_with("{\"version\":3"), "what it renewed is sealed with that key");
}

#[test]
fn a_service_renews_without_a_terminal_a_home_or_a_directory_to_write_to() {
    let world = slow(200);
    let Some(systemd) = Systemd::start(&world, &["token", "acme"], "") else { return };
    let (out, status) = systemd.ended();
    assert_eq!(status, "success exited 0");
    assert!(world.sandbox.accepts(&out));
    assert_eq!((world.health().as_str(), requests(&world)), ("ok", (1, 0)));
}

#[test]
fn the_exchange_of_a_service_that_is_ended_goes_on_to_its_answer() {
    // The caller is asked to end, with everything in its group; and killed alone, with no patience at all.
    for settings in ["TimeoutStartSec=1", "TimeoutStartSec=1\nTimeoutStopSec=0\nKillMode=process\nKillSignal=KILL"] {
        let world = slow(3_000);
        let Some(systemd) = Systemd::start(&world, &["token", "acme"], settings) else { return };
        let (_, status) = systemd.ended();
        assert!(status.starts_with("timeout "), "{settings}: {status}");
        let said = world.say(&["token", "acme"]);
        assert!(world.sandbox.accepts(said.out.trim()), "{settings}: {}", said.err);
        assert_eq!((world.health().as_str(), requests(&world)), ("ok", (1, 0)), "{settings}");
    }
}

#[test]
fn whoever_kills_the_exchange_with_its_service_leaves_a_doubt() {
    let world = slow(3_000);
    let Some(systemd) = Systemd::start(&world, &["token", "acme"], "TimeoutStartSec=1\nKillSignal=KILL") else {
        return;
    };
    let (_, status) = systemd.ended();
    assert!(status.starts_with("timeout "), "{status}");
    assert_eq!(world.say(&["purge"]).status, 0);
    assert_eq!((world.health().as_str(), requests(&world)), ("in_doubt", (1, 0)));
}

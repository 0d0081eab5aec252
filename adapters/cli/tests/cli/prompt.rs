//! The hidden prompt at a terminal: under each parent and after each signal the terminal is as it was.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::helper::Home;
use super::needs::missing;
use super::pty::Terminal;

const KEY: &str = "mm-key-0123456789";

/// Whoever starts the command: a word for it, the shell at the terminal, what is typed there.
const PARENTS: [(&str, &[&str], &str); 4] = [
    ("dash", &["dash", "-i"], "credlatch set minimax"),
    ("bash", &["bash", "--norc", "--noprofile", "--noediting", "-i"], "credlatch set minimax"),
    ("a script of bash", &["dash", "-i"], "bash set.sh"),
    ("Python", &["dash", "-i"], "python3 set.py"),
];

/// A terminal at which the key is asked for, and its modes before that.
struct Asked {
    home: Home,
    terminal: Terminal,
    before: [u64; 6],
}

impl Asked {
    /// None where something is missing here.
    fn by(name: &str, shell: &[&str], line: &str) -> Option<Self> {
        for program in [shell[0], line.split(' ').next()?].into_iter().filter(|program| *program != "credlatch") {
            if Command::new(program).args(["-c", ""]).output().is_err() {
                missing(&format!("`{program}`, to ask for a key under {name}"));
                return None;
            }
        }
        let home = Home::new();
        fs::write(home.folder().join("set.sh"), "credlatch set minimax\necho went on after $?\n").unwrap();
        let python = "import subprocess\nended = subprocess.run(['credlatch', 'set', 'minimax'])\n\
                      print('went on after', ended.returncode % 256 if ended.returncode >= 0 else 128 - ended.returncode)\n";
        fs::write(home.folder().join("set.py"), python).unwrap();
        // Whoever started the tests may ignore some of the signals.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,HUP,TERM,TSTP"]).args(shell).current_dir(home.folder());
        command.envs(home.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
        let programs = Path::new(env!("CARGO_BIN_EXE_credlatch")).parent()?.display();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).env("PS1", "ready> ").env("TERM", "xterm");
        let terminal = Terminal::start(&command, 80)?;
        terminal.shows("ready> ", 1);
        let before = terminal.modes();
        terminal.types(&format!("{line}\n"));
        let asked = Self { home, terminal, before };
        asked.is_hidden(1);
        Some(asked)
    }

    #[track_caller]
    fn is_hidden(&self, times: usize) {
        self.terminal.shows("(not shown): ", times);
        self.terminal.until("no echo", || !self.terminal.echoes());
    }

    #[track_caller]
    fn is_as_it_was(&self) {
        self.terminal.until("the modes of before", || self.terminal.modes() == self.before);
    }

    /// Whether the shell takes commands, and shows them.
    #[track_caller]
    fn tried(self) -> String {
        self.terminal.types("echo back-$((40 + 2))\n");
        self.terminal.shows("back-42", 1);
        let shown = self.terminal.shown();
        assert!(shown.contains("echo back-$((40 + 2))"), "what is typed is shown: {shown}");
        assert!(!shown.contains("half") && !shown.contains(KEY), "a secret is shown: {shown}");
        self.terminal.hang_up();
        shown
    }

    /// The command's process, and the letter of its state. Of a command that nobody may look into this much is told to everybody.
    #[cfg(target_os = "linux")]
    fn process(&self) -> Option<(String, char)> {
        let session = self.terminal.session().to_string();
        let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        all.filter_map(|pid| Some((fs::read_to_string(format!("/proc/{pid}/stat")).ok()?, pid))).find_map(
            |(stat, pid)| {
                let (name, told) = stat.rsplit_once(") ")?;
                let is_ours = name.ends_with(" (credlatch") && told.split(' ').nth(3) == Some(&session);
                Some((pid, told.chars().next()?)).filter(|_| is_ours)
            },
        )
    }

    /// Sends a signal to the command alone.
    #[cfg(target_os = "linux")]
    fn send(&self, signal: &str) {
        let (pid, _) = self.process().expect("the command runs");
        assert!(Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status().unwrap().success());
    }
}

#[test]
fn after_ctrl_c_at_the_prompt_the_terminal_is_as_it_was() {
    for (name, shell, line) in PARENTS {
        let Some(asked) = Asked::by(name, shell, line) else { continue };
        asked.terminal.types("half\u{3}");
        asked.is_as_it_was();
        asked.terminal.shows("ready> ", 2);
        let shown = asked.tried();
        assert!(!shown.contains("went on"), "{name} does not go on after what its user interrupted: {shown}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn after_term_and_hup_at_the_prompt_the_terminal_is_as_it_was() {
    for (name, shell, line) in PARENTS {
        for (signal, status) in [("TERM", 143), ("HUP", 129)] {
            let Some(asked) = Asked::by(name, shell, line) else { continue };
            asked.terminal.types("half");
            // The kernel hands it on a moment later; what comes after the signal is the shell's.
            std::thread::sleep(std::time::Duration::from_millis(200));
            asked.send(signal);
            asked.is_as_it_was();
            asked.terminal.shows("ready> ", 2);
            let shown = asked.tried();
            let is_told = !line.contains("set.") || shown.contains(&format!("went on after {status}"));
            assert!(is_told, "{name} is told how it ended: {shown}");
        }
    }
}

#[test]
fn ctrl_z_suspends_the_prompt_and_it_comes_back_hidden() {
    for (name, shell, line) in PARENTS {
        let Some(asked) = Asked::by(name, shell, line) else { continue };
        asked.terminal.types("half\u{1a}");
        asked.is_as_it_was();
        asked.terminal.shows("ready> ", 2);
        asked.terminal.types("fg\n");
        asked.is_hidden(2);
        asked.terminal.types(&format!("{KEY}\n"));
        asked.terminal.shows("stored for minimax", 1);
        asked.is_as_it_was();
        assert_eq!(
            asked.home.say(&["token", "minimax"]).out,
            format!("{KEY}\n"),
            "{name}: what came before counts no more"
        );
        asked.terminal.shows("ready> ", 3);
        let _ = asked.tried();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_suspended_prompt_can_be_ended_from_its_shell() {
    let Some(asked) = Asked::by("bash", PARENTS[1].1, PARENTS[1].2) else { return };
    asked.terminal.types("half\u{1a}");
    asked.is_as_it_was();
    asked.terminal.shows("ready> ", 2);
    assert_eq!(asked.process().map(|(_, state)| state), Some('T'), "it is suspended");
    asked.terminal.types("kill %1\n");
    // What the shell says of it is no sign: bash calls one job in ten "Stopped" for good that a signal has ended, `sleep` too.
    asked.terminal.until("its end", || asked.process().is_none_or(|(_, state)| state == 'Z'));
    asked.is_as_it_was();
    let _ = asked.tried();
}

#[test]
fn ctrl_z_where_nobody_could_resume_it_only_asks_anew() {
    let home = Home::new();
    let Some(terminal) = Terminal::start(home.command(&["set", "minimax"]).env("TERM", "xterm"), 80) else { return };
    let before = terminal.modes_before();
    terminal.shows("(not shown): ", 1);
    terminal.until("no echo", || !terminal.echoes());
    terminal.types("half\u{1a}");
    terminal.shows("(not shown): ", 2);
    terminal.until("no echo", || !terminal.echoes());
    terminal.types(&format!("{KEY}x\u{7f}\n"));
    terminal.until("the modes of before", || terminal.modes() == before);
    let (status, shown) = terminal.end();
    assert_eq!(status, Some(0), "{shown}");
    assert!(!shown.contains("half") && !shown.contains(KEY), "{shown}");
    assert_eq!(home.say(&["token", "minimax"]).out, format!("{KEY}\n"));
}

#[test]
fn a_secret_longer_than_a_line_of_a_terminal_can_be_typed() {
    let home = Home::new();
    let Some(terminal) = Terminal::start(&home.command(&["set", "minimax"]), 80) else { return };
    terminal.shows("(not shown): ", 1);
    terminal.until("no echo", || !terminal.echoes());
    let long = "mm-0123456789abcdef".repeat(400);
    for part in long.as_bytes().chunks(512) {
        terminal.types(std::str::from_utf8(part).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    terminal.types("\n");
    let (status, shown) = terminal.end();
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(home.say(&["token", "minimax"]).out, format!("{long}\n"));
}

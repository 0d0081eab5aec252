//! Where a configuration names credlatch: whose credential it asks for, and of which profile.
//!
//! git, TOML, JSON, YAML and INI write a command in different ways, and all of them as the same words in the same order. So
//! the words are looked at, without what stands around them.

/// A command line of credlatch's in another program's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The provider, as it is written there.
    pub provider: String,
    /// The profile, if the command names one.
    pub profile: Option<String>,
    /// Whether it names another store, or another provider file, than the usual ones.
    pub is_elsewhere: bool,
}

/// What formats put between a program and its arguments.
const BETWEEN: &str = "args";
/// A command line has no more.
const MOST_WORDS: usize = 48;
/// How a line begins that is for people only.
const COMMENTS: [&str; 3] = ["#", ";", "//"];

/// All command lines that ask for a credential.
pub fn mentions(text: &str) -> Vec<Mention> {
    let lines = text.lines().filter(|line| !COMMENTS.iter().any(|mark| line.trim_start().starts_with(mark)));
    let words: Vec<&str> = lines.flat_map(words).collect();
    let is_ours = |word: &&str| word.rsplit('/').next() == Some("credlatch");
    let places = words.iter().enumerate().filter(|(_, word)| is_ours(word)).map(|(at, _)| at);
    places
        .filter_map(|at| {
            let rest = &words[at + 1..];
            let until = rest.iter().position(is_ours).unwrap_or(rest.len());
            command(&rest[..until.min(MOST_WORDS)])
        })
        .collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_around = |c: char| c.is_whitespace() || "\"'`,[](){}=!".contains(c);
    line.split(is_around).map(|word| word.trim_end_matches(':')).filter(|word| !word.is_empty() && *word != "-")
}

fn command(words: &[&str]) -> Option<Mention> {
    let words = words.strip_prefix(&[BETWEEN]).unwrap_or(words);
    let provider = match words {
        ["token", provider, ..] | ["helper", _, provider, ..] => *provider,
        _ => return None,
    };
    let after = |option: &str| words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1));
    Some(Mention {
        provider: provider.to_owned(),
        profile: after("--profile").map(|name| (*name).to_owned()),
        is_elsewhere: ["--home", "--store", "--providers"].iter().any(|option| words.contains(option)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(provider: &str, profile: Option<&str>) -> Mention {
        Mention { provider: provider.to_owned(), profile: profile.map(str::to_owned), is_elsewhere: false }
    }

    #[test]
    fn a_command_is_found_in_whatever_form_a_program_writes_it() {
        for (text, profile) in [
            ("\thelper = \"!credlatch helper git forge --host git.example\"\n", None),
            ("{\"apiKeyHelper\": \"/opt/bin/credlatch helper claude forge --profile work\"}", Some("work")),
            ("command = \"credlatch\"\nargs = [\"token\", \"forge\", \"--profile\", \"work\"]\n", Some("work")),
            ("credential-provider = [\"credlatch\", \"helper\", \"cargo\", \"forge\"]\n", None),
            ("credential_process = credlatch helper aws forge\n", None),
            ("command: credlatch\nargs: [helper, kubectl, forge]\n", None),
            ("      command: credlatch\n      args:\n      - helper\n      - kubectl\n      - forge\n", None),
            ("exec credlatch helper docker forge --username YOU \"$@\"\n", None),
            ("[\"credlatch\", \"token\", \"forge\"]", None),
        ] {
            assert_eq!(mentions(text), [mention("forge", profile)], "{text}");
        }
    }

    #[test]
    fn what_only_speaks_of_credlatch_is_no_command() {
        for text in
            ["# credlatch helper git forge\n", "; credlatch token x", "name = \"credlatch\"\nkey = 1", "", "credlatch"]
        {
            assert_eq!(mentions(text), [], "{text}");
        }
    }

    #[test]
    fn each_command_of_a_file_is_found_by_itself() {
        let text = "credlatch helper git a --home /x\ncredlatch run b\ncredlatch token c";
        let found = mentions(text);
        assert_eq!(found.len(), 2);
        assert!(found[0].is_elsewhere && !found[1].is_elsewhere);
        assert_eq!(found[1], mention("c", None));
    }
}

//! kubectl: an `exec` section for one user of the kubeconfig.
//!
//! No editor keeps all that YAML allows. So lines are put in where the form is the plain one that kubectl itself writes, and
//! the document is read before and after: if anything else than that user is changed, nothing is.

use credlatch::setups::Program;
use saphyr::{LoadableYamlNode, Yaml};
use zeroize::Zeroizing;

use super::change::{Change, Seen};
use super::recipe::Recipe;
use super::{Plan, file};
use crate::cmd::helper::Host;
use crate::end::{Done, End};

pub(super) fn plan(recipe: &Recipe<'_>, user: Option<&str>, hosts: &[Host]) -> Done<Plan> {
    let seen = file(Program::Kubectl)?;
    let words = recipe.helper("kubectl", None, hosts);
    let user = match user {
        Some(user) => user.to_owned(),
        None => of_context(seen.text()).ok_or_else(|| {
            let what = "the kubeconfig has no current context that names a user";
            End::usage(what, "name the user whose credential this is: --user NAME")
        })?,
    };
    if user.is_empty() || !user.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@/:+".contains(c)) {
        return Err(End::usage(
            "the user's name has a character that YAML has other uses for",
            "rename it in the kubeconfig, or write the recipe of the guide there by hand",
        ));
    }
    let text = edit(seen.text(), &user, &recipe.program, &words).map_err(|why| refused(&seen, &why, recipe, &words))?;
    let ours = vec![words.join(" "), recipe.program.clone(), user];
    Ok(Plan::new(vec![Change { seen, after: Some(Zeroizing::new(text)), mode: 0o600, ours }]))
}

fn refused(seen: &Seen, why: &str, recipe: &Recipe<'_>, words: &[String]) -> End {
    let exec = format!(
        "{{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [{}], provideClusterInfo: true, interactiveMode: \
         Never}}",
        scalar(&recipe.program),
        words.iter().map(|word| scalar(word)).collect::<Vec<_>>().join(", ")
    );
    seen.refused(why, format!("write this into it by hand, below `user:` of that user: exec: {exec}"))
}

/// The user of the current context.
fn of_context(text: &str) -> Option<String> {
    let document = Yaml::load_from_str(text).ok()?.into_iter().next()?;
    let current = field(&document, "current-context")?.as_str()?;
    let contexts = field(&document, "contexts")?.as_sequence()?;
    let context = contexts.iter().find(|one| field(one, "name").and_then(Yaml::as_str) == Some(current))?;
    Some(field(field(context, "context")?, "user")?.as_str()?.to_owned())
}

/// The text in which this user asks credlatch.
fn edit(text: &str, user: &str, program: &str, words: &[String]) -> Result<String, String> {
    let before = parsed(text)?;
    let wanted = exec(program, words);
    let wanted_yaml = Yaml::load_from_str(&wanted.join("\n")).ok().and_then(|mut all| all.pop());
    let is_it = |document: &Yaml<'_>| match (of_user(document, user), &wanted_yaml) {
        (Some(found), Some(wanted)) => field(found, "exec") == field(wanted, "exec"),
        _ => false,
    };
    if before.as_ref().is_some_and(is_it) {
        return Ok(text.to_owned());
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let found = before.as_ref().and_then(|document| of_user(document, user));
    match found {
        Some(found) => replace(&mut lines, user, found, &wanted)?,
        None => add(&mut lines, before.as_ref(), user, &wanted)?,
    }
    let after: String = lines.iter().flat_map(|line| [line.as_str(), end]).collect();
    let document = parsed(&after)?;
    let others = |document: &Yaml<'_>| others(document, user);
    let is_kept =
        before.as_ref().map(&others).unwrap_or_default() == document.as_ref().map(&others).unwrap_or_default();
    if is_kept && document.as_ref().is_some_and(is_it) {
        drop(document);
        Ok(after)
    } else {
        Err("is not in the plain form that kubectl writes, so an edit might change something else".to_owned())
    }
}

fn parsed(text: &str) -> Result<Option<Yaml<'_>>, String> {
    // The parser's own words may quote what it saw.
    let mut documents = Yaml::load_from_str(text)
        .map_err(|error| format!("can't be understood: line {} is no YAML", error.marker().line()))?;
    match (documents.len(), documents.pop()) {
        (0, _) => Ok(None),
        (1, Some(document)) if document.is_mapping() => Ok(Some(document)),
        (1, Some(document)) if document.is_null() => Ok(None),
        _ => Err("is no kubeconfig".to_owned()),
    }
}

fn field<'a, 'b>(yaml: &'a Yaml<'b>, name: &str) -> Option<&'a Yaml<'b>> {
    yaml.as_mapping()?.iter().find(|(own, _)| own.as_str() == Some(name)).map(|(_, value)| value)
}

/// What is said of a user.
fn of_user<'a, 'b>(document: &'a Yaml<'b>, user: &str) -> Option<&'a Yaml<'b>> {
    let users = field(document, "users")?.as_sequence()?;
    let found = users.iter().find(|one| field(one, "name").and_then(Yaml::as_str) == Some(user))?;
    field(found, "user")
}

/// All but one user, in a form to compare.
fn others(document: &Yaml<'_>, user: &str) -> Vec<String> {
    let Some(fields) = document.as_mapping() else { return Vec::new() };
    let mut all = Vec::new();
    for (name, value) in fields {
        match value.as_sequence().filter(|_| name.as_str() == Some("users")) {
            Some(users) => all.extend(
                users
                    .iter()
                    .filter(|one| field(one, "name").and_then(Yaml::as_str) != Some(user))
                    .map(|one| format!("{one:?}")),
            ),
            None if name.as_str() == Some("users") && value.is_null() => {}
            None => all.push(format!("{name:?}{value:?}")),
        }
    }
    all
}

/// What stands below `user:`, each line without the indent that it gets.
fn exec(program: &str, words: &[String]) -> Vec<String> {
    let args: Vec<_> = words.iter().map(|word| scalar(word)).collect();
    vec![
        "exec:".to_owned(),
        "  apiVersion: client.authentication.k8s.io/v1".to_owned(),
        format!("  command: {}", scalar(program)),
        format!("  args: [{}]", args.join(", ")),
        "  provideClusterInfo: true".to_owned(),
        "  interactiveMode: Never".to_owned(),
    ]
}

/// A word of YAML, in quotes where it may be read as something else.
fn scalar(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphabetic() || "-/".contains(c);
    if !word.is_empty()
        && word.chars().all(is_plain)
        && !matches!(word, "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "-")
    {
        word.to_owned()
    } else {
        serde_json::Value::from(word).to_string()
    }
}

/// Adds a user after the last one.
fn add(lines: &mut Vec<String>, document: Option<&Yaml<'_>>, user: &str, wanted: &[String]) -> Result<(), String> {
    let head = lines.iter().position(|line| is_users(line));
    if head.is_none() && document.is_some_and(|document| field(document, "users").is_some()) {
        return Err("writes `users` in another form than kubectl does".to_owned());
    }
    let is_made = head.is_none();
    if is_made {
        lines.push("users:".to_owned());
    }
    let head = head.unwrap_or(lines.len() - 1);
    "users:".clone_into(&mut lines[head]);
    let inside =
        lines[head + 1..].iter().take_while(|line| line.starts_with([' ', '-', '#']) || line.trim().is_empty());
    let end = head + 1 + inside.count();
    let last = (head + 1..end).rev().find(|at| !is_blank(&lines[*at])).map_or(head + 1, |at| at + 1);
    let first = lines[head + 1..last].iter().find(|line| line.trim_start().starts_with("- "));
    let usual = if is_made || first.is_none() { 2 } else { 0 };
    let indent = " ".repeat(first.map_or(usual, |line| line.len() - line.trim_start().len()));
    let new = [format!("{indent}- name: {}", scalar(user)), format!("{indent}  user:")];
    let new = new.into_iter().chain(wanted.iter().map(|line| format!("{indent}    {line}")));
    lines.splice(last..last, new);
    Ok(())
}

/// Gives a user that is there the `exec` section in the place of its own, or where there was nothing.
fn replace(lines: &mut Vec<String>, user: &str, found: &Yaml<'_>, wanted: &[String]) -> Result<(), String> {
    let names: Vec<&str> =
        found.as_mapping().iter().flat_map(|fields| fields.keys()).filter_map(Yaml::as_str).collect();
    if let Some(other) = names.iter().find(|name| **name != "exec") {
        return Err(format!("gives the user {user} another credential, in `{other}`"));
    }
    let odd = || "is not in the plain form that kubectl writes".to_owned();
    let names_user = |line: &String| {
        let line = line.trim_start().trim_start_matches("- ");
        line.strip_prefix("name:").is_some_and(|name| name.trim().trim_matches(['"', '\'']) == user)
    };
    let users = lines.iter().position(|line| is_users(line)).ok_or_else(odd)?;
    let at = users + 1 + lines[users + 1..].iter().position(names_user).ok_or_else(odd)?;
    let is_item = |line: &&String| line.trim_start().starts_with("- ");
    let item_indent = lines[users + 1..].iter().find(is_item).map(|line| indent_of(line)).ok_or_else(odd)?;
    let begins = |at: &usize| indent_of(&lines[*at]) == item_indent && is_item(&&lines[*at]);
    let first = (users + 1..=at).rev().find(begins).ok_or_else(odd)?;
    let next = (at + 1..lines.len()).find(|at| indent_of(&lines[*at]) <= item_indent && !is_blank(&lines[*at]));
    let end = next.unwrap_or(lines.len());
    let is_user = |line: &String| {
        let line = line.trim_start().trim_start_matches("- ");
        line.strip_prefix("user:").is_some_and(|rest| matches!(rest.trim(), "" | "{}" | "null"))
    };
    let user_at = (first..end).find(|at| is_user(&lines[*at])).ok_or_else(odd)?;
    let indent = item_indent + 2;
    let below = (user_at + 1..end).take_while(|at| indent_of(&lines[*at]) > indent || is_blank(&lines[*at])).count();
    let below = (user_at + 1..user_at + 1 + below).rev().find(|at| !is_blank(&lines[*at])).unwrap_or(user_at);
    let inner = lines[user_at + 1..=below.max(user_at)].first().map_or(indent + 2, |line| indent_of(line));
    let head = lines[user_at].split("user:").next().unwrap_or_default().to_owned();
    lines[user_at] = format!("{head}user:");
    let new = wanted.iter().map(|line| format!("{}{line}", " ".repeat(inner))).collect::<Vec<_>>();
    lines.splice(user_at + 1..=below, new);
    Ok(())
}

fn is_users(line: &str) -> bool {
    line.strip_prefix("users:").is_some_and(|rest| matches!(rest.trim(), "" | "[]" | "null"))
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUBECTL: &str = "apiVersion: v1\nclusters:\n- cluster:\n    server: https://c.example:6443\n  name: here # mine\n\
                           contexts:\n- context:\n    cluster: here\n    user: me\n  name: here\ncurrent-context: here\n\
                           kind: Config\nusers:\n- name: other\n  user:\n    token: hush\n";
    const OURS: &str = "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: credlatch\n      \
                        args: [helper, kubectl, forge]\n      provideClusterInfo: true\n      interactiveMode: Never\n";

    fn edited(text: &str, user: &str) -> Result<String, String> {
        edit(text, user, "credlatch", &["helper", "kubectl", "forge"].map(str::to_owned))
    }

    #[test]
    fn a_user_is_added_after_the_last_and_everything_else_stays() {
        let after = edited(KUBECTL, "me").unwrap();
        assert_eq!(after, format!("{KUBECTL}- name: me\n  user:\n{OURS}"));
        assert_eq!(edited(&after, "me").unwrap(), after, "a second time");
        let in_between = KUBECTL.replace("kind: Config\n", "") + "\n# below\nkind: Config\n";
        let after = edited(&in_between, "me").unwrap();
        assert!(after.contains(&format!("token: hush\n- name: me\n  user:\n{OURS}\n# below\nkind")), "{after}");
        assert_eq!(of_context(KUBECTL).as_deref(), Some("me"));
        for none in ["users: []\nkind: Config\n", "users: null\n", "kind: Config\n", "# mine\n"] {
            assert!(edited(none, "me").unwrap().contains("users:\n  - name: me\n"), "{none}");
        }
    }

    #[test]
    fn a_users_other_command_is_replaced() {
        for user in [
            "user: {}",
            "user:",
            "user:\n    exec:\n      command: other\n      args:\n      - a\n      apiVersion: v1",
        ] {
            let text = format!("{KUBECTL}- name: me\n  {user}\n- name: last\n  user:\n    token: hush\n");
            let after = edited(&text, "me").unwrap();
            let wanted = format!("- name: me\n  user:\n{OURS}- name: last\n");
            assert!(after.contains(&wanted), "{after}");
        }
    }

    #[test]
    fn what_is_not_in_kubectls_form_is_refused() {
        for (text, user) in [
            (KUBECTL, "other"),
            ("users: [{name: me, user: {}}]\n", "you"),
            ("{\"users\": []}", "me"),
            ("a: [", "me"),
            ("- a\n", "me"),
            ("a: 1\n---\nb: 2\n", "me"),
            ("users:\n- user: {exec: {command: x}}\n  name: me\n", "me"),
        ] {
            let why = edited(text, user).unwrap_err();
            assert!(!why.contains("hush"), "{why}");
        }
    }
}

//! cargo: a `credential-provider` for one registry.

use credlatch::setups::Program;
use toml_edit::{Item, Table};
use zeroize::Zeroizing;

use super::change::Change;
use super::recipe::Recipe;
use super::{Plan, file, toml};
use crate::cmd::helper::Host;
use crate::end::Done;

pub(super) fn plan(recipe: &Recipe<'_>, registry: Option<&str>, index: Option<&str>, hosts: &[Host]) -> Done<Plan> {
    let seen = file(Program::Cargo)?;
    let words: Vec<String> =
        std::iter::once(recipe.program.clone()).chain(recipe.helper("cargo", None, hosts)).collect();
    let by_hand = format!("write this into it by hand: credential-provider = {words:?}");
    let Edited { text, has_token } =
        edit(seen.text(), registry, index, &words).map_err(|why| seen.refused(&why, &by_hand))?;
    let path = seen.path.display().to_string();
    let backup = super::write::backup_of(&seen.path).display().to_string();
    let ours = vec![words.join(" "), index.unwrap_or_default().to_owned()];
    let plan = Plan::new(vec![Change { seen, after: Some(Zeroizing::new(text)), mode: 0o600, ours }]);
    Ok(if has_token {
        plan.advise(
            format!("a token stands in plain text in {path}, and cargo doesn't use it any more"),
            format!("take that line out, and out of {backup}"),
        )
    } else {
        plan
    })
}

struct Edited {
    text: String,
    has_token: bool,
}

fn edit(text: &str, registry: Option<&str>, index: Option<&str>, words: &[String]) -> Result<Edited, String> {
    let mut document = toml::parsed(text)?;
    let root = document.as_table_mut();
    let table = match registry {
        Some(name) => {
            let table = toml::table(toml::table(root, "registries", true)?, name, false)?;
            if let Some(index) = index {
                toml::set(table, "index", index);
            }
            if !table.contains_key("index") {
                return Err(format!("doesn't say where the registry `{name}` is: add --index URL"));
            }
            table
        }
        None => toml::table(root, "registry", false)?,
    };
    toml::set_words(table, "credential-provider", words);
    let has_token = table.get("token").is_some_and(Item::is_value);
    let _: &Table = table;
    Ok(Edited { text: document.to_string(), has_token })
}

//! The words of a name, however it is written: `openaiApiKey`, `OpenAI__ApiKey` and `openai.api-key` are `OPENAI_API_KEY`.

/// The words in capitals, with one `_` between them.
pub(super) fn apart(name: &str) -> String {
    let mut apart = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for c in name.chars() {
        let is_between = "_-.".contains(c);
        if (is_between || (was_small && c.is_ascii_uppercase())) && !apart.is_empty() && !apart.ends_with('_') {
            apart.push('_');
        }
        if !is_between {
            apart.push(c.to_ascii_uppercase());
        }
        was_small = c.is_ascii_lowercase();
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_same_words_however_it_is_written() {
        for name in ["OPENAI_API_KEY", "openaiApiKey", "openai.api-key", "_openai__api__key", "Openai-ApiKey"] {
            assert_eq!(apart(name), "OPENAI_API_KEY", "{name}");
        }
        assert_eq!(apart("OpenAI__ApiKey"), "OPEN_AI_API_KEY");
        assert_eq!(apart("PATH"), "PATH");
    }
}

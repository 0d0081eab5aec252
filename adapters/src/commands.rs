//! Commands as messages name them, for a person to copy into a shell.

use credlatch_core::name::{Label, ProviderId};

/// The option that names an entry, quoted for a shell; nothing for the label that counts where none is named.
pub(crate) fn label_option(label: &Label) -> String {
    if *label == Label::default() { String::new() } else { format!(" --label {}", quoted(label)) }
}

/// The command that asks an issuer for a new token though it wants to be left alone.
pub(crate) fn rotate_now(provider: &ProviderId, label: &Label) -> String {
    format!("`credlatch rotate {provider}{} --now`", label_option(label))
}

fn quoted(label: &Label) -> String {
    format!("'{}'", label.as_str().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_quoted_and_the_usual_one_left_out() {
        let acme = ProviderId::new("acme").unwrap();
        for (label, command) in [
            ("default", "`credlatch rotate acme --now`"),
            ("at work", "`credlatch rotate acme --label 'at work' --now`"),
            ("it's", r"`credlatch rotate acme --label 'it'\''s' --now`"),
        ] {
            assert_eq!(rotate_now(&acme, &Label::new(label).unwrap()), command);
        }
    }
}

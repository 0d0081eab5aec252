//! The numbers by which acts, actors and flows are told apart.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A random 128-bit number that is never used twice; written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(pub u128);

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.to_string()
    }
}

impl TryFrom<String> for Nonce {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u128::from_str_radix(&text, 16).ok())
            .flatten()
            .map(Self)
            .ok_or("32 hexadecimal digits are expected")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_32_hexadecimal_digits_and_nothing_else() {
        let (nonce, text) = (Nonce(0xff), "000000000000000000000000000000ff");
        assert_eq!((nonce.to_string().as_str(), format!("{nonce:?}").as_str()), (text, text));
        assert_eq!(serde_json::to_string(&nonce).unwrap(), format!("\"{text}\""));
        assert_eq!(Nonce::try_from(text.to_owned()), Ok(nonce));
        for bad in ["ff", &text[1..], &format!("0{text}"), &format!("+{}", &text[1..]), &text.replace("ff", "fg")] {
            assert!(Nonce::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
